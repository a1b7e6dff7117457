//! The gradient of attention over tiles (Dao 2022, "FlashAttention", algorithm 4): probabilities are computed again from
//! each query's log-sum-exp, so that no matrix of scores is ever whole in memory.
//!
//! With `P = exp(q·kᵀ − lse)` and `D = Σ d_out·out` of a query: `dS = P·(d_out·vᵀ − D)`, `dq = dS·k`, `dk = dSᵀ·q` and
//! `dv = Pᵀ·d_out`. Each query head leaves its part of `dk` and `dv`; the heads that share keys are then added up in
//! order, so that the result is the same in every run.

use kernel::dispatch::{Buffer, DispatchError, Recorder};
use kernel::prelude::*;

use super::kv::KvFormat;
use super::prefill::AttendPrefillParams;
use super::tile::{COLUMNS, ROWS, Tile, UNITS, accumulate, heads_of, products, products_of, sees};
use crate::reduce::Reduce;

/// Shape of [`fn@attend_delta`].
#[params]
pub struct AttendDeltaParams {
    /// Heads of all rows.
    pub n: u32,
    /// Values of a head, a multiple of 4.
    pub head_dim: u32,
}

/// `statistics[i] = (lse[i], Σ out[i]·d_out[i])`, one workgroup a head of a row. `out`, `d_out` `[n, head_dim]`, 4 values
/// an element; `lse`, `statistics` `[n]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.n, tolerance(rel = 1e-5),
    requires(
        params.head_dim % 4 == 0,
        4 * out.len() >= params.n * params.head_dim,
        4 * d_out.len() >= params.n * params.head_dim,
        lse.len() >= params.n,
        statistics.len() >= params.n,
    )
)]
pub async fn attend_delta<R: Reduce>(
    at: WorkgroupId,
    lane: LocalIndex,
    params: &AttendDeltaParams,
    out: &Storage<Vec4<f32>>,
    d_out: &Storage<Vec4<f32>>,
    lse: &Storage<f32>,
    statistics: &mut Storage<Vec2<f32>>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = at * (params.head_dim / 4);
    let mut own = 0.0f32;
    for word in strided(lane, params.head_dim / 4, R::WIDTH) {
        own += dot(out[first + word], d_out[first + word]);
    }
    let delta = R::sum(own, lane, scratch).await;
    if lane == 0 {
        statistics[at] = vec2(lse[at], delta);
    }
}

