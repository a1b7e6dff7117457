//! The derived backward kernels against gradients derived by hand and against central differences, both in f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernel::types::Vec2;
use kernels_src::activation::{GeluErf, GeluTanh, Silu};
use kernels_src::elementwise::{Activated, ElementwiseParams, Map, Scale, Softcap, map_backward};
use kernels_src::reduce::{Reduce, Subgroups, Tree};
use kernels_src::rope::rotated;
use kernels_src::row_wise::{
    RmsNorm, RowWise, RowWiseParams, Softmax, row_wise, row_wise_backward, row_wise_weight_backward,
};

const EPS: f32 = 1e-6;
const SHAPES: [(u32, u32); 6] = [(1, 1), (3, 255), (2, 256), (2, 257), (24, 64), (3, 1536)];

/// A function's derivative by central differences.
fn slope(f: impl Fn(f64) -> f64, at: f64) -> f64 {
    let step = 1e-4 * at.abs().max(1.0);
    (f(at + step) - f(at - step)) / (2.0 * step)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

/// The error function by its Maclaurin series.
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum) = (x, x);
    for k in 1..200 {
        term *= -x * x / f64::from(k);
        sum += term / f64::from(2 * k + 1);
    }
    sum * 2.0 / std::f64::consts::PI.sqrt()
}

fn gelu_tanh(u: f64) -> f64 {
    0.5 * u * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (u + 0.044715 * u.powi(3))).tanh())
}

fn gelu_erf(u: f64) -> f64 {
    0.5 * u * (1.0 + erf(u / std::f64::consts::SQRT_2))
}

fn silu(u: f64) -> f64 {
    u / (1.0 + (-u).exp())
}

fn mapped_back<M: Map, const W: u32>(device: &Device, x: &[f32], dy: &[f32], factor: f32) -> Vec<f32> {
    let (x, mut d) = (upload(device, x), upload(device, dy));
    let params = ElementwiseParams { n: dy.len() as u32, factor };
    let mut recorder = Recorder::new(device, "map_backward");
    map_backward::Kernel::<M, W>::dispatch(&mut recorder, params, map_backward::Args { x: &x, d: &mut d }).unwrap();
    recorder.run().unwrap();
    read(device, &d)
}

/// Zeros of both signs, tiny, far beyond the bend, and what lies between.
fn inputs(seed: u64, len: usize) -> Vec<f32> {
    let mut x: Vec<f32> = random(seed, len).iter().map(|v| v * 6.0).collect();
    for (x, extreme) in x.iter_mut().zip([0.0, -0.0, 1e4, -1e4, 300.0, -300.0, 88.0, -88.0, 1e-20]) {
        *x = extreme;
    }
    x
}

fn check_map<M: Map, const W: u32>(device: &Device, factor: f32, exact: impl Fn(f64) -> f64) {
    for len in [1, 255, 256, 257, 1500] {
        let (x, dy) = (inputs(3, len), random(4, len));
        let expected: Vec<f64> = x.iter().zip(&dy).map(|(x, d)| f64::from(*d) * slope(&exact, f64::from(*x))).collect();
        let actual = mapped_back::<M, W>(device, &x, &dy, factor);
        for ((x, actual), expected) in x.iter().zip(&actual).zip(&expected) {
            let error = (f64::from(*actual) - expected).abs();
            let name = std::any::type_name::<M>();
            assert!(error <= 2e-6 * expected.abs().max(1.0), "{name} at {x}: {actual}, expected {expected}");
        }
    }
}

#[test]
fn the_gradient_of_every_elementwise_map_is_its_slope() {
    check_map::<Softcap, 1>(&cpu(), 30.0, |x| 30.0 * (x / 30.0).tanh());
    for device in devices() {
        check_map::<Scale, 256>(&device, -1.75, |x| x * -1.75);
        check_map::<Softcap, 256>(&device, 30.0, |x| 30.0 * (x / 30.0).tanh());
        check_map::<Activated<GeluTanh>, 256>(&device, 1.0, gelu_tanh);
        check_map::<Activated<GeluErf>, 256>(&device, 1.0, gelu_erf);
        check_map::<Activated<Silu>, 256>(&device, 1.0, silu);
    }
}

