//! The products that read the residual stream: attention's inputs, the gated feed-forward's and the per-layer embedding's
//! gate. Each adds the block before and norms in its own prologue, so that a decoded token needs no
//! dispatch for either; workgroup 0 writes the stream on, to another buffer than the one that the others still read.

use kernel::prelude::*;

use super::row_dots;
use super::stream::{next_norm, prologue, store_stream};
use crate::activation::Activation;
use crate::quant::Quant;
use crate::reduce::Reduce;

/// Shape of [`fn@qkv`].
#[params]
pub struct QkvParams {
    /// Rows of `wa`: queries, then keys.
    pub rows_a: u32,
    /// Rows of `wb`: values; may be 0.
    pub rows_b: u32,
    /// Values in the stream.
    pub k: u32,
    /// Added to mean squares.
    pub eps: f32,
    /// Multiplies the stream: the layer before's output scale, 1 where there is none.
    pub scale: f32,
}

/// `y = [wa; wb]·RMS(h')·w_next`, and `h_out = h'`. `h`, `o`, `w_post`, `w_next`, `h_out` `[k]`, 4 values an element;
/// `y` `[rows_a + rows_b]`. Without `ADD`, `h' = h·scale`, and `o` and `w_post` are not read.
#[kernel(
    workgroup = R::WIDTH,
    groups = params.rows_a.div_ceil(ROWS as u32) + params.rows_b.div_ceil(ROWS as u32),
    tolerance(rel = 1e-5),
    requires(
        params.rows_a > 0,
        params.k % 32 == 0,
        params.k % QA::BLOCK == 0,
        params.k % QB::BLOCK == 0,
        4 * h.len() >= params.k,
        !ADD || 4 * o.len() >= params.k,
        !ADD || 4 * w_post.len() >= params.k,
        4 * w_next.len() >= params.k,
        4 * h_out.len() >= params.k,
        4 * wa.len() >= params.rows_a * (params.k / QA::BLOCK) * QA::BYTES,
        4 * wb.len() >= params.rows_b * (params.k / QB::BLOCK) * QB::BYTES,
        y.len() >= params.rows_a + params.rows_b,
    )
)]
pub async fn qkv<QA: Quant, QB: Quant, R: Reduce, const ROWS: usize, const ADD: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &QkvParams,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    w_next: &Storage<Vec4<f32>>,
    h_out: &mut Storage<Vec4<f32>>,
    wa: &Storage<u32>,
    wb: &Storage<u32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH * ROWS as u32] scratch: &mut Workgroup<f32>,
) {
    let before = prologue::<R, ADD>(lane, params.k, params.eps, params.scale, o, scratch).await;
    let norm = next_norm::<R, ADD>(lane, params.k, params.eps, before, h, o, w_post, scratch).await;
    if group == 0 {
        store_stream::<R, ADD>(lane, params.k, before, h, o, w_post, h_out);
    }
    let groups_a = (params.rows_a + (ROWS as u32 - 1)) / (ROWS as u32);
    let mut row = group * ROWS as u32;
    let mut rows = params.rows_a;
    let mut y_at = 0u32;
    let mut sums = [0.0f32; ROWS];
    if group < groups_a {
        row_dots::<QA, R, ROWS, ADD, true>(lane, row, rows - 1, params.k, before, h, o, w_post, w_next, wa, &mut sums);
    } else {
        row = (group - groups_a) * ROWS as u32;
        rows = params.rows_b;
        y_at = params.rows_a;
        row_dots::<QB, R, ROWS, ADD, true>(lane, row, rows - 1, params.k, before, h, o, w_post, w_next, wb, &mut sums);
    }
    R::sums::<ROWS>(&mut sums, lane, scratch).await;
    if lane == 0 {
        #[unroll]
        for r in 0..ROWS {
            if row + (r as u32) < rows {
                y[y_at + row + r as u32] = sums[r] * norm;
            }
        }
    }
}

/// Shape of [`fn@gate_up`].
#[params]
pub struct GateUpParams {
    /// Rows of `w_gate` and of `w_up`.
    pub rows: u32,
    /// Values in the stream.
    pub k: u32,
    /// Added to mean squares.
    pub eps: f32,
    /// Multiplies the stream.
    pub scale: f32,
}

