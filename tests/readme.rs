//! The README's kernel is real: the code below is what it shows, what it says is emitted is emitted, and it runs.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::prelude::*;

#[params]
pub struct ScaleParams {
    pub n: u32,
    pub factor: f32,
}

/// `y = factor · x`, one invocation a value.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn scale(id: GlobalId, params: &ScaleParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = params.factor * x[id];
    }
}

kernel::variants! {
    /// The README's only variant.
    pub fn variants;
    scale;
}

fn dispatch(device: Device) -> Result<(), DispatchError> {
    let x = device.upload(&[1.0f32, 2.0, 3.0], "x")?;
    let mut y = device.create::<f32>(3, "y")?;
    let mut recorder = Recorder::new(&device, "example");
    scale::Kernel::dispatch(&mut recorder, ScaleParams { n: 3, factor: 2.0 }, scale::Args { x: &x, y: &mut y })?;
    recorder.run()?;
    assert_eq!(pollster::block_on(device.read(&y, 0..3))?, [2.0, 4.0, 6.0]);
    Ok(())
}

/// The README's code blocks in a language, without indentation.
fn blocks(language: &str) -> Vec<String> {
    let readme = include_str!("../README.md");
    let opening = format!("```{language}\n");
    readme.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).map(unindented).collect()
}

fn unindented(text: &str) -> String {
    text.lines().map(str::trim_start).collect::<Vec<_>>().join("\n").trim().into()
}

#[test]
fn the_kernel_and_its_dispatch_are_the_code_above() {
    let here = unindented(include_str!("readme.rs"));
    let rust = blocks("rust");
    assert!(here.contains(&rust[0]), "the README's kernel is not this file's:\n{}", rust[0]);
    assert!(here.contains(&rust[1]), "the README's dispatch is not this file's:\n{}", rust[1]);
}

#[test]
fn the_wgsl_is_what_is_emitted() {
    let emitted = variants();
    assert_eq!(emitted.len(), 1);
    let shown = &blocks("wgsl")[0];
    assert!(unindented(&emitted[0].wgsl).contains(shown), "emitted:\n{}\nin the README:\n{shown}", emitted[0].wgsl);
}

#[test]
fn the_dispatch_runs() {
    dispatch(Device::Cpu(CpuOptions::default())).unwrap();
}
