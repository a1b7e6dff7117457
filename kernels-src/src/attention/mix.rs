//! Vectors of a batch mixed by weights of its rows and keys, on matrix units: attention's result, and the gradients by
//! queries, keys and values. Before it, the halves that attention on matrix units starts from.

use kernel::prelude::*;

use super::scores::{DEPTH, INVOCATIONS, PAD, QUADS, SIDE, TILE, first_seen};
use crate::gemm_cooperative::SUBGROUP;
use crate::reduce::Reduce;

/// Dimensions of a head that a workgroup of [`fn@attend_mix`] computes.
const DIMS: u32 = 128;
/// Matrices of a subgroup: rows, and columns.
const TM: usize = 2;
const TN: usize = 4;
/// Rounds in which a workgroup stages a step's weights, and its vectors.
const WEIGHT_ROUNDS: usize = (TILE * QUADS / INVOCATIONS) as usize;
const VECTOR_ROUNDS: usize = (DEPTH * (DIMS / 4) / INVOCATIONS) as usize;
/// Values of which a workgroup of [`fn@greatest`] finds the greatest.
const GREATEST_OF: u32 = 16_384;
/// Values that a workgroup of [`fn@halve`] makes halves of.
const HALVES: u32 = 8_192;

/// Shape of [`fn@attend_mix`]: as [`AttendTilesParams`](super::scores::AttendTilesParams).
#[params]
pub struct AttendMixParams {
    /// Rows of the batch.
    pub rows: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads, a divisor of `heads`.
    pub kv_heads: u32,
    /// Values of a head, a multiple of 32.
    pub head_dim: u32,
    /// A query sees keys less than this far back; 0 for all.
    pub window: u32,
    /// The block's first row, a multiple of 64.
    pub first_row: u32,
    /// Rows of the block, filled up to a multiple of 64.
    pub block: u32,
    /// The first key that the block meets, or one before it: a multiple of 64.
    pub first_key: u32,
    /// Keys of a row of weights, a multiple of 64.
    pub keys: u32,
    /// The first value of the weights in their buffer, a multiple of 4.
    pub weights_at: u32,
    /// The result is multiplied by it, and by `scale[0]`.
    pub factor: f32,
}

/// What an invocation fetches of each step.
#[device]
struct Share {
    /// Line of the step's weights, and quad in the line.
    weight_line: u32,
    weight_quad: u32,
    /// The head's first weight, and how its weights lie.
    weights_at: u32,
    keys: u32,
    first_row: u32,
    first_key: u32,
    /// Line of the step's vectors.
    vector_line: u32,
    /// Quad in a row of vectors, and quads from one row to the next.
    vectors_at: u32,
    vector_stride: u32,
    /// The last row of vectors.
    last: u32,
}

/// Fetches the invocation's share of the terms from `term` on, for the outputs from `first` on.
#[device]
fn fetch<const TURNED: bool>(
    share: Share,
    first: u32,
    term: u32,
    weights: &Storage<Vec4<f16>>,
    vectors: &Storage<Vec4<f16>>,
    weights_next: &mut [Vec4<f16>; WEIGHT_ROUNDS],
    vectors_next: &mut [Vec4<f16>; VECTOR_ROUNDS],
) {
    let quads = if TURNED { TILE / 4 } else { QUADS };
    let lines = INVOCATIONS / quads;
    let rows_from = if TURNED { term } else { first };
    let keys_from = if TURNED { first } else { term };
    #[unroll]
    for l in 0..WEIGHT_ROUNDS {
        let line = share.weight_line + l as u32 * lines;
        let t = line + rows_from;
        let at = share.weights_at + (t - share.first_row) * share.keys + keys_from - share.first_key;
        weights_next[l] = weights[at / 4 + share.weight_quad];
    }
    #[unroll]
    for l in 0..VECTOR_ROUNDS {
        let line = term + share.vector_line + l as u32 * (INVOCATIONS / (DIMS / 4));
        vectors_next[l] = vectors[min(line, share.last) * share.vector_stride + share.vectors_at];
    }
}

/// Quads of workgroup memory for a step's weights: rows of terms, or where `turned` of outputs.
const fn weight_tile_quads(turned: bool) -> u32 {
    if turned { DEPTH * (TILE / 4 + PAD) } else { TILE * (QUADS + PAD) }
}

