//! Comparison with the reference: what is within a tolerance, what is not, and what cannot be compared.

use kernel::compare::{CompareError, Compared, compare};
use kernel::dispatch::DispatchError;
use kernel::prelude::*;
use kernel::trial::{Packing, Trial, random};

#[params]
pub struct Params {
    n: u32,
}

/// The variance as `mean(x²) − mean(x)²`, which cancels where the mean is great.
#[kernel(workgroup = 1, groups = 1, tolerance(rel = 1e-4))]
fn cancelling(params: &Params, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut sum = 0.0;
    let mut squares = 0.0;
    for i in 0..params.n {
        sum += x[i];
        squares += x[i] * x[i];
    }
    let mean = sum / f32(params.n);
    y[0] = squares / f32(params.n) - mean * mean;
}

/// The variance as the mean of squared deviations.
#[kernel(workgroup = 1, groups = 1, tolerance(rel = 1e-4))]
fn stable(params: &Params, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut sum = 0.0;
    for i in 0..params.n {
        sum += x[i];
    }
    let mean = sum / f32(params.n);
    let mut squares = 0.0;
    for i in 0..params.n {
        squares += (x[i] - mean) * (x[i] - mean);
    }
    y[0] = squares / f32(params.n);
}

macro_rules! variance {
    ($kernel:ident) => {
        |trial: &mut Trial| -> Result<(), DispatchError> {
            let x = trial.input("x", &random("x", 1000, 999.0..1001.0))?;
            let mut y = trial.output("y", 1)?;
            $kernel::Kernel::dispatch(trial, Params { n: 1000 }, $kernel::Args { x: &x, y: &mut y })?;
            Ok(())
        }
    };
}

#[test]
fn cancellation_exceeds_the_tolerance_and_is_shown_with_its_numbers() {
    let Err(CompareError::Exceeded(comparison)) = compare(&variance!(cancelling), None) else {
        panic!("the kernel cancels")
    };
    let worst = comparison.worst().expect("there is an output");
    assert_eq!((worst.on, worst.output.as_str(), worst.worst.index), (Compared::Cpu, "y", 0));
    // The true variance of -1..1 is a third; f32 has seven digits for squares of a million.
    assert!((worst.worst.expected - 1.0 / 3.0).abs() < 0.03 && worst.worst.used > 10.0, "{comparison}");
    let shown = CompareError::Exceeded(comparison).to_string();
    assert!(
        shown.contains("cancelling\n  CPU y[0] = ") && shown.contains("of tolerance(rel = 1e-4, abs = 0e0)"),
        "{shown}"
    );
}

#[test]
fn the_stable_form_is_within_it() {
    let comparison = compare(&variance!(stable), None).expect("deviations do not cancel");
    assert!(comparison.worst().is_some_and(|worst| worst.worst.used > 0.0), "{comparison}");
}

#[kernel(workgroup = 1, groups = 1, tolerance(rel = 1e-12))]
fn too_exact(params: &Params, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = x[0] / f32(params.n);
}

#[kernel(workgroup = 1, groups = 1)]
fn unspoken(params: &Params, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = x[0] / f32(params.n);
}

#[test]
fn a_tolerance_that_f32_cannot_keep_is_exceeded() {
    let compared = compare(&variance!(too_exact), None);
    assert!(matches!(compared, Err(CompareError::Exceeded(_))), "{compared:?}");
}

#[test]
fn a_kernel_without_tolerance_is_an_error() {
    let Err(error) = compare(&variance!(unspoken), None) else { panic!("it says no tolerance") };
    assert_eq!(error.to_string(), "`unspoken` says no tolerance: `#[kernel(.., tolerance(rel = 1e-5))]`");
}

#[kernel(workgroup = 1, groups = 1)]
fn rounded(params: &Params, x: &Storage<f32>, y: &mut Storage<u32>) {
    y[0] = u32(x[0] * 1e6) % params.n;
}

#[test]
fn integers_are_compared_exactly() {
    let Err(CompareError::Exceeded(comparison)) = compare(&variance!(rounded), None) else {
        panic!("the last digits differ")
    };
    assert_eq!(comparison.worst().map(|worst| worst.tolerance), Some(kernel::tolerance::Tolerance::EXACT));
}

#[kernel(workgroup = 1, groups = 1, tolerance(rel = 1e-3))]
fn halved(params: &Params, x: &Storage<f32>, y: &mut Storage<u32>) {
    y[0] = pack2x16float(vec2(x[0] / f32(params.n), x[1] / f32(params.n)));
}

#[test]
fn packed_floats_are_compared_as_floats() {
    let case = |trial: &mut Trial| {
        trial.packed("y", Packing::Halves);
        variance!(halved)(trial)
    };
    let comparison = compare(&case, None).expect("halves have three digits");
    assert_eq!(comparison.checked[0].tolerance.rel, 1e-3);
}

#[test]
fn the_tolerance_stands_in_the_table() {
    let table = kernel::emit::table(vec![stable::emit(), unspoken::emit()]);
    assert_eq!(table.get("stable").and_then(|line| line.tolerance), Some(kernel::tolerance::Tolerance::rel(1e-4)));
    assert_eq!(table.get("unspoken").and_then(|line| line.tolerance), None);
}
