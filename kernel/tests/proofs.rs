//! Which kernels are shown to need no injected checks, and, which matters more, which are not: each of the latter reads or
//! writes outside of a buffer for some params that its contract allows, or divides by 0.
#![allow(dead_code, unused_variables, reason = "most kernels are emitted, not called, and use some of the arguments")]

use kernel::build::Builder;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, Recorder};
use kernel::emit::EmittedVariant;
use kernel::prelude::*;
use kernel::variant::Proof;
use proptest::prelude::*;

#[params]
pub struct Shape {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// First value of `x`.
    pub at: u32,
    /// Values from a row of `x` to the next.
    pub stride: u32,
}

/// What is not shown of a variant.
fn unproven(variant: EmittedVariant) -> Vec<String> {
    let table = Builder::new(vec![variant]).run_time_table().unwrap_or_else(|errors| panic!("{}", errors[0]));
    match table.0[0].proof {
        Proof::Proven => Vec::new(),
        Proof::Unproven(places) => {
            assert!(!places.is_empty(), "a proof was tried");
            places.iter().map(|place| format!("{} on line {}", place.what, place.line)).collect()
        }
    }
}

macro_rules! proven {
    (($group:ident $lane:ident $params:ident $x:ident $ids:ident $y:ident $scratch:ident) $($(#[$doc:meta])* $test:ident: [$($attribute:tt)*] $body:tt)*) => {$(
        mod $test {
            use super::*;
            $(#[$doc])*
            #[kernel($($attribute)*)]
            pub async fn example(
                $group: WorkgroupId,
                $lane: LocalIndex,
                $params: &Shape,
                $x: &Storage<f32>,
                $ids: &Storage<u32>,
                $y: &mut Storage<f32>,
                #[len = 64] $scratch: &mut Workgroup<f32>,
            ) $body
        }
        #[test]
        fn $test() {
            assert_eq!(unproven($test::example::emit()), Vec::<String>::new());
        }
    )*};
}

macro_rules! not_proven {
    (($group:ident $lane:ident $params:ident $x:ident $ids:ident $y:ident $scratch:ident) $($(#[$doc:meta])* $test:ident: [$($attribute:tt)*] $body:tt)*) => {$(
        mod $test {
            use super::*;
            $(#[$doc])*
            #[kernel($($attribute)*)]
            pub async fn example(
                $group: WorkgroupId,
                $lane: LocalIndex,
                $params: &Shape,
                $x: &Storage<f32>,
                $ids: &Storage<u32>,
                $y: &mut Storage<f32>,
                #[len = 64] $scratch: &mut Workgroup<f32>,
            ) $body
        }
        #[test]
        fn $test() {
            assert!(!unproven($test::example::emit()).is_empty(), "this reaches outside");
        }
    )*};
}

proven! {
    (group lane params x ids y scratch)
    a_guarded_element: [workgroup = 64, groups = params.n.div_ceil(64), requires(y.len() >= params.n)] {
        let at = group * 64 + lane;
        if at < params.n {
            y[at] = 1.0;
        }
    }
    an_early_return: [workgroup = 64, groups = params.n.div_ceil(64), requires(y.len() >= params.n)] {
        let at = group * 64 + lane;
        if at >= params.n {
            return;
        }
        y[at] = 1.0;
    }
    rows_of_a_matrix: [
        workgroup = 64, groups = params.rows,
        requires(x.len() >= params.rows * params.n, y.len() >= params.rows * params.n)
    ] {
        for i in strided(lane, params.n, 64) {
            y[group * params.n + i] = x[group * params.n + i];
        }
    }
    rows_with_an_offset_and_a_stride: [
        workgroup = 64, groups = (params.rows * params.n).div_ceil(64),
        requires(
            x.len() >= params.at + (params.rows - 1) * params.stride + params.n,
            y.len() >= params.rows * params.n,
        )
    ] {
        let at = group * 64 + lane;
        if at < params.rows * params.n {
            y[at] = x[params.at + at / params.n * params.stride + at % params.n];
        }
    }
    a_tile_of_workgroup_memory: [workgroup = 64, groups = 1, requires(y.len() >= 64)] {
        scratch[(lane % 8) * 8 + lane / 8] = 1.0;
        workgroup_barrier().await;
        y[lane] = scratch[lane ^ 63] + scratch[lane & 31] + scratch[63 - lane];
    }
    a_clamped_index: [workgroup = 64, groups = params.rows, requires(x.len() >= params.n, params.n >= 1, y.len() >= 1)] {
        let last = params.n - 1;
        let value = x[min(group * 64 + lane, last)];
        if lane == 0 && group == 0 {
            y[0] = value;
        }
    }
    a_counter_that_starts_above_zero: [workgroup = 64, groups = 1, requires(x.len() >= params.n, y.len() >= 1)] {
        for i in params.at..params.n {
            y[0] = x[i - params.at];
        }
    }
    an_id_from_data_behind_a_guard: [
        workgroup = 1, groups = params.rows, requires(ids.len() >= params.rows, x.len() >= params.n, y.len() >= params.rows)
    ] {
        let id = ids[group] - params.at;
        if id < params.n {
            y[group] = x[id];
        }
    }
    one_word_behind_the_last_may_be_read: [workgroup = 1, groups = params.n, requires(ids.len() >= params.n, y.len() >= params.n)] {
        y[group] = f32(ids[group + 1]);
    }
    a_divisor_that_the_contract_excludes: [workgroup = 1, groups = 1, requires(params.n >= 1, y.len() >= params.n)] {
        y[params.at % params.n] = 1.0;
    }
}

not_proven! {
    (group lane params x ids y scratch)
    a_missing_contract: [workgroup = 64, groups = params.n.div_ceil(64)] {
        let at = group * 64 + lane;
        if at < params.n {
            y[at] = 1.0;
        }
    }
    a_contract_over_another_buffer: [workgroup = 1, groups = params.n, requires(x.len() >= params.n)] {
        y[group] = 1.0;
    }
    a_missing_guard: [workgroup = 64, groups = params.n.div_ceil(64), requires(y.len() >= params.n)] {
        y[group * 64 + lane] = 1.0;
    }
    a_guard_that_is_one_too_wide: [workgroup = 64, groups = params.n.div_ceil(64), requires(y.len() >= params.n)] {
        let at = group * 64 + lane;
        if at <= params.n {
            y[at] = 1.0;
        }
    }
    an_index_one_behind_the_guard: [workgroup = 64, groups = params.n.div_ceil(64), requires(y.len() >= params.n)] {
        let at = group * 64 + lane;
        if at < params.n {
            y[at + 1] = 1.0;
        }
    }
    an_index_one_before_the_first: [workgroup = 1, groups = params.n, requires(y.len() >= params.n)] {
        y[group - 1] = 1.0;
    }
    a_guard_in_the_other_branch: [workgroup = 1, groups = params.rows, requires(y.len() >= params.n)] {
        if group < params.n {
            scratch[0] = 1.0;
        } else {
            y[group] = 1.0;
        }
    }
    a_guard_whose_branch_has_ended: [workgroup = 1, groups = params.rows, requires(y.len() >= params.n)] {
        if group < params.n {
            scratch[0] = 1.0;
        }
        y[group] = 1.0;
    }
    a_variable_changed_after_its_guard: [workgroup = 1, groups = params.rows, requires(y.len() >= params.n)] {
        let mut at = group;
        if at < params.n {
            at += params.stride;
            y[at] = 1.0;
        }
    }
    a_variable_changed_in_a_branch: [workgroup = 1, groups = params.rows, requires(y.len() >= params.rows)] {
        let mut at = group;
        if params.n == 3 {
            at = params.n;
        }
        y[at] = 1.0;
    }
    a_variable_changed_by_a_loop: [workgroup = 1, groups = 1, requires(y.len() >= 1)] {
        let mut at = 0u32;
        for i in 0..params.n {
            at += i;
        }
        y[at] = 1.0;
    }
    a_variable_changed_later_in_a_loop: [workgroup = 1, groups = 1, requires(y.len() >= 1)] {
        let mut at = 0u32;
        for i in 0..params.n {
            y[at] = 1.0;
            at = i + 1;
        }
    }
    an_or_of_guards: [workgroup = 1, groups = params.rows, requires(y.len() >= params.n)] {
        if group < params.n || params.at == 0 {
            y[group] = 1.0;
        }
    }
    a_negated_and_of_guards: [workgroup = 1, groups = params.rows, requires(y.len() >= params.n)] {
        if !(group >= params.n && params.at == 0) {
            y[group] = 1.0;
        }
    }
    a_swapped_stride: [workgroup = 64, groups = params.rows, requires(y.len() >= params.rows * params.n)] {
        for i in strided(lane, params.n, 64) {
            y[i * params.n + group] = 1.0;
        }
    }
    a_product_that_wraps: [workgroup = 1, groups = 1, requires(y.len() >= 16)] {
        // rows·n may be 2³² + 5, which is 5.
        if params.rows * params.n < 16 {
            for i in 0..params.rows {
                y[i] = 1.0;
            }
        }
    }
    a_guard_over_a_sum_that_wraps: [workgroup = 1, groups = 1, requires(y.len() >= params.n)] {
        if params.at + params.stride < params.n {
            y[params.at] = 1.0;
        }
    }
    a_difference_that_wraps: [workgroup = 1, groups = 1, requires(y.len() >= 16)] {
        let room = params.n - params.at;
        if params.n < 16 {
            y[room] = 1.0;
        }
    }
    a_clamp_whose_bound_wraps: [workgroup = 1, groups = params.rows, requires(x.len() >= params.n, y.len() >= 1)] {
        // With n = 0 the last element would be 2³² - 1.
        y[0] = x[min(group, params.n - 1)];
    }
    a_step_beyond_the_end: [workgroup = 1, groups = 1, requires(x.len() >= params.n, y.len() >= 1)] {
        for i in strided(0, params.n, 4) {
            y[0] = x[i + 3];
        }
    }
    a_counter_that_may_wrap: [workgroup = 1, groups = 1, requires(y.len() >= params.at)] {
        for i in strided(params.at, params.n, 4) {
            y[i - params.at] = 1.0;
        }
    }
    an_index_from_data: [workgroup = 1, groups = params.rows, requires(ids.len() >= params.rows, x.len() >= params.n, y.len() >= 1)] {
        y[0] = x[ids[group]];
    }
    data_that_changes_between_guard_and_use: [workgroup = 1, groups = 1, requires(y.len() >= 1, x.len() >= params.n)] {
        if u32(y[0]) < params.n {
            y[0] = x[u32(y[0])];
        }
    }
    two_words_behind_the_last: [workgroup = 1, groups = params.n, requires(ids.len() >= params.n, y.len() >= params.n)] {
        y[group] = f32(ids[group + 2]);
    }
    one_float_behind_the_last: [workgroup = 1, groups = params.n, requires(x.len() >= params.n, y.len() >= params.n)] {
        y[group] = x[group + 1];
    }
    workgroup_memory_that_is_too_short: [workgroup = 65, groups = 1] {
        scratch[lane] = 1.0;
    }
    an_exclusive_or_beyond_the_array: [workgroup = 33, groups = 1] {
        scratch[lane ^ 64] = 1.0;
    }
    a_divisor_of_zero: [workgroup = 1, groups = 1, requires(y.len() >= params.n)] {
        if params.at < params.n {
            y[params.at / params.stride] = 1.0;
        }
    }
    a_remainder_of_zero: [workgroup = 1, groups = 1, requires(y.len() >= params.n)] {
        y[params.at % params.n] = 1.0;
    }
    a_clause_that_excludes_too_little: [workgroup = 64, groups = params.rows, requires(y.len() >= params.rows * params.n - 1)] {
        for i in strided(lane, params.n, 64) {
            y[group * params.n + i] = 1.0;
        }
    }
    a_quotient_that_is_rounded_down: [workgroup = 1, groups = params.n, requires(4 * y.len() >= params.n)] {
        y[group / 2] = 1.0;
    }
    groups_that_are_no_term: [workgroup = 1, groups = params.n & 7, requires(y.len() >= params.n)] {
        y[group] = 1.0;
    }
}

#[device]
fn next(at: &mut u32) {
    *at += 1;
}

#[kernel(workgroup = 1, groups = _params.n, requires(y.len() >= _params.n))]
pub fn changed_through_a_pointer(group: WorkgroupId, _params: &Shape, y: &mut Storage<f32>) {
    let mut at = group;
    next(&mut at);
    y[at] = 1.0;
}

#[kernel(workgroup = 1, groups = 1, requires(y.len() >= 4))]
pub fn changed_through_a_pointer_in_a_loop(params: &Shape, y: &mut Storage<f32>) {
    let mut at = 0u32;
    for _ in 0..params.n {
        y[at] = 1.0;
        next(&mut at);
    }
}

#[device]
fn early(at: u32, n: u32) -> u32 {
    if at < n {
        return at;
    }
    at + n
}

#[kernel(workgroup = 1, groups = params.rows, requires(y.len() >= params.n))]
pub fn one_of_two_returns(group: WorkgroupId, params: &Shape, y: &mut Storage<f32>) {
    y[early(group, params.n)] = 1.0;
}

#[kernel(workgroup = 1, groups = params.n)]
pub fn a_local_array(group: WorkgroupId, params: &Shape, y: &mut Storage<f32>) {
    let mut values = [0.0f32; 4];
    values[group] = f32(params.n);
    y[0] = values[0];
}

#[test]
fn what_a_function_does_to_its_callers_variable_is_known() {
    assert!(!unproven(changed_through_a_pointer::emit()).is_empty());
    assert!(!unproven(changed_through_a_pointer_in_a_loop::emit()).is_empty());
}

#[test]
fn every_value_that_a_function_may_return_counts() {
    assert!(!unproven(one_of_two_returns::emit()).is_empty());
}

#[test]
fn a_place_that_is_not_shown_has_the_authors_line() {
    let line = include_str!("proofs.rs").lines().position(|line| line.contains("values[group] =")).unwrap_or_default();
    let places = unproven(a_local_array::emit());
    assert!(places[0].ends_with(&format!("of `values` on line {}", line + 1)), "{places:?}");
}

/// Reads rows that a buffer names, and as many values of each as another one says.
#[kernel(workgroup = 1, groups = 1, requires(ids.len() >= 4, y.len() >= 1))]
pub fn rows_by_name(params: &Shape, ids: &Storage<u32>, x: &Storage<f32>, y: &mut Storage<f32>) {
    let row = min(ids[0], ids[1] + 7);
    for i in 0..ids[2] {
        y[0] += x[row * params.n];
        y[0] += x[i];
    }
    y[0] += x[params.n];
}

#[test]
fn an_index_that_no_contract_can_cover_names_the_buffer_it_comes_from() {
    let places = unproven(rows_by_name::emit());
    let by_name: Vec<_> =
        places.iter().map(|place| place.contains(", which rests on what `ids` holds on line")).collect();
    assert_eq!(by_name, [true, true, false], "{places:?}");
}

/// A kernel that is shown to be right, with arithmetic of every kind.
#[kernel(
    workgroup = 8,
    groups = params.rows.div_ceil(3) * params.n.div_ceil(5),
    requires(
        params.stride % 4 == 0,
        x.len() >= (params.rows - 1) * params.stride + params.at + params.n,
        y.len() >= params.rows * params.n,
    )
)]
pub fn tiles(group: WorkgroupId, lane: LocalIndex, params: &Shape, x: &Storage<f32>, y: &mut Storage<f32>) {
    let columns = (params.n + 4) / 5;
    let first_row = group / columns * 3;
    let first_column = group % columns * 5;
    for item in strided(lane, 15, 8) {
        let row = first_row + item / 5;
        let column = min(first_column + item % 5, params.n - 1);
        if row < params.rows {
            y[row * params.n + column] = x[row * params.stride + params.at + column];
        }
    }
}

#[test]
fn tiles_are_shown_to_be_right() {
    assert_eq!(unproven(tiles::emit()), Vec::<String>::new());
}

/// A row of slots.
#[storage]
pub struct Slots {
    /// How many are used.
    pub count: u32,
    /// All of them.
    pub values: [u32; 4],
}

#[kernel(
    workgroup = 4, groups = params.rows,
    requires(x.len() >= params.rows, y.len() >= params.rows)
)]
fn slots_inside(row: WorkgroupId, lane: LocalIndex, params: &Shape, x: &Storage<Slots>, y: &mut Storage<Slots>) {
    y[row].values[lane] = x[row].values[x[row].count % 4] + x[row].values[3];
}

