//! GEMM over every weight format: many activation vectors times one tensor. Tiles of weights are dequantised into
//! workgroup memory once for all the rows of activations in the tile.

use kernel::prelude::*;

use crate::quant::{Quant, block_byte, hi_in_row, lo_in_row, load, row_bytes};

/// Chunks of 8 weights that a step stages of every row; a row has a multiple of them, since `k` is a multiple of 32.
const CHUNKS: u32 = 4;
/// Vectors of 4 values in a staged row.
const QUADS: u32 = 2 * CHUNKS;

/// Shape of [`fn@gemm`].
#[params]
pub struct GemmParams {
    /// Activation vectors, rows of `x`.
    pub n: u32,
    /// First row of `w` that takes part: a large tensor goes in pieces.
    pub first_row: u32,
    /// Outputs: rows of `w` that take part.
    pub rows: u32,
    /// Values in a row of `x` and weights in a row of `w`, a multiple of 32.
    pub k: u32,
    /// Values from one row of `y` to the next.
    pub y_stride: u32,
    /// Where in a row of `y` the first output lies.
    pub y_at: u32,
}

/// Where quad `quad` of row `row` is staged: rows are turned against each other, so that eight neighbours' quads lie in
/// different banks.
#[device]
fn staged(row: u32, quad: u32) -> u32 {
    row * QUADS + (quad ^ (row & 7))
}

/// `y[t, y_at + j] = Σ_i x[t, i]·w[first_row + j, i]`. `x` `[n, k]`, 4 values an element; `w` in format `Q`; `y` f32.
///
/// A workgroup has `SIDE × SIDE` invocations with `TM × TN` outputs each, so a tile is `SIDE·TM` activation vectors by
/// `SIDE·TN` outputs. `SIDE` = 1 needs no barriers (the CPU).
#[kernel(
    workgroup = SIDE * SIDE,
    groups = params.n.div_ceil(SIDE * TM as u32) * params.rows.div_ceil(SIDE * TN as u32),
    tolerance(rel = 1e-5),
    requires(
        params.k > 0,
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        4 * x.len() >= params.n * params.k,
        4 * w.len() >= (params.first_row + params.rows) * (params.k / Q::BLOCK) * Q::BYTES,
        y.len() >= (params.n - 1) * params.y_stride + params.y_at + params.rows,
    )
)]
pub async fn gemm<Q: Quant, const SIDE: u32, const TM: usize, const TN: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &GemmParams,
    x: &Storage<Vec4<f32>>,
    w: &Storage<u32>,
    y: &mut Storage<f32>,
    #[len = SIDE * TM as u32 * QUADS] x_tile: &mut Workgroup<Vec4<f32>>,
    #[len = SIDE * TN as u32 * QUADS] w_tile: &mut Workgroup<Vec4<f32>>,
) {
    // Neighbouring workgroups share their weights.
    let x_tiles = (params.n + SIDE * TM as u32 - 1) / (SIDE * TM as u32);
    let first_x = (group % x_tiles) * (SIDE * TM as u32);
    let first_w = (group / x_tiles) * (SIDE * TN as u32);
    let column = lane % SIDE;
    let line = lane / SIDE;
    let mut acc = [[0.0f32; TN]; TM];
    for step in 0..params.k / (8 * CHUNKS) {
        for item in strided(lane, SIDE * TN as u32 * CHUNKS, SIDE * SIDE) {
            let row = item / CHUNKS;
            let chunk = step * CHUNKS + item % CHUNKS;
            let start = (params.first_row + min(first_w + row, params.rows - 1)) * row_bytes::<Q>(params.k);
            let weights = load::<Q>(w, start + block_byte::<Q>(chunk), chunk % (Q::BLOCK / 8));
            w_tile[staged(row, 2 * (item % CHUNKS))] = weights.lo;
            w_tile[staged(row, 2 * (item % CHUNKS) + 1)] = weights.hi;
        }
        for item in strided(lane, SIDE * TM as u32 * CHUNKS, SIDE * SIDE) {
            let row = item / CHUNKS;
            let chunk = step * CHUNKS + item % CHUNKS;
            let start = min(first_x + row, params.n - 1) * params.k;
            x_tile[staged(row, 2 * (item % CHUNKS))] = x[(start + lo_in_row::<Q>(chunk)) / 4];
            x_tile[staged(row, 2 * (item % CHUNKS) + 1)] = x[(start + hi_in_row::<Q>(chunk)) / 4];
        }
        if SIDE > 1 {
            workgroup_barrier().await;
        }
        if SIDE > 1 {
            for quad in 0..QUADS {
                let mut activations = [splat4(0.0f32); TM];
                #[unroll]
                for i in 0..TM {
                    activations[i] = x_tile[staged(line + SIDE * i as u32, quad)];
                }
                #[unroll]
                for j in 0..TN {
                    let weights = w_tile[staged(column + SIDE * j as u32, quad)];
                    #[unroll]
                    for i in 0..TM {
                        acc[i][j] = fma(
                            activations[i].x,
                            weights.x,
                            fma(
                                activations[i].y,
                                weights.y,
                                fma(activations[i].z, weights.z, fma(activations[i].w, weights.w, acc[i][j])),
                            ),
                        );
                    }
                }
            }
            workgroup_barrier().await;
        } else {
            // A CPU has few registers, of four values each: one output's sums at a time, four terms wide.
            #[unroll]
            for j in 0..TN {
                let mut sums = [splat4(0.0f32); TM];
                for quad in 0..QUADS {
                    let weights = w_tile[staged(j as u32, quad)];
                    #[unroll]
                    for i in 0..TM {
                        sums[i] = fma(x_tile[staged(i as u32, quad)], weights, sums[i]);
                    }
                }
                #[unroll]
                for i in 0..TM {
                    acc[i][j] += (sums[i].x + sums[i].y) + (sums[i].z + sums[i].w);
                }
            }
        }
    }
    #[unroll]
    for i in 0..TM {
        let t = first_x + line + SIDE * i as u32;
        #[unroll]
        for j in 0..TN {
            let row = first_w + column + SIDE * j as u32;
            if t < params.n && row < params.rows {
                y[t * params.y_stride + params.y_at + row] = acc[i][j];
            }
        }
    }
}
