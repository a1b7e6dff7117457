//! Reads of elements that have no value yet.

use kernel::prelude::*;
use kernel::trial::Trial;

use crate::{at, mistake};

#[kernel(workgroup = 4, groups = 1)]
fn relies_on_zeros(lane: LocalIndex, y: &mut Storage<f32>, #[len = 4] partial: &mut Workgroup<f32>) {
    if lane > 0 {
        partial[lane] = 1.0;
    }
    y[lane] = partial[lane];
}

#[test]
fn workgroup_memory_has_no_value_before_it_is_written() {
    let message = mistake(|trial| {
        let mut y = trial.output("y", 4)?;
        relies_on_zeros::Kernel::dispatch(trial, (), relies_on_zeros::Args { y: &mut y })?;
        Ok(())
    });
    let read = at!("partial[lane];");
    assert_eq!(
        message,
        format!(
            "`relies_on_zeros`: `partial[0]` has no value yet: invocation 0 of workgroup 0 reads it at {read} (phase 0), \
             and nothing wrote it before"
        )
    );
}

#[kernel(workgroup = 4, groups = 2)]
fn accumulate(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[id] += x[id];
}

#[test]
fn a_compound_assignment_reads_an_output_that_has_no_value() {
    let message = mistake(|trial| {
        let (x, mut y) = (trial.random("x", 8)?, trial.output("y", 8)?);
        accumulate::Kernel::dispatch(trial, (), accumulate::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let line = at!("y[id] += x");
    assert_eq!(
        message,
        format!(
            "`accumulate`: `y[0]` has no value yet: invocation 0 of workgroup 0 reads it at {line} (phase 0), and nothing \
             wrote it before"
        )
    );
}

#[test]
fn what_the_host_or_an_earlier_dispatch_wrote_has_a_value() {
    kernel::check(|trial| {
        let (x, mut y) = (trial.random("x", 8)?, trial.changed("y", &[0.0; 8])?);
        let mut copy = trial.output("copy", 8)?;
        accumulate::Kernel::dispatch(trial, (), accumulate::Args { x: &x, y: &mut y })?;
        accumulate::Kernel::dispatch(trial, (), accumulate::Args { x: &x, y: &mut y })?;
        trial.copy(&y, 0, &mut copy, 0, 8)?;
        accumulate::Kernel::dispatch(trial, (), accumulate::Args { x: &x, y: &mut copy })?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_copy_of_what_has_no_value_has_none() {
    let message = mistake(|trial| {
        let (x, nothing, mut y) = (trial.random("x", 8)?, trial.scratch("nothing", 8)?, trial.output("y", 8)?);
        trial.copy(&nothing, 0, &mut y, 0, 8)?;
        accumulate::Kernel::dispatch(trial, (), accumulate::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    assert!(message.starts_with("`accumulate`: `y[0]` has no value yet"), "{message}");
}

/// The end of a loop is read from memory without a value.
#[kernel(workgroup = 1, groups = 1)]
fn endless(y: &mut Storage<u32>, #[len = 1] end: &mut Workgroup<u32>) {
    for i in 0..end[0] {
        y[0] = i;
    }
}

#[test]
fn a_loop_without_a_valid_end_is_stopped() {
    let message = mistake(|trial| {
        let mut y = trial.output("y", 1)?;
        endless::Kernel::dispatch(trial, (), endless::Args { y: &mut y })?;
        Ok(())
    });
    assert!(message.starts_with("`endless`: `end[0]` has no value yet"), "{message}");
}

/// Writes the first component of a vector, then reads it and another one.
#[kernel(workgroup = 1, groups = 1)]
fn half_written<const MORE: bool>(
    x: &Storage<Vec4<f32>>,
    y: &mut Storage<f32>,
    #[len = 2] row: &mut Workgroup<Vec4<f32>>,
) {
    row[0].x = x[0].y;
    row[0].z = 2.0;
    y[0] = row[0].x + row[0].z;
    if MORE {
        y[1] = row[0].w;
    } else {
        y[1] = row[0].x;
    }
}

#[test]
fn a_component_has_a_value_of_its_own() {
    let half_written = |trial: &mut Trial, more: bool| {
        let (x, mut y) = (trial.input("x", &[Vec4::splat(1.0)])?, trial.output("y", 2)?);
        if more {
            half_written::Kernel::<true>::dispatch(trial, (), half_written::Args { x: &x, y: &mut y })?;
        } else {
            half_written::Kernel::<false>::dispatch(trial, (), half_written::Args { x: &x, y: &mut y })?;
        }
        Ok(())
    };
    kernel::check(|trial| half_written(trial, false)).unwrap();
    let read = at!("row[0].w");
    assert_eq!(
        mistake(|trial| half_written(trial, true)),
        format!(
            "`half_written<true>`: `row[0]` has no value yet: invocation 0 of workgroup 0 reads it at {read} (phase 0), \
             and nothing wrote it before"
        )
    );
}

/// Two halves in one word.
#[kernel(workgroup = 2, groups = 1)]
fn halves(lane: LocalIndex, x: &Storage<f16>, y: &mut Storage<f16>) {
    y[lane] = x[1 - lane];
}

#[test]
fn neighbouring_halves_are_elements_of_their_own() {
    kernel::check(|trial| {
        let (x, mut y) = (trial.input("x", &[f16::ONE; 2])?, trial.output("y", 2)?);
        halves::Kernel::dispatch(trial, (), halves::Args { x: &x, y: &mut y })?;
        Ok(())
    })
    .unwrap();
}
