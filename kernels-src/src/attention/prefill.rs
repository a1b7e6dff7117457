//! Attention of many queries at once: tiles of 16 queries of a head walk their keys 32 at a time with an online softmax
//! (Dao 2022, "FlashAttention"), so that no row of scores is ever whole in memory.

use kernel::prelude::*;

use super::UNSEEN;
use super::kv::KvFormat;
use super::tile::{COLUMNS, ROWS, Tile, UNITS, accumulate, heads_of, products, products_of, sees};

/// Shape of [`fn@attend_prefill`], of [`fn@attend_training`] and of its gradient.
#[params]
pub struct AttendPrefillParams {
    /// Queries; query `t` is at position `state[0] + t`, and the caches hold the keys up to the last one's.
    pub rows: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads, a divisor of `heads`.
    pub kv_heads: u32,
    /// A query sees keys less than this far back; 0 for all.
    pub window: u32,
    /// Slots of the caches, at least `window + rows - 1`, or the context where there is no window.
    pub ring: u32,
}

/// Attention of a tile of queries, the first at position `origin`, of one head. Where `PACKED` query `t` sees nothing
/// before row `segments[t]`, and `origin` is 0.
///
/// Leaves the sums of the weights in `unit_sum`, eight to a row, and gives the place in `row_max` from which on the
/// rows' greatest scores lie.
#[device]
async fn attend_tile<K: KvFormat, const HD: u32, const W: u32, const ACC: usize, const PACKED: bool>(
    group: u32,
    lane: u32,
    rows: u32,
    heads: u32,
    kv_heads: u32,
    window: u32,
    ring: u32,
    origin: u32,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f32>>,
    k_cache: &Storage<Vec4<u32>>,
    v_cache: &Storage<Vec4<u32>>,
    out: &mut Storage<Vec4<f32>>,
    stage: &mut Workgroup<Vec4<f32>>,
    weights: &mut Workgroup<Vec4<f32>>,
    unit_max: &mut Workgroup<f32>,
    unit_sum: &mut Workgroup<f32>,
    row_max: &mut Workgroup<f32>,
    rescale: &mut Workgroup<f32>,
) -> u32 {
    // The last tiles have the most keys: they start first.
    let tile = (rows + ROWS - 1) / ROWS - 1 - group / heads;
    let head = group % heads;
    let at = heads_of(head, heads, kv_heads, ring);
    let first_row = tile * ROWS;
    let first_query = origin + first_row;
    let end = origin + min(first_row + ROWS, rows);
    let mut start = if window > 0 { max(first_query + 1, window) - window } else { 0u32 };
    if PACKED {
        // Sequences lie one after the other: the first query's begins first.
        start = max(start, segments[first_row]);
    }

    for unit in strided(lane, UNITS, W) {
        unit_sum[unit] = 0.0;
    }
    for row in strided(lane, 2 * ROWS, W) {
        row_max[row] = UNSEEN;
    }
    let mut acc = [splat4(0.0f32); ACC];

    for first_key in strided(start, end, COLUMNS) {
        // Keys past the end are never seen; the last one stands for them, since its slot is written.
        products::<K, HD, W, false>(k_cache, q, at, first_row, rows - 1, first_key, end - 1, lane, stage).await;

        // Mask, and the greatest score of each unit.
        for unit in strided(lane, UNITS, W) {
            let mut scores = products_of::<HD, W>(stage, unit);
            let row = unit / 8;
            let mut oldest = 0u32;
            if PACKED {
                oldest = segments[min(first_row + row, rows - 1)];
            }
            let mut greatest = UNSEEN;
            #[unroll]
            for j in 0..4 {
                let key = first_key + unit % 8 + 8 * (j as u32);
                let seen = sees(first_query + row, key, window, oldest) && first_row + row < rows;
                scores[j] = select(UNSEEN, scores[j], seen);
                greatest = max(greatest, scores[j]);
            }
            weights[unit] = scores;
            unit_max[unit] = greatest;
        }
        workgroup_barrier().await;

        // Weights relative to the row's greatest score so far; the two halves of `row_max` take turns.
        let before = (first_key - start) / COLUMNS % 2 * ROWS;
        for unit in strided(lane, UNITS, W) {
            let row = unit / 8;
            let old = row_max[before + row];
            let mut greatest = old;
            #[unroll]
            for i in 0..8 {
                greatest = max(greatest, unit_max[row * 8 + i as u32]);
            }
            let scores = weights[unit];
            let mut exps = splat4(0.0f32);
            #[unroll]
            for j in 0..4 {
                if scores[j] > UNSEEN {
                    exps[j] = exp(scores[j] - greatest);
                }
            }
            weights[unit] = exps;
            let faded = exp(old - greatest);
            unit_sum[unit] = unit_sum[unit] * faded + (exps.x + exps.y + exps.z + exps.w);
            if unit % 8 == 0 {
                row_max[ROWS - before + row] = greatest;
                rescale[row] = faded;
            }
        }
        workgroup_barrier().await;

        #[unroll]
        for item in 0..(ACC / 8) {
            let index = lane + (item as u32) * W;
            if index < Tile::<HD, W>::ITEMS {
                #[unroll]
                for i in 0..4 {
                    let faded = rescale[index / Tile::<HD, W>::OCTETS * 4 + i as u32];
                    acc[item * 8 + 2 * i] = acc[item * 8 + 2 * i] * faded;
                    acc[item * 8 + 2 * i + 1] = acc[item * 8 + 2 * i + 1] * faded;
                }
            }
        }
        accumulate::<K, HD, W, ACC, true>(weights, v_cache, q, at, first_key, end - 1, lane, &mut acc);
    }

    #[unroll]
    for item in 0..(ACC / 8) {
        let index = lane + (item as u32) * W;
        let octet = index % Tile::<HD, W>::OCTETS;
        #[unroll]
        for i in 0..4 {
            let row = index / Tile::<HD, W>::OCTETS * 4 + i as u32;
            if row < ROWS && first_row + row < rows {
                let mut sum = 0.0f32;
                #[unroll]
                for unit in 0..8 {
                    sum += unit_sum[row * 8 + unit as u32];
                }
                let target = (((first_row + row) * heads + head) * HD + 8 * octet) / 4;
                out[target] = acc[item * 8 + 2 * i] * (1.0 / sum);
                out[target + 1] = acc[item * 8 + 2 * i + 1] * (1.0 / sum);
            }
        }
    }
    (end - start + COLUMNS - 1) / COLUMNS % 2 * ROWS
}

