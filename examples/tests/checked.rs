//! Every kernel under `kernel::check`: no races, no barrier that only some reach, no index out of bounds, no read of what
//! nobody wrote, in several schedules and with every subgroup size.

use kernel::check::{Check, CheckError};
use kernel::trial::{Trial, random_words};
use kernel::types::{Vec4, f16};
use kernel_examples::calls::{
    record_histogram, record_matmul, record_matmul_f16, record_reduce, record_saxpy, record_scan, record_softmax,
};
use kernel_examples::kernels::histogram::BINS;
use kernel_examples::kernels::matmul::{MatmulParams, SUBGROUP};
use kernel_examples::kernels::reduction::Sum;
use kernel_examples::kernels::scan::BLOCK;

#[test]
fn saxpy_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(|trial| {
        let x = trial.random("x", 300)?;
        let mut y = trial.changed("y", &[1.0f32; 300])?;
        record_saxpy(trial, 2.0, &x, &mut y)
    })
}

#[test]
fn a_reduction_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(|trial| {
        let x = trial.random("x", 1000)?;
        let mut y = trial.output("sum", 1)?;
        let device = trial.device().clone();
        record_reduce::<Sum>(&device, trial, &x, &mut y)
    })
}

#[test]
fn a_histogram_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(|trial| {
        let x = trial.input("x", &random_words("x", 9000).into_iter().map(|word| word % 300).collect::<Vec<_>>())?;
        let mut counts = trial.changed("counts", &[0u32; BINS as usize])?;
        record_histogram(trial, &x, &mut counts)
    })
}

#[test]
fn a_scan_makes_no_mistake() -> Result<(), CheckError> {
    let n = 2 * BLOCK as usize + 7;
    kernel::check(|trial| {
        let x = trial.input("x", &random_words("x", n))?;
        let mut y = trial.output("y", n)?;
        let device = trial.device().clone();
        record_scan(&device, trial, &x, &mut y)
    })
}

#[test]
fn a_softmax_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(|trial| {
        let x = trial.random("x", 2 * 300)?;
        let mut y = trial.output("y", 2 * 300)?;
        record_softmax(trial, 2, &x, &mut y)
    })
}

#[test]
fn a_matrix_product_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(|trial| {
        let (a, b) = (trial.random("a", 128 * 32)?.cast(), trial.random("b", 32 * 128)?.cast());
        let mut c = trial.output("c", 128 * 32)?;
        record_matmul(trial, MatmulParams { m: 128, n: 128, k: 32 }, &a, &b, &mut c)
    })
}

#[test]
fn a_matrix_product_in_f16_makes_no_mistake_with_subgroups_of_32() -> Result<(), CheckError> {
    Check::new().subgroup_sizes([SUBGROUP]).schedules(2).run(|trial| {
        let halves = |len| vec![Vec4::splat(f16::from_f32(0.5)); len];
        let (a, b) = (trial.input("a", &halves(128 * 16))?, trial.input("b", &halves(64 * 64))?);
        let mut c = trial.output("c", 128 * 256)?;
        record_matmul_f16(&trial.device().clone(), trial, MatmulParams { m: 128, n: 256, k: 64 }, &a, &b, &mut c)
    })
}

#[test]
fn a_missing_barrier_is_found() -> Result<(), CheckError> {
    let rows = |trial: &mut Trial| {
        let x = trial.random("x", 2 * 300)?;
        let mut y = trial.output("y", 2 * 300)?;
        record_softmax(trial, 2, &x, &mut y)
    };
    let barriers = Check::new().barriers(rows)?;
    assert!(!barriers.is_empty());
    for barrier in barriers {
        let found = Check::new().without_barrier(barrier).run(rows);
        assert!(matches!(found, Err(CheckError::Run { .. })), "without the barrier at {barrier}: {found:?}");
    }
    Ok(())
}
