//! Races: what no barrier orders, in workgroup memory, in storage and between workgroups.

use kernel::dispatch::DispatchError;
use kernel::prelude::*;
use kernel::trial::Trial;

use crate::{at, mistake};

/// A missing barrier is planted where `BARRIER` is false.
#[kernel(workgroup = 64, groups = 2)]
async fn reverse<const BARRIER: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = 64] row: &mut Workgroup<f32>,
) {
    row[lane] = x[group * 64 + lane];
    if BARRIER {
        workgroup_barrier().await;
    }
    y[group * 64 + lane] = row[63 - lane];
}

fn reversed<const BARRIER: bool>(trial: &mut Trial) -> Result<(), DispatchError> {
    let (x, mut y) = (trial.random("x", 128)?, trial.output("y", 128)?);
    reverse::Kernel::<BARRIER>::dispatch(trial, (), reverse::Args { x: &x, y: &mut y })?;
    Ok(())
}

#[test]
fn a_kernel_whose_barriers_stand_passes() {
    kernel::check(reversed::<true>).unwrap();
}

#[test]
fn a_missing_barrier_is_a_race_that_names_both_lines_and_both_invocations() {
    let (write, read) = (at!("row[lane] = x"), at!("row[63 - lane]"));
    assert_eq!(
        mistake(reversed::<false>),
        format!(
            "`reverse<false>`: race on `row[32]`: invocation 31 of workgroup 0 reads it at {read} (phase 0); invocation \
             32 of workgroup 0 writes it at {write} (phase 0); a `workgroup_barrier()` between them is missing"
        )
    );
}

/// Every invocation adds to one element.
#[kernel(workgroup = 8, groups = 1)]
async fn add_up(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>, #[len = 1] sum: &mut Workgroup<f32>) {
    if lane == 0 {
        sum[0] = 0.0;
    }
    workgroup_barrier().await;
    sum[0] += x[lane];
    workgroup_barrier().await;
    if lane == 0 {
        y[0] = sum[0];
    }
}

