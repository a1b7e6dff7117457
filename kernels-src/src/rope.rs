//! Rotary position embedding: the host's tables, the rotation in place, and the fused query/key norm, rotation and
//! cache append of prefill.

use std::f64::consts::TAU;

use kernel::prelude::*;

use crate::attention::kv::KvFormat;
use crate::reduce::Reduce;

/// Positions of one row of fine angles: a position is `LOW · high + low`.
pub const LOW: u32 = 256;

/// The weight of `rope_freqs` from which on a pair stands for "does not rotate" (files say 1e30).
const STILL: f32 = 1e29;

/// Cosines and sines of one layer kind, as the kernels read them.
///
/// The angle of pair `j` at position `p` is `p · base^(-2j/head_dim) / factor[j]`. The table has `LOW` rows for
/// `p % LOW`, then one row for each `p / LOW`; a kernel adds the two angles, so that a context of 262,144 positions
/// needs 1,280 rows and no kernel ever takes the sine of a large number.
#[derive(Clone, Debug)]
pub struct RopeTable {
    /// `(cos, sin)` `[LOW + positions / LOW, pairs]`.
    pub entries: Vec<Vec2<f32>>,
    /// Pairs that rotate: `(j, j + head_dim / 2)` for `j` below it.
    pub pairs: u32,
}

impl RopeTable {
    /// The table for positions `0..positions`, computed in f64. `factors` divide the frequencies (`rope_freqs.weight`);
    /// the pairs after the last one below 1e29 stay as they are and get no column.
    pub fn new(base: f64, head_dim: u32, factors: Option<&[f32]>, positions: u32) -> Self {
        let half = (head_dim / 2) as usize;
        let pairs = factors.map_or(half, |factors| {
            factors.iter().take(half).rposition(|factor| *factor < STILL).map_or(0, |last| last + 1)
        });
        let frequency = |pair: usize| {
            let factor = factors.map_or(1.0, |factors| f64::from(factors[pair]));
            base.powf(-2.0 * pair as f64 / f64::from(head_dim)) / factor
        };
        let frequencies: Vec<f64> = (0..pairs).map(frequency).collect();
        let coarse = (0..positions.div_ceil(LOW).max(1)).map(|row| row * LOW);
        let entries = (0..LOW)
            .chain(coarse)
            .flat_map(|position| {
                frequencies.iter().map(move |frequency| {
                    let (sin, cos) = (f64::from(position) * frequency % TAU).sin_cos();
                    Vec2::new(cos as f32, sin as f32)
                })
            })
            .collect();
        Self { entries, pairs: pairs as u32 }
    }
}

/// A pair turned by an angle of which `turn` is `(cos, sin)`.
#[differentiable]
#[device]
pub fn rotated(pair: Vec2<f32>, #[constant] turn: Vec2<f32>) -> Vec2<f32> {
    vec2(pair.x * turn.x - pair.y * turn.y, pair.y * turn.x + pair.x * turn.y)
}

/// Which way a rotation turns.
#[device]
pub trait Direction: 'static {
    /// The pair after it.
    fn turned(pair: Vec2<f32>, turn: Vec2<f32>) -> Vec2<f32>;
}

/// By the position's angle.
pub struct Forward;

/// Back by it: the rotation's transpose, which takes a gradient by what [`Forward`] gave to that by what it took.
pub struct Inverse;

#[device]
impl Direction for Forward {
    fn turned(pair: Vec2<f32>, turn: Vec2<f32>) -> Vec2<f32> {
        rotated(pair, turn)
    }
}

#[device]
impl Direction for Inverse {
    fn turned(pair: Vec2<f32>, turn: Vec2<f32>) -> Vec2<f32> {
        // A rotation is linear: its gradient does not depend on where it is taken.
        rotated::gradient(pair, turn, pair).pair
    }
}