/// `y = act(w_gate·x)·(w_up·x)` with `x = RMS(h')·w_next`, and `h_out = h'`. `h`, `o`, `w_post`, `w_next`, `h_out` `[k]`,
/// 4 values an element; `y` `[rows]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows.div_ceil(ROWS as u32), tolerance(rel = 1e-5),
    requires(
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * h.len() >= params.k,
        4 * o.len() >= params.k,
        4 * w_post.len() >= params.k,
        4 * w_next.len() >= params.k,
        4 * h_out.len() >= params.k,
        4 * w_gate.len() >= params.rows * (params.k / Q::BLOCK) * Q::BYTES,
        4 * w_up.len() >= params.rows * (params.k / Q::BLOCK) * Q::BYTES,
        y.len() >= params.rows,
    )
)]
pub async fn gate_up<Q: Quant, R: Reduce, A: Activation, const ROWS: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &GateUpParams,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    w_next: &Storage<Vec4<f32>>,
    h_out: &mut Storage<Vec4<f32>>,
    w_gate: &Storage<u32>,
    w_up: &Storage<u32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH * ROWS as u32] scratch: &mut Workgroup<f32>,
) {
    let before = prologue::<R, true>(lane, params.k, params.eps, params.scale, o, scratch).await;
    let norm = next_norm::<R, true>(lane, params.k, params.eps, before, h, o, w_post, scratch).await;
    if group == 0 {
        store_stream::<R, true>(lane, params.k, before, h, o, w_post, h_out);
    }
    let row = group * ROWS as u32;
    let last = params.rows - 1;
    let mut gate = [0.0f32; ROWS];
    let mut up = [0.0f32; ROWS];
    row_dots::<Q, R, ROWS, true, true>(lane, row, last, params.k, before, h, o, w_post, w_next, w_gate, &mut gate);
    row_dots::<Q, R, ROWS, true, true>(lane, row, last, params.k, before, h, o, w_post, w_next, w_up, &mut up);
    R::sums::<ROWS>(&mut gate, lane, scratch).await;
    R::sums::<ROWS>(&mut up, lane, scratch).await;
    if lane == 0 {
        #[unroll]
        for r in 0..ROWS {
            if row + (r as u32) < params.rows {
                y[row + r as u32] = A::value(gate[r] * norm) * (up[r] * norm);
            }
        }
    }
}

/// Shape of [`fn@ple_gate`].
#[params]
pub struct PleGateParams {
    /// Rows of `w`: the width of the per-layer embedding.
    pub rows: u32,
    /// Values in the stream.
    pub k: u32,
    /// Added to mean squares.
    pub eps: f32,
    /// Multiplies the stream.
    pub scale: f32,
    /// Where in `ple_in` the layer's values lie.
    pub ple_at: u32,
}

/// `y[j] = act(Σ w[j, i]·h'[i])·ple_in[ple_at + j]`, and `h_out = h'`. `h`, `o`, `w_post`, `h_out` `[k]`, 4 values an
/// element; `y` `[rows]`. The gate of the per-layer embedding reads the stream as it is, without a norm.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows.div_ceil(ROWS as u32), tolerance(rel = 1e-5),
    requires(
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * h.len() >= params.k,
        4 * o.len() >= params.k,
        4 * w_post.len() >= params.k,
        4 * h_out.len() >= params.k,
        4 * w.len() >= params.rows * (params.k / Q::BLOCK) * Q::BYTES,
        ple_in.len() >= params.ple_at + params.rows,
        y.len() >= params.rows,
    )
)]
pub async fn ple_gate<Q: Quant, R: Reduce, A: Activation, const ROWS: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &PleGateParams,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    h_out: &mut Storage<Vec4<f32>>,
    w: &Storage<u32>,
    ple_in: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH * ROWS as u32] scratch: &mut Workgroup<f32>,
) {
    let before = prologue::<R, true>(lane, params.k, params.eps, params.scale, o, scratch).await;
    if group == 0 {
        store_stream::<R, true>(lane, params.k, before, h, o, w_post, h_out);
    }
    let row = group * ROWS as u32;
    let mut sums = [0.0f32; ROWS];
    row_dots::<Q, R, ROWS, true, false>(lane, row, params.rows - 1, params.k, before, h, o, w_post, h, w, &mut sums);
    R::sums::<ROWS>(&mut sums, lane, scratch).await;
    if lane == 0 {
        #[unroll]
        for r in 0..ROWS {
            if row + (r as u32) < params.rows {
                y[row + r as u32] = A::value(sums[r]) * ple_in[params.ple_at + row + r as u32];
            }
        }
    }
}
