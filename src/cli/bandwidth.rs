//! A device's memory bandwidth, measured by copying: what a model's speed is compared with.

use std::time::{Duration, Instant};

use engine::device::Device;
use kernel::dispatch::DispatchError;
use kernel::gpu::{Gpu, GpuError, PlanBuilder};

use super::error::CliError;

/// Far more than any cache holds.
const BYTES: u64 = 256 << 20;

/// Long enough that starting and waiting do not count.
const LONG_ENOUGH: Duration = Duration::from_millis(50);

/// Bytes read and written a second by copying from one place in the device's memory to another.
pub fn measure(device: &Device) -> Result<f64, CliError> {
    match device.dispatch() {
        kernel::dispatch::Device::Gpu(gpu) => {
            on_gpu(gpu).map_err(|error| CliError::Engine(DispatchError::from(error).into()))
        }
        kernel::dispatch::Device::Cpu(_) => Ok(on_cpu()),
    }
}

fn on_gpu(gpu: &Gpu) -> Result<f64, GpuError> {
    let bytes = BYTES.min(gpu.max_buffer_bytes()) & !3;
    let (source, target) = (gpu.create(bytes, "bandwidth source")?, gpu.create(bytes, "bandwidth target")?);
    let run = |copies: u32| {
        let mut builder = PlanBuilder::new(gpu, "bandwidth");
        for _ in 0..copies {
            builder.record_copy(&source, 0, &target, 0, bytes)?;
        }
        let plan = builder.finish()?;
        let begun = Instant::now();
        gpu.submit(&plan)?;
        // Reading waits for the copies.
        pollster::block_on(gpu.read(&target, 0..4))?;
        Ok::<Duration, GpuError>(begun.elapsed())
    };
    let mut copies = 1;
    run(copies)?;
    loop {
        let time = run(copies)?;
        if time >= LONG_ENOUGH {
            return Ok(rate(bytes, copies, time));
        }
        copies *= 2;
    }
}

fn on_cpu() -> f64 {
    let source = vec![1u8; BYTES as usize];
    let mut target = vec![0u8; BYTES as usize];
    target.copy_from_slice(&source);
    let begun = Instant::now();
    let mut copies = 0;
    while begun.elapsed() < LONG_ENOUGH {
        target.copy_from_slice(std::hint::black_box(&source));
        std::hint::black_box(&mut target);
        copies += 1;
    }
    rate(BYTES, copies, begun.elapsed())
}

/// A copied byte is read once and written once.
fn rate(bytes: u64, copies: u32, time: Duration) -> f64 {
    2.0 * bytes as f64 * f64::from(copies) / time.as_secs_f64()
}
