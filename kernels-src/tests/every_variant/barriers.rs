//! Every barrier of every reduction is needed: with any one of them left out, the check finds a race.

use kernel::check::Check;
use kernel::dispatch::DispatchError;
use kernel::prelude::*;
use kernel::trial::Trial;
use kernels_src::reduce::{Reduce, Subgroups, Tree};

const WIDTH: u32 = 32;

/// Reduces twice in a row through one scratch, as kernels do: what the last barrier of a reduction is for.
#[kernel(workgroup = R::WIDTH, groups = 2)]
async fn sum_twice<R: Reduce>(
    id: GlobalId,
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = R::sum(x[id], lane, scratch).await;
    let second = R::sum(x[id] * 2.0, lane, scratch).await;
    y[id] = first + second;
}

/// As [`sum_twice`].
#[kernel(workgroup = R::WIDTH, groups = 2)]
async fn max_twice<R: Reduce>(
    id: GlobalId,
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = R::max(x[id], lane, scratch).await;
    let second = R::max(x[id] * 2.0, lane, scratch).await;
    y[id] = first + second;
}

/// As [`sum_twice`], of two values at once.
#[kernel(workgroup = R::WIDTH, groups = 2)]
async fn sums_twice<R: Reduce>(
    id: GlobalId,
    lane: LocalIndex,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = 2 * R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let mut values = [0.0f32; 2];
    values[0] = x[id];
    values[1] = x[id] * 2.0;
    R::sums(&mut values, lane, scratch).await;
    R::sums(&mut values, lane, scratch).await;
    y[id] = values[0] + values[1];
}

/// The trial of one of the kernels above.
macro_rules! trial {
    ($kernel:ident, $R:ty) => {
        |trial: &mut Trial| -> Result<(), DispatchError> {
            let len = 2 * WIDTH as usize;
            let (x, mut y) = (trial.random("x", len)?, trial.output("y", len)?);
            $kernel::Kernel::<$R>::dispatch(trial, (), $kernel::Args { x: &x, y: &mut y })?;
            Ok(())
        }
    };
}

/// Leaves out each barrier of the trial in turn; each time the check must name a race on `scratch` in the reductions'
/// file. Gives the number of barriers.
fn every_barrier_is_needed(case: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> usize {
    let check = Check::new().schedules(2);
    let barriers = check.barriers(&case).expect("with all its barriers the reduction has no race");
    for barrier in &barriers {
        assert!(barrier.file().ends_with("reduce.rs"), "{barrier} is a reduction's");
        let error = check.clone().without_barrier(barrier).run(&case).expect_err("a barrier is missing").to_string();
        assert!(error.contains(": race on `scratch["), "without {barrier}: {error}");
        assert_eq!(error.matches("kernels-src/src/reduce.rs:").count(), 2, "without {barrier}: {error}");
        assert!(error.contains("a `workgroup_barrier()` between them is missing"), "without {barrier}: {error}");
    }
    barriers.len()
}

#[test]
fn a_missing_barrier_in_a_tree_is_found() {
    assert_eq!(every_barrier_is_needed(trial!(sum_twice, Tree<WIDTH>)), 3);
    assert_eq!(every_barrier_is_needed(trial!(max_twice, Tree<WIDTH>)), 3);
    assert_eq!(every_barrier_is_needed(trial!(sums_twice, Tree<WIDTH>)), 3);
}

#[test]
fn a_missing_barrier_in_a_reduction_by_subgroups_is_found() {
    assert_eq!(every_barrier_is_needed(trial!(sum_twice, Subgroups<WIDTH>)), 2);
    assert_eq!(every_barrier_is_needed(trial!(max_twice, Subgroups<WIDTH>)), 2);
    assert_eq!(every_barrier_is_needed(trial!(sums_twice, Subgroups<WIDTH>)), 2);
}