/// The gradient by the queries: `dq` `[rows, heads, HD]`. `q`, `d_out` `[rows, heads, HD]`; the caches
/// `[ring, kv_heads, HD]`; `statistics` `[rows, heads]` of [`fn@attend_delta`]; `segments` as
/// [`attend_training`](fn@super::prefill::attend_training) has them. One workgroup a head of a tile; generics as there.
#[kernel(
    workgroup = W,
    groups = params.rows.div_ceil(ROWS) * params.heads,
    workgroup_memory = Tile::<HD, W>::MEMORY,
    tolerance(rel = 1e-4)
)]
pub async fn attend_backward_q<K: KvFormat, const HD: u32, const W: u32, const ACC: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendPrefillParams,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f32>>,
    k_cache: &Storage<Vec4<u32>>,
    v_cache: &Storage<Vec4<u32>>,
    d_out: &Storage<Vec4<f32>>,
    statistics: &Storage<Vec2<f32>>,
    dq: &mut Storage<Vec4<f32>>,
    #[len = Tile::<HD, W>::STAGE] stage: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] weights: &mut Workgroup<Vec4<f32>>,
) {
    // The last tiles have the most keys: they start first.
    let tile = (params.rows + ROWS - 1) / ROWS - 1 - group / params.heads;
    let head = group % params.heads;
    let at = heads_of(head, params.heads, params.kv_heads, params.ring);
    let first_row = tile * ROWS;
    let last_row = min(first_row + ROWS, params.rows) - 1;
    let within = if params.window > 0 { max(first_row + 1, params.window) - params.window } else { 0u32 };
    let mut acc = [splat4(0.0f32); ACC];
    for first_key in strided(max(within, segments[first_row]), last_row + 1, COLUMNS) {
        products::<K, HD, W, false>(k_cache, q, at, first_row, last_row, first_key, last_row, lane, stage).await;
        for unit in strided(lane, UNITS, W) {
            let scores = products_of::<HD, W>(stage, unit);
            let row = first_row + unit / 8;
            let mut probabilities = splat4(0.0f32);
            if row <= last_row {
                let of_row = statistics[row * params.heads + head];
                #[unroll]
                for j in 0..4 {
                    if sees(row, first_key + unit % 8 + 8 * (j as u32), params.window, segments[row]) {
                        probabilities[j] = exp(scores[j] - of_row.x);
                    }
                }
            }
            weights[unit] = probabilities;
        }
        workgroup_barrier().await;
        products::<K, HD, W, false>(v_cache, d_out, at, first_row, last_row, first_key, last_row, lane, stage).await;
        for unit in strided(lane, UNITS, W) {
            let of_row = statistics[min(first_row + unit / 8, last_row) * params.heads + head];
            weights[unit] = weights[unit] * (products_of::<HD, W>(stage, unit) - splat4(of_row.y));
        }
        workgroup_barrier().await;
        accumulate::<K, HD, W, ACC, true>(weights, k_cache, q, at, first_key, last_row, lane, &mut acc);
    }
    #[unroll]
    for item in 0..(ACC / 8) {
        let index = lane + (item as u32) * W;
        #[unroll]
        for i in 0..4 {
            let row = first_row + index / Tile::<HD, W>::OCTETS * 4 + i as u32;
            if index < Tile::<HD, W>::ITEMS && row <= last_row {
                let target = ((row * params.heads + head) * HD + 8 * (index % Tile::<HD, W>::OCTETS)) / 4;
                dq[target] = acc[item * 8 + 2 * i];
                dq[target + 1] = acc[item * 8 + 2 * i + 1];
            }
        }
    }
}

