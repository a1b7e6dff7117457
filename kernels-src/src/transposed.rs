//! Products with a weight tensor's transpose, for gradients of activations: `dx[t, i] = scale·Σ_j dy[t, j]·w[j, i]`. The
//! rows are split over workgroups, so that a tensor of few columns and many rows fills a device too; each split leaves
//! its part, and a second dispatch adds the parts in order: the result is the same in every run. Many vectors fill a
//! device by themselves: they go in tiles.

use kernel::prelude::*;

use crate::quant::{Quant, block_byte, hi_in_row, lo_in_row, load, row_bytes};

/// Rows of `w` that a step of [`fn@gemm_transposed`] stages.
const STEP: u32 = 32;
/// Vectors of 4 gradients in a staged row of `dy`.
const QUADS: u32 = STEP / 4;

/// Shape of [`fn@matvec_transposed`].
#[params]
pub struct TransposedParams {
    /// Gradient vectors, rows of `dy`.
    pub n: u32,
    /// First row of `w` that takes part: a large tensor goes in tiles.
    pub first_row: u32,
    /// Rows of `w` that take part.
    pub rows: u32,
    /// Weights in a row of `w`, whole blocks and a multiple of 32.
    pub k: u32,
    /// Parts that the rows are split into.
    pub splits: u32,
    /// Values from one row of `dy` to the next.
    pub dy_stride: u32,
    /// Where in a row of `dy` the value of `first_row` lies.
    pub dy_at: u32,
}

impl TransposedParams {
    /// Splits that give a device about `workgroups` workgroups of `width` invocations, `tokens` vectors each, and no
    /// split fewer than 32 rows.
    pub fn splits_for(n: u32, rows: u32, k: u32, width: u32, tokens: u32, workgroups: u32) -> u32 {
        let unsplit = (k / 8).div_ceil(width.max(1)) * n.div_ceil(tokens.max(1));
        workgroups.div_ceil(unsplit.max(1)).clamp(1, rows.div_ceil(32).max(1))
    }
}

/// `partials[s, t, i] = Σ dy[t, dy_at + j]·w[first_row + j, i]` over the rows `j` of split `s`. `w` in format `Q`;
/// `partials` `[splits, n, k]`, 4 values an element.
///
/// An invocation keeps `CHUNKS` chunks of 8 columns of `TOKENS` vectors, so that a weight is dequantised once for them.
#[kernel(
    workgroup = W,
    groups = (params.k / 8).div_ceil(W * CHUNKS as u32) * params.n.div_ceil(TOKENS as u32) * params.splits,
    tolerance(rel = 1e-5),
    requires(
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        params.n >= 1,
        params.splits >= 1,
        4 * w.len() >= (params.first_row + params.rows) * (params.k / Q::BLOCK) * Q::BYTES,
        dy.len() >= (params.n - 1) * params.dy_stride + params.dy_at + params.rows,
        4 * partials.len() >= params.splits * params.n * params.k,
    )
)]
pub fn matvec_transposed<Q: Quant, const W: u32, const CHUNKS: usize, const TOKENS: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &TransposedParams,
    dy: &Storage<f32>,
    w: &Storage<u32>,
    partials: &mut Storage<Vec4<f32>>,
) {
    let chunks = params.k / 8;
    let columns = (chunks + (W * CHUNKS as u32 - 1)) / (W * CHUNKS as u32);
    let tiles = (params.n + (TOKENS as u32 - 1)) / (TOKENS as u32);
    let first_chunk = group % columns * (W * CHUNKS as u32) + lane;
    let first_token = group / columns % tiles * TOKENS as u32;
    let split = group / columns / tiles;
    let per_split = (params.rows + params.splits - 1) / params.splits;
    let bytes = row_bytes::<Q>(params.k);
    let mut lo = [[splat4(0.0f32); TOKENS]; CHUNKS];
    let mut hi = [[splat4(0.0f32); TOKENS]; CHUNKS];
    for row in min(split * per_split, params.rows)..min((split + 1) * per_split, params.rows) {
        let start = (params.first_row + row) * bytes;
        let mut gradients = [0.0f32; TOKENS];
        #[unroll]
        for t in 0..TOKENS {
            gradients[t] = dy[min(first_token + t as u32, params.n - 1) * params.dy_stride + params.dy_at + row];
        }
        #[unroll]
        for c in 0..CHUNKS {
            // Past the last column the last chunk is computed again and dropped.
            let chunk = min(first_chunk + c as u32 * W, chunks - 1);
            let weights = load::<Q>(w, start + block_byte::<Q>(chunk), chunk % (Q::BLOCK / 8));
            #[unroll]
            for t in 0..TOKENS {
                lo[c][t] = fma(weights.lo, splat4(gradients[t]), lo[c][t]);
                hi[c][t] = fma(weights.hi, splat4(gradients[t]), hi[c][t]);
            }
        }
    }
    #[unroll]
    for c in 0..CHUNKS {
        let chunk = first_chunk + c as u32 * W;
        if chunk < chunks {
            #[unroll]
            for t in 0..TOKENS {
                if first_token + (t as u32) < params.n {
                    let target = (split * params.n + first_token + t as u32) * params.k;
                    partials[(target + lo_in_row::<Q>(chunk)) / 4] = lo[c][t];
                    partials[(target + hi_in_row::<Q>(chunk)) / 4] = hi[c][t];
                }
            }
        }
    }
}

