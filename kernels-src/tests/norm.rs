//! Norms against f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::norm::{AddRmsNormParams, RmsNormParams, add_rms_norm, rms_norm};
use kernels_src::reduce::{Reduce, Subgroups, Tree};

const EPS: f32 = 1e-6;

/// Rows and their lengths: one value, one less and one more than a workgroup, heads, a model's width.
const SHAPES: [(u32, u32); 6] = [(1, 1), (3, 255), (2, 256), (2, 257), (24, 64), (5, 1536)];

fn inverse_rms(row: &[f64]) -> f64 {
    1.0 / (row.iter().map(|v| v * v).sum::<f64>() / row.len() as f64 + f64::from(EPS)).sqrt()
}

fn reference(x: &[f64], w: Option<&[f32]>, n: usize) -> Vec<f64> {
    let weight = |i: usize| w.map_or(1.0, |w| f64::from(w[i]));
    x.chunks(n)
        .flat_map(|row| {
            let scale = inverse_rms(row);
            row.iter().enumerate().map(move |(i, v)| v * scale * weight(i)).collect::<Vec<_>>()
        })
        .collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn normed<R: Reduce, const WEIGHTED: bool>(device: &Device, x: &[f32], w: &[f32], rows: u32, n: u32) -> Vec<f32> {
    let (x, w) = (upload(device, x), upload(device, w));
    let mut y = upload(device, &vec![f32::NAN; (rows * n) as usize]);
    let mut recorder = Recorder::new(device, "rms_norm");
    let args = rms_norm::Args { x: &x, w: if WEIGHTED { &w } else { &x }, y: &mut y };
    let params = RmsNormParams { rows, n, eps: EPS };
    rms_norm::Kernel::<R, WEIGHTED>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    read(device, &y)
}

fn check_norm<R: Reduce>(device: &Device) {
    for (rows, n) in SHAPES {
        let (x, w) = (random(u64::from(n), (rows * n) as usize), random(7, n as usize));
        let weighted = reference(&wide(&x), Some(&w), n as usize);
        assert_close("weighted", &normed::<R, true>(device, &x, &w, rows, n), &weighted, 1e-6);
        let weightless = reference(&wide(&x), None, n as usize);
        assert_close("weightless", &normed::<R, false>(device, &x, &w, rows, n), &weightless, 1e-6);
    }
}

#[test]
fn rms_norm_of_any_row_length_matches_f64() {
    check_norm::<Tree<1>>(&cpu());
    check_norm::<Tree<64>>(&cpu());
    for device in devices() {
        check_norm::<Tree<256>>(&device);
        if device.has_subgroups() || device.is_cpu() {
            check_norm::<Subgroups<256>>(&device);
        }
    }
}

/// The stream after the addition, and its norm; the second is NaN where the kernel left it alone.
fn added<R: Reduce, const NORM: bool>(device: &Device, inputs: &Inputs, scale: f32) -> (Vec<f32>, Vec<f32>) {
    let (o, w_post, w_next) =
        (upload(device, &inputs.o), upload(device, &inputs.w_post), upload(device, &inputs.w_next));
    let mut h = upload(device, &inputs.h);
    let mut x = upload(device, &vec![f32::NAN; inputs.h.len()]);
    let mut recorder = Recorder::new(device, "add_rms_norm");
    let args = add_rms_norm::Args { o: &o, w_post: &w_post, w_next: &w_next, h: &mut h, x: &mut x };
    let params = AddRmsNormParams { rows: inputs.rows, n: inputs.n, eps: EPS, scale };
    add_rms_norm::Kernel::<R, NORM>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    (read(device, &h), read(device, &x))
}

struct Inputs {
    rows: u32,
    n: u32,
    o: Vec<f32>,
    h: Vec<f32>,
    w_post: Vec<f32>,
    w_next: Vec<f32>,
}

impl Inputs {
    fn new(rows: u32, n: u32) -> Self {
        let (all, row) = ((rows * n) as usize, n as usize);
        Self { rows, n, o: random(1, all), h: random(2, all), w_post: random(3, row), w_next: random(4, row) }
    }

    fn expected(&self, scale: f32) -> (Vec<f64>, Vec<f64>) {
        let normed = reference(&wide(&self.o), Some(&self.w_post), self.n as usize);
        let h: Vec<f64> = self.h.iter().zip(normed).map(|(h, o)| (f64::from(*h) + o) * f64::from(scale)).collect();
        let x = reference(&h, Some(&self.w_next), self.n as usize);
        (h, x)
    }
}

fn check_added<R: Reduce>(device: &Device) {
    for (rows, n) in SHAPES {
        for scale in [1.0, 0.625] {
            let inputs = Inputs::new(rows, n);
            let (expected_h, expected_x) = inputs.expected(scale);
            let (h, x) = added::<R, true>(device, &inputs, scale);
            assert_close("stream", &h, &expected_h, 1e-6);
            assert_close("norm", &x, &expected_x, 1e-6);
            let (h, x) = added::<R, false>(device, &inputs, scale);
            assert_close("stream alone", &h, &expected_h, 1e-6);
            assert!(x.iter().all(|v| v.is_nan()), "without NORM the second output is left alone");
        }
    }
}

#[test]
fn add_rms_norm_updates_the_stream_and_norms_it() {
    check_added::<Tree<1>>(&cpu());
    check_added::<Tree<64>>(&cpu());
    for device in devices() {
        check_added::<Tree<256>>(&device);
        if device.has_subgroups() || device.is_cpu() {
            check_added::<Subgroups<256>>(&device);
        }
    }
}

#[test]
fn more_rows_than_a_grid_dimension_are_all_normed() {
    let Some(device) = gpu_with_grid_limit(16) else { return };
    let (rows, n) = (201, 5);
    let (x, w) = (random(5, (rows * n) as usize), random(6, n as usize));
    let expected = reference(&wide(&x), Some(&w), n as usize);
    assert_close("folded", &normed::<Tree<256>, true>(&device, &x, &w, rows, n), &expected, 1e-6);
}
