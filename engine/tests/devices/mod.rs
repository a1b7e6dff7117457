//! The devices that tests of whole models run on.
#![allow(dead_code)]

use std::sync::LazyLock;

use engine::device::{Device, DeviceChoice};

/// A CPU executor.
pub fn cpu() -> Device {
    pollster::block_on(Device::open(&DeviceChoice::Cpu)).unwrap()
}

/// A GPU that no other test uses, where there is one. With `GEMMULE_REQUIRE_GPU=1` a missing GPU is a failure.
pub fn gpu() -> Option<Device> {
    match pollster::block_on(Device::open(&DeviceChoice::Gpu)) {
        Ok(gpu) => Some(gpu),
        Err(error) => {
            let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
            assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
            eprintln!("SKIPPED on a GPU, run on the CPU executor alone: {error}");
            None
        }
    }
}

/// Both, the same for all tests of a file, so that each kernel is compiled once.
pub fn devices() -> Vec<Device> {
    static DEVICES: LazyLock<Vec<Device>> = LazyLock::new(|| [Some(cpu()), gpu()].into_iter().flatten().collect());
    DEVICES.clone()
}
