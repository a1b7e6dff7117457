//! Rust's order of evaluation, where WGSL's differs or statements come between.

use kernel::prelude::*;

use super::{assert_wgsl, body};

#[kernel(workgroup = 1, groups = 1)]
fn operand_before_block(y: &mut Storage<f32>) {
    let mut acc = 1.0f32;
    acc = acc + {
        acc = 2.0;
        acc
    };
    y[0] = acc;
}

#[test]
fn an_operand_does_not_see_what_a_later_block_assigns() {
    assert_wgsl(
        &body(operand_before_block::emit()),
        "
        var acc: f32 = 1.0f;
        let kept = acc;
        acc = 2.0f;
        acc = (kept + acc);
        y[0i] = acc;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn settled_operand(x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = x[0];
    y[0] = a * 2.0 + if x[1] > 0.0 { 1.0 } else { a };
}

#[test]
fn an_operand_that_nothing_changes_needs_no_name() {
    assert_wgsl(
        &body(settled_operand::emit()),
        "
        let a = x[0i];
        var branch: f32;
        if (x[1i] > 0.0f) {
            branch = 1.0f;
        } else {
            branch = a;
        }
        y[0i] = ((a * 2.0f) + branch);
        ",
    );
}

#[device]
fn next(state: &mut u32) -> u32 {
    *state += 1;
    *state
}

#[kernel(workgroup = 1, groups = 1)]
fn calls_before_ifs(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut state = 0u32;
    y[0] = next(&mut state) * 10 + if x[0] > 0 { next(&mut state) } else { 0 };
    y[1] = max(state, if x[1] > 0 { next(&mut state) } else { 0 });
}

#[test]
fn a_call_before_an_if_is_made_before_it() {
    assert_wgsl(
        &body(calls_before_ifs::emit()),
        "
        var state: u32 = 0u;
        let kept = (next(&state) * 10u);
        var branch: u32;
        if (x[0i] > 0u) {
            branch = next(&state);
        } else {
            branch = 0u;
        }
        y[0i] = (kept + branch);
        let kept_1 = state;
        var branch_1: u32;
        if (x[1i] > 0u) {
            branch_1 = next(&state);
        } else {
            branch_1 = 0u;
        }
        y[1i] = max(kept_1, branch_1);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn assignments(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut state = 0u32;
    y[state] = next(&mut state);
    state += next(&mut state);
    y[0] = next(&mut state);
    y[if x[0] > 0 { 1u32 } else { 2 }] = next(&mut state);
}

#[test]
fn a_value_is_evaluated_before_its_place() {
    assert_wgsl(
        &body(assignments::emit()),
        "
        var state: u32 = 0u;
        let value = next(&state);
        y[state] = value;
        let value_1 = next(&state);
        state += value_1;
        y[0i] = next(&state);
        let kept = next(&state);
        var branch: u32;
        if (x[0i] > 0u) {
            branch = 1u;
        } else {
            branch = 2u;
        }
        y[branch] = kept;
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn guards(i: GlobalId, x: &Storage<u32>, y: &mut Storage<u32>) {
    if i < 4 && (if x[i] > 0 { x[i] } else { 7 }) == 7 {
        y[0] = 1;
    }
    if i > 4 || {
        y[1] = 2;
        true
    } {
        y[2] = 3;
    }
}

#[test]
fn the_right_side_of_a_condition_runs_only_where_it_counts() {
    assert_wgsl(
        &body(guards::emit()),
        "
        var branch: bool;
        if ((group * 1u + local_invocation_index) < 4u) {
            var branch_1: u32;
            if (x[(group * 1u + local_invocation_index)] > 0u) {
                branch_1 = x[(group * 1u + local_invocation_index)];
            } else {
                branch_1 = 7u;
            }
            branch = (branch_1 == 7u);
        } else {
            branch = false;
        }
        if branch {
            y[0i] = 1u;
        }
        var branch_2: bool;
        if ((group * 1u + local_invocation_index) > 4u) {
            branch_2 = true;
        } else {
            y[1i] = 2u;
            branch_2 = true;
        }
        if branch_2 {
            y[2i] = 3u;
        }
        ",
    );
}

#[device]
struct Pair {
    a: u32,
    b: u32,
}

#[kernel(workgroup = 1, groups = 1)]
fn fields(x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut state = 0u32;
    let pair = Pair {
        b: state,
        a: if x[0] > 0 {
            state = 1;
            2
        } else {
            3
        },
    };
    y[0] = pair.a + pair.b + state;
}

#[test]
fn fields_are_evaluated_as_written() {
    assert_wgsl(
        &body(fields::emit()),
        "
        var state: u32 = 0u;
        let kept = state;
        var branch: u32;
        if (x[0i] > 0u) {
            state = 1u;
            branch = 2u;
        } else {
            branch = 3u;
        }
        let pair = Pair(branch, kept);
        y[0i] = ((pair.a + pair.b) + state);
        ",
    );
}

#[kernel(workgroup = 1, groups = 1)]
fn repeats(y: &mut Storage<u32>) {
    let mut state = 0u32;
    let mut values = [next(&mut state); 3];
    values[0] += 1;
    for i in state..next(&mut state) {
        y[i] = values[i];
    }
}

#[test]
fn a_repeated_value_and_a_loops_ends_are_evaluated_once() {
    assert_wgsl(
        &body(repeats::emit()),
        "
        var state: u32 = 0u;
        let kept = next(&state);
        var values: array<u32, 3> = array<u32, 3>(kept, kept, kept);
        values[0i] += 1u;
        let start = state;
        let end = next(&state);
        for (var i: u32 = start; i < end; i++) {
            y[i] = values[i];
        }
        ",
    );
}

#[device]
async fn swapped(lane: u32, scratch: &mut Workgroup<u32>) -> u32 {
    scratch[lane] = lane;
    workgroup_barrier().await;
    let other = scratch[1 - lane];
    workgroup_barrier().await;
    other
}

#[kernel(workgroup = 2, groups = 1)]
async fn accumulates(lane: LocalIndex, y: &mut Storage<u32>, #[len = 2] scratch: &mut Workgroup<u32>) {
    scratch[lane] = 0;
    scratch[lane] += swapped(lane, scratch).await;
    y[lane] = scratch[lane];
}

#[test]
fn a_place_is_read_after_a_helper_that_writes_it() {
    assert_wgsl(
        &body(accumulates::emit()),
        "
        scratch[local_invocation_index] = 0u;
        let value = swapped_scratch(local_invocation_index);
        scratch[local_invocation_index] += value;
        y[local_invocation_index] = scratch[local_invocation_index];
        ",
    );
}