#[test]
fn a_compound_assignment_reads_and_writes() {
    let message = mistake(|trial| {
        let (x, mut y) = (trial.random("x", 8)?, trial.output("y", 1)?);
        add_up::Kernel::dispatch(trial, (), add_up::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let line = at!("sum[0] += x");
    assert_eq!(
        message,
        format!(
            "`add_up`: race on `sum[0]`: invocation 0 of workgroup 0 writes it at {line} (phase 1); invocation 1 of \
             workgroup 0 reads it at {line} (phase 1); a `workgroup_barrier()` between them is missing"
        )
    );
}

#[kernel(workgroup = 4, groups = 1)]
fn raise_flag(lane: LocalIndex, x: &Storage<f32>, flag: &mut Storage<u32>) {
    if x[lane] < 2.0 {
        flag[0] = 1;
    }
}

#[test]
fn two_writes_of_one_value_are_a_race() {
    let message = mistake(|trial| {
        let (x, mut flag) = (trial.random("x", 4)?, trial.changed("flag", &[0])?);
        raise_flag::Kernel::dispatch(trial, (), raise_flag::Args { x: &x, flag: &mut flag })?;
        Ok(())
    });
    let line = at!("flag[0] = 1;");
    assert_eq!(
        message,
        format!(
            "`raise_flag`: race on `flag[0]`: invocation 0 of workgroup 0 writes it at {line} (phase 0); invocation 1 of \
             workgroup 0 writes it at {line} (phase 0); a `storage_barrier()` between them is missing"
        )
    );
}

/// Each workgroup leaves a value that the next one takes.
#[kernel(workgroup = 1, groups = 3)]
fn hand_on(group: WorkgroupId, y: &mut Storage<u32>) {
    if group > 0 {
        y[group] = y[group - 1] + 1;
    }
}

#[test]
fn workgroups_of_a_dispatch_are_not_ordered() {
    let message = mistake(|trial| {
        let mut y = trial.changed("y", &[0; 3])?;
        hand_on::Kernel::dispatch(trial, (), hand_on::Args { y: &mut y })?;
        Ok(())
    });
    let (write, read) = (at!("y[group] = y"), at!("y[group - 1]"));
    assert_eq!(
        message,
        format!(
            "`hand_on`: race on `y[1]`: invocation 0 of workgroup 1 writes it at {write} (phase 0); invocation 0 of \
             workgroup 2 reads it at {read} (phase 0); nothing orders the workgroups of a dispatch"
        )
    );
}

#[test]
fn dispatches_are_ordered() {
    kernel::check(|trial| {
        let (x, mut y, mut z) = (trial.random("x", 128)?, trial.output("y", 128)?, trial.output("z", 128)?);
        reverse::Kernel::<true>::dispatch(trial, (), reverse::Args { x: &x, y: &mut y })?;
        reverse::Kernel::<true>::dispatch(trial, (), reverse::Args { x: &y, y: &mut z })?;
        reverse::Kernel::<true>::dispatch(trial, (), reverse::Args { x: &z, y: &mut y })?;
        Ok(())
    })
    .unwrap();
}

/// Storage between two invocations, ordered by the right barrier or by the wrong one.
#[kernel(workgroup = 2, groups = 1)]
async fn swap<const STORAGE: bool>(lane: LocalIndex, y: &mut Storage<u32>, z: &mut Storage<u32>) {
    y[lane] = lane;
    if STORAGE {
        storage_barrier().await;
    } else {
        workgroup_barrier().await;
    }
    z[lane] = y[1 - lane];
}

fn swapped<const STORAGE: bool>(trial: &mut Trial) -> Result<(), DispatchError> {
    let (mut y, mut z) = (trial.output("y", 2)?, trial.output("z", 2)?);
    swap::Kernel::<STORAGE>::dispatch(trial, (), swap::Args { y: &mut y, z: &mut z })?;
    Ok(())
}

#[test]
fn a_workgroup_barrier_does_not_order_storage() {
    kernel::check(swapped::<true>).unwrap();
    let (write, read) = (at!("y[lane] = lane"), at!("y[1 - lane]"));
    assert_eq!(
        mistake(swapped::<false>),
        format!(
            "`swap<false>`: race on `y[1]`: invocation 1 of workgroup 0 writes it at {write} (phase 0); invocation 0 of \
             workgroup 0 reads it at {read} (phase 1); a `workgroup_barrier()` orders workgroup memory only, a \
             `storage_barrier()` between them is missing"
        )
    );
}

/// A device function that leaves out the barrier after its last read.
#[device]
async fn broadcast(value: f32, lane: u32, slot: &mut Workgroup<f32>) -> f32 {
    if lane == 0 {
        slot[0] = value; // written by lane 0
    }
    workgroup_barrier().await;
    slot[0] // read by all
}

#[kernel(workgroup = 4, groups = 1)]
async fn broadcast_twice(
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = 1] shared: &mut Workgroup<f32>,
) {
    let first = broadcast(x[0], lane, shared).await;
    let second = broadcast(x[1], lane, shared).await;
    y[lane] = first + second;
}

#[test]
fn a_race_in_a_device_function_is_at_its_own_lines_under_the_kernels_name_of_the_memory() {
    let message = mistake(|trial| {
        let (x, mut y) = (trial.random("x", 2)?, trial.output("y", 4)?);
        broadcast_twice::Kernel::dispatch(trial, (), broadcast_twice::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let (write, read) = (at!("slot[0] = value; // written by lane 0"), at!("slot[0] // read by all"));
    // In the forward schedule invocation 0 writes before the others have read: theirs comes second.
    assert_eq!(
        message,
        format!(
            "`broadcast_twice`: race on `shared[0]`: invocation 0 of workgroup 0 writes it at {write} (phase 1); \
             invocation 1 of workgroup 0 reads it at {read} (phase 1); a `workgroup_barrier()` between them is missing"
        )
    );
}

/// Counts, atomically; who comes first is not known, but the count is.
#[kernel(workgroup = 64, groups = 2)]
fn count(id: GlobalId, x: &Storage<f32>, counter: &mut Storage<Atomic<u32>>) {
    if x[id] > 0.0 {
        atomic_add(&counter[0], 1);
    }
}

#[test]
fn atomic_accesses_do_not_race_with_each_other() {
    kernel::check(|trial| {
        let (x, mut counter) = (trial.random("x", 128)?, trial.changed("counter", &[0])?);
        count::Kernel::dispatch(trial, (), count::Args { x: &x, counter: &mut counter })?;
        Ok(())
    })
    .unwrap();
}

#[test]
fn an_atomic_has_no_value_before_it_is_stored() {
    let message = mistake(|trial| {
        let (x, mut counter) = (trial.random("x", 128)?, trial.output("counter", 1)?);
        count::Kernel::dispatch(trial, (), count::Args { x: &x, counter: &mut counter })?;
        Ok(())
    });
    let update = at!("atomic_add(&counter[0], 1)");
    let invocation = kernel::trial::random("x", 128, -1.0..1.0).iter().position(|x| *x > 0.0).unwrap();
    assert_eq!(
        message,
        format!(
            "`count`: `counter[0]` has no value yet: invocation {invocation} of workgroup 0 atomically updates it at \
             {update} (phase 0), and nothing wrote it before"
        )
    );
}

/// Hands out places in the order of arrival, which is not known.
#[kernel(workgroup = 64, groups = 1)]
fn take_places(lane: LocalIndex, next: &mut Storage<Atomic<u32>>, place: &mut Storage<u32>) {
    place[lane] = atomic_add(&next[0], 1);
}

#[test]
fn an_output_that_depends_on_the_order_of_atomics_is_found_by_the_schedules() {
    let message = mistake(|trial| {
        let (mut next, mut place) = (trial.changed("next", &[0])?, trial.output("place", 64)?);
        take_places::Kernel::dispatch(trial, (), take_places::Args { next: &mut next, place: &mut place })?;
        Ok(())
    });
    assert_eq!(message, "output `place` depends on the order of invocations: its number 0 is 0");
}
