//! Barriers and subgroup operations that only some invocations reach. The attributes refuse most of these kernels, so
//! that they are written as the attributes' output.

use kernel::builtins::{subgroup_add, workgroup_barrier};
use kernel::cpu::{CpuError, CpuOptions, Phases, returns_here, run};

use crate::at;

fn error_of(subgroup_size: u32, body: impl Fn(&Phases<'_>) -> Result<(), CpuError> + Sync) -> String {
    run("kernel", 1, 16, CpuOptions::with_subgroups_of(subgroup_size), &body).unwrap_err().to_string()
}

#[test]
fn a_return_before_a_barrier_names_both_lines_and_the_phase() {
    let message = error_of(4, |phases| {
        phases.run(&|lane| {
            Box::pin(async move {
                workgroup_barrier().await; // all pass
                if lane == 5 {
                    returns_here();
                    return;
                }
                workgroup_barrier().await; // all but one wait
            })
        })
    });
    let (barrier, returned) = (at!("workgroup_barrier().await; // all but one"), at!("returns_here();"));
    assert_eq!(
        message,
        format!(
            "`kernel`, workgroup 0, phase 1: invocation 0 waits at {barrier} for workgroup_barrier, while invocation 5 \
             has returned at {returned}"
        )
    );
}

#[test]
fn a_subgroup_operation_wants_its_whole_subgroup() {
    let message = error_of(8, |phases| {
        phases.run(&|lane| {
            Box::pin(async move {
                if lane < 12 {
                    let _ = subgroup_add(lane).await; // one subgroup and a half
                } else {
                    workgroup_barrier().await; // the last four
                }
            })
        })
    });
    let (operation, barrier) =
        (at!("subgroup_add(lane).await; // one"), at!("workgroup_barrier().await; // the last four"));
    assert_eq!(
        message,
        format!(
            "`kernel`, workgroup 0, phase 0: invocation 0 waits at {operation} for subgroup_add, while invocation 12 \
             waits at {barrier} for workgroup_barrier"
        )
    );
}

#[test]
fn a_divided_subgroup_is_named_as_such() {
    let message = error_of(16, |phases| {
        phases.run(&|lane| {
            Box::pin(async move {
                if lane < 12 {
                    let _ = subgroup_add(lane).await; // twelve of sixteen
                }
            })
        })
    });
    let operation = at!("subgroup_add(lane).await; // twelve");
    assert_eq!(
        message,
        format!(
            "`kernel`, workgroup 0, phase 0: invocation 0 waits at {operation} for subgroup_add, while invocation 12 of \
             its subgroup has returned"
        )
    );
}
