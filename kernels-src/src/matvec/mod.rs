//! Products of a weight tensor with one activation vector: the decode path. One description computes `ROWS` rows'
//! dot products a workgroup; the entry points differ in what they make of the input before and of the sums after.

mod fused;
mod stream;

pub use fused::{GateUpParams, PleGateParams, QkvParams, gate_up, ple_gate, qkv};

use kernel::prelude::*;

use self::stream::{Prologue, input};
use crate::quant::{Quant, block_byte, hi_in_row, lo_in_row, row_bytes};
use crate::reduce::Reduce;

/// What becomes of a row's sum.
#[device]
pub trait Epilogue: 'static {
    /// Whether the result is added to what `y` holds.
    const ACCUMULATE: bool;
    /// The result; `cap` is the params'.
    fn finish(sum: f32, cap: f32) -> f32;
}

/// The sum itself.
pub struct Identity;

/// The sum, added to what the output holds.
pub struct Accumulate;

/// `cap·tanh(sum/cap)`: Gemma's bound on logits.
pub struct Softcap;

#[device]
impl Epilogue for Identity {
    const ACCUMULATE: bool = false;

    fn finish(sum: f32, _cap: f32) -> f32 {
        sum
    }
}

#[device]
impl Epilogue for Accumulate {
    const ACCUMULATE: bool = true;

    fn finish(sum: f32, _cap: f32) -> f32 {
        sum
    }
}

#[device]
impl Epilogue for Softcap {
    const ACCUMULATE: bool = false;

    fn finish(sum: f32, cap: f32) -> f32 {
        // Some drivers overflow in tanh past 40; at 10 it is 1 in f32.
        cap * tanh(clamp(sum / cap, -10.0, 10.0))
    }
}

/// This invocation's part of the dot products of rows `row..row + ROWS` (those past `last` are `last` again) with the
/// input. An invocation takes a span of chunks that share their scales, and the input's elements of that span serve
/// all rows; a row's minimum multiplies the sum of the input, so that a weight costs one multiply-add.
#[device]
fn row_dots<Q: Quant, R: Reduce, const ROWS: usize, const ADD: bool, const NORM: bool>(
    lane: u32,
    row: u32,
    last: u32,
    k: u32,
    prologue: Prologue,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    w_next: &Storage<Vec4<f32>>,
    w: &Storage<u32>,
    sums: &mut [f32; ROWS],
) {
    let bytes = row_bytes::<Q>(k);
    for span in strided(lane, k / (8 * Q::SPAN), R::WIDTH) {
        let first = span * Q::SPAN;
        let block = block_byte::<Q>(first);
        let inside = first % (Q::BLOCK / 8);
        let mut lo = [splat4(0.0f32); ROWS];
        let mut hi = [splat4(0.0f32); ROWS];
        let mut lo_input = splat4(0.0f32);
        let mut hi_input = splat4(0.0f32);
        #[unroll]
        for chunk in 0..Q::SPAN {
            let x_lo = input::<ADD, NORM>(lo_in_row::<Q>(first + chunk) / 4, prologue, h, o, w_post, w_next);
            let x_hi = input::<ADD, NORM>(hi_in_row::<Q>(first + chunk) / 4, prologue, h, o, w_post, w_next);
            if Q::HAS_MIN {
                lo_input += x_lo;
                hi_input += x_hi;
            }
            #[unroll]
            for r in 0..ROWS {
                let codes = Q::codes(w, min(row + r as u32, last) * bytes + block, inside + chunk);
                lo[r] = fma(codes.lo, x_lo, lo[r]);
                hi[r] = fma(codes.hi, x_hi, hi[r]);
            }
        }
        #[unroll]
        for r in 0..ROWS {
            let ones = splat4(1.0f32);
            if Q::SCALED {
                let scales = Q::scales(w, min(row + r as u32, last) * bytes + block, inside);
                sums[r] += fma(dot(lo[r], ones), scales.lo, dot(hi[r], ones) * scales.hi);
                if Q::HAS_MIN {
                    sums[r] -= fma(dot(lo_input, ones), scales.lo_min, dot(hi_input, ones) * scales.hi_min);
                }
            } else {
                sums[r] += dot(lo[r] + hi[r], ones);
            }
        }
    }
}

/// Shape of [`fn@matvec`].
#[params]
pub struct MatvecParams {
    /// Rows of `w`.
    pub rows: u32,
    /// Weights in a row, whole blocks and a multiple of 32.
    pub k: u32,
    /// Where in `y` the first row's result goes.
    pub y_at: u32,
    /// Bound of [`Softcap`]; the other epilogues leave it unread.
    pub cap: f32,
}

/// `y[y_at + j] = E(Σ w[j, i]·x[i])`, `ROWS` rows a workgroup. `w` `[rows, k]` in format `Q`; `x` `[k]`, 4 values an
/// element.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows.div_ceil(ROWS as u32), tolerance(rel = 1e-5),
    requires(
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * w.len() >= params.rows * (params.k / Q::BLOCK) * Q::BYTES,
        4 * x.len() >= params.k,
        y.len() >= params.y_at + params.rows,
    )
)]
pub async fn matvec<Q: Quant, R: Reduce, E: Epilogue, const ROWS: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &MatvecParams,
    w: &Storage<u32>,
    x: &Storage<Vec4<f32>>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH * ROWS as u32] scratch: &mut Workgroup<f32>,
) {
    let row = group * ROWS as u32;
    let mut sums = [0.0f32; ROWS];
    let plain = Prologue { post: 0.0, scale: 1.0 };
    row_dots::<Q, R, ROWS, false, false>(lane, row, params.rows - 1, params.k, plain, x, x, x, x, w, &mut sums);
    R::sums::<ROWS>(&mut sums, lane, scratch).await;
    if lane == 0 {
        #[unroll]
        for r in 0..ROWS {
            if row + (r as u32) < params.rows {
                let at = params.y_at + row + r as u32;
                if E::ACCUMULATE {
                    y[at] += E::finish(sums[r], params.cap);
                } else {
                    y[at] = E::finish(sums[r], params.cap);
                }
            }
        }
    }
}
