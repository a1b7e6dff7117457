//! GEMM on matrix units: many activation vectors times a tensor of any format, or times its transpose, from f16 with sums
//! in f32. Activations and gradients may lie far outside of f16's range, so each row is scaled by a power of two before.

use kernel::prelude::*;

use crate::quant::{Quant, block_byte, hi_in_row, lo_in_row, row_bytes, scaled};
use crate::reduce::Reduce;

/// Invocations of a subgroup that [`fn@gemm_cooperative`] counts on.
pub const SUBGROUP: u32 = 32;
/// Terms of the sums that a step stages; rows of [`fn@halve_rows`]'s result have a multiple of them.
pub const DEPTH: u32 = 32;
/// Rows and columns of a matrix that a subgroup multiplies at once.
const SIDE: u32 = 16;
/// Quads in a step's terms, and its chunks of 8 weights.
const QUADS: u32 = DEPTH / 4;
const CHUNKS: u32 = DEPTH / 8;
/// Unused quads behind a row of a tile: 16 bytes, which turn the rows against each other, so that the eight that a
/// matrix unit reads together lie in different banks.
const PAD: u32 = 2;

/// Shape of [`fn@halve_rows`].
#[params]
pub struct HalveParams {
    /// Rows.
    pub n: u32,
    /// Values in a row.
    pub k: u32,
    /// Values from one row of `x` to the next.
    pub x_stride: u32,
    /// Where in a row of `x` the first value lies.
    pub x_at: u32,
    /// Halves in a row of `y`, a multiple of [`DEPTH`]: those past `k` are zeros.
    pub y_stride: u32,
}

/// `y[t, i] = x[t, x_at + i] / scales[t]` in f16, where the scale is the power of two that brings the row's greatest
/// value to 2¹⁴ or a little more: 2²⁸ below it f16 still has all of its digits. One workgroup a row. `y` `[n, y_stride]`,
/// 4 values an element.
#[kernel(
    workgroup = R::WIDTH, groups = params.n, tolerance(rel = 1e-3),
    requires(
        params.k <= params.y_stride,
        params.y_stride % 32 == 0,
        x.len() >= (params.n - 1) * params.x_stride + params.x_at + params.k,
        4 * y.len() >= params.n * params.y_stride,
        scales.len() >= params.n,
    )
)]
pub async fn halve_rows<R: Reduce>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &HalveParams,
    x: &Storage<f32>,
    y: &mut Storage<Vec4<f16>>,
    scales: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.x_stride + params.x_at;
    let mut own = 0.0f32;
    for i in strided(lane, params.k, R::WIDTH) {
        own = max(own, abs(x[first + i]));
    }
    let greatest = R::max(own, lane, scratch).await;
    // The exponent, kept where both the scale and its inverse are normal numbers.
    let exponent = clamp(bitcast::<u32, f32>(greatest) >> 23, 15, 254);
    let factor = bitcast::<f32, u32>((268 - exponent) << 23);
    for quad in strided(lane, params.y_stride / 4, R::WIDTH) {
        let mut values = splat4(f16(0.0));
        #[unroll]
        for c in 0..4u32 {
            if 4 * quad + c < params.k {
                values[c] = f16(x[first + 4 * quad + c] * factor);
            }
        }
        y[row * (params.y_stride / 4) + quad] = values;
    }
    if lane == 0 {
        scales[row] = bitcast::<f32, u32>((exponent - 14) << 23);
    }
}

/// Shape of [`fn@gemm_cooperative`].
#[params]
pub struct GemmCooperativeParams {
    /// Vectors, rows of `x`.
    pub n: u32,
    /// First row of `w` that takes part.
    pub first_row: u32,
    /// Rows of `w` that take part.
    pub rows: u32,
    /// Weights in a row of `w`, whole blocks and a multiple of 32.
    pub k: u32,
    /// Values from one row of `y` to the next.
    pub y_stride: u32,
    /// Where in a row of `y` the first output lies.
    pub y_at: u32,
    /// Not 0: the products are added to what `y` holds.
    pub accumulate: u32,
    /// Parts that the terms are split into, each with a result of its own: `y` has `splits · n` rows then. 1 for whole sums.
    pub splits: u32,
}

