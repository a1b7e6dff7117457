//! Softmax over rows: two reductions and a map in one kernel.

use kernel::prelude::*;

use super::reduction::{Combine, Greatest, Sum, WIDTH, over_workgroup};

/// Shape of [`fn@softmax`].
#[params]
pub struct SoftmaxParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
}

/// `y = exp(x − max x) / Σ exp(x − max x)` for each row of `x` `[rows, n]`; one workgroup a row.
#[kernel(
    workgroup = WIDTH,
    groups = params.rows,
    requires(x.len() >= params.rows * params.n, y.len() >= params.rows * params.n)
)]
pub async fn softmax(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &SoftmaxParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = WIDTH] scratch: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let mut greatest = Greatest::IDENTITY;
    for i in strided(lane, params.n, WIDTH) {
        greatest = max(greatest, x[first + i]);
    }
    let greatest = over_workgroup::<Greatest>(greatest, lane, scratch).await;
    let mut sum = 0.0;
    for i in strided(lane, params.n, WIDTH) {
        sum += exp(x[first + i] - greatest);
    }
    let sum = over_workgroup::<Sum>(sum, lane, scratch).await;
    for i in strided(lane, params.n, WIDTH) {
        y[first + i] = exp(x[first + i] - greatest) / sum;
    }
}
