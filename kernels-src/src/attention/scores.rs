//! Scores of a batch's queries with its keys on matrix units: halves as factors, sums in f32, in tiles of 64 × 64 of a
//! block of rows at a time. The softmax over them, and their gradient, which computes the probabilities again from each
//! query's log-sum-exp.

use kernel::prelude::*;

use super::UNSEEN;
use super::tile::sees;
use crate::gemm_cooperative::SUBGROUP;
use crate::reduce::Reduce;

/// Rows and columns of a tile of scores; blocks of rows, and the keys that they meet, start at multiples of it.
pub const TILE: u32 = 64;
/// Terms that a step stages; heads have a multiple of them.
pub(super) const DEPTH: u32 = 32;
/// Rows and columns of a matrix that a subgroup multiplies at once.
pub(super) const SIDE: u32 = 16;
/// Invocations of a workgroup: four subgroups, two by two.
pub(super) const INVOCATIONS: u32 = 4 * SUBGROUP;
/// Quads in a step's terms.
pub(super) const QUADS: u32 = DEPTH / 4;
/// Unused quads behind a row of a tile, so that rows that are read together lie in different banks.
pub(super) const PAD: u32 = 2;
/// Rounds in which a workgroup stages a tile's rows.
const ROUNDS: usize = (TILE * QUADS / INVOCATIONS) as usize;
/// Matrices of a subgroup in each direction.
const MATRICES: usize = 2;

/// A block of rows, and where its scores lie.
#[params]
pub struct AttendTilesParams {
    /// Rows of the batch: queries, and keys.
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
    /// Keys of a row of scores, a multiple of 64.
    pub keys: u32,
}

/// The first key of the first tile that queries from `first_row` on see any of: keys before `oldest` are of another
/// sequence.
#[device]
pub(super) fn first_seen(first_row: u32, window: u32, oldest: u32) -> u32 {
    let within = if window > 0 { max(first_row + 1, window) - window } else { 0u32 };
    max(within, oldest) / TILE * TILE
}

/// Fetches an invocation's share of 64 rows' terms from quad `at` on.
#[device]
fn fetch(x: &Storage<Vec4<f16>>, first: u32, last: u32, stride: u32, at: u32, next: &mut [Vec4<f16>; ROUNDS]) {
    #[unroll]
    for l in 0..ROUNDS {
        next[l] = x[min(first + l as u32 * (INVOCATIONS / QUADS), last) * stride + at];
    }
}

