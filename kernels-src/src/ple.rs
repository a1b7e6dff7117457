//! Per-layer embeddings: the mix of a token's own embedding with the projection of the hidden state.

use std::f32::consts::FRAC_1_SQRT_2;

use kernel::prelude::*;

use crate::norm::inverse_rms;
use crate::reduce::Reduce;

/// Shape of [`fn@ple_mix`].
#[params]
pub struct PleMixParams {
    /// Tokens · layers.
    pub rows: u32,
    /// Values of a token's embedding for one layer.
    pub n: u32,
    /// Added to the mean square.
    pub eps: f32,
    /// The projection's factor, `hidden^-0.5`.
    pub scale: f32,
}

/// `ple_in = (RMS(ctx · scale) · w + tok) / √2`, one workgroup for a token and layer.
///
/// `ctx` (the projection as it comes), `tok` (times √n already), `ple_in` `[tokens, layers, n]`; `w` `[n]` is the same for
/// all layers.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-5),
    requires(
        ctx.len() >= params.rows * params.n,
        tok.len() >= params.rows * params.n,
        w.len() >= params.n,
        ple_in.len() >= params.rows * params.n,
    )
)]
pub async fn ple_mix<R: Reduce>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &PleMixParams,
    ctx: &Storage<f32>,
    tok: &Storage<f32>,
    w: &Storage<f32>,
    ple_in: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    // RMS(s·x) = x · rsqrt(mean(x²) + eps/s²): the factor only changes what eps weighs.
    let eps = params.eps / (params.scale * params.scale);
    let inverse = inverse_rms::<R>(ctx, first, params.n, eps, lane, scratch).await;
    for i in strided(lane, params.n, R::WIDTH) {
        ple_in[first + i] = (ctx[first + i] * inverse * w[i] + tok[first + i]) * FRAC_1_SQRT_2;
    }
}
