//! Our side: the examples' kernels, timed by the GPU's own clock.

use std::error::Error;

use kernel::dispatch::{Buffer, Device};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::trial::Trial;
use kernel::types::Vec4;
use kernel_examples::calls::record_matmul;
use kernel_examples::kernels::matmul::MatmulParams;
use kernel_examples::kernels::peak::{PeakParams, fma_peak};
use kernel_examples::{KERNELS, run};

use crate::problem::Problem;

pub fn run(problem: &Problem) -> Result<(), Box<dyn Error>> {
    let gpu = pollster::block_on(Gpu::request(&AdapterSelection::Default, KERNELS, GpuOptions::default()))?;
    println!("{}", gpu.info());
    let device = Device::Gpu(gpu);

    let params = PeakParams { groups: 4096, repeats: 1024, factor: 0.5 };
    let peak = Trial::describe(&device, |trial| {
        let mut y = trial.output("y", params.groups as usize * 256)?;
        fma_peak::Kernel::dispatch(trial, params, fma_peak::Args { y: &mut y })?;
        Ok(())
    })?;
    let seconds = run::time(&device, &peak.plan()?)?.as_secs_f64();
    let operations = f64::from(params.groups) * 256.0 * f64::from(params.repeats) * 128.0;
    println!("f32 multiply-adds in registers: {:.1} TFLOP/s", operations / seconds * 1e-12);

    let n = problem.n as u32;
    let (a, b) = (device.upload(&problem.a, "a")?.cast::<Vec4<f32>>(), device.upload(&problem.b, "b")?.cast());
    let mut c = device.create::<Vec4<f32>>(problem.n * problem.n / 4, "c")?;
    let mut recorder = kernel::dispatch::Recorder::new(&device, "matmul");
    record_matmul(&mut recorder, MatmulParams { m: n, n, k: n }, &a, &b, &mut c)?;
    let seconds = run::time(&device, &recorder.finish()?)?.as_secs_f64();
    let values = read(&device, &c.cast())?;
    problem.report("ours, f32", seconds, |at| f64::from(values[at]));
    Ok(())
}

fn read(device: &Device, buffer: &Buffer<f32>) -> Result<Vec<f32>, Box<dyn Error>> {
    Ok(pollster::block_on(device.read(buffer, 0..buffer.len()))?)
}
