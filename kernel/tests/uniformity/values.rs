//! Barriers under values: what is uniform, and what becomes of it.

use kernel::prelude::*;

use crate::{Shape, programs};

/// Two numbers.
#[device]
struct Two {
    /// One.
    a: u32,
    /// The other.
    b: u32,
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn arithmetic_on_params(group: WorkgroupId, params: &Shape, y: &mut Storage<u32>) {
    let half = (params.n + 1) / 2 * group;
    if half > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn arithmetic_with_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mixed = params.n + lane;
    if mixed > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn the_lane_times_zero(lane: LocalIndex, y: &mut Storage<u32>) {
    if lane * 0 > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_overwritten(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut a = lane;
    y[a] = 1;
    a = params.n;
    if a > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_assigned_under_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = 0u32;
    if lane > 4 {
        a = 1;
    }
    if a > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_assigned_under_the_params(params: &Shape, y: &mut Storage<u32>) {
    let mut a = 0u32;
    if params.n > 4 {
        a = 1;
    }
    if a > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_added_to(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut a = params.n;
    a += lane;
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_overwritten_in_both_branches(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut a = lane;
    if params.n > 4 {
        a = 1;
    } else {
        a = 2;
    }
    if a > 1 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn variable_overwritten_in_one_branch(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mut a = lane;
    if params.n > 4 {
        a = 1;
    }
    if a > 1 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn name_shadowed(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let a = lane;
    y[a] = 1;
    let a = params.n;
    if a > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn name_shadowed_in_a_block(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let a = lane;
    {
        let a = params.n;
        y[a] = 1;
    }
    if a > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_struct(params: &Shape, y: &mut Storage<u32>) {
    let two = Two { a: params.n, b: 1 };
    if two.a > two.b {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn field_beside_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let two = Two { a: params.n, b: lane };
    y[two.b] = 1;
    if two.a > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn component_beside_the_lane(lane: LocalIndex, params: &Shape, x: &Storage<u32>, y: &mut Storage<u32>) {
    let two = vec2(params.n, lane);
    y[two.y] = 1;
    if two.x > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_array(params: &Shape, y: &mut Storage<u32>) {
    let mut a = [0u32; 4];
    a[1] = params.n;
    if a[2] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn array_with_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = [0u32; 4];
    a[1] = lane;
    if a[2] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn array_written_at_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = [0u32; 4];
    a[lane % 4] = 1;
    if a[2] > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn array_read_at_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = [0u32; 4];
    a[1] = 1;
    if a[lane % 4] > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn array_element_overwritten(lane: LocalIndex, y: &mut Storage<u32>) {
    let mut a = [0u32; 4];
    a[1] = lane;
    a[1] = 1;
    if a[1] > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn read_storage(params: &Shape, x: &Storage<u32>, y: &mut Storage<u32>) {
    if x[params.n] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn read_storage_twice(group: WorkgroupId, at: GlobalId, x: &Storage<u32>, y: &mut Storage<u32>) {
    let at = x[group];
    if x[at] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn read_storage_at_the_lane(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    if x[lane] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn written_storage(y: &mut Storage<u32>) {
    if y[0] > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn written_storage_just_set(params: &Shape, y: &mut Storage<u32>) {
    y[0] = params.n;
    if y[0] > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn workgroup_memory(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    s[lane] = 1;
    workgroup_barrier().await;
    if s[0] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn select_by_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let a = select(1u32, 2u32, lane == 0);
    if a > 1 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn select_by_the_params(params: &Shape, y: &mut Storage<u32>) {
    let a = select(1u32, 2u32, params.n == 0);
    if a > 1 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn minimum_with_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    if min(params.n, lane) > 1 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn conversions_of_params(params: &Shape, y: &mut Storage<u32>) {
    let scaled = f32(params.n) * 0.5;
    if u32(scaled) > bitcast::<u32, _>(scaled) {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn conversions_of_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let scaled = f32(lane) * 0.5;
    if u32(scaled) > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn value_of_a_block(params: &Shape, y: &mut Storage<u32>) {
    let a = {
        let b = params.n;
        b + 1
    };
    if a > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn negated_condition(lane: LocalIndex, y: &mut Storage<u32>) {
    let first = lane == 0;
    if !first {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

/// What storage holds.
#[storage]
pub struct Entry {
    /// How many.
    pub count: u32,
    /// Some numbers.
    pub bins: [u32; 3],
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn field_of_read_storage(group: WorkgroupId, x: &Storage<Entry>, y: &mut Storage<u32>) {
    if x[group].count > 4 && x[0].bins[group % 3] > 0 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn field_of_read_storage_at_the_lane(lane: LocalIndex, x: &Storage<Entry>, y: &mut Storage<u32>) {
    if x[0].bins[lane % 3] > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn field_of_written_storage(y: &mut Storage<Entry>) {
    y[0].count = 1;
    if y[0].count > 4 {
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn field_of_workgroup_memory(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] tile: &mut Workgroup<Entry>) {
    tile[lane] = Entry::new(lane, [0u32; 3]);
    if tile[0].count > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn uniform_load_of_a_struct(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] tile: &mut Workgroup<Entry>) {
    tile[lane] = Entry { count: lane, bins: [0u32; 3] };
    let first = workgroup_uniform_load(&tile[0]).await;
    if first.count > 4 {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn mask_of_params(group: WorkgroupId, params: &Shape, y: &mut Storage<u32>) {
    let mask = vec2(group, params.n) < vec2(4, 5);
    if any(mask) && all(select(vec2(1, 2), vec2(3, 4), mask) != vec2(1, 1)) {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn mask_with_the_lane(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    let mask = vec2(lane, params.n) < vec2(4, 5);
    if mask.y {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

#[kernel(workgroup = 64, groups = 1, report_uniformity)]
async fn select_by_a_mask_of_the_lane(lane: LocalIndex, y: &mut Storage<u32>) {
    let chosen = select(vec2(1u32, 2), vec2(3, 4), vec2(lane, 1) == vec2(4, 1));
    if all(chosen > vec2(1, 1)) {
        workgroup_barrier().await;
    }
    y[0] = 1;
}

programs! {
    arithmetic_on_params;
    arithmetic_with_the_lane;
    the_lane_times_zero;
    variable_overwritten;
    variable_assigned_under_the_lane;
    variable_assigned_under_the_params;
    variable_added_to;
    variable_overwritten_in_both_branches;
    variable_overwritten_in_one_branch;
    name_shadowed;
    name_shadowed_in_a_block;
    uniform_struct;
    field_beside_the_lane;
    component_beside_the_lane;
    uniform_array;
    array_with_the_lane;
    array_written_at_the_lane;
    array_read_at_the_lane;
    array_element_overwritten;
    read_storage;
    read_storage_twice;
    read_storage_at_the_lane;
    written_storage;
    written_storage_just_set;
    workgroup_memory;
    select_by_the_lane;
    select_by_the_params;
    minimum_with_the_lane;
    conversions_of_params;
    conversions_of_the_lane;
    value_of_a_block;
    negated_condition;
    field_of_read_storage;
    field_of_read_storage_at_the_lane;
    field_of_written_storage;
    field_of_workgroup_memory;
    uniform_load_of_a_struct;
    mask_of_params;
    mask_with_the_lane;
    select_by_a_mask_of_the_lane;
}