/// Shape of [`fn@sum_partials`].
#[params]
pub struct SumPartialsParams {
    /// Values in a part, a multiple of 4.
    pub n: u32,
    /// Parts.
    pub splits: u32,
    /// Multiplies the sum.
    pub scale: f32,
}

/// `y = scale·Σ_s partials[s]`, added to what `y` holds where `ACCUMULATE`. `partials` `[splits, n]`, `y` `[n]`, 4 values an
/// element.
#[kernel(
    workgroup = W, groups = (params.n / 4).div_ceil(W), tolerance(rel = 1e-6),
    requires(
        params.n % 4 == 0,
        4 * partials.len() >= params.splits * params.n,
        4 * y.len() >= params.n,
    )
)]
pub fn sum_partials<const W: u32, const ACCUMULATE: bool>(
    i: GlobalId,
    params: &SumPartialsParams,
    partials: &Storage<Vec4<f32>>,
    y: &mut Storage<Vec4<f32>>,
) {
    if i < params.n / 4 {
        let mut sum = splat4(0.0f32);
        for split in 0..params.splits {
            sum += partials[split * (params.n / 4) + i];
        }
        if ACCUMULATE {
            y[i] = fma(sum, splat4(params.scale), y[i]);
        } else {
            y[i] = sum * params.scale;
        }
    }
}

/// Shape of [`fn@gemm_transposed`].
#[params]
pub struct GemmTransposedParams {
    /// Gradient vectors, rows of `dy` and `dx`.
    pub n: u32,
    /// First row of `w` that takes part.
    pub first_row: u32,
    /// Rows of `w` that take part, at least 1.
    pub rows: u32,
    /// Weights in a row of `w` and values in a row of `dx`, whole blocks and a multiple of 32.
    pub k: u32,
    /// Values from one row of `dy` to the next.
    pub dy_stride: u32,
    /// Where in a row of `dy` the value of `first_row` lies.
    pub dy_at: u32,
}