/// `(cos, sin)` of a pair's angle at a position; `(1, 0)` for a pair that does not rotate.
#[device]
pub fn turn(table: &Storage<Vec2<f32>>, pairs: u32, position: u32, pair: u32) -> Vec2<f32> {
    if pair < pairs {
        let low = table[(position % LOW) * pairs + pair];
        let high = table[(LOW + position / LOW) * pairs + pair];
        vec2(high.x * low.x - high.y * low.y, high.y * low.x + high.x * low.y)
    } else {
        vec2(1.0, 0.0)
    }
}

/// Sixteen values of a head: eight of its first half and their partners in the second.
#[device]
pub struct Halves {
    /// First half, values 0..4.
    pub a: Vec4<f32>,
    /// First half, values 4..8.
    pub b: Vec4<f32>,
    /// Second half, values 0..4.
    pub c: Vec4<f32>,
    /// Second half, values 4..8.
    pub d: Vec4<f32>,
}

/// Four values from `at` on.
#[device]
pub fn quad(x: &Storage<f32>, at: u32) -> Vec4<f32> {
    vec4(x[at], x[at + 1], x[at + 2], x[at + 3])
}

/// Values `8·octet..` of both halves of the head at `at`: `x · scale · w`, then rotated.
#[device]
pub fn normed_turned<const HD: u32>(
    x: &Storage<f32>,
    at: u32,
    scale: f32,
    w: &Storage<f32>,
    table: &Storage<Vec2<f32>>,
    pairs: u32,
    position: u32,
    octet: u32,
) -> Halves {
    let first = 8 * octet;
    let a = quad(x, at + first) * scale * quad(w, first);
    let b = quad(x, at + first + 4) * scale * quad(w, first + 4);
    let c = quad(x, at + HD / 2 + first) * scale * quad(w, HD / 2 + first);
    let d = quad(x, at + HD / 2 + first + 4) * scale * quad(w, HD / 2 + first + 4);
    let t0 = turn(table, pairs, position, first);
    let t1 = turn(table, pairs, position, first + 1);
    let t2 = turn(table, pairs, position, first + 2);
    let t3 = turn(table, pairs, position, first + 3);
    let t4 = turn(table, pairs, position, first + 4);
    let t5 = turn(table, pairs, position, first + 5);
    let t6 = turn(table, pairs, position, first + 6);
    let t7 = turn(table, pairs, position, first + 7);
    let cos_low = vec4(t0.x, t1.x, t2.x, t3.x);
    let sin_low = vec4(t0.y, t1.y, t2.y, t3.y);
    let cos_high = vec4(t4.x, t5.x, t6.x, t7.x);
    let sin_high = vec4(t4.y, t5.y, t6.y, t7.y);
    Halves {
        a: a * cos_low - c * sin_low,
        b: b * cos_high - d * sin_high,
        c: c * cos_low + a * sin_low,
        d: d * cos_high + b * sin_high,
    }
}

/// Shape of [`fn@rope`].
#[params]
pub struct RopeParams {
    /// Rows; row `t` is at position `state[0] + t`.
    pub rows: u32,
    /// Heads of a row.
    pub heads: u32,
    /// Values of a head.
    pub head_dim: u32,
    /// Pairs that rotate ([`RopeTable::pairs`]).
    pub pairs: u32,
    /// Values from one row to the next.
    pub stride: u32,
    /// The first head's first value in a row.
    pub at: u32,
}

/// Rotates `x` `[rows, heads, head_dim]` in place, one workgroup a head of a row.
#[kernel(workgroup = W, groups = params.rows * params.heads, tolerance(rel = 1e-6))]
pub fn rope<D: Direction, const W: u32>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &RopeParams,
    state: &Storage<u32>,
    table: &Storage<Vec2<f32>>,
    x: &mut Storage<f32>,
) {
    let row = group / params.heads;
    let head = group % params.heads;
    let first = row * params.stride + params.at + head * params.head_dim;
    let position = state[0] + row;
    for pair in strided(lane, params.pairs, W) {
        let low = first + pair;
        let high = low + params.head_dim / 2;
        let turned = D::turned(vec2(x[low], x[high]), turn(table, params.pairs, position, pair));
        x[low] = turned.x;
        x[high] = turned.y;
    }
}

