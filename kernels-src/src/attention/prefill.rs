//! Attention of many queries at once: tiles of 16 queries of a head walk their keys 32 at a time with an online softmax
//! (Dao 2022, "FlashAttention"), so that no row of scores is ever whole in memory.

use kernel::prelude::*;

use super::UNSEEN;
use super::kv::KvFormat;

/// Queries of a tile.
pub const QUERIES: u32 = 16;
/// Keys of a step.
pub const KEYS: u32 = 32;
/// Blocks of 4 × 4 scores: block `b` has queries `b / 8 + 4i` and keys `b % 8 + 8j`. Interleaved rows, padded by one
/// word, fall into different banks of workgroup memory.
const BLOCKS: u32 = 32;
/// Scores of a block.
const SCORES: usize = 16;
/// Units of 4 scores, one query and the keys `u % 8 + 8j`.
const UNITS: u32 = 128;
/// Planes of partial scores that fit where the slices were.
const PLANES: u32 = 4;

/// How a tile's work falls onto `W` invocations.
pub struct PrefillTile<const HD: u32, const W: u32>;

impl<const HD: u32, const W: u32> PrefillTile<HD, W> {
    /// Dimensions staged at a time; all of them where there are fewer invocations than blocks (the CPU).
    const SLICE: u32 = if W < BLOCKS {
        HD
    } else if HD.is_multiple_of(64) {
        64
    } else {
        32
    };
    const SLICES: u32 = HD / Self::SLICE;
    /// Invocations that share a block, each with its dimensions of a slice.
    const SHARES: u32 = if W < BLOCKS { 1 } else { W / BLOCKS };
    /// Words of a slice's row, and of one share of it.
    const WORDS: u32 = Self::SLICE / 4;
    const SHARE_WORDS: u32 = Self::WORDS / Self::SHARES;
    const ROW: u32 = Self::WORDS + 1;
    const SUMMED: u32 = if Self::SHARES < PLANES { Self::SHARES } else { PLANES };
    const STAGE: u32 = {
        let (slices, planes) = ((QUERIES + KEYS) * Self::ROW, Self::SUMMED * UNITS);
        if slices > planes { slices } else { planes }
    };
    const OCTETS: u32 = HD / 8;
    /// Outputs of 4 queries × 8 dimensions.
    const ITEMS: u32 = QUERIES / 4 * Self::OCTETS;
    /// The CPU has no 16,384 bytes to keep to.
    const MEMORY: usize = if W < BLOCKS { 1 << 20 } else { 16_384 };
}

/// Shape of [`fn@attend_prefill`].
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

/// Adds one share of a block's 16 dot products over the staged slice.
#[device]
fn add_scores<const HD: u32, const W: u32>(
    stage: &mut Workgroup<Vec4<f32>>,
    block: u32,
    share: u32,
    sums: &mut [f32; SCORES],
) {
    let query = (block / 8) * PrefillTile::<HD, W>::ROW + share * PrefillTile::<HD, W>::SHARE_WORDS;
    let key = (QUERIES + block % 8) * PrefillTile::<HD, W>::ROW + share * PrefillTile::<HD, W>::SHARE_WORDS;
    for word in 0..PrefillTile::<HD, W>::SHARE_WORDS {
        let k0 = stage[key + word];
        let k1 = stage[key + word + 8 * PrefillTile::<HD, W>::ROW];
        let k2 = stage[key + word + 16 * PrefillTile::<HD, W>::ROW];
        let k3 = stage[key + word + 24 * PrefillTile::<HD, W>::ROW];
        #[unroll]
        for i in 0..4 {
            let q = stage[query + word + 4 * (i as u32) * PrefillTile::<HD, W>::ROW];
            sums[4 * i] += dot(q, k0);
            sums[4 * i + 1] += dot(q, k1);
            sums[4 * i + 2] += dot(q, k2);
            sums[4 * i + 3] += dot(q, k3);
        }
    }
}