/// Each query head's part of the gradient by the keys and values: `dk_heads`, `dv_heads` `[rows, heads, HD]`, for
/// [`fn@attend_sum_heads`]. Otherwise as [`fn@attend_backward_q`]; one workgroup a query head of a tile of keys.
#[kernel(
    workgroup = W,
    groups = params.rows.div_ceil(ROWS) * params.heads,
    workgroup_memory = Tile::<HD, W>::MEMORY,
    tolerance(rel = 1e-4)
)]
pub async fn attend_backward_kv<K: KvFormat, const HD: u32, const W: u32, const ACC: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendPrefillParams,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f32>>,
    k_cache: &Storage<Vec4<u32>>,
    v_cache: &Storage<Vec4<u32>>,
    d_out: &Storage<Vec4<f32>>,
    statistics: &Storage<Vec2<f32>>,
    dk_heads: &mut Storage<Vec4<f32>>,
    dv_heads: &mut Storage<Vec4<f32>>,
    #[len = Tile::<HD, W>::STAGE] stage: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] weights: &mut Workgroup<Vec4<f32>>,
) {
    // The first tiles are seen by the most queries: they start first.
    let head = group % params.heads;
    let at = heads_of(head, params.heads, params.kv_heads, params.ring);
    let first_key = group / params.heads * ROWS;
    let last_key = min(first_key + ROWS, params.rows) - 1;
    let last_row = params.rows - 1;
    let end = if params.window > 0 { min(params.rows, last_key + params.window) } else { params.rows };
    let mut of_keys = [splat4(0.0f32); ACC];
    let mut of_values = [splat4(0.0f32); ACC];
    for first_row in strided(first_key, end, COLUMNS) {
        // From here on, queries of later sequences may see none of these keys.
        if segments[first_row] <= last_key {
            products::<K, HD, W, true>(k_cache, q, at, first_key, last_key, first_row, last_row, lane, stage).await;
            for unit in strided(lane, UNITS, W) {
                let scores = products_of::<HD, W>(stage, unit);
                let key = first_key + unit / 8;
                let mut probabilities = splat4(0.0f32);
                #[unroll]
                for j in 0..4 {
                    let row = first_row + unit % 8 + 8 * (j as u32);
                    if key <= last_key && row <= last_row && sees(row, key, params.window, segments[row]) {
                        probabilities[j] = exp(scores[j] - statistics[row * params.heads + head].x);
                    }
                }
                weights[unit] = probabilities;
            }
            workgroup_barrier().await;
            accumulate::<K, HD, W, ACC, false>(weights, k_cache, d_out, at, first_row, last_row, lane, &mut of_values);
            products::<K, HD, W, true>(v_cache, d_out, at, first_key, last_key, first_row, last_row, lane, stage).await;
            for unit in strided(lane, UNITS, W) {
                let mut gradients = products_of::<HD, W>(stage, unit);
                #[unroll]
                for j in 0..4 {
                    let row = min(first_row + unit % 8 + 8 * (j as u32), last_row);
                    gradients[j] -= statistics[row * params.heads + head].y;
                }
                weights[unit] = weights[unit] * gradients;
            }
            workgroup_barrier().await;
            accumulate::<K, HD, W, ACC, false>(weights, k_cache, q, at, first_row, last_row, lane, &mut of_keys);
        }
    }
    #[unroll]
    for item in 0..(ACC / 8) {
        let index = lane + (item as u32) * W;
        #[unroll]
        for i in 0..4 {
            let key = first_key + index / Tile::<HD, W>::OCTETS * 4 + i as u32;
            if index < Tile::<HD, W>::ITEMS && key <= last_key {
                let target = ((key * params.heads + head) * HD + 8 * (index % Tile::<HD, W>::OCTETS)) / 4;
                dk_heads[target] = of_keys[item * 8 + 2 * i];
                dk_heads[target + 1] = of_keys[item * 8 + 2 * i + 1];
                dv_heads[target] = of_values[item * 8 + 2 * i];
                dv_heads[target + 1] = of_values[item * 8 + 2 * i + 1];
            }
        }
    }
}

/// Shape of [`fn@attend_sum_heads`].
#[params]
pub struct AttendSumHeadsParams {
    /// Rows.
    pub rows: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads, a divisor of `heads`.
    pub kv_heads: u32,
    /// Values of a head, a multiple of 4.
    pub head_dim: u32,
}

/// Adds the parts of the query heads that share a key head: `dk` and `dv` `[rows, kv_heads, head_dim]` `+= Σ` of
/// `dk_heads` and `dv_heads` `[rows, heads, head_dim]`, 4 values an element.
#[kernel(
    workgroup = R::WIDTH,
    groups = (params.rows * params.kv_heads * (params.head_dim / 4)).div_ceil(R::WIDTH),
    tolerance(rel = 1e-5)
)]
pub fn attend_sum_heads<R: Reduce>(
    at: GlobalId,
    params: &AttendSumHeadsParams,
    dk_heads: &Storage<Vec4<f32>>,
    dv_heads: &Storage<Vec4<f32>>,
    dk: &mut Storage<Vec4<f32>>,
    dv: &mut Storage<Vec4<f32>>,
) {
    let words = params.head_dim / 4;
    if at < params.rows * params.kv_heads * words {
        let sharing = params.heads / params.kv_heads;
        let first = at / words * sharing * words + at % words;
        let mut of_keys = splat4(0.0f32);
        let mut of_values = splat4(0.0f32);
        for head in 0..sharing {
            of_keys += dk_heads[first + head * words];
            of_values += dv_heads[first + head * words];
        }
        dk[at] += of_keys;
        dv[at] += of_values;
    }
}

