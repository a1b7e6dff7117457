//! Attention of one token: norm, rotation and cache append of the new token in the same dispatch, the keys split over
//! workgroups ("Flash-Decoding"), and the kernel that merges the splits.

use kernel::prelude::*;

use super::UNSEEN;
use super::kv::KvFormat;
use crate::reduce::Reduce;
use crate::rope::{normed_turned, quad};

/// How one head's work falls onto the invocations of `R`.
pub struct DecodeTile<R, const HD: u32>(std::marker::PhantomData<R>);

impl<R: Reduce, const HD: u32> DecodeTile<R, HD> {
    const W: u32 = R::WIDTH;
    const OCTETS: u32 = HD / 8;
    /// Keys whose weights are in workgroup memory at a time.
    const KEYS: u32 = if Self::W > 64 { Self::W / 2 } else { 64 };
    /// Invocations that share a key's dot product, and keys under way at a time.
    const SHARES: u32 = if Self::W < 8 { Self::W } else { 8 };
    const LINES: u32 = Self::W / Self::SHARES;
    /// Partial dot products of one share; 4 more than the keys, so that shares fall into different banks.
    const PLANE: u32 = Self::KEYS + 4;
    /// Groups of invocations that take turns at the values' keys, each invocation with its dimensions.
    const TURNS: u32 = if Self::W < Self::OCTETS { 1 } else { Self::W / Self::OCTETS };
    const MEMORY: usize = if Self::W == 1 { 1 << 20 } else { 16_384 };
}

/// Shape of [`fn@attend_decode`].
#[params]
pub struct AttendDecodeParams {
    /// Query heads.
    pub heads: u32,
    /// Key and value heads, a divisor of `heads`.
    pub kv_heads: u32,
    /// Workgroups that share a head's keys; 1 writes the output itself.
    pub splits: u32,
    /// The query sees keys less than this far back; 0 for all.
    pub window: u32,
    /// Slots of the caches, at least the window, or the context where there is no window.
    pub ring: u32,
    /// Pairs that rotate ([`RopeTable::pairs`](crate::rope::RopeTable::pairs)).
    pub pairs: u32,
    /// The first key head's first value in `qkv`.
    pub k_at: u32,
    /// The first value head's; the same as `k_at` on layers whose values are their keys.
    pub v_at: u32,
    /// Added to the mean square of the norms.
    pub eps: f32,
}

/// Vectors in the buffer between [`fn@attend_decode`] and [`fn@attend_combine`].
pub const fn partial_vectors(heads: u32, splits: u32, head_dim: u32) -> usize {
    heads as usize * splits as usize * (head_dim as usize / 4 + 1)
}

/// The sum of squares of the head at `at`.
#[device]
async fn squares<R: Reduce, const HD: u32>(
    qkv: &Storage<f32>,
    at: u32,
    lane: u32,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    let mut sum = 0.0f32;
    for i in strided(lane, HD, R::WIDTH) {
        let value = qkv[at + i];
        sum = fma(value, value, sum);
    }
    R::sum(sum, lane, scratch).await
}