/// Quads of workgroup memory that a step's weights take: rows of terms, or in a transposed product rows of outputs.
const fn weight_quads(transposed: bool, outputs: u32) -> u32 {
    if transposed { DEPTH * (outputs / 4 + PAD) } else { outputs * (QUADS + PAD) }
}

#[device]
fn halves(values: Vec4<f32>) -> Vec4<f16> {
    vec4(f16(values.x), f16(values.y), f16(values.z), f16(values.w))
}

/// What an invocation fetches of each step: places in the first step, and the last ones that there are.
#[device]
struct Share {
    /// Row of `x`.
    x_line: u32,
    /// The last row of `x`.
    x_last: u32,
    /// From one row that it fetches to the next.
    x_lines: u32,
    /// Quads from one row of `x` to the next.
    x_stride: u32,
    /// Which of a step's quads.
    x_quad: u32,
    /// Row of `w`.
    w_line: u32,
    /// The last row of `w`.
    w_last: u32,
    /// Chunk in the row.
    w_chunk: u32,
    /// Weights in a row.
    k: u32,
}

/// Fetches the invocation's share of step `step`. Values of `x` come in the order of the chunks of weights that they meet,
/// in a transposed product one after the other.
#[device]
fn fetch<Q: Quant, const TRANSPOSED: bool, const LX: usize, const LW: usize>(
    share: Share,
    step: u32,
    x: &Storage<Vec4<f16>>,
    w: &Storage<u32>,
    x_next: &mut [Vec4<f16>; LX],
    lo_next: &mut [Vec4<f16>; LW],
    hi_next: &mut [Vec4<f16>; LW],
) {
    let mut x_at = step * QUADS + share.x_quad;
    let mut w_row = share.w_line;
    let mut chunk = share.w_chunk;
    if TRANSPOSED {
        w_row += step * DEPTH;
    } else {
        chunk += step * CHUNKS;
        let own = step * CHUNKS + share.x_quad % CHUNKS;
        x_at = select(hi_in_row::<Q>(own), lo_in_row::<Q>(own), share.x_quad < CHUNKS) / 4;
    }
    #[unroll]
    for l in 0..LX {
        x_next[l] = x[min(share.x_line + l as u32 * share.x_lines, share.x_last) * share.x_stride + x_at];
    }
    let byte = min(w_row, share.w_last) * row_bytes::<Q>(share.k) + block_byte::<Q>(chunk);
    let inside = chunk % (Q::BLOCK / 8);
    if Q::SCALED {
        let scales = Q::scales(w, byte, inside);
        #[unroll]
        for l in 0..LW {
            let weights = scaled::<Q>(Q::codes(w, byte, inside + l as u32), scales);
            lo_next[l] = halves(weights.lo);
            hi_next[l] = halves(weights.hi);
        }
    } else {
        // A block of floats is one chunk.
        #[unroll]
        for l in 0..LW {
            let weights = Q::codes(w, byte + l as u32 * Q::BYTES, 0);
            lo_next[l] = halves(weights.lo);
            hi_next[l] = halves(weights.hi);
        }
    }
}