/// `dx[t, i] = Σ_j dy[t, dy_at + j]·w[first_row + j, i]`, added to `dx` where `ACCUMULATE`. `w` in format `Q`; `dx`
/// `[n, k]`, 4 values an element.
///
/// For many vectors: tiles of weights are dequantised into workgroup memory once for all of a tile's vectors. A
/// workgroup has `SIDE × SIDE` invocations with `TM` vectors × `TN` quads of columns each; a tile's columns are those of
/// `SIDE · TN / 2` chunks. `SIDE` = 1 needs no barriers (the CPU).
#[kernel(
    workgroup = SIDE * SIDE,
    groups = params.n.div_ceil(SIDE * TM as u32) * (params.k / 8).div_ceil(SIDE * TN as u32 / 2),
    tolerance(rel = 1e-5),
    requires(
        params.n >= 1,
        params.rows >= 1,
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * w.len() >= (params.first_row + params.rows) * (params.k / Q::BLOCK) * Q::BYTES,
        dy.len() >= (params.n - 1) * params.dy_stride + params.dy_at + params.rows,
        4 * dx.len() >= params.n * params.k,
    )
)]
pub async fn gemm_transposed<Q: Quant, const SIDE: u32, const TM: usize, const TN: usize, const ACCUMULATE: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &GemmTransposedParams,
    dy: &Storage<f32>,
    w: &Storage<u32>,
    dx: &mut Storage<Vec4<f32>>,
    #[len = SIDE * TM as u32 * QUADS] dy_tile: &mut Workgroup<Vec4<f32>>,
    #[len = STEP * SIDE * TN as u32] w_tile: &mut Workgroup<Vec4<f32>>,
) {
    let chunks = params.k / 8;
    // Neighbouring workgroups share their weights.
    let tiles = (params.n + SIDE * TM as u32 - 1) / (SIDE * TM as u32);
    let first_token = group % tiles * (SIDE * TM as u32);
    let first_chunk = group / tiles * (SIDE * TN as u32 / 2);
    let bytes = row_bytes::<Q>(params.k);
    let column = lane % SIDE;
    let line = lane / SIDE;
    let mut acc = [[splat4(0.0f32); TM]; TN];
    for first in strided(0, params.rows, STEP) {
        for item in strided(lane, STEP * (SIDE * TN as u32 / 2), SIDE * SIDE) {
            let j = item / (SIDE * TN as u32 / 2);
            let at = item % (SIDE * TN as u32 / 2);
            // Past the last column the last chunk is computed again and dropped; rows past the last meet zeros.
            let chunk = min(first_chunk + at, chunks - 1);
            let start = (params.first_row + min(first + j, params.rows - 1)) * bytes;
            let weights = load::<Q>(w, start + block_byte::<Q>(chunk), chunk % (Q::BLOCK / 8));
            w_tile[j * (SIDE * TN as u32) + 2 * at] = weights.lo;
            w_tile[j * (SIDE * TN as u32) + 2 * at + 1] = weights.hi;
        }
        for item in strided(lane, SIDE * TM as u32 * QUADS, SIDE * SIDE) {
            let t = item / QUADS;
            let start = min(first_token + t, params.n - 1) * params.dy_stride + params.dy_at;
            let mut gradients = splat4(0.0f32);
            #[unroll]
            for i in 0..4 {
                let j = first + 4 * (item % QUADS) + i as u32;
                gradients[i] = select(0.0, dy[start + min(j, params.rows - 1)], j < params.rows);
            }
            dy_tile[t * QUADS + item % QUADS] = gradients;
        }
        if SIDE > 1 {
            workgroup_barrier().await;
        }
        // One quad of columns after the other: a CPU has few registers, and a GPU's invocation no second one.
        #[unroll]
        for c in 0..TN {
            let mut sums = [splat4(0.0f32); TM];
            #[unroll]
            for t in 0..TM {
                sums[t] = acc[c][t];
            }
            for quad in 0..QUADS {
                let mut gradients = [splat4(0.0f32); TM];
                #[unroll]
                for t in 0..TM {
                    gradients[t] = dy_tile[(line + SIDE * t as u32) * QUADS + quad];
                }
                #[unroll]
                for i in 0..4 {
                    let weights = w_tile[(4 * quad + i as u32) * (SIDE * TN as u32) + column + SIDE * c as u32];
                    #[unroll]
                    for t in 0..TM {
                        sums[t] = fma(splat4(gradients[t][i]), weights, sums[t]);
                    }
                }
            }
            #[unroll]
            for t in 0..TM {
                acc[c][t] = sums[t];
            }
        }
        if SIDE > 1 {
            workgroup_barrier().await;
        }
    }
    #[unroll]
    for c in 0..TN {
        let quad = column + SIDE * c as u32;
        let chunk = first_chunk + quad / 2;
        if chunk < chunks {
            let at = select(hi_in_row::<Q>(chunk), lo_in_row::<Q>(chunk), quad % 2 == 0);
            #[unroll]
            for t in 0..TM {
                let token = first_token + line + SIDE * t as u32;
                if token < params.n {
                    let target = (token * params.k + at) / 4;
                    if ACCUMULATE {
                        dx[target] += acc[c][t];
                    } else {
                        dx[target] = acc[c][t];
                    }
                }
            }
        }
    }
}
