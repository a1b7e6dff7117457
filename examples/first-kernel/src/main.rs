//! Doubles three numbers, on the CPU and on a GPU.

mod kernels;

use std::error::Error;

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::variant::KernelTable;

use kernels::{ScaleParams, scale};

/// The kernels' WGSL, as the build script wrote it.
static KERNELS: KernelTable = include!(concat!(env!("OUT_DIR"), "/kernels.rs"));

fn double(device: &Device, values: &[f32]) -> Result<Vec<f32>, DispatchError> {
    let n = values.len();
    let x = device.upload(values, "x")?;
    let mut y = device.create::<f32>(n, "y")?;
    let mut recorder = Recorder::new(device, "double");
    scale::Kernel::dispatch(&mut recorder, ScaleParams { n: n as u32, factor: 2.0 }, scale::Args { x: &x, y: &mut y })?;
    recorder.run()?;
    pollster::block_on(device.read(&y, 0..n))
}

fn main() -> Result<(), Box<dyn Error>> {
    let values = [1.0, 2.0, 3.0];
    println!("on the CPU: {:?}", double(&Device::Cpu(CpuOptions::default()), &values)?);
    match pollster::block_on(Gpu::request(&AdapterSelection::Default, KERNELS, GpuOptions::default())) {
        Ok(gpu) => println!("on {}: {:?}", gpu.info(), double(&Device::Gpu(gpu.clone()), &values)?),
        Err(error) => println!("on no GPU: {error}"),
    }
    Ok(())
}

#[test]
fn every_number_is_doubled() {
    let values: Vec<f32> = (0..1000).map(|i| i as f32).collect();
    let doubled = double(&Device::Cpu(CpuOptions::default()), &values).unwrap();
    assert!(values.iter().zip(doubled).all(|(value, doubled)| doubled == 2.0 * value));
}