#[test]
fn more_elements_than_a_grid_dimension_holds_all_get_their_gradient() {
    let Some(device) = gpu_with_grid_limit(16) else { return };
    let (x, dy) = (random(1, 16 * 256 * 2 + 1), random(2, 16 * 256 * 2 + 1));
    let expected: Vec<f64> = dy.iter().map(|d| f64::from(*d) * 3.0).collect();
    assert_close("folded", &mapped_back::<Scale, 256>(&device, &x, &dy, 3.0), &expected, 1e-7);
}

/// A row's function in f64: the row, its weights, its result.
type Exact = fn(&[f64], &[f64]) -> Vec<f64>;
/// The gradient by a row, derived by hand, of the row, its weights and the gradient by the result.
type ByHand = fn(&[f64], &[f64], &[f64]) -> Vec<f64>;

fn rms_norm(x: &[f64], w: &[f64]) -> Vec<f64> {
    let scale = inverse_rms(x);
    x.iter().zip(w).map(|(x, w)| x * scale * w).collect()
}

fn inverse_rms(x: &[f64]) -> f64 {
    1.0 / (x.iter().map(|v| v * v).sum::<f64>() / x.len() as f64 + f64::from(EPS)).sqrt()
}

/// `dx = r·(w·dy) − x·r³·Σ(x·w·dy)/n`.
fn rms_norm_by_hand(x: &[f64], w: &[f64], dy: &[f64]) -> Vec<f64> {
    let scale = inverse_rms(x);
    let product: f64 = x.iter().zip(w).zip(dy).map(|((x, w), d)| x * w * d).sum();
    let mean = product / x.len() as f64;
    x.iter().zip(w).zip(dy).map(|((x, w), d)| scale * w * d - x * scale.powi(3) * mean).collect()
}

fn softmax(x: &[f64], _: &[f64]) -> Vec<f64> {
    let greatest = x.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = x.iter().map(|v| (v - greatest).exp()).sum();
    x.iter().map(|v| (v - greatest).exp() / sum).collect()
}

/// `dx = p·(dy − Σ p·dy)`.
fn softmax_by_hand(x: &[f64], w: &[f64], dy: &[f64]) -> Vec<f64> {
    let p = softmax(x, w);
    let mean: f64 = p.iter().zip(dy).map(|(p, d)| p * d).sum();
    p.iter().zip(dy).map(|(p, d)| p * (d - mean)).collect()
}

/// The gradient of `Σ dy·F(x)` by `x` in central differences.
fn differences(f: Exact, x: &[f64], w: &[f64], dy: &[f64]) -> Vec<f64> {
    (0..x.len())
        .map(|i| {
            let loss = |value: f64| -> f64 {
                let mut moved = x.to_vec();
                moved[i] = value;
                f(&moved, w).iter().zip(dy).map(|(y, d)| y * d).sum()
            };
            slope(loss, x[i])
        })
        .collect()
}

struct Rows {
    params: RowWiseParams,
    x: Vec<f32>,
    w: Vec<f32>,
    dy: Vec<f32>,
}

impl Rows {
    fn random(rows: u32, n: u32) -> Self {
        let all = (rows * n) as usize;
        let params = RowWiseParams { rows, n, eps: EPS };
        Self { params, x: random(1, all), w: random(2, n as usize), dy: random(3, all) }
    }

    /// The gradient by `x`, added to what `held` says, and the rows' statistics.
    fn backward<F: RowWise, R: Reduce, const WEIGHTED: bool, const ADD: bool>(
        &self,
        device: &Device,
        held: f32,
    ) -> (Vec<f32>, Vec<Vec2<f32>>) {
        let (x, w, dy) = (upload(device, &self.x), upload(device, &self.w), upload(device, &self.dy));
        let mut dx = upload(device, &vec![held; self.x.len()]);
        let mut statistics = upload(device, &vec![Vec2::splat(f32::NAN); self.params.rows as usize]);
        let mut recorder = Recorder::new(device, "row_wise_backward");
        let args = row_wise_backward::Args {
            x: &x,
            w: if WEIGHTED { &w } else { &x },
            dy: &dy,
            dx: &mut dx,
            statistics: &mut statistics,
        };
        row_wise_backward::Kernel::<F, R, WEIGHTED, ADD>::dispatch(&mut recorder, self.params, args).unwrap();
        recorder.run().unwrap();
        (read(device, &dx), read(device, &statistics))
    }

