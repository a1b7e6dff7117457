//! How long plans take, and with them candidates.

use std::time::Duration;

use web_time::Instant;

use super::{Candidate, Refusal, TuningError};
use crate::dispatch::{Device, DispatchError, Plan};
use crate::gpu::Gpu;
use crate::trial::Trial;

/// Runs before the clock matters: the driver compiles, caches fill, clocks rise.
const WARM_UP: u32 = 3;
/// Runs of which the median is taken.
const RUNS: u32 = 15;
/// So many do where they take longer than this: a software adapter.
const FEW: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(2);
/// After so much work a GPU runs at the clock of a busy one, which it keeps while work follows work.
const BUSY: Duration = Duration::from_millis(300);
/// As these two on the CPU executor, which is slow and compiles nothing.
const ON_CPU: (u32, u32) = (1, 3);

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
        total += median(&plan, None).await?;
    }
    Ok(total)
}

/// How long a plan takes: the median of several runs, after some that do not count. On a GPU its own clock says so, on
/// the CPU executor the wall clock. `before`, a plan of the same device, runs ahead of each run and is not counted: one that reads much leaves
/// nothing of the plan's buffers in caches. On a GPU it runs first until the clocks are those of a busy one, and the runs
/// are queued together so that they stay so.
///
/// # Errors
/// A GPU without timestamps; what the device and the kernels report.
pub async fn median(plan: &Plan, before: Option<&Plan>) -> Result<Duration, DispatchError> {
    let mut times = Vec::new();
    if let Some(on_gpu) = plan.on_gpu() {
        let gpu = on_gpu.gpu();
        let before = before.and_then(Plan::on_gpu);
        gpu.time(on_gpu, WARM_UP).await?;
        match before {
            None => times = gpu.time(on_gpu, RUNS).await?,
            Some(before) => {
                gpu.warm_up(before, BUSY).await?;
                let begun = Instant::now();
                times = gpu.time_after(before, on_gpu, FEW).await?;
                if begun.elapsed() <= PATIENCE {
                    times.extend(gpu.time_after(before, on_gpu, RUNS - FEW).await?);
                }
            }
        }
    } else {
        let (warm_up, runs) = ON_CPU;
        for run in 0..warm_up + runs {
            before.map_or(Ok(()), Plan::run)?;
            let begun = Instant::now();
            plan.run()?;
            if run >= warm_up {
                times.push(begun.elapsed());
            }
        }
    }
    times.sort();
    Ok(times.get(times.len() / 2).copied().unwrap_or_default())
}
