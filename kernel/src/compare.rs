//! Comparison of a kernel with its f64 reference: the same case in `f64`, in `f32` on the CPU executor and on a GPU,
//! and every output within the tolerance that the kernel declares.

use std::fmt;

use crate::cpu::{CpuOptions, Precision};
use crate::dispatch::{Device, DispatchError};
use crate::tolerance::{Tolerance, Worst};
use crate::trial::{Case, Output, Trial};

/// Why a case did not compare well.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// What a device or a kernel reports; [`DispatchError::NoReference`] where there is nothing to compare with.
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    /// A kernel with outputs that are floats does not say how exact it is.
    #[error("`{kernel}` says no tolerance: `#[kernel(.., tolerance(rel = 1e-5))]`")]
    NoTolerance {
        /// The kernel's variant.
        kernel: String,
    },
    /// An output lies beyond the tolerance, or an integer differs.
    #[error("an output is not within the kernel's tolerance\n{0}")]
    Exceeded(Comparison),
}

/// Which `f32` was compared with the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compared {
    /// The CPU executor's.
    Cpu,
    /// A GPU's.
    Gpu,
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Cpu => "CPU",
            Self::Gpu => "GPU",
        })
    }
}

/// One output on one device.
#[derive(Clone, Debug, PartialEq)]
pub struct Checked {
    /// Where it was computed.
    pub on: Compared,
    /// The output's name in the trial.
    pub output: String,
    /// What it was held to: integers are equal or wrong.
    pub tolerance: Tolerance,
    /// The value that uses most of it.
    pub worst: Worst,
}

/// A case beside its reference: for every output and device the value that lies farthest off.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The variants that the case dispatches.
    pub kernels: Vec<String>,
    /// Outputs in the trial's order, on the CPU before the GPU.
    pub checked: Vec<Checked>,
}

impl Comparison {
    /// The output that uses most of its tolerance; `None` where outputs have no values.
    pub fn worst(&self) -> Option<&Checked> {
        self.checked.iter().max_by(|a, b| a.worst.used.total_cmp(&b.worst.used))
    }

    /// Whether every output is within its tolerance.
    pub fn is_within(&self) -> bool {
        self.checked.iter().all(|checked| checked.worst.used <= 1.0)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kernels.join(" + "))?;
        for Checked { on, output, tolerance, worst } in &self.checked {
            let Worst { index, actual, expected, used } = worst;
            let error = (actual - expected).abs();
            write!(
                f,
                "\n  {on} {output}[{index}] = {actual:?}, in f64 {expected:?}: error {error:.3e}, {:.0} % of \
                 tolerance(rel = {:e}, abs = {:e})",
                used * 100.0,
                tolerance.rel,
                tolerance.abs,
            )?;
        }
        Ok(())
    }
}

/// Runs a case in `f64`, in `f32` on the CPU executor and on `gpu`, and compares every output with the reference.
///
/// Floats are held to the tolerances of the kernels that the case dispatches, which add up; a value may lie
/// `abs + rel · max(|reference|, rms)` off, see [`Tolerance`]. Integers are equal.
///
/// # Errors
/// [`CompareError::Exceeded`] with every output's worst value; a kernel without tolerance or without reference; what
/// the devices report.
///
/// ```
/// # use kernel::prelude::*;
/// # use kernel::trial::Trial;
/// # use kernel::dispatch::DispatchError;
/// #[params]
/// pub struct RootParams {
///     n: u32,
/// }
///
/// #[kernel(workgroup = 64, groups = params.n.div_ceil(64), tolerance(rel = 1e-6))]
/// pub fn root(id: GlobalId, params: &RootParams, x: &Storage<f32>, y: &mut Storage<f32>) {
///     if id < params.n {
///         y[id] = sqrt(abs(x[id]));
///     }
/// }
///
/// # fn main() -> Result<(), kernel::compare::CompareError> {
/// let hundred = |trial: &mut Trial| -> Result<(), DispatchError> {
///     let x = trial.random("x", 100)?;
///     let mut y = trial.output("y", 100)?;
///     root::Kernel::dispatch(trial, RootParams { n: 100 }, root::Args { x: &x, y: &mut y })?;
///     Ok(())
/// };
/// let comparison = kernel::compare(&hundred, None)?;
/// assert!(comparison.is_within());
/// # Ok(())
/// # }
/// ```
pub fn compare(case: &Case<'_>, gpu: Option<&Device>) -> Result<Comparison, CompareError> {
    let cpu = Device::Cpu(CpuOptions::default());
    let double = Device::Cpu(CpuOptions::default().with_precision(Precision::Double));
    let trial = Trial::describe(&double, case)?;
    let dispatched = trial.dispatched().to_vec();
    let reference = trial.run()?;
    let mut checked = Vec::new();
    for (on, device) in [(Compared::Cpu, Some(&cpu)), (Compared::Gpu, gpu)] {
        let Some(device) = device else { continue };
        for (output, expected) in Trial::describe(device, case)?.run()?.iter().zip(&reference) {
            let tolerance = tolerance_of(expected, &dispatched)?;
            if let Some(worst) = tolerance.worst(&output.values(), &expected.values()) {
                checked.push(Checked { on, output: output.name.clone(), tolerance, worst });
            }
        }
    }
    let comparison = Comparison { kernels: dispatched.into_iter().map(|(kernel, _)| kernel).collect(), checked };
    if comparison.is_within() { Ok(comparison) } else { Err(CompareError::Exceeded(comparison)) }
}

fn tolerance_of(output: &Output, dispatched: &[(String, Option<Tolerance>)]) -> Result<Tolerance, CompareError> {
    if !output.is_float() {
        return Ok(Tolerance::EXACT);
    }
    dispatched.iter().try_fold(Tolerance::EXACT, |sum, (kernel, tolerance)| match tolerance {
        Some(tolerance) => Ok(Tolerance { abs: sum.abs + tolerance.abs, rel: sum.rel + tolerance.rel }),
        None => Err(CompareError::NoTolerance { kernel: kernel.clone() }),
    })
}