/// `scores[head, t, s] = q[t, head]·k[s, head / (heads / kv_heads)]` for the tiles of a block that any query sees any key
/// of, zeros elsewhere. `q` `[rows, heads, head_dim]`, `k` `[rows, kv_heads, head_dim]`, 4 values an element; `scores`
/// `[heads, block, keys]`; `segments` as [`attend_training`](fn@super::prefill::attend_training) has them.
#[kernel(
    workgroup = INVOCATIONS,
    groups = params.heads * (params.block / TILE) * (params.keys / TILE),
    tolerance(rel = 2e-3)
)]
pub async fn attend_scores(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendTilesParams,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f16>>,
    k: &Storage<Vec4<f16>>,
    scores: &mut Storage<f32>,
    #[len = TILE * (QUADS + PAD)] q_tile: &mut Workgroup<Vec4<f16>>,
    #[len = TILE * (QUADS + PAD)] k_tile: &mut Workgroup<Vec4<f16>>,
) {
    let key_tiles = params.keys / TILE;
    let row_tiles = params.block / TILE;
    let first_key = params.first_key + group % key_tiles * TILE;
    let first_row = params.first_row + group / key_tiles % row_tiles * TILE;
    let head = group / key_tiles / row_tiles;
    let oldest = segments[min(first_row, params.rows - 1)];
    // Nothing is added up for a tile of which no query sees any key: matrices may not be under a condition.
    let seen = first_key <= first_row && first_key >= first_seen(first_row, params.window, oldest);
    let row = lane / SUBGROUP / 2 * (MATRICES as u32 * SIDE);
    let column = lane / SUBGROUP % 2 * (MATRICES as u32 * SIDE);
    let line = lane / QUADS;
    let to = line * (QUADS + PAD) + lane % QUADS;
    let quads = params.head_dim / 4;
    let kv_head = head / (params.heads / params.kv_heads);
    let q_stride = params.heads * quads;
    let k_stride = params.kv_heads * quads;
    let q_at = head * quads + lane % QUADS;
    let k_at = kv_head * quads + lane % QUADS;
    let last = params.rows - 1;
    let mut q_next = [splat4(f16(0.0)); ROUNDS];
    let mut k_next = [splat4(f16(0.0)); ROUNDS];
    fetch(q, first_row + line, last, q_stride, q_at, &mut q_next);
    fetch(k, first_key + line, last, k_stride, k_at, &mut k_next);
    let steps = select(0, params.head_dim / DEPTH, seen);
    let mut sums = [[coop_mat16x16::<f32, role::C>(); MATRICES]; MATRICES];
    for step in 0..steps {
        #[unroll]
        for l in 0..ROUNDS {
            q_tile[l as u32 * (INVOCATIONS / QUADS) * (QUADS + PAD) + to] = q_next[l];
            k_tile[l as u32 * (INVOCATIONS / QUADS) * (QUADS + PAD) + to] = k_next[l];
        }
        workgroup_barrier().await;
        // After the last step its values are fetched again: a load under a condition would be waited for at once.
        let next = min(step + 1, steps - 1) * QUADS;
        fetch(q, first_row + line, last, q_stride, q_at + next, &mut q_next);
        fetch(k, first_key + line, last, k_stride, k_at + next, &mut k_next);
        #[unroll]
        for part in 0..DEPTH / SIDE {
            let mut q_own = [coop_mat16x16::<f16, role::A>(); MATRICES];
            #[unroll]
            for i in 0..MATRICES {
                let at = (row + i as u32 * SIDE) * (QUADS + PAD) + part * (SIDE / 4);
                q_own[i] = coop_load_t(&q_tile[at], QUADS + PAD);
            }
            #[unroll]
            for j in 0..MATRICES {
                let at = (column + j as u32 * SIDE) * (QUADS + PAD) + part * (SIDE / 4);
                let k_own = coop_load::<CoopMat16x16<f16, role::B>>(&k_tile[at], QUADS + PAD);
                #[unroll]
                for i in 0..MATRICES {
                    sums[i][j] = coop_multiply_add(q_own[i], k_own, sums[i][j]);
                }
            }
        }
        workgroup_barrier().await;
    }
    let keys = params.keys;
    #[unroll]
    for i in 0..MATRICES {
        #[unroll]
        for j in 0..MATRICES {
            let t = head * params.block + first_row - params.first_row + row + i as u32 * SIDE;
            let at = t * keys + first_key - params.first_key + column + j as u32 * SIDE;
            coop_store_t(sums[i][j], &scores[at], keys);
        }
    }
}

/// The softmax of a block's `scores` over the keys that each query sees, one workgroup a row of a head: `weights`
/// `[heads, block, keys]`, 4 values an element, zeros where a tile has other keys; `lse` `[rows, heads]` gets the logarithm
/// of the sum of exp(score). Otherwise as [`fn@attend_scores`].
#[kernel(
    workgroup = R::WIDTH,
    groups = params.heads * params.block.min(params.rows - params.first_row),
    tolerance(rel = 2e-3)
)]
pub async fn attend_softmax<R: Reduce>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendTilesParams,
    segments: &Storage<u32>,
    scores: &Storage<f32>,
    weights: &mut Storage<Vec4<f16>>,
    lse: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let row = params.first_row + group / params.heads;
    let head = group % params.heads;
    let first_row = row / TILE * TILE;
    // Tiles have the keys that their first row sees.
    let first = first_seen(first_row, params.window, segments[first_row]);
    let oldest = segments[row];
    let start = max(if params.window > 0 { max(row + 1, params.window) - params.window } else { 0u32 }, oldest);
    let at = (head * params.block + row - params.first_row) * params.keys;
    let mut own = UNSEEN;
    for key in strided(start + lane, row + 1, R::WIDTH) {
        own = max(own, scores[at + key - params.first_key]);
    }
    let greatest = R::max(own, lane, scratch).await;
    let mut terms = 0.0f32;
    for key in strided(start + lane, row + 1, R::WIDTH) {
        terms += exp(scores[at + key - params.first_key] - greatest);
    }
    let sum = R::sum(terms, lane, scratch).await;
    for quad in strided(first / 4 + lane, (first_row + TILE) / 4, R::WIDTH) {
        let mut values = splat4(f16(0.0));
        #[unroll]
        for c in 0..4u32 {
            let key = 4 * quad + c;
            if sees(row, key, params.window, oldest) {
                values[c] = f16(exp(scores[at + key - params.first_key] - greatest) / sum);
            }
        }
        weights[(at + 4 * quad - params.first_key) / 4] = values;
    }
    if lane == 0 {
        lse[row * params.heads + head] = greatest + log(sum);
    }
}

