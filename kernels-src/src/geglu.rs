//! Gated activations, `y = act(gate) · up`, and their gradients. The feed-forward network and the per-layer embeddings'
//! gate use the same kernel: offsets and strides say where the operands' rows lie.

use kernel::prelude::*;

use crate::activation::Activation;

/// Shape of [`fn@geglu`] and [`fn@geglu_backward`]: row `t` of an operand starts at `at + t · stride`.
#[params]
pub struct GegluParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// First value of `gate`.
    pub gate_at: u32,
    /// Values from a row of `gate` to the next.
    pub gate_stride: u32,
    /// First value of `up`.
    pub up_at: u32,
    /// Values from a row of `up` to the next.
    pub up_stride: u32,
}

impl GegluParams {
    /// Both operands `[rows, n]` in buffers of their own.
    pub const fn dense(rows: u32, n: u32) -> Self {
        Self { rows, n, gate_at: 0, gate_stride: n, up_at: 0, up_stride: n }
    }
}

/// `act(gate) · up`.
#[differentiable]
#[device]
pub fn gated<A: Activation>(gate: f32, up: f32) -> f32 {
    A::value(gate) * up
}

/// `y[t, j] = act(gate[t, j]) · up[t, j]`. `y` `[rows, n]`; `gate` and `up` may be slices of a wider or of the same buffer.
#[kernel(
    workgroup = W, groups = (params.rows * params.n).div_ceil(W), tolerance(rel = 1e-5),
    requires(
        gate.len() >= params.gate_at + (params.rows - 1) * params.gate_stride + params.n,
        up.len() >= params.up_at + (params.rows - 1) * params.up_stride + params.n,
        y.len() >= params.rows * params.n,
    )
)]
pub fn geglu<A: Activation, const W: u32>(
    at: GlobalId,
    params: &GegluParams,
    gate: &Storage<f32>,
    up: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    if at >= params.rows * params.n {
        return;
    }
    let row = at / params.n;
    let column = at % params.n;
    let u = gate[params.gate_at + row * params.gate_stride + column];
    y[at] = gated::<A>(u, up[params.up_at + row * params.up_stride + column]);
}

/// Gradients of [`fn@geglu`]: `d_gate = dy · act′(gate) · up`, `d_up = dy · act(gate)`. `dy`, `d_gate`, `d_up` `[rows, n]`.
#[kernel(
    workgroup = W, groups = (params.rows * params.n).div_ceil(W), tolerance(rel = 1e-5),
    requires(
        gate.len() >= params.gate_at + (params.rows - 1) * params.gate_stride + params.n,
        up.len() >= params.up_at + (params.rows - 1) * params.up_stride + params.n,
        dy.len() >= params.rows * params.n,
        d_gate.len() >= params.rows * params.n,
        d_up.len() >= params.rows * params.n,
    )
)]
pub fn geglu_backward<A: Activation, const W: u32>(
    at: GlobalId,
    params: &GegluParams,
    gate: &Storage<f32>,
    up: &Storage<f32>,
    dy: &Storage<f32>,
    d_gate: &mut Storage<f32>,
    d_up: &mut Storage<f32>,
) {
    if at >= params.rows * params.n {
        return;
    }
    let row = at / params.n;
    let column = at % params.n;
    let u = gate[params.gate_at + row * params.gate_stride + column];
    let other = up[params.up_at + row * params.up_stride + column];
    let gradient = gated::gradient::<A>(u, other, dy[at]);
    d_gate[at] = gradient.gate;
    d_up[at] = gradient.up;
}
