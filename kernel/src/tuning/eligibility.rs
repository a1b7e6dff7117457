//! Whether a variant can be used: the device has what it needs, and what it computes is right.

use super::{TuningError, Variant};
use crate::cpu::CpuOptions;
use crate::dispatch::{Device, DispatchError};
use crate::gpu::{Gpu, GpuError};
use crate::layout::Scalar;
use crate::tolerance::{Tolerance, Worst};
use crate::trial::{Output, Trial};

/// Drivers differ in rounding and in the order of sums; a driver that is wrong is wrong by more than this.
const LOOSE: Tolerance = Tolerance { abs: 1e-6, rel: 2e-3 };

/// Why a variant is not used.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Ineligible {
    /// The device lacks a feature or a limit, or its compiler refuses the variant.
    #[error("{0}")]
    Lacks(GpuError),
    /// The driver computes something else than the CPU executor.
    #[error(transparent)]
    Wrong(#[from] WrongResult),
}

/// A variant's result on a device differs from the CPU executor's.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("`{key}` gives wrong results on {device}: {output}[{index}] is {actual}, and {expected} on the CPU executor")]
pub struct WrongResult {
    /// The variant.
    pub key: String,
    /// The adapter and its driver.
    pub device: String,
    /// The output buffer's name.
    pub output: String,
    /// The scalar in it.
    pub index: usize,
    /// What the device computed.
    pub actual: f64,
    /// What the CPU executor computed.
    pub expected: f64,
}

/// Tries a variant on the device and compares it with the CPU executor, whose subgroups are as large.
pub(super) async fn check(gpu: &Gpu, variant: &Variant) -> Result<Result<(), Ineligible>, TuningError> {
    let on_gpu = match outputs(&Device::Gpu(gpu.clone()), variant).await {
        Ok(outputs) => outputs,
        Err(error) => return Ok(Err(Ineligible::Lacks(lacks(error)?))),
    };
    let (_, subgroup_size) = gpu.subgroup_sizes();
    let options = CpuOptions::with_subgroups_of(subgroup_size.clamp(4, 128));
    let on_cpu = outputs(&Device::Cpu(options), variant).await?;
    for (actual, expected) in on_gpu.iter().zip(&on_cpu) {
        if let Some(worst) = difference(actual, expected) {
            return Ok(Err(Ineligible::Wrong(WrongResult {
                key: variant.key.clone(),
                device: gpu.info().to_string(),
                output: actual.name.clone(),
                index: worst.index,
                actual: worst.actual,
                expected: worst.expected,
            })));
        }
    }
    Ok(Ok(()))
}

/// What the device lacks for a variant, where that is why its trial failed.
///
/// # Errors
/// The trial's error where it is another.
pub fn lacks(error: DispatchError) -> Result<GpuError, DispatchError> {
    match error {
        DispatchError::Gpu(
            lacks @ (GpuError::MissingFeature { .. }
            | GpuError::OverLimit { .. }
            | GpuError::Compile { .. }
            | GpuError::UnknownVariant { .. }
            | GpuError::StaleTable { .. }),
        ) => Ok(lacks),
        other => Err(other),
    }
}

async fn outputs(device: &Device, variant: &Variant) -> Result<Vec<Output>, DispatchError> {
    Trial::describe(device, &variant.small)?.outputs().await
}

/// The worst value where the outputs differ. Words that differ may be pairs of halves, whose last bit is free as a
/// float's is.
fn difference(actual: &Output, expected: &Output) -> Option<Worst> {
    let worst = |tolerance: Tolerance, actual: &[f64], expected: &[f64]| {
        tolerance.worst(actual, expected).filter(|worst| worst.used > 1.0)
    };
    let (values, wanted) = (actual.values(), expected.values());
    match expected.scalar {
        Scalar::U32 => {
            let exact = worst(Tolerance::EXACT, &values, &wanted)?;
            worst(LOOSE, &halves(&actual.bytes), &halves(&expected.bytes)).map(|_| exact)
        }
        // A struct's words that differ may be floats.
        Scalar::Struct => {
            let exact = worst(Tolerance::EXACT, &values, &wanted)?;
            let singles = |output: &Output| Scalar::F32.values(&output.bytes);
            worst(LOOSE, &singles(actual), &singles(expected)).map(|_| exact)
        }
        Scalar::I32 => worst(Tolerance::EXACT, &values, &wanted),
        _ => worst(LOOSE, &values, &wanted),
    }
}

fn halves(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(2).map(|half| half::f16::from_le_bytes([half[0], half[1]]).to_f64()).collect()
}