/// Shape of [`fn@qk_norm_rope`].
#[params]
pub struct QkNormRopeParams {
    /// Rows; row `t` is at position `state[0] + t`.
    pub rows: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; 0 on a layer that reads another layer's cache.
    pub kv_heads: u32,
    /// Pairs that rotate ([`RopeTable::pairs`]).
    pub pairs: u32,
    /// Slots of the cache: position `p` is in slot `p % ring`.
    pub ring: u32,
    /// Values from one row of `qkv` to the next.
    pub stride: u32,
    /// The first key head's first value in a row of `qkv`.
    pub k_at: u32,
    /// The first value head's; the same as `k_at` on layers whose values are their keys.
    pub v_at: u32,
    /// Added to the mean square.
    pub eps: f32,
}

/// From the projections `qkv` `[rows, stride]` (query heads at 0) to the attention's inputs: `q` `[rows, heads, HD]`, normed
/// and rotated; keys normed, rotated and appended to their cache; values normed without a weight and appended to theirs.
/// One workgroup a head of a row. `HD` is a multiple of 16.
#[kernel(
    workgroup = R::WIDTH,
    groups = params.rows * (params.heads + 2 * params.kv_heads),
    tolerance(rel = K::ROUNDING)
)]
pub async fn qk_norm_rope<K: KvFormat, R: Reduce, const HD: u32>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &QkNormRopeParams,
    state: &Storage<u32>,
    qkv: &Storage<f32>,
    q_norm: &Storage<f32>,
    k_norm: &Storage<f32>,
    table: &Storage<Vec2<f32>>,
    q: &mut Storage<Vec4<f32>>,
    k_cache: &mut Storage<Vec4<u32>>,
    v_cache: &mut Storage<Vec4<u32>>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let blocks = params.heads + 2 * params.kv_heads;
    let row = group / blocks;
    let block = group % blocks;
    let is_query = block < params.heads;
    let is_key = block < params.heads + params.kv_heads;
    let mut kv_head = 0u32;
    let mut at = row * params.stride + block * HD;
    if !is_query {
        kv_head = (block - params.heads) % params.kv_heads;
        at = row * params.stride + select(params.v_at, params.k_at, is_key) + kv_head * HD;
    }
    let mut squares = 0.0f32;
    for i in strided(lane, HD, R::WIDTH) {
        let value = qkv[at + i];
        squares = fma(value, value, squares);
    }
    let sum = R::sum(squares, lane, scratch).await;
    let scale = inverse_sqrt(sum / f32(HD) + params.eps);
    let position = state[0] + row;
    let cached = ((position % params.ring) * params.kv_heads + kv_head) * HD;
    for octet in strided(lane, HD / 16, R::WIDTH) {
        let low = 8 * octet;
        let high = HD / 2 + 8 * octet;
        if is_query {
            let turned = normed_turned::<HD>(qkv, at, scale, q_norm, table, params.pairs, position, octet);
            let first = (row * params.heads + block) * HD;
            q[(first + low) / 4] = turned.a;
            q[(first + low) / 4 + 1] = turned.b;
            q[(first + high) / 4] = turned.c;
            q[(first + high) / 4 + 1] = turned.d;
        } else if is_key {
            let turned = normed_turned::<HD>(qkv, at, scale, k_norm, table, params.pairs, position, octet);
            K::store8(k_cache, cached + low, turned.a, turned.b);
            K::store8(k_cache, cached + high, turned.c, turned.d);
        } else {
            K::store8(v_cache, cached + low, quad(qkv, at + low) * scale, quad(qkv, at + low + 4) * scale);
            K::store8(v_cache, cached + high, quad(qkv, at + high) * scale, quad(qkv, at + high + 4) * scale);
        }
    }
}
