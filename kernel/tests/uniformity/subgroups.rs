//! Subgroup operations and the subgroup's builtin values.

use kernel::prelude::*;

use crate::{Shape, programs};

#[device(report_uniformity)]
fn own_number() -> u32 {
    subgroup_invocation_id()
}

#[device(report_uniformity)]
fn fixed_number() -> u32 {
    12
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_at_the_top(lane: LocalIndex, y: &mut Storage<u32>) {
    let sum = subgroup_add(lane).await;
    y[lane] = sum;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 {
        y[lane] = subgroup_add(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_under_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 4 {
        y[lane] = subgroup_max(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_under_the_invocation_id(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_invocation_id() > 4 {
        y[lane] = subgroup_add(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_under_the_size(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_size() > 4 {
        y[lane] = subgroup_add(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_size(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_size() > 4 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_invocation_id(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_invocation_id() == 0 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_subgroup_sum(lane: LocalIndex, y: &mut Storage<u32>) {
    let sum = subgroup_add(lane).await;
    if sum > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_subgroup_sum_of_constants(params: &Shape, y: &mut Storage<u32>) {
    let sum = subgroup_min(params.n).await;
    if sum > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_after_a_divergent_return(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 {
        return;
    }
    y[lane] = subgroup_add(lane).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_the_size(y: &mut Storage<u32>) {
    for i in 0..subgroup_size() {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_the_invocation_id(y: &mut Storage<u32>) {
    for i in 0..subgroup_invocation_id() {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn write_under_the_invocation_id(lane: LocalIndex, y: &mut Storage<u32>) {
    let sum = subgroup_add(lane).await;
    if subgroup_invocation_id() == 0 {
        y[lane] = sum;
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_in_a_divergent_loop(lane: LocalIndex, y: &mut Storage<u32>) {
    for i in 0..lane {
        y[i] = subgroup_add(i).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_in_a_uniform_loop(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        y[i] = subgroup_add(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_of_nothing_with_the_invocation_id(lane: LocalIndex, y: &mut Storage<u32>) {
    if own_number() == 0 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_of_nothing_with_a_constant(lane: LocalIndex, y: &mut Storage<u32>) {
    if fixed_number() == 12 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn shuffle_by_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    y[lane] = subgroup_shuffle_up(lane, params.n).await + subgroup_shuffle_xor(lane, 1).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn shuffle_up_by_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = subgroup_shuffle_up(lane, lane / 2).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn shuffle_down_by_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = subgroup_shuffle_down(lane, lane / 2).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn shuffle_xor_with_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = subgroup_shuffle_xor(lane, lane % 4).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn shuffle_from_any_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = subgroup_shuffle(lane, 3 - lane % 4).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_vote(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_any(lane > 4).await {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn subgroup_sum_under_a_first_value(lane: LocalIndex, y: &mut Storage<u32>) {
    if subgroup_broadcast_first(lane).await > 4 {
        y[lane] = subgroup_add(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn vote_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 && subgroup_all(lane > 2).await {
        y[lane] = 1;
    }
}

programs! {
    subgroup_sum_at_the_top;
    subgroup_sum_under_the_lane;
    subgroup_sum_under_the_params;
    subgroup_sum_under_the_invocation_id;
    subgroup_sum_under_the_size;
    barrier_under_the_size;
    barrier_under_the_invocation_id;
    barrier_under_a_subgroup_sum;
    barrier_under_a_subgroup_sum_of_constants;
    subgroup_sum_after_a_divergent_return;
    loop_to_the_size;
    loop_to_the_invocation_id;
    write_under_the_invocation_id;
    subgroup_sum_in_a_divergent_loop;
    subgroup_sum_in_a_uniform_loop;
    function_of_nothing_with_the_invocation_id calls own_number;
    function_of_nothing_with_a_constant calls fixed_number;
    shuffle_by_the_params;
    shuffle_up_by_the_lane;
    shuffle_down_by_the_lane;
    shuffle_xor_with_the_lane;
    shuffle_from_any_lane;
    barrier_under_a_vote;
    subgroup_sum_under_a_first_value;
    vote_under_the_lane;
}
