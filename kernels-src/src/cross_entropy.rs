//! The loss of a row of logits against its target, `ln Σ e^l − l[target]`, piece by piece of the vocabulary: each piece
//! brings the row's greatest logit and its sum of exponentials up to date (Milakov and Gimelshein 2018, "Online normalizer
//! calculation for softmax"). The gradient of the head's input needs no second look at the head: it is the weighted sum
//! of the head's rows, `Σ p[v]·head[v] − head[target]`, which grows with the pieces and is rescaled as the greatest does.

use kernel::prelude::*;

use crate::attention::UNSEEN;
use crate::elementwise::Map;
use crate::reduce::Reduce;

/// Shape of [`fn@cross_entropy_piece`].
#[params]
pub struct CrossEntropyPieceParams {
    /// Rows.
    pub rows: u32,
    /// Logits of this piece.
    pub n: u32,
    /// The token of the piece's first logit; the piece that starts with token 0 comes first.
    pub first: u32,
    /// Factor of the map that the head's products go through to be logits.
    pub factor: f32,
}

/// Takes in one piece of the logits, one workgroup a row.
///
/// `logits` `[rows, n]` are the head's products, which `M` with its factor makes logits of; where `GRADIENT` they become
/// `e^(l − greatest)·M′`, the weights of the head's rows. `running` `[rows]` is (greatest logit, Σ e^(l − greatest)) so far;
/// `faded` `[rows]` is by what earlier weights must be multiplied to be relative to the new greatest. `target_products`
/// `[rows]` gets the product of the target's row where the piece has it. `targets` `[rows]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-4),
    requires(
        targets.len() >= params.rows,
        logits.len() >= params.rows * params.n,
        running.len() >= params.rows,
        faded.len() >= params.rows,
        target_products.len() >= params.rows,
    )
)]
pub async fn cross_entropy_piece<M: Map, R: Reduce, const GRADIENT: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &CrossEntropyPieceParams,
    targets: &Storage<u32>,
    logits: &mut Storage<f32>,
    running: &mut Storage<Vec2<f32>>,
    faded: &mut Storage<f32>,
    target_products: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let start = row * params.n;
    let target = targets[row];
    let mut highest = UNSEEN;
    let mut before = vec2(UNSEEN, 0.0);
    if lane == 0 && params.first > 0 {
        before = running[row];
        highest = before.x;
    }
    for i in strided(lane, params.n, R::WIDTH) {
        let product = logits[start + i];
        highest = max(highest, M::value(product, params.factor));
        if params.first + i == target {
            target_products[row] = product;
        }
    }
    let greatest = R::max(highest, lane, scratch).await;
    let mut own = 0.0f32;
    for i in strided(lane, params.n, R::WIDTH) {
        let product = logits[start + i];
        let weight = exp(M::value(product, params.factor) - greatest);
        own += weight;
        if GRADIENT {
            logits[start + i] = M::value_gradient(product, params.factor, weight).x;
        }
    }
    let sum = R::sum(own, lane, scratch).await;
    if lane == 0 {
        let fade = exp(before.x - greatest);
        faded[row] = fade;
        running[row] = vec2(greatest, before.y * fade + sum);
    }
}

/// Shape of [`fn@cross_entropy`] and [`fn@cross_entropy_backward`].
#[params]
pub struct CrossEntropyParams {
    /// Rows.
    pub rows: u32,
    /// Width of the head's input.
    pub n: u32,
    /// Factor of the map that the head's products go through to be logits.
    pub factor: f32,
}

/// After the last piece: `losses[row]` is (the loss, in nats, times the row's weight; 1 where no logit is above the
/// target's, else 0). `running`, `target_products`, `weights`, `losses` `[rows]`.
#[kernel(
    workgroup = W, groups = params.rows.div_ceil(W), tolerance(rel = 1e-5),
    requires(
        running.len() >= params.rows,
        target_products.len() >= params.rows,
        weights.len() >= params.rows,
        losses.len() >= params.rows,
    )
)]
pub fn cross_entropy<M: Map, const W: u32>(
    row: GlobalId,
    params: &CrossEntropyParams,
    running: &Storage<Vec2<f32>>,
    target_products: &Storage<f32>,
    weights: &Storage<f32>,
    losses: &mut Storage<Vec2<f32>>,
) {
    if row >= params.rows {
        return;
    }
    let of_row = running[row];
    let logit = M::value(target_products[row], params.factor);
    let loss = of_row.x - logit + log(of_row.y);
    losses[row] = vec2(loss * weights[row], select(0.0, 1.0, logit >= of_row.x));
}

/// The gradient of the weighted losses by the head's input: `dx = weight · (sums / Σ e^l − M′·target_rows)`. `sums`
/// `[rows, n]` are the weighted sums of the head's rows, `target_rows` `[rows, n]` those of the targets; `dx` `[rows, n]`.
#[kernel(
    workgroup = W, groups = (params.rows * params.n).div_ceil(W), tolerance(rel = 1e-5),
    requires(
        params.n >= 1,
        running.len() >= params.rows,
        target_products.len() >= params.rows,
        weights.len() >= params.rows,
        sums.len() >= params.rows * params.n,
        target_rows.len() >= params.rows * params.n,
        dx.len() >= params.rows * params.n,
    )
)]
pub fn cross_entropy_backward<M: Map, const W: u32>(
    at: GlobalId,
    params: &CrossEntropyParams,
    running: &Storage<Vec2<f32>>,
    target_products: &Storage<f32>,
    weights: &Storage<f32>,
    sums: &Storage<f32>,
    target_rows: &Storage<f32>,
    dx: &mut Storage<f32>,
) {
    if at >= params.rows * params.n {
        return;
    }
    let row = at / params.n;
    let of_row = running[row];
    let of_target = M::value_gradient(target_products[row], params.factor, 1.0).x;
    dx[at] = weights[row] * (sums[at] / of_row.y - of_target * target_rows[at]);
}

/// Shape of [`fn@scale_rows`].
#[params]
pub struct ScaleRowsParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
}

/// `x[t, i] = x[t, i]·factors[t]`. `x` `[rows, n]`, `factors` `[rows]`.
#[kernel(
    workgroup = W, groups = (params.rows * params.n).div_ceil(W), tolerance(rel = 1e-6),
    requires(
        params.n >= 1,
        factors.len() >= params.rows,
        x.len() >= params.rows * params.n,
    )
)]
pub fn scale_rows<const W: u32>(at: GlobalId, params: &ScaleRowsParams, factors: &Storage<f32>, x: &mut Storage<f32>) {
    if at >= params.rows * params.n {
        return;
    }
    x[at] = x[at] * factors[at / params.n];
}
