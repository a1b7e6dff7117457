//! Back from the gradients of attention's inputs to those of the raw projections: through the rotation and the norms of
//! query and key heads, and the values' norm without a weight.

use kernel::prelude::*;

use crate::reduce::Reduce;
use crate::rope::{Direction, Inverse, QkNormRopeParams, turn};

/// What the gradient of a head comes from.
#[device]
struct HeadGradient {
    /// Whether it is a query head's.
    is_query: bool,
    /// Whether it is a key head's.
    is_key: bool,
    /// Whether keys and values have the same projection.
    tied: bool,
    /// Where the head starts in `dq`.
    of_query: u32,
    /// Where it starts in `dk` and `dv`.
    of_key: u32,
    /// The head's position.
    position: u32,
    /// Pairs that rotate.
    pairs: u32,
}

/// Gradient of values `pair` and `pair + HD/2` of a head, normed and not yet weighted.
#[device]
fn of_normed<const HD: u32>(
    head: HeadGradient,
    pair: u32,
    q_norm: &Storage<f32>,
    k_norm: &Storage<f32>,
    table: &Storage<Vec2<f32>>,
    dq: &Storage<f32>,
    dk: &Storage<f32>,
    dv: &Storage<f32>,
) -> Vec2<f32> {
    let mut gradient = vec2(0.0f32, 0.0);
    if head.is_query {
        let turned = vec2(dq[head.of_query + pair], dq[head.of_query + HD / 2 + pair]);
        let back = Inverse::turned(turned, turn(table, head.pairs, head.position, pair));
        gradient = vec2(back.x * q_norm[pair], back.y * q_norm[HD / 2 + pair]);
    }
    if head.is_key {
        let turned = vec2(dk[head.of_key + pair], dk[head.of_key + HD / 2 + pair]);
        let back = Inverse::turned(turned, turn(table, head.pairs, head.position, pair));
        gradient = vec2(back.x * k_norm[pair], back.y * k_norm[HD / 2 + pair]);
    }
    if !head.is_query && (head.tied || !head.is_key) {
        gradient = gradient + vec2(dv[head.of_key + pair], dv[head.of_key + HD / 2 + pair]);
    }
    gradient
}

/// The gradient of [`fn@crate::rope::qk_norm_rope`] by its projections, of rows at positions 0, 1, …: `d_qkv` `[rows,
/// stride]` at the same places as `qkv`, from `dq` `[rows, heads, HD]` and `dk`, `dv` `[rows, kv_heads, HD]`. Where values
/// are the raw keys, their projection gets both gradients. With `y = x·s·w` and `s = rsqrt(mean(x²) + eps)`,
/// `dx = s·w·dy − x·s³·mean(x·w·dy)`. One workgroup a head of a row.
#[kernel(
    workgroup = R::WIDTH,
    groups = params.rows * (params.heads + 2 * params.kv_heads),
    tolerance(rel = 1e-4),
    requires(
        q_norm.len() >= HD,
        k_norm.len() >= 1,
        dq.len() >= params.rows * params.heads * HD,
        dk.len() >= params.rows * params.kv_heads * HD,
        dv.len() >= params.rows * params.kv_heads * HD,
        qkv.len() >= params.rows * params.stride,
        d_qkv.len() >= params.rows * params.stride,
    )
)]
pub async fn qk_norm_rope_backward<R: Reduce, const HD: u32>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &QkNormRopeParams,
    qkv: &Storage<f32>,
    q_norm: &Storage<f32>,
    k_norm: &Storage<f32>,
    table: &Storage<Vec2<f32>>,
    dq: &Storage<f32>,
    dk: &Storage<f32>,
    dv: &Storage<f32>,
    d_qkv: &mut Storage<f32>,
    #[len = 2 * R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let blocks = params.heads + 2 * params.kv_heads;
    let row = group / blocks;
    let block = group % blocks;
    let is_query = block < params.heads;
    let is_key = block >= params.heads && block < params.heads + params.kv_heads;
    let tied = params.v_at == params.k_at;
    if !is_query && !is_key && tied {
        return;
    }
    let mut kv_head = 0u32;
    let mut at = row * params.stride + block * HD;
    if !is_query {
        kv_head = (block - params.heads) % params.kv_heads;
        at = row * params.stride + select(params.v_at, params.k_at, is_key) + kv_head * HD;
    }
    let head = HeadGradient {
        is_query,
        is_key,
        tied,
        of_query: (row * params.heads + block) * HD,
        of_key: (row * params.kv_heads + kv_head) * HD,
        position: row,
        pairs: params.pairs,
    };
    // Σ x² and Σ x·dy.
    let mut sums = [0.0f32; 2];
    for pair in strided(lane, HD / 2, R::WIDTH) {
        let gradient = of_normed::<HD>(head, pair, q_norm, k_norm, table, dq, dk, dv);
        let low = qkv[at + pair];
        let high = qkv[at + HD / 2 + pair];
        sums[0] += low * low + high * high;
        sums[1] += low * gradient.x + high * gradient.y;
    }
    R::sums::<2>(&mut sums, lane, scratch).await;
    let scale = inverse_sqrt(sums[0] / f32(HD) + params.eps);
    let along = sums[1] / f32(HD) * scale * scale * scale;
    for pair in strided(lane, HD / 2, R::WIDTH) {
        let gradient = of_normed::<HD>(head, pair, q_norm, k_norm, table, dq, dk, dv);
        d_qkv[at + pair] = gradient.x * scale - qkv[at + pair] * along;
        d_qkv[at + HD / 2 + pair] = gradient.y * scale - qkv[at + HD / 2 + pair] * along;
    }
}