/// `softmax(q·kᵀ + mask)·v`, scale 1, causal and within the window; head `h` reads key head `h / (heads / kv_heads)`.
/// `q` and `out` `[rows, heads, HD]`; the caches `[ring, kv_heads, HD]`. One workgroup a head of a tile.
///
/// `W` is 1, or a multiple of 32 that divides into `HD` dimensions: `HD / 2` keeps 8 accumulators an invocation.
/// `ACC` is that number of vectors, `8 · ⌈HD / 2 / W⌉`.
#[kernel(
    workgroup = W,
    groups = params.rows.div_ceil(QUERIES) * params.heads,
    workgroup_memory = PrefillTile::<HD, W>::MEMORY,
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
    #[len = PrefillTile::<HD, W>::STAGE] stage: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] weights: &mut Workgroup<Vec4<f32>>,
    #[len = UNITS] unit_max: &mut Workgroup<f32>,
    #[len = UNITS] unit_sum: &mut Workgroup<f32>,
    #[len = 2 * QUERIES] row_max: &mut Workgroup<f32>,
    #[len = QUERIES] rescale: &mut Workgroup<f32>,
) {
    // The last tiles have the most keys: they start first.
    let tile = (params.rows + QUERIES - 1) / QUERIES - 1 - group / params.heads;
    let head = group % params.heads;
    let kv_head = head / (params.heads / params.kv_heads);
    let first_row = tile * QUERIES;
    let first_query = state[0] + first_row;
    let end = state[0] + min(first_row + QUERIES, params.rows);
    let start = if params.window > 0 { max(first_query + 1, params.window) - params.window } else { 0u32 };

    for unit in strided(lane, UNITS, W) {
        unit_sum[unit] = 0.0;
    }
    for row in strided(lane, 2 * QUERIES, W) {
        row_max[row] = UNSEEN;
    }
    let mut acc = [splat4(0.0f32); ACC];

    for first_key in strided(start, end, KEYS) {
        // Scores: every invocation sums its block over its share of the dimensions.
        let mut sums = [0.0f32; SCORES];
        for slice in 0..PrefillTile::<HD, W>::SLICES {
            for word in strided(lane, QUERIES * PrefillTile::<HD, W>::WORDS, W) {
                let row = word / PrefillTile::<HD, W>::WORDS;
                let column = word % PrefillTile::<HD, W>::WORDS;
                let source = min(first_row + row, params.rows - 1) * params.heads + head;
                stage[row * PrefillTile::<HD, W>::ROW + column] =
                    q[source * (HD / 4) + slice * PrefillTile::<HD, W>::WORDS + column];
            }
            for octet in strided(lane, KEYS * (PrefillTile::<HD, W>::WORDS / 2), W) {
                let row = octet / (PrefillTile::<HD, W>::WORDS / 2);
                let column = octet % (PrefillTile::<HD, W>::WORDS / 2);
                // Keys past the end are never seen; the last one stands for them, since its slot is written.
                let slot = min(first_key + row, end - 1) % params.ring;
                let element =
                    (slot * params.kv_heads + kv_head) * HD + slice * PrefillTile::<HD, W>::SLICE + 8 * column;
                let k = K::load8(k_cache, element);
                stage[(QUERIES + row) * PrefillTile::<HD, W>::ROW + 2 * column] = k.low;
                stage[(QUERIES + row) * PrefillTile::<HD, W>::ROW + 2 * column + 1] = k.high;
            }
            workgroup_barrier().await;
            if W >= BLOCKS {
                add_scores::<HD, W>(stage, lane % BLOCKS, lane / BLOCKS, &mut sums);
            } else {
                for block in strided(lane, BLOCKS, W) {
                    let mut scores = [0.0f32; SCORES];
                    add_scores::<HD, W>(stage, block, 0, &mut scores);
                    #[unroll]
                    for i in 0..4 {
                        weights[block + 32 * (i as u32)] =
                            vec4(scores[4 * i], scores[4 * i + 1], scores[4 * i + 2], scores[4 * i + 3]);
                    }
                }
            }
            workgroup_barrier().await;
        }
        // The shares meet where the slices were, in planes of one vector a unit.
        if W >= BLOCKS {
            let unit = lane % BLOCKS;
            let share = lane / BLOCKS;
            if PrefillTile::<HD, W>::SHARES > PLANES {
                if share >= PLANES {
                    #[unroll]
                    for i in 0..4 {
                        stage[(share - PLANES) * UNITS + unit + 32 * (i as u32)] =
                            vec4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
                    }
                }
                workgroup_barrier().await;
                if share < PLANES {
                    #[unroll]
                    for i in 0..4 {
                        let other = stage[share * UNITS + unit + 32 * (i as u32)];
                        sums[4 * i] += other.x;
                        sums[4 * i + 1] += other.y;
                        sums[4 * i + 2] += other.z;
                        sums[4 * i + 3] += other.w;
                    }
                }
                workgroup_barrier().await;
            }
            if share < PLANES {
                #[unroll]
                for i in 0..4 {
                    stage[share * UNITS + unit + 32 * (i as u32)] =
                        vec4(sums[4 * i], sums[4 * i + 1], sums[4 * i + 2], sums[4 * i + 3]);
                }
            }
            workgroup_barrier().await;
        }

        // Mask, and the greatest score of each unit.
        for unit in strided(lane, UNITS, W) {
            let mut scores = splat4(0.0f32);
            if W >= BLOCKS {
                #[unroll]
                for plane in 0..PrefillTile::<HD, W>::SUMMED {
                    scores = scores + stage[plane * UNITS + unit];
                }
            } else {
                scores = weights[unit];
            }
            let row = unit / 8;
            let query = first_query + row;
            let mut greatest = UNSEEN;
            #[unroll]
            for j in 0..4 {
                let key = first_key + unit % 8 + 8 * (j as u32);
                let near = params.window == 0 || key + params.window > query;
                let seen = key <= query && near && first_row + row < params.rows;
                scores[j] = select(UNSEEN, scores[j], seen);
                greatest = max(greatest, scores[j]);
            }
            weights[unit] = scores;
            unit_max[unit] = greatest;
        }
        workgroup_barrier().await;

        // Weights relative to the row's greatest score so far; the two halves of `row_max` take turns.
        let before = (first_key - start) / KEYS % 2 * QUERIES;
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
                row_max[QUERIES - before + row] = greatest;
                rescale[row] = faded;
            }
        }
        workgroup_barrier().await;

        // Values, straight from the cache: eight dimensions of four queries.
        #[unroll]
        for item in 0..(ACC / 8) {
            let index = lane + (item as u32) * W;
            if index < PrefillTile::<HD, W>::ITEMS {
                let rows = index / PrefillTile::<HD, W>::OCTETS * 4;
                let octet = index % PrefillTile::<HD, W>::OCTETS;
                #[unroll]
                for i in 0..4 {
                    let faded = rescale[rows + i as u32];
                    acc[item * 8 + 2 * i] = acc[item * 8 + 2 * i] * faded;
                    acc[item * 8 + 2 * i + 1] = acc[item * 8 + 2 * i + 1] * faded;
                }
                for column in 0..8 {
                    let w0 = weights[rows * 8 + column];
                    let w1 = weights[rows * 8 + 8 + column];
                    let w2 = weights[rows * 8 + 16 + column];
                    let w3 = weights[rows * 8 + 24 + column];
                    #[unroll]
                    for j in 0..4 {
                        let slot = min(first_key + column + 8 * (j as u32), end - 1) % params.ring;
                        let v = K::load8(v_cache, (slot * params.kv_heads + kv_head) * HD + 8 * octet);
                        acc[item * 8] = acc[item * 8] + v.low * w0[j];
                        acc[item * 8 + 1] = acc[item * 8 + 1] + v.high * w0[j];
                        acc[item * 8 + 2] = acc[item * 8 + 2] + v.low * w1[j];
                        acc[item * 8 + 3] = acc[item * 8 + 3] + v.high * w1[j];
                        acc[item * 8 + 4] = acc[item * 8 + 4] + v.low * w2[j];
                        acc[item * 8 + 5] = acc[item * 8 + 5] + v.high * w2[j];
                        acc[item * 8 + 6] = acc[item * 8 + 6] + v.low * w3[j];
                        acc[item * 8 + 7] = acc[item * 8 + 7] + v.high * w3[j];
                    }
                }
            }
        }
    }

    #[unroll]
    for item in 0..(ACC / 8) {
        let index = lane + (item as u32) * W;
        let octet = index % PrefillTile::<HD, W>::OCTETS;
        #[unroll]
        for i in 0..4 {
            let row = index / PrefillTile::<HD, W>::OCTETS * 4 + i as u32;
            if row < QUERIES && first_row + row < params.rows {
                let mut sum = 0.0f32;
                #[unroll]
                for unit in 0..8 {
                    sum += unit_sum[row * 8 + unit as u32];
                }
                let target = (((first_row + row) * params.heads + head) * HD + 8 * octet) / 4;
                out[target] = acc[item * 8 + 2 * i] * (1.0 / sum);
                out[target + 1] = acc[item * 8 + 2 * i + 1] * (1.0 / sum);
            }
        }
    }
}
