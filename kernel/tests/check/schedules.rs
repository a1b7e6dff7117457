//! What is run, and that its outputs must not depend on the order of turns.

use std::cell::Cell;

use kernel::check::{Check, CheckError};
use kernel::prelude::*;

#[kernel(workgroup = W, groups = 1)]
async fn subgroup_sums<const W: u32>(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let sum = subgroup_add(x[lane]).await;
    y[lane] = sum;
}

#[kernel(workgroup = 32, groups = 1)]
fn copy(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[lane] = x[lane];
}

#[test]
fn subgroup_sizes_are_swept_as_far_as_the_workgroup_tells_them_apart() {
    let runs = Cell::new(0);
    Check::new()
        .schedules(2)
        .run(|trial| {
            runs.set(runs.get() + 1);
            let (x, mut y) = (trial.random("x", 32)?, trial.output("y", 32)?);
            subgroup_sums::Kernel::<32>::dispatch(trial, (), subgroup_sums::Args { x: &x, y: &mut y })?;
            Ok(())
        })
        .unwrap();
    assert_eq!(runs.get(), 4 * 2, "sizes 4, 8, 16 and 32, each in two schedules");
}

#[test]
fn without_subgroups_one_size_is_enough() {
    let runs = Cell::new(0);
    kernel::check(|trial| {
        runs.set(runs.get() + 1);
        let (x, mut y) = (trial.random("x", 32)?, trial.output("y", 32)?);
        copy::Kernel::dispatch(trial, (), copy::Args { x: &x, y: &mut y })?;
        Ok(())
    })
    .unwrap();
    assert_eq!(runs.get(), 4);
}

#[test]
fn outputs_that_differ_between_schedules_are_an_error() {
    // The input stands for whatever differs between two runs.
    let runs = Cell::new(0.0);
    let error = kernel::check(|trial| {
        runs.set(runs.get() + 1.0);
        let mut x = vec![0.5; 32];
        x[3] = runs.get();
        let (x, mut y) = (trial.input("x", &x)?, trial.output("y", 32)?);
        copy::Kernel::dispatch(trial, (), copy::Args { x: &x, y: &mut y })?;
        Ok(())
    })
    .unwrap_err();
    assert!(matches!(&error, CheckError::OutputsDiffer(difference) if difference.element == 3));
    assert_eq!(
        error.to_string(),
        "output `y` depends on the order of invocations: its number 3 is 1 [invocations in order, subgroups of 4], but \
         2 [invocations in reverse order, subgroups of 4]"
    );
}
