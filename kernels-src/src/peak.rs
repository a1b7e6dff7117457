//! How fast a device multiplies: independent chains of fused multiply-adds in registers, and nothing else.

use kernel::prelude::*;

/// Chains of an invocation: enough that none waits for its last result.
const CHAINS: usize = 4;
/// Multiply-adds of vectors in a round.
const STEPS: usize = 32;

/// Shape of [`fn@multiply_adds`].
#[params]
pub struct MultiplyAddsParams {
    /// Invocations, a multiple of the workgroup.
    pub n: u32,
    /// Rounds of 32 multiply-adds of four numbers.
    pub rounds: u32,
    /// What each is multiplied by; below 1, so that numbers stay finite.
    pub factor: f32,
    /// What is added.
    pub offset: f32,
}

impl MultiplyAddsParams {
    /// Floating-point operations of a dispatch, a multiply-add counted as two; the few of the ends left out.
    pub fn operations(&self) -> f64 {
        f64::from(self.n) * f64::from(self.rounds) * (STEPS * 4 * 2) as f64
    }
}

/// `y[i]` = the sum of four chains of `x = x·factor + offset`, from numbers that differ by `i`. `y` `[n]`.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-5),
    requires(
        y.len() >= params.n,
    )
)]
pub fn multiply_adds<const W: u32>(at: GlobalId, params: &MultiplyAddsParams, y: &mut Storage<f32>) {
    if at >= params.n {
        return;
    }
    let first = f32(at) * 1e-6;
    let factor = splat4(params.factor);
    let offset = splat4(params.offset);
    let mut chains = [splat4(0.0f32); CHAINS];
    #[unroll]
    for i in 0..CHAINS {
        chains[i] = splat4(first + f32(i as u32));
    }
    for _ in 0..params.rounds {
        #[unroll]
        for i in 0..STEPS {
            chains[i % CHAINS] = fma(chains[i % CHAINS], factor, offset);
        }
    }
    let mut sum = splat4(0.0f32);
    #[unroll]
    for i in 0..CHAINS {
        sum += chains[i];
    }
    y[at] = dot(sum, splat4(1.0f32));
}
