//! Barriers and conditions, early returns and short circuits.

use kernel::prelude::*;

use crate::{Shape, programs};

/// More than this are many.
const MANY: u32 = 32;

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_at_the_top(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = lane;
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn storage_barrier_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 4 {
        storage_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_in_the_else_of_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 4 {
        y[lane] = 1;
    } else {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_in_both_branches(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 4 {
        y[lane] = 1;
        workgroup_barrier().await;
    } else {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 4 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_group(group: WorkgroupId, y: &mut Storage<u32>) {
    if group == 0 {
        workgroup_barrier().await;
    } else if group == 1 {
        storage_barrier().await;
    }
    y[group] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_the_global_id(at: GlobalId, params: &Shape, y: &mut Storage<u32>) {
    if at < params.n {
        y[at] = 1;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_an_if_of_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane < 4 {
        y[lane] = 1;
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_divergent_return(at: GlobalId, params: &Shape, y: &mut Storage<u32>) {
    if at >= params.n {
        return;
    }
    y[at] = 1;
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_before_a_divergent_return(at: GlobalId, params: &Shape, y: &mut Storage<u32>) {
    workgroup_barrier().await;
    if at >= params.n {
        return;
    }
    y[at] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_uniform_return(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n == 0 {
        return;
    }
    workgroup_barrier().await;
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_nested_return(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 1 {
        if lane == 0 {
            return;
        }
        y[lane] = 1;
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_both(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 1 {
        if lane > 0 {
            workgroup_barrier().await;
        }
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_constant(lane: LocalIndex, y: &mut Storage<u32>) {
    if MANY > 16 {
        workgroup_barrier().await;
    }
    y[lane] = MANY;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_uniform_and(group: WorkgroupId, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 4 && group < params.n {
        workgroup_barrier().await;
    }
    y[group] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_an_and_with_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 4 && lane < params.n {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_uniform_value(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let chosen = if params.n > 4 { 1u32 } else { 2u32 };
    if chosen == 1 {
        workgroup_barrier().await;
    }
    y[lane] = chosen;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_value_chosen_by_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let chosen = if lane > 4 { 1u32 } else { 2u32 };
    if chosen == 1 {
        workgroup_barrier().await;
    }
    y[lane] = chosen;
}

#[device(report_uniformity)]
async fn ready() -> bool {
    workgroup_barrier().await;
    true
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn wait_on_the_right_of_a_divergent_and(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane == 0 && ready().await {
        y[lane] = 1;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn wait_on_the_right_of_a_divergent_or(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane == 0 || ready().await {
        y[lane] = 1;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn wait_on_the_left_of_a_divergent_and(lane: LocalIndex, y: &mut Storage<u32>) {
    if ready().await && lane == 0 {
        y[lane] = 1;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn wait_on_the_right_of_a_uniform_and(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if params.n > 1 && ready().await {
        y[lane] = 1;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_in_a_match_on_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    match params.n {
        0 => y[lane] = 1,
        1 | 2 => workgroup_barrier().await,
        _ => storage_barrier().await,
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_in_a_match_on_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    match lane {
        0 => workgroup_barrier().await,
        _ => y[lane] = 1,
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_value_matched_on_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let chosen = match params.n {
        0 => 1u32,
        _ => 2u32,
    };
    if chosen == 1 {
        workgroup_barrier().await;
    }
    y[lane] = chosen;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_value_matched_on_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let chosen = match lane {
        0 => 1u32,
        _ => 2u32,
    };
    if chosen == 1 {
        workgroup_barrier().await;
    }
    y[lane] = chosen;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_match_that_some_leave(lane: LocalIndex, y: &mut Storage<u32>) {
    match lane {
        0 => return,
        _ => y[lane] = 1,
    }
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_match_that_assigns(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut chosen = 0u32;
    match lane {
        0 => chosen = 1,
        _ => y[lane] = 1,
    }
    workgroup_barrier().await;
    y[lane] = chosen;
}

/// Which way to go.
#[device]
pub enum Way {
    /// Without a barrier.
    Straight,
    /// With one.
    Around,
}

/// A way for all.
#[params]
pub struct Ways {
    /// The way.
    pub way: Way,
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn match_on_an_enum_of_params(params: &Ways, y: &mut Storage<u32>) {
    match params.way {
        Way::Straight => y[0] = 1,
        Way::Around => workgroup_barrier().await,
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn match_on_an_enum_of_the_lane(lane: LocalIndex, params: &Ways, y: &mut Storage<u32>) {
    let way = if lane > 3 { Way::Around } else { params.way };
    match way {
        Way::Straight => y[0] = 1,
        Way::Around => workgroup_barrier().await,
    }
}

programs! {
    barrier_at_the_top;
    barrier_under_the_lane;
    storage_barrier_under_the_lane;
    barrier_in_the_else_of_the_lane;
    barrier_in_both_branches;
    barrier_under_the_params;
    barrier_under_the_group;
    barrier_under_the_global_id;
    barrier_after_an_if_of_the_lane;
    barrier_after_a_divergent_return;
    barrier_before_a_divergent_return;
    barrier_after_a_uniform_return;
    barrier_after_a_nested_return;
    barrier_under_both;
    barrier_under_a_constant;
    barrier_under_a_uniform_and;
    barrier_under_an_and_with_the_lane;
    barrier_under_a_uniform_value;
    barrier_under_a_value_chosen_by_the_lane;
    wait_on_the_right_of_a_divergent_and calls ready;
    wait_on_the_right_of_a_divergent_or calls ready;
    wait_on_the_left_of_a_divergent_and calls ready;
    wait_on_the_right_of_a_uniform_and calls ready;
    barrier_in_a_match_on_the_params;
    barrier_in_a_match_on_the_lane;
    barrier_under_a_value_matched_on_the_params;
    barrier_under_a_value_matched_on_the_lane;
    barrier_after_a_match_that_some_leave;
    barrier_after_a_match_that_assigns;
    match_on_an_enum_of_params;
    match_on_an_enum_of_the_lane;
}
