//! Functions of a whole row, such as RMS norm and softmax: pointwise pieces around one sum. The pieces are
//! differentiable, and the backward kernels follow from them.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// `y[i] = output(x[i], w[i], s)` with `s = statistic(Σ term(x[j]))` over a row.
#[device]
pub trait RowWise: 'static {
    /// Whether `shift` is the row's greatest value; otherwise it is 0. What a row gives must not depend on the shift, which
    /// only keeps its terms finite: no gradient passes through it.
    const SHIFTED: bool;
    /// What is summed over the row.
    #[differentiable]
    fn term(x: f32, #[constant] shift: f32) -> f32;
    /// What the row's sum of `n` terms means.
    #[differentiable]
    fn statistic(sum: f32, #[constant] n: f32, #[constant] eps: f32) -> f32;
    /// One value of the result. `w` is 1 in a kernel without weights.
    #[differentiable]
    fn output(x: f32, w: f32, statistic: f32, #[constant] shift: f32) -> f32;
}

/// `x · rsqrt(mean(x²) + eps) · w`.
pub struct RmsNorm;

/// `e^x / Σ e^x`.
pub struct Softmax;

#[device]
impl RowWise for RmsNorm {
    const SHIFTED: bool = false;

    #[differentiable]
    fn term(x: f32, #[constant] _shift: f32) -> f32 {
        x * x
    }

    #[differentiable]
    fn statistic(sum: f32, #[constant] n: f32, #[constant] eps: f32) -> f32 {
        inverse_sqrt(sum / n + eps)
    }

    #[differentiable]
    fn output(x: f32, w: f32, statistic: f32, #[constant] _shift: f32) -> f32 {
        x * statistic * w
    }
}

#[device]
impl RowWise for Softmax {
    const SHIFTED: bool = true;

    #[differentiable]
    fn term(x: f32, #[constant] shift: f32) -> f32 {
        exp(x - shift)
    }

    #[differentiable]
    fn statistic(sum: f32, #[constant] _n: f32, #[constant] _eps: f32) -> f32 {
        1.0 / sum
    }

    #[differentiable]
    fn output(x: f32, w: f32, statistic: f32, #[constant] shift: f32) -> f32 {
        exp(x - shift) * statistic * w
    }
}

/// Shape of the kernels of this file.
#[params]
pub struct RowWiseParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row, at least 1.
    pub n: u32,
    /// For the statistic.
    pub eps: f32,
}

/// The shift of the `n` values of `x` from `first` on, in every invocation.
#[device]
async fn row_shift<F: RowWise, R: Reduce>(
    x: &Storage<f32>,
    first: u32,
    n: u32,
    lane: u32,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    if F::SHIFTED {
        let mut greatest = x[first];
        for i in strided(lane, n, R::WIDTH) {
            greatest = max(greatest, x[first + i]);
        }
        R::max(greatest, lane, scratch).await
    } else {
        0.0
    }
}

/// The sum of the terms of the `n` values of `x` from `first` on, in every invocation.
#[device]
async fn row_sum<F: RowWise, R: Reduce>(
    x: &Storage<f32>,
    first: u32,
    n: u32,
    shift: f32,
    lane: u32,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    let mut terms = 0.0;
    for i in strided(lane, n, R::WIDTH) {
        terms += F::term(x[first + i], shift);
    }
    R::sum(terms, lane, scratch).await
}

#[device]
fn weight<const WEIGHTED: bool>(w: &Storage<f32>, i: u32) -> f32 {
    if WEIGHTED { w[i] } else { 1.0 }
}

/// `y = F(x, w)`, one workgroup a row. `x`, `y` `[rows, n]`; `w` `[n]`, and where not `WEIGHTED` any buffer, `x` too.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-5),
    requires(
        params.n > 0,
        x.len() >= params.rows * params.n,
        !WEIGHTED || w.len() >= params.n,
        y.len() >= params.rows * params.n,
    )
)]
pub async fn row_wise<F: RowWise, R: Reduce, const WEIGHTED: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RowWiseParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let shift = row_shift::<F, R>(x, first, params.n, lane, scratch).await;
    let sum = row_sum::<F, R>(x, first, params.n, shift, lane, scratch).await;
    let statistic = F::statistic(sum, f32(params.n), params.eps);
    for i in strided(lane, params.n, R::WIDTH) {
        y[first + i] = F::output(x[first + i], weight::<WEIGHTED>(w, i), statistic, shift);
    }
}

/// Gradient of [`fn@row_wise`] by `x`, one workgroup a row. `x`, `dy`, `dx` `[rows, n]`; `w` as there; with `ADD` it is
/// added to what `dx` holds. `statistics` `[rows]` gets each row's shift and statistic, for
/// [`fn@row_wise_weight_backward`].
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-4),
    requires(
        params.n > 0,
        x.len() >= params.rows * params.n,
        !WEIGHTED || w.len() >= params.n,
        dy.len() >= params.rows * params.n,
        dx.len() >= params.rows * params.n,
        statistics.len() >= params.rows,
    )
)]
pub async fn row_wise_backward<F: RowWise, R: Reduce, const WEIGHTED: bool, const ADD: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RowWiseParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    dy: &Storage<f32>,
    dx: &mut Storage<f32>,
    statistics: &mut Storage<Vec2<f32>>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let shift = row_shift::<F, R>(x, first, params.n, lane, scratch).await;
    let sum = row_sum::<F, R>(x, first, params.n, shift, lane, scratch).await;
    let statistic = F::statistic(sum, f32(params.n), params.eps);
    if lane == 0 {
        statistics[row] = vec2(shift, statistic);
    }
    let mut own = 0.0;
    for i in strided(lane, params.n, R::WIDTH) {
        let at = first + i;
        own += F::output_gradient(x[at], weight::<WEIGHTED>(w, i), statistic, shift, dy[at]).statistic;
    }
    let by_statistic = R::sum(own, lane, scratch).await;
    let by_sum = F::statistic_gradient(sum, f32(params.n), params.eps, by_statistic).sum;
    for i in strided(lane, params.n, R::WIDTH) {
        let at = first + i;
        let through_output = F::output_gradient(x[at], weight::<WEIGHTED>(w, i), statistic, shift, dy[at]).x;
        let through_sum = F::term_gradient(x[at], shift, by_sum).x;
        if ADD {
            dx[at] += through_output + through_sum;
        } else {
            dx[at] = through_output + through_sum;
        }
    }
}

/// Gradient of [`fn@row_wise`] by `w`, one invocation a column: `dw` `[n]` of `x`, `dy` `[rows, n]`, `w` `[n]` and the
/// `statistics` `[rows]` that [`fn@row_wise_backward`] left.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-4),
    requires(
        x.len() >= params.rows * params.n,
        w.len() >= params.n,
        dy.len() >= params.rows * params.n,
        statistics.len() >= params.rows,
        dw.len() >= params.n,
    )
)]
pub fn row_wise_weight_backward<F: RowWise, const W: u32>(
    column: GlobalId,
    params: &RowWiseParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    dy: &Storage<f32>,
    statistics: &Storage<Vec2<f32>>,
    dw: &mut Storage<f32>,
) {
    if column >= params.n {
        return;
    }
    let mut sum = 0.0;
    for row in 0..params.rows {
        let at = row * params.n + column;
        let of_row = statistics[row];
        sum += F::output_gradient(x[at], w[column], of_row.y, of_row.x, dy[at]).w;
    }
    dw[column] = sum;
}
