//! Barriers in device functions, and what their callers give them.

use kernel::prelude::*;

use crate::{Shape, programs};

#[device(report_uniformity)]
async fn fence() {
    workgroup_barrier().await;
}

#[device(report_uniformity)]
async fn fences(count: u32) {
    for _ in 0..count {
        workgroup_barrier().await;
    }
}

#[device(report_uniformity)]
async fn more_fences(lane: u32, count: u32, y: &mut Storage<u32>) {
    y[lane] = count;
    fences(count + 1).await;
}

#[device(report_uniformity)]
async fn fences_to(bounds: &Storage<u32>) {
    for _ in 0..bounds[0] {
        workgroup_barrier().await;
    }
}

#[device(report_uniformity)]
async fn fence_for_some(lane: u32) {
    if lane > 4 {
        return;
    }
    workgroup_barrier().await;
}

#[device(report_uniformity)]
async fn passed_on(value: u32) -> u32 {
    workgroup_barrier().await;
    value + 1
}

#[device(report_uniformity)]
async fn first_of(lane: u32, s: &mut Workgroup<u32>) -> u32 {
    s[lane] = lane;
    workgroup_barrier().await;
    s[0]
}

#[device(report_uniformity)]
async fn fenced_constant(lane: u32, y: &mut Storage<u32>) -> u32 {
    y[lane] = 1;
    workgroup_barrier().await;
    7
}

#[device(report_uniformity)]
async fn set_after_a_fence(value: &mut u32, to: u32) {
    workgroup_barrier().await;
    *value = to;
}

#[device(report_uniformity)]
async fn quiet(value: u32) -> u32 {
    value + 1
}

#[device]
fn twice(value: u32) -> u32 {
    if value > 100 {
        return value;
    }
    2 * value
}

#[device]
fn always_seven(value: u32) -> u32 {
    7
}

#[device]
fn element(memory: &Storage<u32>, at: u32) -> u32 {
    memory[at]
}

#[device]
fn set(value: &mut u32, to: u32) {
    *value = to;
}

#[device]
fn set_to_seven(value: &mut u32, unused: u32) {
    *value = 7;
}