/// `out[t, head] = factor·scale[0]·Σ_s weights[head, t, s]·vectors[s, head / (heads / kv_heads)]` for the rows of a block,
/// and where `TURNED` `out[s, head] = factor·scale[0]·Σ_t weights[head, t, s]·vectors[t, head]` for its keys, added to what
/// earlier blocks left at keys before its own rows. `weights` `[heads, block, keys]`; `vectors` `[rows, kv_heads,
/// head_dim]`, or where `TURNED` `[rows, heads, head_dim]`, 4 values an element; `out` `[rows, heads, head_dim]`.
///
/// Which tiles of weights are read is what `attend_scores` computes, and where `TURNED` `attend_score_gradients`.
#[kernel(
    workgroup = INVOCATIONS,
    workgroup_memory = 32_768,
    groups = params.heads
        * ((TURNED as u32 * params.keys + !TURNED as u32 * params.block) / TILE)
        * params.head_dim.div_ceil(DIMS),
    tolerance(rel = 2e-3)
)]
pub async fn attend_mix<const TURNED: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendMixParams,
    segments: &Storage<u32>,
    weights: &Storage<Vec4<f16>>,
    vectors: &Storage<Vec4<f16>>,
    scale: &Storage<f32>,
    out: &mut Storage<f32>,
    #[len = weight_tile_quads(TURNED)] weight_tile: &mut Workgroup<Vec4<f16>>,
    #[len = DEPTH * (DIMS / 4 + PAD)] vector_tile: &mut Workgroup<Vec4<f16>>,
    #[len = 4 * SIDE * SIDE] patches: &mut Workgroup<f32>,
) {
    let dim_tiles = (params.head_dim + (DIMS - 1)) / DIMS;
    let first_dim = group % dim_tiles * DIMS;
    let lines = if TURNED { params.keys } else { params.block };
    let tiles = lines / TILE;
    // The last tiles of rows, and the first of keys, have the most terms: they start first.
    let tile = group / dim_tiles / params.heads;
    let head = group / dim_tiles % params.heads;
    let first = if TURNED { params.first_key + tile * TILE } else { params.first_row + (tiles - 1 - tile) * TILE };
    // Terms are rows of the block that see any of these keys, or keys that these rows see.
    let mut start = max(first, params.first_row);
    let mut end = params.first_row + params.block;
    if TURNED {
        if params.window > 0 {
            end = min(end, (first + TILE - 2 + params.window) / TILE * TILE + TILE);
        }
    } else {
        start = first_seen(first, params.window, segments[min(first, params.rows - 1)]);
        end = first + TILE;
    }
    let steps = (max(end, start) - start) / DEPTH;
    let quads = params.head_dim / 4;
    let weight_quads = if TURNED { TILE / 4 } else { QUADS };
    let weight_stride = weight_quads + PAD;
    let vector_heads = if TURNED { params.heads } else { params.kv_heads };
    let vector_head = if TURNED { head } else { head / (params.heads / params.kv_heads) };
    let share = Share {
        weight_line: lane / weight_quads,
        weight_quad: lane % weight_quads,
        weights_at: params.weights_at + head * params.block * params.keys,
        keys: params.keys,
        first_row: params.first_row,
        first_key: params.first_key,
        vector_line: lane / (DIMS / 4),
        vectors_at: vector_head * quads + min(first_dim / 4 + lane % (DIMS / 4), quads - 1),
        vector_stride: vector_heads * quads,
        last: params.rows - 1,
    };
    let weight_to = share.weight_line * weight_stride + share.weight_quad;
    let vector_to = share.vector_line * (DIMS / 4 + PAD) + lane % (DIMS / 4);
    let row = lane / SUBGROUP / 2 * (TM as u32 * SIDE);
    let column = lane / SUBGROUP % 2 * (TN as u32 * SIDE);

    let mut weights_next = [splat4(f16(0.0)); WEIGHT_ROUNDS];
    let mut vectors_next = [splat4(f16(0.0)); VECTOR_ROUNDS];
    fetch::<TURNED>(share, first, start, weights, vectors, &mut weights_next, &mut vectors_next);
    let mut sums = [[coop_mat16x16::<f32, role::C>(); TN]; TM];
    for step in 0..steps {
        #[unroll]
        for l in 0..WEIGHT_ROUNDS {
            weight_tile[l as u32 * (INVOCATIONS / weight_quads) * weight_stride + weight_to] = weights_next[l];
        }
        #[unroll]
        for l in 0..VECTOR_ROUNDS {
            vector_tile[l as u32 * (INVOCATIONS / (DIMS / 4)) * (DIMS / 4 + PAD) + vector_to] = vectors_next[l];
        }
        workgroup_barrier().await;
        // After the last step its values are fetched again: a load under a condition would be waited for at once.
        let next = start + min(step + 1, steps - 1) * DEPTH;
        fetch::<TURNED>(share, first, next, weights, vectors, &mut weights_next, &mut vectors_next);
        #[unroll]
        for part in 0..DEPTH / SIDE {
            let mut own = [coop_mat16x16::<f16, role::A>(); TM];
            #[unroll]
            for i in 0..TM {
                if TURNED {
                    let at = part * SIDE * weight_stride + row / 4 + i as u32 * (SIDE / 4);
                    own[i] = coop_load(&weight_tile[at], weight_stride);
                } else {
                    let at = (row + i as u32 * SIDE) * weight_stride + part * (SIDE / 4);
                    own[i] = coop_load_t(&weight_tile[at], weight_stride);
                }
            }
            #[unroll]
            for j in 0..TN {
                let at = part * SIDE * (DIMS / 4 + PAD) + column / 4 + j as u32 * (SIDE / 4);
                let vector = coop_load_t::<CoopMat16x16<f16, role::B>>(&vector_tile[at], DIMS / 4 + PAD);
                #[unroll]
                for i in 0..TM {
                    sums[i][j] = coop_multiply_add(own[i], vector, sums[i][j]);
                }
            }
        }
        workgroup_barrier().await;
    }
    let factor = params.factor * scale[0];
    let patch = lane / SUBGROUP * (SIDE * SIDE);
    #[unroll]
    for i in 0..TM {
        #[unroll]
        for j in 0..TN {
            coop_store_t(sums[i][j], &patches[patch], SIDE);
            workgroup_barrier().await;
            for item in strided(lane % SUBGROUP, SIDE * SIDE, SUBGROUP) {
                let line = first + row + i as u32 * SIDE + item / SIDE;
                let dim = first_dim + column + j as u32 * SIDE + item % SIDE;
                if line < params.rows && dim < params.head_dim {
                    let at = (line * params.heads + head) * params.head_dim + dim;
                    let value = factor * patches[patch + item];
                    if TURNED && first < params.first_row {
                        out[at] += value;
                    } else {
                        out[at] = value;
                    }
                }
            }
            workgroup_barrier().await;
        }
    }
}

