//! Our side: the examples' kernels, timed by the GPU's own clock.

use std::error::Error;

use half::f16;
use kernel::dispatch::{Buffer, Device, Plan, Recorder};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::trial::Trial;
use kernel::types::Vec4;
use kernel_examples::calls::{record_matmul, record_matmul_f16};
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
    let params = MatmulParams { m: n, n, k: n };
    let mut c = device.create::<f32>(problem.n * problem.n, "c")?;
    let (a, b) = (device.upload(&problem.a, "a")?.cast::<Vec4<f32>>(), device.upload(&problem.b, "b")?.cast());
    let mut recorder = Recorder::new(&device, "matmul");
    record_matmul(&mut recorder, params, &a, &b, &mut c.view())?;
    report(problem, "ours, f32", &device, &recorder.finish()?, &c)?;

    let (a, b) = (Problem::halves(&problem.a), Problem::halves(&problem.b));
    let (a, b) = (device.upload(&a, "a")?.cast::<Vec4<f16>>(), device.upload(&b, "b")?.cast());
    device.write(&mut c, 0, &vec![f32::NAN; problem.n * problem.n])?;
    let mut recorder = Recorder::new(&device, "matmul_f16");
    match record_matmul_f16(&device, &mut recorder, params, &a, &b, &mut c) {
        Ok(()) => report(problem, "ours, f16, sums in f32", &device, &recorder.finish()?, &c)?,
        Err(error) => println!("ours, f16: {error}"),
    }
    Ok(())
}

fn report(problem: &Problem, what: &str, device: &Device, plan: &Plan, c: &Buffer<f32>) -> Result<(), Box<dyn Error>> {
    let seconds = run::time(device, plan)?.as_secs_f64();
    let values = pollster::block_on(device.read(c, 0..c.len()))?;
    problem.report(what, seconds, |at| f64::from(values[at]));
    Ok(())
}
