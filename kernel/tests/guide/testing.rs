//! Tests of kernels.

use kernel::build::Builder;
use kernel::check::CheckError;
use kernel::compare::CompareError;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::prelude::*;
use kernel::trial::Trial;

use crate::Shown;

#[params]
pub struct SoftsignParams {
    /// Values in `x` and `y`.
    pub n: u32,
}

/// `y = x / (1 + |x|)`.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64), tolerance(rel = 1e-6))]
pub fn softsign(id: GlobalId, params: &SoftsignParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = x[id] / (1.0 + abs(x[id]));
    }
}

/// 300 values: more than a workgroup's, and not a multiple of them.
fn softsign_of_300(trial: &mut Trial) -> Result<(), DispatchError> {
    let x = trial.random("x", 300)?;
    let mut y = trial.output("y", 300)?;
    softsign::Kernel::dispatch(trial, SoftsignParams { n: 300 }, softsign::Args { x: &x, y: &mut y })?;
    Ok(())
}

#[test]
fn softsign_is_right() -> Result<(), DispatchError> {
    for device in devices() {
        let x = device.upload(&[-1.0f32, 0.0, 3.0], "x")?;
        let mut y = device.create::<f32>(3, "y")?;
        let mut recorder = Recorder::new(&device, "softsign");
        softsign::Kernel::dispatch(&mut recorder, SoftsignParams { n: 3 }, softsign::Args { x: &x, y: &mut y })?;
        recorder.run()?;
        for (y, expected) in pollster::block_on(device.read(&y, 0..3))?.into_iter().zip([-0.5, 0.0, 0.75]) {
            assert!((y - expected).abs() < 1e-6, "{y} instead of {expected}");
        }
    }
    Ok(())
}

/// The CPU executor, and the GPU where there is one.
fn devices() -> Vec<Device> {
    let table = kernel::emit::table(vec![softsign::emit()]);
    let gpu = pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default()));
    std::iter::once(Device::Cpu(CpuOptions::default())).chain(gpu.ok().map(Device::Gpu)).collect()
}

#[test]
fn softsign_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(softsign_of_300)
}

#[test]
fn softsign_is_as_exact_as_it_says() -> Result<(), CompareError> {
    for device in devices() {
        let gpu = Some(&device).filter(|device| !device.is_cpu());
        kernel::compare(&softsign_of_300, gpu)?;
    }
    Ok(())
}

/// The kernel without its guard.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn unguarded(id: GlobalId, params: &SoftsignParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[id] = x[id] / (1.0 + abs(x[id]));
}

fn unguarded_of_300(trial: &mut Trial) -> Result<(), DispatchError> {
    let x = trial.random("x", 300)?;
    let mut y = trial.output("y", 300)?;
    unguarded::Kernel::dispatch(trial, SoftsignParams { n: 300 }, unguarded::Args { x: &x, y: &mut y })?;
    Ok(())
}

/// The kernel with its input rounded to `f16`, under the tolerance of one that does without.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64), tolerance(rel = 1e-6))]
pub fn rounded(id: GlobalId, params: &SoftsignParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        let short = f32(f16(x[id]));
        y[id] = short / (1.0 + abs(short));
    }
}

fn rounded_of_300(trial: &mut Trial) -> Result<(), DispatchError> {
    let x = trial.random("x", 300)?;
    let mut y = trial.output("y", 300)?;
    rounded::Kernel::dispatch(trial, SoftsignParams { n: 300 }, rounded::Args { x: &x, y: &mut y })?;
    Ok(())
}

#[test]
fn naga_accepts_every_variant() {
    Builder::new(vec![softsign::emit(), rounded::emit()]).table().unwrap();
}

/// What the page shows.
pub fn shown() -> Shown {
    vec![
        ("unguarded", kernel::check(unguarded_of_300).expect_err("an index is outside").to_string()),
        ("rounded", kernel::compare(&rounded_of_300, None).expect_err("f16 is not as exact").to_string()),
    ]
}
