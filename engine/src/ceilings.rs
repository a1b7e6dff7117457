//! What a device can do at most, measured on it: how fast it reads its memory and how fast it computes. A model's speed
//! and every kernel's are compared with these.

use std::time::Duration;

use kernel::dispatch::{Buffer, DispatchError, Plan, Recorder};
use kernels_src::adamw::{SumOfSquaresParams, blocks, sum_of_squares};
use kernels_src::peak::{MultiplyAddsParams, multiply_adds};
use web_time::Instant;

use crate::device::Device;
use crate::error::Error;
use crate::kernels::{Family, with_reduce};

/// Far more than any cache holds, where reading it takes no time; a browser's tab shares its GPU.
const HARDWARE_BYTES: u64 = if cfg!(target_arch = "wasm32") { 256 << 20 } else { 1 << 30 };
/// Enough for a CPU.
const SOFTWARE_BYTES: u64 = 64 << 20;
/// Invocations and rounds that keep any GPU busy for a while.
const HARDWARE_ROUNDS: (u32, u32) = (4096 * 256, 256);
/// Enough for a CPU.
const SOFTWARE_ROUNDS: (u32, u32) = (64 * 256, 8);
/// The best of so many runs counts: others met something else on the device.
const RUNS: u32 = 5;
/// Work before the runs that count, after which a GPU that rested has raised its clock.
const WARM_UP: Duration = Duration::from_millis(500);

/// A read of one large buffer. It measures the bandwidth, and nothing that was in a cache is there after it.
pub struct Sweep {
    device: Device,
    plan: Plan,
    sums: Buffer<f32>,
    bytes: u64,
}

impl Sweep {
    /// Makes the buffer.
    ///
    /// # Errors
    /// What the device reports.
    pub fn new(device: &Device) -> Result<Self, Error> {
        let dispatch = device.dispatch();
        let most = if device.is_software() { SOFTWARE_BYTES } else { HARDWARE_BYTES };
        let n = most.min(dispatch.max_binding_bytes()) / 4;
        let x = dispatch.create::<f32>(n as usize, "bandwidth")?;
        let mut sums = dispatch.create::<f32>(blocks(n as u32) as usize, "bandwidth sums")?;
        let mut recorder = Recorder::new(dispatch, "bandwidth");
        let params = SumOfSquaresParams { n: n as u32, at: 0 };
        let args = sum_of_squares::Args { x: &x, sums: &mut sums };
        with_reduce!(device.lanes(Family::Norms), 256, R => { sum_of_squares::Kernel::<R>::dispatch(&mut recorder, params, args)?; });
        Ok(Self { device: device.clone(), plan: recorder.finish()?, sums, bytes: 4 * n })
    }

    /// The read, to be run again.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Bytes a second that it reads.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn bandwidth(&self) -> Result<f64, Error> {
        let best = fastest(&self.device, &self.plan, &self.sums).await?;
        Ok(self.bytes as f64 / best.as_secs_f64().max(1e-9))
    }
}

/// Bytes a second that a kernel reads from one large buffer.
///
/// # Errors
/// What the device reports.
pub async fn bandwidth(device: &Device) -> Result<f64, Error> {
    Sweep::new(device)?.bandwidth().await
}

/// Operations a second of `f32` multiply-adds in registers, each counted as two.
///
/// # Errors
/// What the device reports.
pub async fn arithmetic(device: &Device) -> Result<f64, Error> {
    let dispatch = device.dispatch();
    let (n, rounds) = if device.is_software() { SOFTWARE_ROUNDS } else { HARDWARE_ROUNDS };
    let mut y = dispatch.create::<f32>(n as usize, "multiply-adds")?;
    let mut recorder = Recorder::new(dispatch, "multiply-adds");
    let params = MultiplyAddsParams { n, rounds, factor: 0.75, offset: 0.25 };
    multiply_adds::Kernel::<256>::dispatch(&mut recorder, params, multiply_adds::Args { y: &mut y })?;
    let best = fastest(device, &recorder.finish()?, &y).await?;
    Ok(params.operations() / best.as_secs_f64().max(1e-9))
}

/// The best run as the GPU's timestamps say; one of many in a row where these are coarse or there are none.
async fn fastest(device: &Device, plan: &Plan, written: &Buffer<f32>) -> Result<Duration, Error> {
    if let Some(plan) = plan.on_gpu() {
        if cfg!(target_arch = "wasm32") || !plan.gpu().has_timestamps() {
            return Ok(plan.gpu().time_batches(plan).await.map_err(DispatchError::from)?.time);
        }
        plan.gpu().warm_up(plan, WARM_UP).await.map_err(DispatchError::from)?;
        let times = plan.gpu().time(plan, RUNS + 1).await.map_err(DispatchError::from)?;
        return Ok(times.into_iter().skip(1).min().unwrap_or_default());
    }
    let mut best = Duration::MAX;
    for _ in 0..=RUNS {
        let begun = Instant::now();
        device.dispatch().run_then_read(&[plan], written, 0..1)?.await?;
        best = best.min(begun.elapsed());
    }
    Ok(best)
}
