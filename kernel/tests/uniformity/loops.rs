//! Barriers in and after loops: bounds, counters, and how a loop is left.

use kernel::prelude::*;

use crate::{Shape, programs};

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_the_params(params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    for i in 0..lane {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_from_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in strided(lane, params.n, 64) {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_by_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in strided(0, params.n, lane + 1) {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_loop_from_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in strided(lane, params.n, 64) {
        y[i] = i;
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_read_storage(x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..x[0] {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_read_storage_at_the_lane(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..x[lane] {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_written_storage(y: &mut Storage<u32>) {
    for i in 1..y[0] {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_workgroup_memory(
    lane: LocalIndex,
    params: &Shape,
    y: &mut Storage<u32>,
    #[len = 64] s: &mut Workgroup<u32>,
) {
    s[lane] = params.n;
    workgroup_barrier().await;
    for i in 0..s[0] {
        y[i] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_loop_with_a_divergent_break(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if lane == i {
            break;
        }
        y[i] = i;
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_before_a_divergent_break(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        workgroup_barrier().await;
        if lane == i {
            break;
        }
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_divergent_break(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if lane == i {
            break;
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_divergent_continue(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if lane == i {
            continue;
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_before_a_divergent_continue(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        workgroup_barrier().await;
        if lane == i {
            continue;
        }
        y[i] = i;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_uniform_break(params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if i == 4 {
            break;
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_uniform_continue(params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if i == 4 {
            continue;
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_loop_with_a_divergent_return(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if lane == i {
            return;
        }
    }
    workgroup_barrier().await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_before_a_divergent_return_in_a_loop(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        workgroup_barrier().await;
        if lane == i {
            return;
        }
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_loop_with_a_uniform_return(params: &Shape, x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..params.n {
        if x[i] == 0 {
            return;
        }
    }
    workgroup_barrier().await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn divergent_loop_inside_a_uniform_one(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        for j in 0..lane {
            y[j] = i;
        }
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_loop_inside_a_divergent_one(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..lane {
        for j in 0..params.n {
            y[j] = i;
            workgroup_barrier().await;
        }
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn divergent_break_of_the_inner_loop(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    for i in 0..params.n {
        for j in 0..params.n {
            if lane == j {
                break;
            }
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn sum_of_a_uniform_loop(params: &Shape, x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut sum = 0u32;
    for i in 0..params.n {
        sum += x[i];
    }
    if sum > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn sum_of_a_divergent_loop(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut sum = 0u32;
    for i in 0..lane {
        sum += 1;
    }
    if sum > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn value_of_the_turn_before(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut last = 0u32;
    for i in 0..params.n {
        if last > 4 {
            workgroup_barrier().await;
        }
        last = lane;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn value_reset_before_the_next_turn(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut last = 0u32;
    for i in 0..params.n {
        if last > 4 {
            workgroup_barrier().await;
        }
        last = lane;
        y[last] = i;
        last = i;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn value_kept_by_a_uniform_break(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut last = 0u32;
    for i in 0..params.n {
        last = lane;
        if i == 4 {
            break;
        }
        last = 0;
    }
    if last > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn value_kept_by_a_uniform_continue(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut last = 0u32;
    for i in 0..params.n {
        if last > 4 {
            workgroup_barrier().await;
        }
        last = lane;
        if i == 4 {
            continue;
        }
        last = 0;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn counter_of_a_loop_with_a_divergent_break(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut last = 0u32;
    for i in 0..params.n {
        last = i;
        if lane == i {
            break;
        }
    }
    if last > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn unrolled_loop(lane: LocalIndex, y: &mut Storage<u32>) {
    #[unroll]
    for i in 0..4 {
        y[lane] = lane;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn unrolled_loop_with_a_divergent_if(lane: LocalIndex, y: &mut Storage<u32>) {
    #[unroll]
    for i in 0..4 {
        if lane < (64 >> i) {
            y[lane] = lane;
            workgroup_barrier().await;
        }
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn tree_with_barriers_between(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    #[unroll]
    for i in 1..4 {
        if lane < (64 >> i) {
            s[lane] += s[lane + (64 >> i)];
        }
        workgroup_barrier().await;
    }
    y[0] = 1;
}

programs! {
    loop_to_the_params;
    loop_to_the_lane;
    loop_from_the_lane;
    loop_by_the_lane;
    barrier_after_a_loop_from_the_lane;
    loop_to_read_storage;
    loop_to_read_storage_at_the_lane;
    loop_to_written_storage;
    loop_to_workgroup_memory;
    barrier_after_a_loop_with_a_divergent_break;
    barrier_before_a_divergent_break;
    barrier_after_a_divergent_break;
    barrier_after_a_divergent_continue;
    barrier_before_a_divergent_continue;
    barrier_after_a_uniform_break;
    barrier_after_a_uniform_continue;
    barrier_after_a_loop_with_a_divergent_return;
    barrier_before_a_divergent_return_in_a_loop;
    barrier_after_a_loop_with_a_uniform_return;
    divergent_loop_inside_a_uniform_one;
    uniform_loop_inside_a_divergent_one;
    divergent_break_of_the_inner_loop;
    sum_of_a_uniform_loop;
    sum_of_a_divergent_loop;
    value_of_the_turn_before;
    value_reset_before_the_next_turn;
    value_kept_by_a_uniform_break;
    value_kept_by_a_uniform_continue;
    counter_of_a_loop_with_a_divergent_break;
    unrolled_loop;
    unrolled_loop_with_a_divergent_if;
    tree_with_barriers_between;
}
