//! The kernels, and which of their variants the program uses.

use kernel::prelude::*;

#[params]
pub struct ScaleParams {
    pub n: u32,
    pub factor: f32,
}

/// `y = factor · x`, one invocation a value.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn scale(id: GlobalId, params: &ScaleParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = params.factor * x[id];
    }
}

kernel::variants! {
    pub fn variants;
    scale;
}