/// Attention of the token at position `state[0]`, from its projections `qkv` (query heads at 0). Workgroup
/// `head · splits + s` takes part `s` of `splits` of the visible positions.
///
/// With `OWNS` the layer has its own caches: the new key and value are normed, the key is rotated, both are used from
/// registers by the last split and appended by the first head of their group. Without, the caches are another layer's
/// and hold the token already; nothing is written to them and `k_norm` is not read.
///
/// One split writes `out` `[heads, HD]`. More write partial results: `Σ weight · value` `[heads, splits, HD]`, then one
/// vector `(greatest score, Σ weight, 0, 0)` for each [heads, splits]: see [`partial_vectors`] and [`fn@attend_combine`].
/// `ACC` is `2 · ⌈HD / 8 / R::WIDTH⌉`, the vectors that an invocation accumulates.
#[kernel(
    workgroup = R::WIDTH,
    groups = params.heads * params.splits,
    workgroup_memory = DecodeTile::<R, HD>::MEMORY,
    tolerance(rel = K::ROUNDING)
)]
#[allow(clippy::collapsible_if, reason = "a constant condition chooses at emission, the other at run time")]
pub async fn attend_decode<K: KvFormat, R: Reduce, const HD: u32, const ACC: usize, const OWNS: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &AttendDecodeParams,
    state: &Storage<u32>,
    qkv: &Storage<f32>,
    q_norm: &Storage<f32>,
    k_norm: &Storage<f32>,
    table: &Storage<Vec2<f32>>,
    k_cache: &mut Storage<Vec4<u32>>,
    v_cache: &mut Storage<Vec4<u32>>,
    out: &mut Storage<Vec4<f32>>,
    #[len = HD / 4] query: &mut Workgroup<Vec4<f32>>,
    #[len = DecodeTile::<R, HD>::SHARES * DecodeTile::<R, HD>::PLANE] partial: &mut Workgroup<f32>,
    #[len = DecodeTile::<R, HD>::KEYS] weights: &mut Workgroup<f32>,
    #[len = DecodeTile::<R, HD>::TURNS * (HD / 4)] sums: &mut Workgroup<Vec4<f32>>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let head = group / params.splits;
    let split = group % params.splits;
    let heads_per_kv = params.heads / params.kv_heads;
    let kv_head = head / heads_per_kv;
    let position = state[0];
    let slot_stride = params.kv_heads * HD;

    // The visible positions, and this split's part of them.
    let visible = if params.window > 0 { min(position + 1, params.window) } else { position + 1 };
    let oldest = position + 1 - visible;
    let first = oldest + split * visible / params.splits;
    let last_split = split + 1 == params.splits;
    let mut end = oldest + (split + 1) * visible / params.splits;

    let q_squares = squares::<R, HD>(qkv, head * HD, lane, scratch).await;
    let q_scale = inverse_sqrt(q_squares / f32(HD) + params.eps);
    for octet in strided(lane, HD / 16, R::WIDTH) {
        let turned = normed_turned::<HD>(qkv, head * HD, q_scale, q_norm, table, params.pairs, position, octet);
        query[2 * octet] = turned.a;
        query[2 * octet + 1] = turned.b;
        query[HD / 8 + 2 * octet] = turned.c;
        query[HD / 8 + 2 * octet + 1] = turned.d;
    }

    // The online softmax's state: the greatest score, this invocation's part of the weights' sum, the weighted values.
    let mut greatest = UNSEEN;
    let mut sum = 0.0f32;
    let mut acc = [splat4(0.0f32); ACC];

    if OWNS {
        if last_split {
            end = position;
            let appends = head % heads_per_kv == 0;
            let cached = (position % params.ring) * slot_stride + kv_head * HD;
            let k_at = params.k_at + kv_head * HD;
            let v_at = params.v_at + kv_head * HD;
            let k_squares = squares::<R, HD>(qkv, k_at, lane, scratch).await;
            let k_scale = inverse_sqrt(k_squares / f32(HD) + params.eps);
            let v_squares = squares::<R, HD>(qkv, v_at, lane, scratch).await;
            let v_scale = inverse_sqrt(v_squares / f32(HD) + params.eps);
            let mut score = 0.0f32;
            for octet in strided(lane, HD / 16, R::WIDTH) {
                let k = normed_turned::<HD>(qkv, k_at, k_scale, k_norm, table, params.pairs, position, octet);
                // The words of the query that this invocation wrote itself.
                score += dot(query[2 * octet], k.a) + dot(query[2 * octet + 1], k.b);
                score += dot(query[HD / 8 + 2 * octet], k.c) + dot(query[HD / 8 + 2 * octet + 1], k.d);
                if appends {
                    K::store8(k_cache, cached + 8 * octet, k.a, k.b);
                    K::store8(k_cache, cached + HD / 2 + 8 * octet, k.c, k.d);
                }
            }
            greatest = R::sum(score, lane, scratch).await;
            sum = select(0.0, 1.0, lane == 0);
            #[unroll]
            for item in 0..(ACC / 2) {
                let octet = lane + (item as u32) * R::WIDTH;
                if octet < DecodeTile::<R, HD>::OCTETS {
                    let low = quad(qkv, v_at + 8 * octet) * v_scale;
                    let high = quad(qkv, v_at + 8 * octet + 4) * v_scale;
                    acc[2 * item] = low;
                    acc[2 * item + 1] = high;
                    if appends {
                        K::store8(v_cache, cached + 8 * octet, low, high);
                    }
                }
            }
        }
    }
    workgroup_barrier().await;

    for tile in strided(first, end, DecodeTile::<R, HD>::KEYS) {
        let keys = min(end - tile, DecodeTile::<R, HD>::KEYS);
        // Partial dot products: the shares of a key read consecutive words.
        let share = lane % DecodeTile::<R, HD>::SHARES;
        for key in strided(lane / DecodeTile::<R, HD>::SHARES, keys, DecodeTile::<R, HD>::LINES) {
            let element = (tile + key) % params.ring * slot_stride + kv_head * HD;
            let mut product = 0.0f32;
            for octet in strided(share, DecodeTile::<R, HD>::OCTETS, DecodeTile::<R, HD>::SHARES) {
                let k = K::load8(k_cache, element + 8 * octet);
                product += dot(query[2 * octet], k.low) + dot(query[2 * octet + 1], k.high);
            }
            partial[share * DecodeTile::<R, HD>::PLANE + key] = product;
        }
        workgroup_barrier().await;

        let mut highest = UNSEEN;
        for key in strided(lane, keys, R::WIDTH) {
            let mut score = 0.0f32;
            #[unroll]
            for plane in 0..DecodeTile::<R, HD>::SHARES {
                score += partial[plane * DecodeTile::<R, HD>::PLANE + key];
            }
            weights[key] = score;
            highest = max(highest, score);
        }
        let next = max(greatest, R::max(highest, lane, scratch).await);
        let faded = exp(greatest - next);
        greatest = next;
        sum = sum * faded;
        for key in strided(lane, keys, R::WIDTH) {
            let weight = exp(weights[key] - next);
            weights[key] = weight;
            sum += weight;
        }
        workgroup_barrier().await;

        #[unroll]
        for item in 0..(ACC / 2) {
            let index = lane + (item as u32) * R::WIDTH;
            let turn = index / DecodeTile::<R, HD>::OCTETS;
            let octet = index % DecodeTile::<R, HD>::OCTETS;
            if turn < DecodeTile::<R, HD>::TURNS {
                let mut low = acc[2 * item] * faded;
                let mut high = acc[2 * item + 1] * faded;
                for four in strided(turn, keys, 4 * DecodeTile::<R, HD>::TURNS) {
                    // Four values under way at a time; past the end, the last one with weight 0.
                    #[unroll]
                    for i in 0..4 {
                        let key = min(four + (i as u32) * DecodeTile::<R, HD>::TURNS, keys - 1);
                        let inside = four + (i as u32) * DecodeTile::<R, HD>::TURNS < keys;
                        let weight = select(0.0, weights[key], inside);
                        let v = K::load8(v_cache, (tile + key) % params.ring * slot_stride + kv_head * HD + 8 * octet);
                        low = low + v.low * weight;
                        high = high + v.high * weight;
                    }
                }
                acc[2 * item] = low;
                acc[2 * item + 1] = high;
            }
        }
    }

    let total = R::sum(sum, lane, scratch).await;
    #[unroll]
    for item in 0..(ACC / 2) {
        let index = lane + (item as u32) * R::WIDTH;
        if index < DecodeTile::<R, HD>::OCTETS * DecodeTile::<R, HD>::TURNS {
            sums[2 * index] = acc[2 * item];
            sums[2 * index + 1] = acc[2 * item + 1];
        }
    }
    workgroup_barrier().await;
    let scale = if params.splits == 1 { 1.0 / total } else { 1.0f32 };
    for word in strided(lane, HD / 4, R::WIDTH) {
        let mut value = splat4(0.0f32);
        for turn in 0..DecodeTile::<R, HD>::TURNS {
            value = value + sums[turn * (HD / 4) + word];
        }
        out[group * (HD / 4) + word] = value * scale;
    }
    if lane == 0 && params.splits > 1 {
        out[params.heads * params.splits * (HD / 4) + group] = vec4(greatest, total, 0.0, 0.0);
    }
}

