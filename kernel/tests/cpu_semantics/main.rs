//! WGSL's semantics on the CPU executor, and the same kernels on a GPU where there is one: both must agree.

mod operators;
mod programs;
mod workgroups;

use std::sync::OnceLock;

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Buffer, Device};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::layout::Element;

/// The CPU executor and, where there is one, a GPU. With `GEMMULE_REQUIRE_GPU=1` a missing GPU is a failure.
fn devices() -> Vec<Device> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| {
        let mut variants = operators::variants();
        variants.extend(programs::variants());
        variants.extend(workgroups::variants());
        let table = kernel::emit::table(variants);
        match pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default())) {
            Ok(gpu) => Some(gpu),
            Err(error) => {
                let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
                assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
                eprintln!("SKIPPED on a GPU, run on the CPU executor alone: {error}");
                None
            }
        }
    });
    std::iter::once(cpu()).chain(gpu.clone().map(Device::Gpu)).collect()
}

fn cpu() -> Device {
    Device::Cpu(CpuOptions::default())
}

fn upload<T: Element>(device: &Device, elements: &[T]) -> Buffer<T> {
    device.upload(elements, "test").expect("the test's buffers are small")
}

fn read<T: Element>(device: &Device, buffer: &Buffer<T>) -> Vec<T> {
    pollster::block_on(device.read(buffer, 0..buffer.len())).expect("the range is the buffer's")
}

fn name(device: &Device) -> &'static str {
    if device.is_cpu() { "the CPU executor" } else { "the GPU" }
}
