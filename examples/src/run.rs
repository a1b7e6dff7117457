//! Opens the device that the command line names, and times plans on it.

use std::error::Error;
use std::time::{Duration, Instant};

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Plan};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::trial::Trial;

use crate::KERNELS;

/// The device that the program's first argument names: `cpu`, `gpu`, or part of an adapter's name. Without one, the
/// best GPU, or the CPU where there is none.
///
/// # Errors
/// There is no such GPU.
pub fn device() -> Result<Device, Box<dyn Error>> {
    let wanted = std::env::args().nth(1);
    let selection = match wanted.as_deref() {
        Some("cpu") => return Ok(Device::Cpu(CpuOptions::default())),
        None | Some("gpu") => AdapterSelection::Default,
        Some(name) => AdapterSelection::Named(name.to_owned()),
    };
    match pollster::block_on(Gpu::request(&selection, KERNELS, GpuOptions::default())) {
        Ok(gpu) => {
            println!("on {}", gpu.info());
            Ok(Device::Gpu(gpu))
        }
        Err(error) if wanted.is_none() => {
            println!("on the CPU, since {error}");
            Ok(Device::Cpu(CpuOptions::default()))
        }
        Err(error) => Err(error.into()),
    }
}

/// How long a run of `plan` takes, the median of several: by the GPU's own clock where it has one, else by the wall
/// clock.
///
/// # Errors
/// What the device or a kernel reports.
pub fn time(device: &Device, plan: &Plan) -> Result<Duration, DispatchError> {
    const RUNS: u32 = 15;
    /// A GPU that rested takes so much work to raise its clock.
    const WARM_UP: Duration = Duration::from_millis(500);
    let mut times = match (device, plan.on_gpu()) {
        (Device::Gpu(gpu), Some(plan)) if gpu.has_timestamps() => {
            pollster::block_on(gpu.warm_up(plan, WARM_UP))?;
            pollster::block_on(gpu.time(plan, 3))?;
            pollster::block_on(gpu.time(plan, RUNS))?
        }
        _ => {
            let fence = device.create::<u32>(1, "fence")?;
            let timed = || {
                let start = Instant::now();
                pollster::block_on(device.run_then_read(&[plan], &fence, 0..1)?)?;
                Ok(start.elapsed())
            };
            (0..RUNS).map(|_| timed()).collect::<Result<Vec<_>, DispatchError>>()?
        }
    };
    times.sort();
    Ok(times[times.len() / 2])
}

/// Describes a computation on the device of the command line, runs it, and prints its first output's first values, its
/// time, and how fast it moves its `bytes`.
///
/// # Errors
/// What the device or a kernel reports.
pub fn show(bytes: f64, computation: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> Result<(), Box<dyn Error>> {
    let device = device()?;
    let outputs = Trial::describe(&device, &computation)?.run()?;
    if let Some(output) = outputs.first() {
        let values = output.values();
        println!("{} = {:?}{}", output.name, &values[..values.len().min(6)], if values.len() > 6 { " …" } else { "" });
    }
    let time = time(&device, &Trial::describe(&device, &computation)?.plan()?)?;
    println!("{:.3} ms, {:.1} GB/s", time.as_secs_f64() * 1e3, bytes / time.as_secs_f64() * 1e-9);
    Ok(())
}