/// Shape of [`fn@attend_combine`].
#[params]
pub struct AttendCombineParams {
    /// Query heads.
    pub heads: u32,
    /// Splits of a head.
    pub splits: u32,
    /// Values of a head, a multiple of 4.
    pub head_dim: u32,
}

/// Merges the splits of [`fn@attend_decode`]: `out` `[heads, head_dim]`, one invocation for four values.
#[kernel(workgroup = W, groups = (params.heads * params.head_dim / 4).div_ceil(W), tolerance(rel = 1e-5))]
pub fn attend_combine<const W: u32>(
    id: GlobalId,
    params: &AttendCombineParams,
    partials: &Storage<Vec4<f32>>,
    out: &mut Storage<Vec4<f32>>,
) {
    let words = params.head_dim / 4;
    if id < params.heads * words {
        let head = id / words;
        let word = id % words;
        let statistics = (params.heads * words + head) * params.splits;
        let mut greatest = UNSEEN;
        for split in 0..params.splits {
            greatest = max(greatest, partials[statistics + split].x);
        }
        let mut sum = 0.0f32;
        let mut value = splat4(0.0f32);
        for split in 0..params.splits {
            let one = partials[statistics + split];
            // A split without keys has the greatest score `UNSEEN` and the sum 0.
            let weight = exp(one.x - greatest);
            sum = fma(one.y, weight, sum);
            value = value + partials[(head * params.splits + split) * words + word] * weight;
        }
        out[id] = value * (1.0 / sum);
    }
}
