//! RMS norms over rows, `RMS(x) = x · rsqrt(mean(x²) + eps)`, alone or with the residual addition before it. A head of
//! a projection is a row like any other: `[tokens, heads, head_dim]` has tokens · heads rows.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// Shape of [`fn@rms_norm`].
#[params]
pub struct RmsNormParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// Added to the mean square.
    pub eps: f32,
}

/// Shape of [`fn@add_rms_norm`].
#[params]
pub struct AddRmsNormParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// Added to both mean squares.
    pub eps: f32,
    /// The residual stream is multiplied by it after the addition: a layer's output scale, or 1.
    pub scale: f32,
}

/// `rsqrt(mean(row²) + eps)` of the `n` values of `x` from `first` on, in every invocation.
#[device]
pub async fn inverse_rms<R: Reduce>(
    x: &Storage<f32>,
    first: u32,
    n: u32,
    eps: f32,
    lane: u32,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    let mut squares = 0.0;
    for i in strided(lane, n, R::WIDTH) {
        let value = x[first + i];
        squares = fma(value, value, squares);
    }
    let sum = R::sum(squares, lane, scratch).await;
    inverse_sqrt(sum / f32(n) + eps)
}

/// `y = RMS(x) · w`, one workgroup a row. `x`, `y` `[rows, n]`; `w` `[n]`. Where not `WEIGHTED` there is no factor `w`, and
/// any buffer may stand for it, `x` too.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-5),
    requires(
        x.len() >= params.rows * params.n,
        y.len() >= params.rows * params.n,
        !WEIGHTED || w.len() >= params.n,
    )
)]
pub async fn rms_norm<R: Reduce, const WEIGHTED: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RmsNormParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let inverse = inverse_rms::<R>(x, first, params.n, params.eps, lane, scratch).await;
    for i in strided(lane, params.n, R::WIDTH) {
        if WEIGHTED {
            y[first + i] = x[first + i] * inverse * w[i];
        } else {
            y[first + i] = x[first + i] * inverse;
        }
    }
}

/// `h = (h + RMS(o) · w_post) · scale` in place, then, with `NORM`, `x = RMS(h) · w_next`; one workgroup a row.
///
/// `o`, `h`, `x` `[rows, n]`; `w_post`, `w_next` `[n]`. Without `NORM` neither `w_next` nor `x` is touched: `w_post` may
/// stand for the one, any spare buffer for the other.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-5),
    requires(
        o.len() >= params.rows * params.n,
        h.len() >= params.rows * params.n,
        w_post.len() >= params.n,
        !NORM || w_next.len() >= params.n,
        !NORM || x.len() >= params.rows * params.n,
    )
)]
pub async fn add_rms_norm<R: Reduce, const NORM: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &AddRmsNormParams,
    o: &Storage<f32>,
    w_post: &Storage<f32>,
    w_next: &Storage<f32>,
    h: &mut Storage<f32>,
    x: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let inverse = inverse_rms::<R>(o, first, params.n, params.eps, lane, scratch).await;
    let mut squares = 0.0;
    for i in strided(lane, params.n, R::WIDTH) {
        let value = (h[first + i] + o[first + i] * inverse * w_post[i]) * params.scale;
        h[first + i] = value;
        squares = fma(value, value, squares);
    }
    if NORM {
        let sum = R::sum(squares, lane, scratch).await;
        let next = inverse_sqrt(sum / f32(params.n) + params.eps);
        // Each invocation reads back what it wrote itself, so no barrier is needed.
        for i in strided(lane, params.n, R::WIDTH) {
            x[first + i] = h[first + i] * next * w_next[i];
        }
    }
}