#[kernel(
    workgroup = 4, groups = params.rows,
    requires(x.len() >= params.rows, y.len() >= params.rows)
)]
fn slot_beyond(row: WorkgroupId, lane: LocalIndex, params: &Shape, x: &Storage<Slots>, y: &mut Storage<Slots>) {
    y[row].values[lane] = x[row].values[lane + 1];
}

#[test]
fn an_index_into_a_field_is_held_to_the_fields_own_length() {
    assert_eq!(unproven(slots_inside::emit()), [""; 0]);
    let open = unproven(slot_beyond::emit());
    assert!(open.len() == 1 && open[0].starts_with("index `lane + 1` of `x`"), "{open:?}");
}

proptest! {
    /// Whatever params the contract allows, with buffers that just fit: the CPU executor, which checks every index, finds
    /// nothing in a kernel that was shown to be right.
    #[test]
    fn a_kernel_that_is_shown_to_be_right_stays_inside(
        rows in 0..9_u32, n in 0..23_u32, at in 0..5_u32, quarter in 0..7_u32, spare in 0..3_usize,
    ) {
        let params = Shape { rows, n, at, stride: 4 * quarter };
        let device = Device::Cpu(CpuOptions::default());
        let needed = (i64::from(rows) - 1) * i64::from(params.stride) + i64::from(at) + i64::from(n);
        let x = device.create(needed.max(0) as usize + spare, "x").expect("small");
        let mut y = device.create((rows * n) as usize, "y").expect("small");
        let mut recorder = Recorder::new(&device, "test");
        tiles::Kernel::dispatch(&mut recorder, params, tiles::Args { x: &x, y: &mut y }).expect("the contract holds");
        recorder.run().expect("nothing is outside");
    }
}
