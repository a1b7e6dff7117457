//! How fast a device reads its memory: what a model's speed is compared with.

use std::time::{Duration, Instant};

use kernel::dispatch::{DispatchError, Plan, Recorder};
use kernels_src::adamw::{SumOfSquaresParams, blocks, sum_of_squares};

use crate::device::Device;
use crate::error::Error;
use crate::kernels::{Family, with_reduce};

/// Far more than any cache holds, where reading it takes no time.
const HARDWARE_BYTES: u64 = 1 << 30;
/// Enough for a CPU.
const SOFTWARE_BYTES: u64 = 64 << 20;
/// The best of so many runs counts: others met something else on the device.
const RUNS: u32 = 5;

/// Bytes a second that a kernel reads from one large buffer.
///
/// # Errors
/// What the device reports.
pub async fn measure(device: &Device) -> Result<f64, Error> {
    let dispatch = device.dispatch();
    let most = if device.is_software() { SOFTWARE_BYTES } else { HARDWARE_BYTES };
    let n = most.min(dispatch.max_binding_bytes()) / 4;
    let x = dispatch.create::<f32>(n as usize, "bandwidth")?;
    let mut sums = dispatch.create::<f32>(blocks(n as u32) as usize, "bandwidth sums")?;
    let mut recorder = Recorder::new(dispatch, "bandwidth");
    let params = SumOfSquaresParams { n: n as u32, at: 0 };
    let args = sum_of_squares::Args { x: &x, sums: &mut sums };
    with_reduce!(device.lanes(Family::Norms), 256, R => { sum_of_squares::Kernel::<R>::dispatch(&mut recorder, params, args)?; });
    let plan = recorder.finish()?;
    let best = match on_the_gpu(&plan).await? {
        Some(best) => best,
        None => {
            let mut best = Duration::MAX;
            for _ in 0..=RUNS {
                let begun = Instant::now();
                dispatch.run_then_read(&[&plan], &sums, 0..1)?.await?;
                best = best.min(begun.elapsed());
            }
            best
        }
    };
    Ok((4 * n) as f64 / best.as_secs_f64().max(1e-9))
}

/// The best run as the GPU's timestamps say, where it has them.
async fn on_the_gpu(plan: &Plan) -> Result<Option<Duration>, Error> {
    let Some(plan) = plan.on_gpu().filter(|plan| plan.gpu().has_timestamps()) else { return Ok(None) };
    let times = plan.gpu().time(plan, RUNS + 1).await.map_err(DispatchError::from)?;
    Ok(times.into_iter().skip(1).min())
}