/// `softmax(q·kᵀ + mask)·v`, scale 1, causal and within the window; head `h` reads key head `h / (heads / kv_heads)`.
/// `q` and `out` `[rows, heads, HD]`; the caches `[ring, kv_heads, HD]`. One workgroup a head of a tile.
///
/// `W` is 1, or a multiple of 32 that divides into `HD` dimensions: `HD / 2` keeps 8 accumulators an invocation.
/// `ACC` is that number of vectors, `8 · ⌈HD / 2 / W⌉`.
#[kernel(
    workgroup = W,
    groups = params.rows.div_ceil(ROWS) * params.heads,
    workgroup_memory = Tile::<HD, W>::MEMORY,
    tolerance(rel = 1e-5)
)]
pub async fn attend_prefill<K: KvFormat, const HD: u32, const W: u32, const ACC: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendPrefillParams,
    state: &Storage<u32>,
    q: &Storage<Vec4<f32>>,
    k_cache: &Storage<Vec4<u32>>,
    v_cache: &Storage<Vec4<u32>>,
    out: &mut Storage<Vec4<f32>>,
    #[len = Tile::<HD, W>::STAGE] stage: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] weights: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] unit_max: &mut Workgroup<f32>,
    #[len = UNITS] unit_sum: &mut Workgroup<f32>,
    #[len = 2 * ROWS] row_max: &mut Workgroup<f32>,
    #[len = ROWS] rescale: &mut Workgroup<f32>,
) {
    attend_tile::<K, HD, W, ACC, false>(
        group,
        lane,
        params.rows,
        params.heads,
        params.kv_heads,
        params.window,
        params.ring,
        state[0],
        state,
        q,
        k_cache,
        v_cache,
        out,
        stage,
        weights,
        unit_max,
        unit_sum,
        row_max,
        rescale,
    )
    .await;
}

/// [`fn@attend_prefill`] over a batch of sequences side by side: row `t` is position `t` of the caches, which hold
/// nothing before, and query `t` sees no key before row `segments[t]`, its own sequence's first. `segments` `[rows]`
/// never falls. For the gradient, `lse` `[rows, heads]` gets the logarithm of the sum of exp(score) over what each query
/// sees.
#[kernel(
    workgroup = W,
    groups = params.rows.div_ceil(ROWS) * params.heads,
    workgroup_memory = Tile::<HD, W>::MEMORY,
    tolerance(rel = 1e-5)
)]
pub async fn attend_training<K: KvFormat, const HD: u32, const W: u32, const ACC: usize>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendPrefillParams,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f32>>,
    k_cache: &Storage<Vec4<u32>>,
    v_cache: &Storage<Vec4<u32>>,
    out: &mut Storage<Vec4<f32>>,
    lse: &mut Storage<f32>,
    #[len = Tile::<HD, W>::STAGE] stage: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] weights: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] unit_max: &mut Workgroup<f32>,
    #[len = UNITS] unit_sum: &mut Workgroup<f32>,
    #[len = 2 * ROWS] row_max: &mut Workgroup<f32>,
    #[len = ROWS] rescale: &mut Workgroup<f32>,
) {
    let greatest_at = attend_tile::<K, HD, W, ACC, true>(
        group,
        lane,
        params.rows,
        params.heads,
        params.kv_heads,
        params.window,
        params.ring,
        0,
        segments,
        q,
        k_cache,
        v_cache,
        out,
        stage,
        weights,
        unit_max,
        unit_sum,
        row_max,
        rescale,
    )
    .await;
    let first_row = ((params.rows + ROWS - 1) / ROWS - 1 - group / params.heads) * ROWS;
    for row in strided(lane, min(ROWS, params.rows - first_row), W) {
        let mut sum = 0.0f32;
        #[unroll]
        for unit in 0..8 {
            sum += unit_sum[row * 8 + unit as u32];
        }
        lse[(first_row + row) * params.heads + group % params.heads] = row_max[greatest_at + row] + log(sum);
    }
}