/// `y[t, y_at + j] (+)= scales[t]·Σ_i x[t, i]·w[first_row + j, i]`, or with `TRANSPOSED`
/// `y[t, y_at + i] (+)= scales[t]·Σ_j x[t, j]·w[first_row + j, i]`. `x` and `scales` as [`fn@halve_rows`] makes them: rows
/// of `k` halves, or of `rows` and zeros up to a multiple of [`DEPTH`]; `w` in format `Q`, each weight within f16's range.
///
/// A workgroup has `ROWS × COLUMNS` subgroups of 32; each computes `TM × TN` matrices of 16 × 16 of outputs. While it
/// multiplies a step's tiles, which lie in workgroup memory, the next ones are on their way into registers: an invocation
/// fetches `LX = 4·TM / COLUMNS` quads of `x` and `LW = 2·TN / ROWS` chunks of `w`, 4 at most, which share their scales.
/// Transposed outputs go by 128, as far as a format's chunks reach.
#[kernel(
    workgroup = ROWS * COLUMNS * SUBGROUP,
    workgroup_memory = 32_768,
    groups = params.n.div_ceil(ROWS * TM as u32 * SIDE)
        * (TRANSPOSED as u32 * params.k + !TRANSPOSED as u32 * params.rows).div_ceil(COLUMNS * TN as u32 * SIDE)
        * params.splits,
    tolerance(rel = 2e-3),
    requires(
        params.n > 0,
        params.rows > 0,
        params.k > 0,
        params.splits > 0,
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * w.len() >= (params.first_row + params.rows) * (params.k / Q::BLOCK) * Q::BYTES,
        scales.len() >= params.n,
        TRANSPOSED || 4 * x.len() >= params.n * params.k,
        !TRANSPOSED || x.len() >= params.n * params.rows.div_ceil(32) * 8,
        TRANSPOSED || y.len() >= (params.splits * params.n - 1) * params.y_stride + params.y_at + params.rows,
        !TRANSPOSED || y.len() >= (params.splits * params.n - 1) * params.y_stride + params.y_at + params.k,
    )
)]
pub async fn gemm_cooperative<
    Q: Quant,
    const TRANSPOSED: bool,
    const ROWS: u32,
    const COLUMNS: u32,
    const TM: usize,
    const TN: usize,
    const LX: usize,
    const LW: usize,
