//! A kernel's f64 reference: what each construct becomes, and comparison within a tolerance.

mod comparison;
mod constructs;

use kernel::cpu::{CpuOptions, Precision};
use kernel::dispatch::{Device, DispatchError};
use kernel::trial::{Output, Trial};

/// The CPU executor with `f64` for `f32`.
fn double() -> Device {
    Device::Cpu(CpuOptions::default().with_precision(Precision::Double))
}

/// The outputs of a case in f64.
fn in_f64(case: impl FnOnce(&mut Trial) -> Result<(), DispatchError>) -> Vec<Output> {
    Trial::describe(&double(), case).expect("the case has a reference").run().expect("the kernel runs")
}

/// The first output's values in f64.
fn values(case: impl FnOnce(&mut Trial) -> Result<(), DispatchError>) -> Vec<f64> {
    in_f64(case)[0].values()
}