/// What the gradients of scores are divided by to be within f16's range, where `|d_out| < 2¹⁵` and `|v| ≤ √head_dim`:
/// `|d_out·v − Σ d_out·out| ≤ 2·2¹⁵·√head_dim·√head_dim`.
pub const fn score_gradient_scale(head_dim: u32) -> f32 {
    2.0 * head_dim as f32
}

/// A block's probabilities and the gradients of its scores, in `gradients` `[2, heads, block, keys]`, 4 values an element:
/// `p = exp(q·k − lse)`, then `p·(d_out·v − D / scale[0]) / (2·head_dim)`; zeros where a query does not see a key.
/// `d_out` `[rows, heads, head_dim]` is the result's gradient divided by `scale[0]`; `statistics` `[rows, heads]` are
/// `(lse, D)` of [`attend_delta`](fn@super::backward::attend_delta); `v` lies as `k` does, normed. Otherwise as
/// [`fn@attend_scores`].
#[kernel(
    workgroup = INVOCATIONS,
    workgroup_memory = 32_768,
    groups = params.heads * (params.block / TILE) * (params.keys / TILE),
    tolerance(rel = 2e-3)
)]
pub async fn attend_score_gradients(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendTilesParams,
    segments: &Storage<u32>,
    q: &Storage<Vec4<f16>>,
    k: &Storage<Vec4<f16>>,
    d_out: &Storage<Vec4<f16>>,
    v: &Storage<Vec4<f16>>,
    scale: &Storage<f32>,
    statistics: &Storage<Vec2<f32>>,
    gradients: &mut Storage<Vec4<f16>>,
    #[len = TILE * (QUADS + PAD)] q_tile: &mut Workgroup<Vec4<f16>>,
    #[len = TILE * (QUADS + PAD)] k_tile: &mut Workgroup<Vec4<f16>>,
    #[len = TILE * (QUADS + PAD)] d_tile: &mut Workgroup<Vec4<f16>>,
    #[len = TILE * (QUADS + PAD)] v_tile: &mut Workgroup<Vec4<f16>>,
    #[len = 8 * SIDE * SIDE] patches: &mut Workgroup<f32>,
) {
    let key_tiles = params.keys / TILE;
    let row_tiles = params.block / TILE;
    let first_key = params.first_key + group % key_tiles * TILE;
    let first_row = params.first_row + group / key_tiles % row_tiles * TILE;
    let head = group / key_tiles / row_tiles;
    // Nothing is added up for a tile of which no query sees any key: matrices may not be under a condition.
    let seen = first_key <= first_row && first_key >= first_seen(first_row, params.window, 0);
    let row = lane / SUBGROUP / 2 * (MATRICES as u32 * SIDE);
    let column = lane / SUBGROUP % 2 * (MATRICES as u32 * SIDE);
    let line = lane / QUADS;
    let to = line * (QUADS + PAD) + lane % QUADS;
    let quads = params.head_dim / 4;
    let kv_head = head / (params.heads / params.kv_heads);
    let q_stride = params.heads * quads;
    let k_stride = params.kv_heads * quads;
    let q_at = head * quads + lane % QUADS;
    let k_at = kv_head * quads + lane % QUADS;
    let last = params.rows - 1;
    let mut q_next = [splat4(f16(0.0)); ROUNDS];
    let mut k_next = [splat4(f16(0.0)); ROUNDS];
    let mut d_next = [splat4(f16(0.0)); ROUNDS];
    let mut v_next = [splat4(f16(0.0)); ROUNDS];
    fetch(q, first_row + line, last, q_stride, q_at, &mut q_next);
    fetch(k, first_key + line, last, k_stride, k_at, &mut k_next);
    fetch(d_out, first_row + line, last, q_stride, q_at, &mut d_next);
    fetch(v, first_key + line, last, k_stride, k_at, &mut v_next);
    let steps = select(0, params.head_dim / DEPTH, seen);
    let mut of_scores = [[coop_mat16x16::<f32, role::C>(); MATRICES]; MATRICES];
    let mut of_weights = [[coop_mat16x16::<f32, role::C>(); MATRICES]; MATRICES];
    for step in 0..steps {
        #[unroll]
        for l in 0..ROUNDS {
            let at = l as u32 * (INVOCATIONS / QUADS) * (QUADS + PAD) + to;
            q_tile[at] = q_next[l];
            k_tile[at] = k_next[l];
            d_tile[at] = d_next[l];
            v_tile[at] = v_next[l];
        }
        workgroup_barrier().await;
        let next = min(step + 1, steps - 1) * QUADS;
        fetch(q, first_row + line, last, q_stride, q_at + next, &mut q_next);
        fetch(k, first_key + line, last, k_stride, k_at + next, &mut k_next);
        fetch(d_out, first_row + line, last, q_stride, q_at + next, &mut d_next);
        fetch(v, first_key + line, last, k_stride, k_at + next, &mut v_next);
        #[unroll]
        for part in 0..DEPTH / SIDE {
            let mut q_own = [coop_mat16x16::<f16, role::A>(); MATRICES];
            let mut d_own = [coop_mat16x16::<f16, role::A>(); MATRICES];
            #[unroll]
            for i in 0..MATRICES {
                let at = (row + i as u32 * SIDE) * (QUADS + PAD) + part * (SIDE / 4);
                q_own[i] = coop_load_t(&q_tile[at], QUADS + PAD);
                d_own[i] = coop_load_t(&d_tile[at], QUADS + PAD);
            }
            #[unroll]
            for j in 0..MATRICES {
                let at = (column + j as u32 * SIDE) * (QUADS + PAD) + part * (SIDE / 4);
                let k_own = coop_load::<CoopMat16x16<f16, role::B>>(&k_tile[at], QUADS + PAD);
                let v_own = coop_load::<CoopMat16x16<f16, role::B>>(&v_tile[at], QUADS + PAD);
                #[unroll]
                for i in 0..MATRICES {
                    of_scores[i][j] = coop_multiply_add(q_own[i], k_own, of_scores[i][j]);
                    of_weights[i][j] = coop_multiply_add(d_own[i], v_own, of_weights[i][j]);
                }
            }
        }
        workgroup_barrier().await;
    }
    // A matrix of each at a time goes through workgroup memory, where its elements have places.
    let patch = lane / SUBGROUP * (2 * SIDE * SIDE);
    #[unroll]
    for i in 0..MATRICES {
        #[unroll]
        for j in 0..MATRICES {
            coop_store_t(of_scores[i][j], &patches[patch], SIDE);
            coop_store_t(of_weights[i][j], &patches[patch + SIDE * SIDE], SIDE);
            workgroup_barrier().await;
            for item in strided(lane % SUBGROUP, SIDE * SIDE / 4, SUBGROUP) {
                let t = first_row + row + i as u32 * SIDE + item / 4;
                let s = first_key + column + j as u32 * SIDE + item % 4 * 4;
                let mut probabilities = splat4(f16(0.0));
                let mut of_own = splat4(f16(0.0));
                if seen && t < params.rows {
                    let of_row = statistics[t * params.heads + head];
                    let oldest = segments[t];
                    let common = of_row.y / scale[0];
                    let by = 1.0 / (2.0 * f32(params.head_dim));
                    #[unroll]
                    for c in 0..4u32 {
                        if sees(t, s + c, params.window, oldest) {
                            let probability = exp(patches[patch + 4 * item + c] - of_row.x);
                            let of_weight = patches[patch + SIDE * SIDE + 4 * item + c];
                            probabilities[c] = f16(probability);
                            of_own[c] = f16(probability * (of_weight - common) * by);
                        }
                    }
                }
                let at = (head * params.block + t - params.first_row) * params.keys + s - params.first_key;
                gradients[at / 4] = probabilities;
                gradients[(at + params.heads * params.block * params.keys) / 4] = of_own;
            }
            workgroup_barrier().await;
        }
    }
}