    /// An f64 function of every row.
    fn expected(&self, weighted: bool, gradient: impl Fn(&[f64], &[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
        let n = self.params.n as usize;
        let w = if weighted { wide(&self.w) } else { vec![1.0; n] };
        let rows = self.x.chunks(n).zip(self.dy.chunks(n));
        rows.flat_map(|(x, dy)| gradient(&wide(x), &w, &wide(dy))).collect()
    }
}

fn check_rows<F: RowWise, R: Reduce, const WEIGHTED: bool>(device: &Device, f: Exact, by_hand: ByHand) {
    for (rows, n) in SHAPES {
        let rows = Rows::random(rows, n);
        let (dx, _) = rows.backward::<F, R, WEIGHTED, false>(device, f32::NAN);
        if n == 1 {
            // The normed value is ±1 whatever it was, but for eps.
            assert!(dx.iter().all(|d| d.abs() < 1e-5), "{dx:?}");
            continue;
        }
        assert_close("by hand", &dx, &rows.expected(WEIGHTED, by_hand), 3e-6);
        if n <= 256 {
            let differences = rows.expected(WEIGHTED, |x, w, dy| differences(f, x, w, dy));
            assert_close("differences", &dx, &differences, 3e-6);
        }
    }
}

fn check_reduction<R: Reduce>(device: &Device) {
    check_rows::<RmsNorm, R, true>(device, rms_norm, rms_norm_by_hand);
    check_rows::<RmsNorm, R, false>(device, rms_norm, rms_norm_by_hand);
}

#[test]
fn the_gradient_of_rms_norm_is_the_one_derived_by_hand() {
    check_reduction::<Tree<1>>(&cpu());
    check_reduction::<Tree<64>>(&cpu());
    for device in devices() {
        check_reduction::<Tree<256>>(&device);
        if device.has_subgroups() || device.is_cpu() {
            check_reduction::<Subgroups<256>>(&device);
        }
    }
}

fn check_softmax<R: Reduce>(device: &Device) {
    for (rows, n) in SHAPES {
        let mut rows = Rows::random(rows, n);
        // Ties of the greatest value, and a value that the others vanish beside.
        if n > 4 {
            rows.x[0] = 2.0;
            rows.x[3] = 2.0;
            let last = rows.x.len() - 1;
            rows.x[last] = 60.0;
        }
        let forward = {
            let (x, mut y) = (upload(device, &rows.x), upload(device, &vec![f32::NAN; rows.x.len()]));
            let mut recorder = Recorder::new(device, "softmax");
            let args = row_wise::Args { x: &x, w: &x, y: &mut y };
            row_wise::Kernel::<Softmax, R, false>::dispatch(&mut recorder, rows.params, args).unwrap();
            recorder.run().unwrap();
            read(device, &y)
        };
        assert_close("softmax", &forward, &rows.expected(false, |x, w, _| softmax(x, w)), 2e-6);
        let (dx, statistics) = rows.backward::<Softmax, R, false, false>(device, f32::NAN);
        if n == 1 {
            // One value is 1 whatever it is.
            assert!(dx.iter().all(|d| d.abs() < 1e-6), "{dx:?}");
        } else {
            assert_close("by hand", &dx, &rows.expected(false, softmax_by_hand), 3e-6);
        }
        let greatest: Vec<f32> =
            rows.x.chunks(n as usize).map(|row| row.iter().copied().fold(f32::MIN, f32::max)).collect();
        assert_eq!(statistics.iter().map(|of_row| of_row.x).collect::<Vec<_>>(), greatest);
    }
}

#[test]
fn the_gradient_of_softmax_is_the_one_derived_by_hand() {
    check_softmax::<Tree<1>>(&cpu());
    for device in devices() {
        check_softmax::<Tree<256>>(&device);
        if device.has_subgroups() || device.is_cpu() {
            check_softmax::<Subgroups<256>>(&device);
        }
    }
}

#[test]
fn a_gradient_may_be_added_to_what_is_there() {
    for device in devices() {
        let rows = Rows::random(3, 300);
        let sum = rows.expected(true, rms_norm_by_hand).iter().map(|d| d + 0.5).collect::<Vec<_>>();
        assert_close("added", &rows.backward::<RmsNorm, Tree<256>, true, true>(&device, 0.5).0, &sum, 1e-6);
        let sum = rows.expected(false, rms_norm_by_hand).iter().map(|d| d + 0.5).collect::<Vec<_>>();
        assert_close("added", &rows.backward::<RmsNorm, Tree<256>, false, true>(&device, 0.5).0, &sum, 1e-6);
    }
}

#[test]
fn extreme_rows_have_finite_gradients() {
    for device in devices() {
        for scale in [0.0, 1e-12, 1e4] {
            let mut rows = Rows::random(2, 300);
            rows.x.iter_mut().for_each(|x| *x *= scale);
            let expected = rows.expected(true, rms_norm_by_hand);
            let (dx, _) = rows.backward::<RmsNorm, Tree<256>, true, false>(&device, f32::NAN);
            assert_close("rms norm", &dx, &expected, 1e-5);
            let expected = rows.expected(false, softmax_by_hand);
            let (dx, _) = rows.backward::<Softmax, Tree<256>, false, false>(&device, f32::NAN);
            assert!(dx.iter().all(|d| d.is_finite()), "softmax at scale {scale}");
            if scale < 1.0 {
                assert_close("softmax", &dx, &expected, 1e-5);
            }
        }
    }
}

fn check_weights<const W: u32>(device: &Device) {
    for (rows, n) in SHAPES {
        let rows = Rows::random(rows, n);
        let (_, statistics) = rows.backward::<RmsNorm, Tree<256>, true, false>(device, f32::NAN);
        let (x, w, dy) = (upload(device, &rows.x), upload(device, &rows.w), upload(device, &rows.dy));
        let statistics = upload(device, &statistics);
        let mut dw = upload(device, &vec![f32::NAN; n as usize]);
        let mut recorder = Recorder::new(device, "row_wise_weight_backward");
        let args = row_wise_weight_backward::Args { x: &x, w: &w, dy: &dy, statistics: &statistics, dw: &mut dw };
        row_wise_weight_backward::Kernel::<RmsNorm, W>::dispatch(&mut recorder, rows.params, args).unwrap();
        recorder.run().unwrap();
        let mut expected = vec![0.0; n as usize];
        for (x, dy) in rows.x.chunks(n as usize).zip(rows.dy.chunks(n as usize)) {
            let scale = inverse_rms(&wide(x));
            for ((sum, x), d) in expected.iter_mut().zip(x).zip(dy) {
                *sum += f64::from(*x) * scale * f64::from(*d);
            }
        }
        assert_close("dw", &read(device, &dw), &expected, 2e-6);
    }
}

#[test]
fn the_gradient_by_the_weights_is_summed_over_the_rows() {
    check_weights::<1>(&cpu());
    for device in devices() {
        check_weights::<256>(&device);
    }
}

#[test]
fn the_gradient_of_a_rotation_turns_back() {
    for (angle, x, y) in [(0.0_f32, 1.0, 2.0), (0.7, -3.0, 0.5), (3.1, 0.0, 1.0)] {
        let turn = Vec2::new(angle.cos(), angle.sin());
        let turned = rotated(Vec2::new(x, y), turn);
        let back = rotated::gradient(Vec2::new(x, y), turn, turned).pair;
        assert_close("pair", &[back.x, back.y], &[f64::from(x), f64::from(y)], 1e-6);
    }
}