#[device]
fn limit_of(shape: &Shape) -> u32 {
    shape.n + 1
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_at_the_top(y: &mut Storage<u32>) {
    fence().await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_under_the_params(params: &Shape, y: &mut Storage<u32>) {
    if params.n > 4 {
        fence().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 {
        fence().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_after_a_divergent_return(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 {
        return;
    }
    fence().await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_as_the_params_say(params: &Shape, y: &mut Storage<u32>) {
    fences(params.n).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_as_the_lane_says(lane: LocalIndex, y: &mut Storage<u32>) {
    fences(lane).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_two_functions_down(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    more_fences(lane, params.n, y).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_as_the_lane_says_two_functions_down(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    more_fences(params.n, lane, y).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_as_read_storage_says(x: &Storage<u32>, y: &mut Storage<u32>) {
    fences_to(x).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn as_many_barriers_as_written_storage_says(y: &mut Storage<u32>) {
    fences_to(y).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_that_some_leave(lane: LocalIndex, y: &mut Storage<u32>) {
    fence_for_some(lane).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_that_all_leave(params: &Shape, y: &mut Storage<u32>) {
    fence_for_some(params.n).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_of_a_uniform_argument(params: &Shape, y: &mut Storage<u32>) {
    let a = passed_on(params.n).await;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_of_a_divergent_argument(lane: LocalIndex, y: &mut Storage<u32>) {
    let a = passed_on(lane).await;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_of_a_divergent_argument_as_an_argument(lane: LocalIndex, y: &mut Storage<u32>) {
    fences(passed_on(lane).await).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_of_a_uniform_argument_as_an_argument(params: &Shape, y: &mut Storage<u32>) {
    fences(passed_on(params.n).await).await;
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_from_workgroup_memory(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    let a = first_of(lane, s).await;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn constant_result(lane: LocalIndex, y: &mut Storage<u32>) {
    let a = fenced_constant(lane, y).await;
    if a > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_through_a_pointer(params: &Shape, y: &mut Storage<u32>) {
    let mut a = 0u32;
    set_after_a_fence(&mut a, params.n).await;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn divergent_result_through_a_pointer(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = 0u32;
    set_after_a_fence(&mut a, lane).await;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_carried_around_a_loop(params: &Shape, y: &mut Storage<u32>) {
    let mut a = params.n;
    for _ in 0..3 {
        a = passed_on(a).await;
    }
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn divergent_result_carried_around_a_loop(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = lane;
    for _ in 0..3 {
        a = passed_on(a).await;
    }
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_that_never_waits(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane > 4 {
        y[lane] = quiet(lane).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_of_the_params(params: &Shape, y: &mut Storage<u32>) {
    if twice(params.n) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_of_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if twice(lane) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_that_ignores_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    if always_seven(lane) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_after_a_plain_function_that_some_leave(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = twice(lane);
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_from_read_storage(params: &Shape, x: &Storage<u32>, y: &mut Storage<u32>) {
    if element(x, params.n) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_from_read_storage_at_the_lane(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    if element(x, lane) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_from_written_storage(y: &mut Storage<u32>) {
    if element(y, 0) > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_result_through_a_pointer(params: &Shape, y: &mut Storage<u32>) {
    let mut a = 0u32;
    set(&mut a, params.n);
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn divergent_plain_result_through_a_pointer(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = 0u32;
    set(&mut a, lane);
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn plain_pointer_that_ignores_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = 0u32;
    set_to_seven(&mut a, lane);
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn params_handed_on(params: &Shape, y: &mut Storage<u32>) {
    if limit_of(params) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_of_another_crate_with_the_params(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    other_crate::filled_up_to(lane, params.n, y).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn function_of_another_crate_with_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    other_crate::filled_up_to(params.n, lane, y).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn result_of_another_crate_with_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let a = other_crate::filled_up_to(lane, 4, y).await;
    if a > 4 {
        workgroup_barrier().await;
    }
}

#[device(report_uniformity)]
async fn agreed(at: u32, s: &mut Workgroup<u32>) -> u32 {
    workgroup_uniform_load(&s[at]).await
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_uniform_load(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    s[lane] = lane;
    let first = workgroup_uniform_load(&s[0]).await;
    if first > 4 {
        workgroup_barrier().await;
    }
    y[lane] = first;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn loop_to_a_uniform_load(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    s[lane] = lane;
    for i in 0..workgroup_uniform_load(&s[7]).await {
        y[lane] = i;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_load_at_the_lane(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    s[lane] = lane;
    y[lane] = workgroup_uniform_load(&s[63 - lane]).await;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_load_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    s[lane] = lane;
    if lane > 4 {
        y[lane] = workgroup_uniform_load(&s[0]).await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn barrier_under_a_functions_uniform_load(
    lane: LocalIndex,
    params: &Shape,
    y: &mut Storage<u32>,
    #[len = 64] s: &mut Workgroup<u32>,
) {
    s[lane] = lane;
    if agreed(params.n, s).await > 4 {
        workgroup_barrier().await;
    }
    y[lane] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn functions_uniform_load_at_the_lane(
    lane: LocalIndex,
    y: &mut Storage<u32>,
    #[len = 64] s: &mut Workgroup<u32>,
) {
    s[lane] = lane;
    y[lane] = agreed(lane, s).await;
}

programs! {
    function_at_the_top calls fence;
    function_under_the_params calls fence;
    function_under_the_lane calls fence;
    function_after_a_divergent_return calls fence;
    as_many_barriers_as_the_params_say calls fences;
    as_many_barriers_as_the_lane_says calls fences;
    as_many_barriers_two_functions_down calls more_fences fences;
    as_many_barriers_as_the_lane_says_two_functions_down calls more_fences fences;
    as_many_barriers_as_read_storage_says calls fences_to;
    as_many_barriers_as_written_storage_says calls fences_to;
    function_that_some_leave calls fence_for_some;
    function_that_all_leave calls fence_for_some;
    result_of_a_uniform_argument calls passed_on;
    result_of_a_divergent_argument calls passed_on;
    result_of_a_divergent_argument_as_an_argument calls passed_on fences;
    result_of_a_uniform_argument_as_an_argument calls passed_on fences;
    result_from_workgroup_memory calls first_of;
    constant_result calls fenced_constant;
    result_through_a_pointer calls set_after_a_fence;
    divergent_result_through_a_pointer calls set_after_a_fence;
    result_carried_around_a_loop calls passed_on;
    divergent_result_carried_around_a_loop calls passed_on;
    function_that_never_waits calls quiet, stricter "a function that may wait is taken to wait";
    plain_result_of_the_params;
    plain_result_of_the_lane;
    plain_result_that_ignores_the_lane, stricter "a plain function's result is as uniform as its arguments";
    barrier_after_a_plain_function_that_some_leave;
    plain_result_from_read_storage;
    plain_result_from_read_storage_at_the_lane;
    plain_result_from_written_storage;
    plain_result_through_a_pointer;
    divergent_plain_result_through_a_pointer;
    plain_pointer_that_ignores_the_lane, stricter "what a plain function sets is as uniform as its arguments";
    params_handed_on;
    function_of_another_crate_with_the_params;
    function_of_another_crate_with_the_lane;
    result_of_another_crate_with_the_lane;
    barrier_under_a_uniform_load;
    loop_to_a_uniform_load;
    uniform_load_at_the_lane;
    uniform_load_under_the_lane;
    barrier_under_a_functions_uniform_load calls agreed;
    functions_uniform_load_at_the_lane calls agreed;
}
