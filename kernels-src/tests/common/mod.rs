//! What the kernels' tests share: the devices to run on, random values, and comparison with an f64 reference.
#![allow(dead_code, reason = "each test file uses a part")]

pub mod formats;
pub mod sequences;

use std::sync::OnceLock;

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Buffer, Device};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::layout::Element;
use kernel::variant::WgslVariant;

/// The CPU executor and, where there is one, a GPU (lavapipe on a machine without). With `GEMMULE_REQUIRE_GPU=1` a
/// missing GPU is a failure; otherwise the test says that it ran on the CPU alone.
pub fn devices() -> Vec<Device> {
    let mut devices = vec![cpu()];
    devices.extend(gpu());
    devices
}

/// The CPU executor.
pub fn cpu() -> Device {
    Device::Cpu(CpuOptions::default())
}

/// The GPU with every kernel of the list, one for the whole test program.
pub fn gpu() -> Option<Device> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| {
        let table = kernel::emit::table(kernels_src::variants());
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
    gpu.clone().map(Device::Gpu)
}

/// Whether a device has the optional features that a variant asks for.
pub fn has_features(device: &Device, variant: &WgslVariant) -> bool {
    match device {
        Device::Cpu(_) => true,
        Device::Gpu(gpu) => {
            let products = variant.cooperative_matrix.unwrap_or_default();
            (gpu.has_subgroups() || !variant.subgroups)
                && (gpu.has_f16() || !variant.f16)
                && products.iter().all(|product| gpu.cooperative_products().contains(product))
        }
    }
}

/// A GPU whose grids fold early: at most `groups` workgroups a dimension.
pub fn gpu_with_grid_limit(groups: u32) -> Option<Device> {
    use kernel::gpu::LimitChoice;
    gpu()?;
    let limits = wgpu::Limits { max_compute_workgroups_per_dimension: groups, ..wgpu::Limits::default() };
    let table = kernel::emit::table(kernels_src::variants());
    let options = GpuOptions { limits: LimitChoice::Custom(Box::new(limits)), ..GpuOptions::default() };
    pollster::block_on(Gpu::request(&AdapterSelection::Default, table, options)).ok().map(Device::Gpu)
}

/// A buffer with these elements.
pub fn upload<T: Element>(device: &Device, elements: &[T]) -> Buffer<T> {
    device.upload(elements, "test").expect("the test's buffers are small")
}

/// All elements of a buffer.
pub fn read<T: Element>(device: &Device, buffer: &Buffer<T>) -> Vec<T> {
    pollster::block_on(device.read(buffer, 0..buffer.len())).expect("the range is the buffer's")
}

/// Reproducible uniform values in -1..1 (xorshift; the seed names the case).
pub fn random(seed: u64, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// Asserts `‖actual − expected‖ ≤ tolerance·‖expected‖` (with a floor for all-zero references), and no NaN.
pub fn assert_close(what: &str, actual: &[f32], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    let difference: f64 = actual.iter().zip(expected).map(|(a, e)| (f64::from(*a) - e).powi(2)).sum::<f64>().sqrt();
    let norm: f64 = expected.iter().map(|e| e * e).sum::<f64>().sqrt().max(1e-30);
    assert!(
        difference <= tolerance * norm,
        "{what}: relative error {:.3e} > {tolerance:.1e}; first values {:?} expected {:?}",
        difference / norm,
        &actual[..actual.len().min(4)],
        &expected[..expected.len().min(4)]
    );
}