>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &GemmCooperativeParams,
    x: &Storage<Vec4<f16>>,
    scales: &Storage<f32>,
    w: &Storage<u32>,
    y: &mut Storage<f32>,
    #[len = ROWS * TM as u32 * SIDE * (QUADS + PAD)] x_tile: &mut Workgroup<Vec4<f16>>,
    #[len = weight_quads(TRANSPOSED, COLUMNS * TN as u32 * SIDE)] w_tile: &mut Workgroup<Vec4<f16>>,
    #[len = ROWS * COLUMNS * SIDE * SIDE] patches: &mut Workgroup<f32>,
) {
    let width = COLUMNS * TN as u32 * SIDE;
    let w_stride = if TRANSPOSED { width / 4 + PAD } else { QUADS + PAD };
    let outputs = if TRANSPOSED { params.k } else { params.rows };
    let steps = if TRANSPOSED { (params.rows + (DEPTH - 1)) / DEPTH } else { params.k / DEPTH };
    // Neighbouring workgroups share their weights.
    let x_tiles = (params.n + (ROWS * TM as u32 * SIDE - 1)) / (ROWS * TM as u32 * SIDE);
    let w_tiles = (outputs + (width - 1)) / width;
    let first_x = group % x_tiles * (ROWS * TM as u32 * SIDE);
    let first_w = group / x_tiles % w_tiles * width;
    // The steps of the workgroup's part of the terms.
    let split = group / x_tiles / w_tiles;
    let steps_a_split = (steps + params.splits - 1) / params.splits;
    let from = min(split * steps_a_split, steps);
    let to = min(from + steps_a_split, steps);
    // Where the subgroup's matrices start in the tiles.
    let subgroup = lane / SUBGROUP;
    let row = subgroup / COLUMNS * (TM as u32 * SIDE);
    let column = subgroup % COLUMNS * (TN as u32 * SIDE);

    // Quads `lane`, `lane + invocations`, … of the tile of `x` are fetched by invocation `lane`, and of the weights `LW`
    // neighbouring chunks. Past the last row or output the last one is fetched again, and its products are dropped.
    let x_lines = ROWS * COLUMNS * SUBGROUP / QUADS;
    let x_to = lane / QUADS * (QUADS + PAD) + lane % QUADS;
    let line_chunks = if TRANSPOSED { width / 8 } else { CHUNKS };
    let w_line = lane / (line_chunks / LW as u32);
    let w_chunk = lane % (line_chunks / LW as u32) * LW as u32;
    let share = Share {
        x_line: first_x + lane / QUADS,
        x_last: params.n - 1,
        x_lines,
        x_stride: steps * QUADS,
        x_quad: lane % QUADS,
        w_line: params.first_row + w_line + if TRANSPOSED { 0 } else { first_w },
        w_last: params.first_row + params.rows - 1,
        w_chunk: if TRANSPOSED { min(first_w / 8 + w_chunk, params.k / 8 - LW as u32) } else { w_chunk },
        k: params.k,
    };
    let mut x_next = [splat4(f16(0.0)); LX];
    let mut lo_next = [splat4(f16(0.0)); LW];
    let mut hi_next = [splat4(f16(0.0)); LW];
    fetch::<Q, TRANSPOSED, LX, LW>(share, min(from, steps - 1), x, w, &mut x_next, &mut lo_next, &mut hi_next);

    let mut sums = [[coop_mat16x16::<f32, role::C>(); TN]; TM];
    for step in from..to {
        #[unroll]
        for l in 0..LX {
            x_tile[l as u32 * x_lines * (QUADS + PAD) + x_to] = x_next[l];
        }
        #[unroll]
        for l in 0..LW {
            if TRANSPOSED {
                let chunk = first_w / 8 + w_chunk + l as u32;
                w_tile[w_line * w_stride + (lo_in_row::<Q>(chunk) - first_w) / 4] = lo_next[l];
                w_tile[w_line * w_stride + (hi_in_row::<Q>(chunk) - first_w) / 4] = hi_next[l];
            } else {
                w_tile[w_line * w_stride + w_chunk + l as u32] = lo_next[l];
                w_tile[w_line * w_stride + CHUNKS + w_chunk + l as u32] = hi_next[l];
            }
        }
        workgroup_barrier().await;
        // After the last step its values are fetched again: a load under a condition would be waited for at once.
        let next = min(step + 1, to - 1);
        fetch::<Q, TRANSPOSED, LX, LW>(share, next, x, w, &mut x_next, &mut lo_next, &mut hi_next);
        #[unroll]
        for part in 0..DEPTH / SIDE {
            let mut x_own = [coop_mat16x16::<f16, role::A>(); TM];
            #[unroll]
            for i in 0..TM {
                let at = (row + i as u32 * SIDE) * (QUADS + PAD) + part * (SIDE / 4);
                x_own[i] = coop_load_t(&x_tile[at], QUADS + PAD);
            }
            #[unroll]
            for j in 0..TN {
                let w_own: CoopMat16x16<f16, role::B> = if TRANSPOSED {
                    let at = part * SIDE * w_stride + column / 4 + j as u32 * (SIDE / 4);
                    coop_load_t(&w_tile[at], w_stride)
                } else {
                    let at = (column + j as u32 * SIDE) * w_stride + part * (SIDE / 4);
                    coop_load(&w_tile[at], w_stride)
                };
                #[unroll]
                for i in 0..TM {
                    sums[i][j] = coop_multiply_add(x_own[i], w_own, sums[i][j]);
                }
            }
        }
        workgroup_barrier().await;
    }
    // A matrix at a time goes through workgroup memory, where its elements have places. More at a time would take memory
    // from other workgroups, which compute while this one waits.
    let patch = subgroup * (SIDE * SIDE);
    #[unroll]
    for i in 0..TM {
        #[unroll]
        for j in 0..TN {
            coop_store_t(sums[i][j], &patches[patch], SIDE);
            workgroup_barrier().await;
            for item in strided(lane % SUBGROUP, SIDE * SIDE, SUBGROUP) {
                let t = first_x + row + i as u32 * SIDE + item / SIDE;
                let output = first_w + column + j as u32 * SIDE + item % SIDE;
                if t < params.n && output < outputs {
                    let at = (split * params.n + t) * params.y_stride + params.y_at + output;
                    let product = scales[t] * patches[patch + item];
                    if params.accumulate != 0 {
                        y[at] += product;
                    } else {
                        y[at] = product;
                    }
                }
            }
            workgroup_barrier().await;
        }
    }
}
