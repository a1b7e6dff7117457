//! How long a candidate takes.

use std::time::Duration;

use super::{Candidate, Refusal, TuningError};
use crate::dispatch::Device;
use crate::gpu::Gpu;
use crate::trial::Trial;

/// Runs before the clock matters: the driver compiles, caches fill, clocks rise.
const WARM_UP: u32 = 3;
/// Runs of which the median is taken.
const RUNS: u32 = 15;

/// What [`Tuning::measure`](super::Tuning::measure) found.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// Each eligible candidate's name and time: the sum over its variants' typical trials, on the GPU's clock.
    pub times: Vec<(String, Duration)>,
    /// The others.
    pub refused: Vec<Refusal>,
}

pub(super) async fn time(gpu: &Gpu, candidate: &Candidate) -> Result<Duration, TuningError> {
    let mut total = Duration::ZERO;
    for variant in &candidate.variants {
        let Some(case) = &variant.typical else { continue };
        let plan = Trial::describe(&Device::Gpu(gpu.clone()), case)?.plan()?;
        if let Some(plan) = plan.on_gpu() {
            gpu.time(plan, WARM_UP).await.map_err(crate::dispatch::DispatchError::from)?;
            let mut times = gpu.time(plan, RUNS).await.map_err(crate::dispatch::DispatchError::from)?;
            times.sort();
            total += times.get(times.len() / 2).copied().unwrap_or_default();
        }
    }
    Ok(total)
}
