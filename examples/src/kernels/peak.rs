//! What a device can do at most: the marks that the matrix product is measured against.

use kernel::prelude::*;

/// Length of [`fn@fma_peak`].
#[params]
pub struct PeakParams {
    /// Workgroups.
    pub groups: u32,
    /// Repetitions; each is 64 multiply-adds an invocation.
    pub repeats: u32,
    /// The factor.
    pub factor: f32,
}

/// Values that an invocation keeps in registers, four each.
const CHAINS: usize = 8;

/// Multiply-adds on values in registers, nothing else: 8 independent chains of 4 values an invocation.
#[kernel(workgroup = 256, groups = params.groups)]
pub fn fma_peak(id: GlobalId, lane: LocalIndex, params: &PeakParams, y: &mut Storage<f32>) {
    let mut chains = [splat4(0.0f32); CHAINS];
    #[unroll]
    for i in 0..CHAINS {
        chains[i] = splat4(f32(lane) + f32(i as u32));
    }
    let factor = splat4(params.factor);
    for _ in 0..params.repeats {
        #[unroll]
        for _again in 0..2 {
            #[unroll]
            for i in 0..CHAINS {
                chains[i] = fma(chains[i], factor, factor);
            }
        }
    }
    let mut sum = splat4(0.0f32);
    #[unroll]
    for i in 0..CHAINS {
        sum += chains[i];
    }
    y[id] = dot(sum, splat4(1.0f32));
}
