//! Low-rank updates against f64, in one dispatch and in two.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::low_rank::*;
use kernels_src::reduce::{Reduce, Subgroups, Tree};

/// How the update is recorded.
#[derive(Clone, Copy, Debug)]
enum Way {
    Fused,
    Split,
    Chosen,
}

struct Case {
    params: LowRankParams,
    x: Vec<f32>,
    a: Vec<f32>,
    b: Vec<f32>,
    y: Vec<f32>,
}

impl Case {
    fn new(params: LowRankParams) -> Self {
        let LowRankParams { rows, k, n, rank, .. } = params;
        let y_len = params.y_at + rows * params.y_stride;
        Self {
            params,
            x: random(1, (rows * k) as usize),
            a: random(2, (rank * k) as usize),
            b: random(3, (n * rank) as usize),
            y: random(4, y_len as usize),
        }
    }

    /// `z` and `y`; what lies between the rows of `y` stays as it was.
    fn expected<const ACCUMULATE: bool>(&self) -> (Vec<f64>, Vec<f64>) {
        let LowRankParams { rows, k, n, rank, scale, y_at, y_stride } = self.params;
        let product = |left: &[f32], right: &[f64]| -> f64 {
            left.iter().zip(right).map(|(left, right)| f64::from(*left) * right).sum()
        };
        let mut z = Vec::new();
        let mut y: Vec<f64> = self.y.iter().map(|v| f64::from(*v)).collect();
        for row in 0..rows as usize {
            let x: Vec<f64> = self.x[row * k as usize..(row + 1) * k as usize].iter().map(|v| f64::from(*v)).collect();
            let own: Vec<f64> = self.a.chunks(k as usize).map(|a| product(a, &x)).collect();
            for (j, b) in self.b.chunks(rank as usize).enumerate().take(n as usize) {
                let at = y_at as usize + row * y_stride as usize + j;
                let before = if ACCUMULATE { y[at] } else { 0.0 };
                y[at] = before + f64::from(scale) * product(b, &own);
            }
            z.extend(own);
        }
        (z, y)
    }

    fn check<R: Reduce, const ACCUMULATE: bool>(&self, device: &Device, way: Way) {
        let params = self.params;
        let (x, a, b) = (upload(device, &self.x), upload(device, &self.a), upload(device, &self.b));
        let mut z = upload(device, &vec![f32::NAN; (params.rows * params.rank) as usize]);
        let mut y = upload(device, &self.y);
        let mut recorder = Recorder::new(device, "low_rank");
        match way {
            Way::Fused => {
                let args = low_rank_fused::Args { x: &x, a: &a, b: &b, z: &mut z, y: &mut y };
                low_rank_fused::Kernel::<R, ACCUMULATE>::dispatch(&mut recorder, params, args).unwrap();
            }
            Way::Split => {
                let args = low_rank_down::Args { x: &x, a: &a, z: &mut z };
                low_rank_down::Kernel::<R>::dispatch(&mut recorder, params, args).unwrap();
                let args = low_rank_up::Args { b: &b, z: &z, y: &mut y };
                low_rank_up::Kernel::<R, ACCUMULATE>::dispatch(&mut recorder, params, args).unwrap();
            }
            Way::Chosen => {
                let args = LowRankArgs { x: &x, a: &a, b: &b, z: &mut z, y: &mut y };
                update::<R, ACCUMULATE>(&mut recorder, params, args).unwrap();
            }
        }
        let plan = recorder.finish().unwrap();
        if matches!(way, Way::Chosen) {
            assert_eq!(plan.dispatches(), if params.is_fused() { 1 } else { 2 });
        }
        plan.run().unwrap();
        let (expected_z, expected_y) = self.expected::<ACCUMULATE>();
        assert_close(&format!("z, {way:?}, {params:?}"), &read(device, &z), &expected_z, 2e-6);
        assert_close(&format!("y, {way:?}, {params:?}"), &read(device, &y), &expected_y, 2e-6);
    }

    fn check_all<R: Reduce>(&self, device: &Device) {
        for way in [Way::Fused, Way::Split, Way::Chosen] {
            self.check::<R, false>(device, way);
            self.check::<R, true>(device, way);
        }
    }
}

/// Ranks of one, around the fused kernel's tile of 64, and several tiles; sizes around a workgroup's.
fn cases() -> Vec<Case> {
    [(1, 1, 1, 1), (2, 127, 257, 63), (1, 129, 255, 64), (1, 200, 300, 65), (3, 64, 40, 200), (1, 1536, 256, 8)]
        .into_iter()
        .map(|(rows, k, n, rank)| Case::new(LowRankParams::dense(rows, k, n, rank, 0.75)))
        .collect()
}

#[test]
fn an_update_of_any_rank_matches_f64() {
    for case in cases() {
        case.check_all::<Tree<1>>(&cpu());
        case.check_all::<Tree<32>>(&cpu());
        for device in devices() {
            case.check_all::<Tree<128>>(&device);
            if device.has_subgroups() || device.is_cpu() {
                case.check_all::<Subgroups<128>>(&device);
            }
        }
    }
}

#[test]
fn outputs_may_be_a_slice_of_a_wider_buffer() {
    let params = LowRankParams { y_at: 7, y_stride: 50, ..LowRankParams::dense(3, 40, 30, 5, -2.0) };
    for device in devices() {
        Case::new(params).check_all::<Tree<128>>(&device);
    }
}

#[test]
fn the_choice_follows_the_cost_of_a_dispatch() {
    assert!(LowRankParams::dense(1, 1536, 256, 8, 1.0).is_fused());
    assert!(!LowRankParams::dense(1, 256, 256, 9, 1.0).is_fused(), "as many reductions cost more than a dispatch");
    assert!(!LowRankParams::dense(1, 6144, 1536, 4, 1.0).is_fused(), "one workgroup would read too much");
}

#[test]
fn more_rows_than_a_grid_dimension_are_all_updated() {
    if let Some(device) = gpu_with_grid_limit(16) {
        Case::new(LowRankParams::dense(20, 16, 24, 11, 1.0)).check_all::<Tree<128>>(&device);
    }
}
