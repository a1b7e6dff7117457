//! Products of f32 matrices against f64, in every orientation.

mod common;

use common::{assert_close, cpu, devices, gpu, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernels_src::product::*;

/// Operands inside larger buffers, and a result that is a slice of wider rows.
struct Case {
    params: ProductParams,
    a: Vec<f32>,
    b: Vec<f32>,
    y: Vec<f32>,
}

impl Case {
    fn new<const A_T: bool, const B_T: bool>(m: u32, n: u32, k: u32) -> Self {
        let dense = ProductParams::dense::<A_T, B_T>(m, n, k, -0.6);
        let params = ProductParams {
            a_at: 7,
            a_stride: dense.a_stride + 3,
            b_at: 2,
            b_stride: dense.b_stride + 5,
            y_at: 11,
            y_stride: n + 9,
            ..dense
        };
        let len = |at: u32, stride: u32, rows: u32| (at + stride * rows) as usize;
        Self {
            params,
            a: random(1, len(params.a_at, params.a_stride, if A_T { k } else { m })),
            b: random(2, len(params.b_at, params.b_stride, if B_T { k } else { n })),
            y: random(3, len(params.y_at, params.y_stride, m)),
        }
    }

    /// What lies between the rows of `y` stays as it was.
    fn expected<const A_T: bool, const B_T: bool, const ADD: bool>(&self) -> Vec<f64> {
        let ProductParams { m, n, k, scale, .. } = self.params;
        let value = |values: &[f32], at: u32, stride: u32, row: u32, column: u32| {
            f64::from(values[(at + row * stride + column) as usize])
        };
        let ProductParams { a_at, a_stride, b_at, b_stride, y_at, y_stride, .. } = self.params;
        let mut y: Vec<f64> = self.y.iter().map(|v| f64::from(*v)).collect();
        for i in 0..m {
            for j in 0..n {
                let terms = (0..k).map(|l| {
                    let (row, column) = if A_T { (l, i) } else { (i, l) };
                    let a = value(&self.a, a_at, a_stride, row, column);
                    let (row, column) = if B_T { (l, j) } else { (j, l) };
                    a * value(&self.b, b_at, b_stride, row, column)
                });
                let product = f64::from(scale) * terms.sum::<f64>();
                let at = (y_at + i * y_stride + j) as usize;
                y[at] = if ADD { y[at] + product } else { product };
            }
        }
        y
    }

    /// With room for so many splits; gives the dispatches that it took.
    fn check<const A_T: bool, const B_T: bool, const ADD: bool>(&self, device: &Device, room: u32) -> usize {
        let ProductParams { m, n, .. } = self.params;
        let (a, b, mut y) = (upload(device, &self.a), upload(device, &self.b), upload(device, &self.y));
        let mut partials = upload(device, &vec![f32::NAN; (m * n * room).max(1) as usize]);
        let workgroups = if device.is_cpu() { Workgroups::Single } else { Workgroups::About(64) };
        let mut recorder = Recorder::new(device, "product");
        let args = ProductArgs { a: &a, b: &b, partials: &mut partials, y: &mut y };
        record::<A_T, B_T, ADD>(&mut recorder, workgroups, self.params, args).unwrap();
        let plan = recorder.finish().unwrap();
        plan.run().unwrap();
        let what = format!("A_T {A_T}, B_T {B_T}, ADD {ADD}, room {room}, {:?} on {device:?}", self.params);
        assert_close(&what, &read(device, &y), &self.expected::<A_T, B_T, ADD>(), 2e-6);
        plan.dispatches()
    }
}

fn check_orientation<const A_T: bool, const B_T: bool>(m: u32, n: u32, k: u32) {
    let case = Case::new::<A_T, B_T>(m, n, k);
    for device in devices() {
        for room in [0, 7] {
            case.check::<A_T, B_T, true>(&device, room);
            case.check::<A_T, B_T, false>(&device, room);
        }
    }
}

/// Ranks of one and around a tile, tokens around a tile, depths around a step and around what a split takes at least.
const SHAPES: [(u32, u32, u32); 8] =
    [(1, 1, 1), (65, 16, 200), (63, 1, 129), (64, 33, 15), (16, 130, 64), (17, 64, 65), (100, 90, 17), (3, 5, 700)];

#[test]
fn a_product_of_rows_with_rows_matches_f64() {
    for (m, n, k) in SHAPES {
        check_orientation::<false, false>(m, n, k);
    }
}

#[test]
fn a_product_of_rows_with_columns_matches_f64() {
    for (m, n, k) in SHAPES {
        check_orientation::<false, true>(m, n, k);
    }
}

#[test]
fn a_product_of_columns_with_columns_matches_f64() {
    for (m, n, k) in SHAPES {
        check_orientation::<true, true>(m, n, k);
    }
}

#[test]
fn a_product_of_columns_with_rows_matches_f64() {
    for (m, n, k) in SHAPES {
        check_orientation::<true, false>(m, n, k);
    }
}

/// The tile of a GPU on the CPU executor, whose barriers and bounds are checked.
#[test]
fn a_gpus_tiles_match_f64_on_the_cpu() {
    let case = Case::new::<false, true>(70, 35, 40);
    let device = cpu();
    let (a, b, mut y) = (upload(&device, &case.a), upload(&device, &case.b), upload(&device, &case.y));
    let mut recorder = Recorder::new(&device, "product");
    let args = product::Args { a: &a, b: &b, y: &mut y };
    product::Kernel::<16, 4, 1, false, true, true>::dispatch(&mut recorder, case.params, args).unwrap();
    recorder.run().unwrap();
    assert_close("tile", &read(&device, &y), &case.expected::<false, true, true>(), 2e-6);
}

#[test]
fn the_depth_is_split_where_outputs_are_few_and_there_is_room() {
    let Some(device) = gpu() else { return };
    let case = Case::new::<false, false>(65, 16, 1000);
    assert_eq!(case.check::<false, false, true>(&device, 16), 2);
    assert_eq!(case.check::<false, false, true>(&device, 1), 1, "no room for a second part");
    assert_eq!(Case::new::<false, true>(65, 16, 64).check::<false, true, false>(&device, 16), 1, "too short");
}

#[test]
fn splits_fill_a_device_as_far_as_room_and_depth_allow() {
    assert_eq!(splits_for(512, 16, 12_288, 512, usize::MAX), 64);
    assert_eq!(splits_for(512, 16, 12_288, 512, 512 * 16 * 5), 5);
    assert_eq!(splits_for(512, 16, 128, 512, usize::MAX), 2);
    assert_eq!(splits_for(12_288, 1536, 16, 512, usize::MAX), 1);
}

#[test]
fn workgroups_past_the_grids_limit_are_computed_once() {
    let Some(device) = gpu_with_grid_limit(4) else { return };
    Case::new::<false, true>(300, 90, 20).check::<false, true, true>(&device, 0);
    Case::new::<true, true>(40, 16, 900).check::<true, true, true>(&device, 12);
}

#[test]
fn an_empty_result_needs_no_dispatch_and_an_operand_too_short_is_refused() {
    let device = cpu();
    let (a, b) = (upload(&device, &[1.0f32; 6]), upload(&device, &[1.0f32; 6]));
    let (mut partials, mut y) = (upload(&device, &[0.0f32]), upload(&device, &[0.0f32; 9]));
    let mut recorder = Recorder::new(&device, "product");
    let mut run = |m: u32, k: u32| {
        let params = ProductParams::dense::<false, false>(m, 3, k, 1.0);
        let args = ProductArgs { a: &a, b: &b, partials: &mut partials, y: &mut y };
        record::<false, false, false>(&mut recorder, Workgroups::Single, params, args)
    };
    run(0, 2).unwrap();
    run(3, 2).unwrap();
    assert!(matches!(run(3, 3), Err(DispatchError::Contract(_))), "a has 6 of 9 values");
    assert_eq!(recorder.finish().unwrap().dispatches(), 1);
}
