//! Rows by their numbers: embedding, which dequantises and scales rows of a weight tensor, and rows of activations.

use kernel::prelude::*;

use crate::quant::{Quant, block_byte, hi_in_row, lo_in_row, load, row_bytes};

/// Shape of [`fn@embed`].
#[params]
pub struct EmbedParams {
    /// Tokens.
    pub n: u32,
    /// Values in a row, a multiple of 32.
    pub k: u32,
    /// Multiplies every value.
    pub scale: f32,
    /// The tensor's first row in `w`: a large tensor lies in parts.
    pub first_row: u32,
    /// Rows in `w`; other ids are left to the other parts' dispatches.
    pub rows: u32,
    /// Where in `ids` the first token's id lies.
    pub ids_at: u32,
}

/// `out[t] = w[ids[ids_at + t] − first_row]·scale`, one workgroup a token. `out` `[n, k]`, 4 values an element.
#[kernel(
    workgroup = W, groups = params.n, tolerance(rel = 1e-6),
    requires(
        params.k % 32 == 0,
        params.k % Q::BLOCK == 0,
        ids.len() >= params.ids_at + params.n,
        4 * w.len() >= params.rows * (params.k / Q::BLOCK) * Q::BYTES,
        4 * out.len() >= params.n * params.k,
    )
)]
pub fn embed<Q: Quant, const W: u32>(
    token: WorkgroupId,
    lane: LocalIndex,
    params: &EmbedParams,
    ids: &Storage<u32>,
    w: &Storage<u32>,
    out: &mut Storage<Vec4<f32>>,
) {
    let id = ids[params.ids_at + token];
    // An id before the first row wraps to a number no tensor has as many rows as.
    let row = id - params.first_row;
    if row < params.rows {
        let start = row * row_bytes::<Q>(params.k);
        let target = token * params.k;
        for chunk in strided(lane, params.k / 8, W) {
            let weights = load::<Q>(w, start + block_byte::<Q>(chunk), chunk % (Q::BLOCK / 8));
            out[(target + lo_in_row::<Q>(chunk)) / 4] = weights.lo * params.scale;
            out[(target + hi_in_row::<Q>(chunk)) / 4] = weights.hi * params.scale;
        }
    }
}

/// Shape of [`fn@gather_rows`].
#[params]
pub struct GatherRowsParams {
    /// Rows wanted.
    pub n: u32,
    /// Values in a row, a multiple of 4.
    pub k: u32,
    /// Rows in `table`; a number that it does not have leaves its row of `out` as it is.
    pub rows: u32,
}

/// `out[t] = table[ids[t]]`, one workgroup a row. `table` `[rows, k]` and `out` `[n, k]`, 4 values an element.
#[kernel(
    workgroup = W, groups = params.n, tolerance(rel = 1e-6),
    requires(
        params.k % 4 == 0,
        ids.len() >= params.n,
        4 * table.len() >= params.rows * params.k,
        4 * out.len() >= params.n * params.k,
    )
)]
pub fn gather_rows<const W: u32>(
    t: WorkgroupId,
    lane: LocalIndex,
    params: &GatherRowsParams,
    ids: &Storage<u32>,
    table: &Storage<Vec4<f32>>,
    out: &mut Storage<Vec4<f32>>,
) {
    let row = ids[t];
    if row < params.rows {
        for i in strided(lane, params.k / 4, W) {
            out[t * (params.k / 4) + i] = table[row * (params.k / 4) + i];
        }
    }
}
