//! The first kernel of every language: `y = a·x + y`.

use kernel::prelude::*;

/// Shape of [`fn@saxpy`].
#[params]
pub struct SaxpyParams {
    /// Values in `x` and `y`.
    pub n: u32,
    /// The factor.
    pub a: f32,
}

/// `y = a·x + y`, one invocation a value.
#[kernel(
    workgroup = 256,
    groups = params.n.div_ceil(256),
    requires(x.len() >= params.n, y.len() >= params.n)
)]
pub fn saxpy(id: GlobalId, params: &SaxpyParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = fma(params.a, x[id], y[id]);
    }
}
