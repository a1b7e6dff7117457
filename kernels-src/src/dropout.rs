//! Dropout: inputs that a training step leaves out, in a pattern that follows from a seed, so that the way back makes the
//! same one again instead of keeping it.

use kernel::prelude::*;

use crate::sampling::pcg;

/// Shape of [`fn@dropout`].
#[params]
pub struct DropoutParams {
    /// Values.
    pub n: u32,
    /// Determine the pattern: neither alone makes it a part of another one.
    pub seed: u32,
    /// See `seed`.
    pub stream: u32,
    /// How likely a value is left out, in 0..1.
    pub probability: f32,
}

/// `y[i] = x[i] / (1 − probability)`, or 0 where value `i` is left out; added to what `y` holds where `ADD`. `x`, `y` `[n]`
/// (Srivastava et al. 2014, "Dropout", scaled while training). A gradient goes back through the same function.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-6),
    requires(
        x.len() >= params.n,
        y.len() >= params.n,
    )
)]
pub fn dropout<const W: u32, const ADD: bool>(
    at: GlobalId,
    params: &DropoutParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    if at >= params.n {
        return;
    }
    let bits = pcg(pcg(at + pcg(params.seed)) ^ params.stream);
    let stays = f32(bits >> 8) * 5.960_464_5e-8 >= params.probability;
    let value = select(0.0, x[at] / (1.0 - params.probability), stays);
    if ADD {
        y[at] += value;
    } else {
        y[at] = value;
    }
}