/// Shape of [`fn@greatest`].
#[params]
pub struct GreatestParams {
    /// Values, a multiple of 4.
    pub n: u32,
}

/// Parts that [`fn@greatest`] leaves of `n` values.
pub const fn greatest_parts(n: u32) -> u32 {
    n.div_ceil(GREATEST_OF)
}

/// The greatest magnitude of each 16,384 values. `x` `[n]`, 4 values an element; `parts` `[⌈n / 16384⌉]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.n.div_ceil(GREATEST_OF), tolerance(rel = 1e-6),
    requires(
        params.n % 4 == 0,
        4 * x.len() >= params.n,
        parts.len() >= params.n.div_ceil(GREATEST_OF),
    )
)]
pub async fn greatest<R: Reduce>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &GreatestParams,
    x: &Storage<Vec4<f32>>,
    parts: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let mut own = 0.0f32;
    let first = group * (GREATEST_OF / 4);
    for at in strided(first + lane, min(first + GREATEST_OF / 4, params.n / 4), R::WIDTH) {
        let value = x[at];
        own = max(own, max(max(abs(value.x), abs(value.y)), max(abs(value.z), abs(value.w))));
    }
    let most = R::max(own, lane, scratch).await;
    if lane == 0 {
        parts[group] = most;
    }
}

/// Shape of [`fn@halve`].
#[params]
pub struct HalveAllParams {
    /// Values, a multiple of 4.
    pub n: u32,
    /// Parts of [`fn@greatest`] that say how large they are; 0 where the values are within f16's range as they are.
    pub parts: u32,
}

/// `y = x / scale[0]` in f16, where the scale is the power of two that brings the greatest value to 2¹⁴ or a little more,
/// and 1 without parts. `x`, `y` `[n]`, 4 values an element; `parts` of [`fn@greatest`].
#[kernel(
    workgroup = R::WIDTH, groups = params.n.div_ceil(HALVES), tolerance(rel = 1e-3),
    requires(
        params.n % 4 == 0,
        4 * x.len() >= params.n,
        4 * y.len() >= params.n,
        parts.len() >= params.parts,
        scale.len() >= 1,
    )
)]
pub async fn halve<R: Reduce>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &HalveAllParams,
    x: &Storage<Vec4<f32>>,
    parts: &Storage<f32>,
    y: &mut Storage<Vec4<f16>>,
    scale: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let mut own = 0.0f32;
    for part in strided(lane, params.parts, R::WIDTH) {
        own = max(own, parts[part]);
    }
    let most = R::max(own, lane, scratch).await;
    // The exponent, kept where both the scale and its inverse are normal numbers; 141 is that of 2¹⁴.
    let exponent = if params.parts > 0 { clamp(bitcast::<u32, f32>(most) >> 23, 15, 254) } else { 141u32 };
    let factor = bitcast::<f32, u32>((268 - exponent) << 23);
    let first = group * (HALVES / 4);
    for at in strided(first + lane, min(first + HALVES / 4, params.n / 4), R::WIDTH) {
        let value = x[at] * factor;
        y[at] = vec4(f16(value.x), f16(value.y), f16(value.z), f16(value.w));
    }
    if group == 0 && lane == 0 {
        scale[0] = bitcast::<f32, u32>((exponent - 14) << 23);
    }
}
