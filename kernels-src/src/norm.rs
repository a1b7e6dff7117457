//! RMS norm over rows.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// Shape of [`rms_norm`].
#[params]
pub struct RmsNormParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// Added to the mean square.
    pub eps: f32,
}

/// `y = x · rsqrt(mean(x²) + eps) · w`, one workgroup a row. `x`, `y` [rows, n]; `w` [n].
#[kernel(workgroup = R::WIDTH, groups = params.rows)]
pub async fn rms_norm<R: Reduce>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RmsNormParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let mut squares = 0.0;
    for i in strided(lane, params.n, R::WIDTH) {
        let value = x[row * params.n + i];
        squares = fma(value, value, squares);
    }
    let sum = R::sum(squares, lane, scratch).await;
    let scale = inverse_sqrt(sum / f32(params.n) + params.eps);
    for i in strided(lane, params.n, R::WIDTH) {
        y[row * params.n + i] = x[row * params.n + i] * scale * w[i];
    }
}