/// Buffers of [`attend_backward`]; vectors hold 4 values an element.
pub struct AttendBackwardArgs<'a> {
    /// Each row's first row of its own sequence, `[rows]`.
    pub segments: &'a Buffer<u32>,
    /// Queries, normed and rotated, `[rows, heads, HD]`.
    pub q: &'a Buffer<Vec4<f32>>,
    /// Keys, `[ring, kv_heads, HD]`.
    pub k_cache: &'a Buffer<Vec4<u32>>,
    /// Values, `[ring, kv_heads, HD]`.
    pub v_cache: &'a Buffer<Vec4<u32>>,
    /// The attention's result, `[rows, heads, HD]`.
    pub out: &'a Buffer<Vec4<f32>>,
    /// Its gradient, `[rows, heads, HD]`.
    pub d_out: &'a Buffer<Vec4<f32>>,
    /// What [`attend_training`](fn@super::prefill::attend_training) left, `[rows, heads]`.
    pub lse: &'a Buffer<f32>,
    /// Scratch, `[rows, heads]`.
    pub statistics: &'a mut Buffer<Vec2<f32>>,
    /// Scratch, `[rows, heads, HD]`.
    pub dk_heads: &'a mut Buffer<Vec4<f32>>,
    /// Scratch, `[rows, heads, HD]`.
    pub dv_heads: &'a mut Buffer<Vec4<f32>>,
    /// Gradient by the queries, `[rows, heads, HD]`, written.
    pub dq: &'a mut Buffer<Vec4<f32>>,
    /// Gradient by the keys, `[rows, kv_heads, HD]`, added to what it holds.
    pub dk: &'a mut Buffer<Vec4<f32>>,
    /// Gradient by the values, `[rows, kv_heads, HD]`, added to what it holds.
    pub dv: &'a mut Buffer<Vec4<f32>>,
}

/// Records the gradient of [`attend_training`](fn@super::prefill::attend_training) with the same params, in four
/// dispatches. `dk` and `dv` are added to, for several layers may share one layer's keys and values.
///
/// # Errors
/// What the kernels require of the buffers' lengths; what the device lacks for them, or a buffer of another device.
pub fn attend_backward<K: KvFormat, R: Reduce, const HD: u32, const W: u32, const ACC: usize>(
    recorder: &mut Recorder,
    params: AttendPrefillParams,
    args: AttendBackwardArgs<'_>,
) -> Result<(), DispatchError> {
    let AttendBackwardArgs { segments, q, k_cache, v_cache, out, d_out, lse, .. } = args;
    let AttendBackwardArgs { statistics, dk_heads, dv_heads, dq, dk, dv, .. } = args;
    let AttendPrefillParams { rows, heads, kv_heads, .. } = params;
    let delta = AttendDeltaParams { n: rows * heads, head_dim: HD };
    attend_delta::Kernel::<R>::dispatch(
        recorder,
        delta,
        attend_delta::Args { out, d_out, lse, statistics: &mut *statistics },
    )?;
    let args = attend_backward_q::Args { segments, q, k_cache, v_cache, d_out, statistics: &*statistics, dq };
    attend_backward_q::Kernel::<K, HD, W, ACC>::dispatch(recorder, params, args)?;
    let args = attend_backward_kv::Args {
        segments,
        q,
        k_cache,
        v_cache,
        d_out,
        statistics: &*statistics,
        dk_heads: &mut *dk_heads,
        dv_heads: &mut *dv_heads,
    };
    attend_backward_kv::Kernel::<K, HD, W, ACC>::dispatch(recorder, params, args)?;
    let sum = AttendSumHeadsParams { rows, heads, kv_heads, head_dim: HD };
    attend_sum_heads::Kernel::<R>::dispatch(recorder, sum, attend_sum_heads::Args { dk_heads, dv_heads, dk, dv })?;
    Ok(())
}
