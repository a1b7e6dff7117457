//! Gated activations and their gradients against f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::activation::{Activation, GeluErf, GeluTanh};
use kernels_src::geglu::{GegluParams, geglu, geglu_backward};

/// An activation and its derivative in f64.
trait Exact: Activation {
    fn exact(u: f64) -> f64;
    fn slope(u: f64) -> f64 {
        (Self::exact(u + 1e-5) - Self::exact(u - 1e-5)) / 2e-5
    }
}

impl Exact for GeluTanh {
    fn exact(u: f64) -> f64 {
        0.5 * u * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (u + 0.044715 * u.powi(3))).tanh())
    }
}

impl Exact for GeluErf {
    fn exact(u: f64) -> f64 {
        // erf by its Maclaurin series, which converges everywhere and is exact in f64 for small arguments; its
        // complement is below 1e-15 past 6.
        let x = u / std::f64::consts::SQRT_2;
        let erf = if x.abs() > 6.0 {
            x.signum()
        } else {
            let (mut term, mut sum) = (x, x);
            for k in 1..200 {
                term *= -x * x / f64::from(k);
                sum += term / f64::from(2 * k + 1);
            }
            sum * 2.0 / std::f64::consts::PI.sqrt()
        };
        0.5 * u * (1.0 + erf)
    }
}

/// Gates from the bend to far beyond it, as a model's are.
fn gates(seed: u64, len: usize) -> Vec<f32> {
    let mut gates: Vec<f32> = random(seed, len).iter().map(|v| v * 4.0).collect();
    for (gate, extreme) in gates.iter_mut().zip([0.0, 60.0, -60.0, 1e4, -1e4, -0.0]) {
        *gate = extreme;
    }
    gates
}

fn forward<A: Activation, const W: u32>(device: &Device, params: GegluParams, gate: &[f32], up: &[f32]) -> Vec<f32> {
    let (gate, up) = (upload(device, gate), upload(device, up));
    let mut y = upload(device, &vec![f32::NAN; (params.rows * params.n) as usize]);
    let mut recorder = Recorder::new(device, "geglu");
    geglu::Kernel::<A, W>::dispatch(&mut recorder, params, geglu::Args { gate: &gate, up: &up, y: &mut y }).unwrap();
    recorder.run().unwrap();
    read(device, &y)
}

fn check_forward<A: Exact, const W: u32>(device: &Device, rows: u32, n: u32) {
    let len = (rows * n) as usize;
    let (gate, up) = (gates(1, len), random(2, len));
    let expected: Vec<f64> = gate.iter().zip(&up).map(|(g, u)| A::exact(f64::from(*g)) * f64::from(*u)).collect();
    let y = forward::<A, W>(device, GegluParams::dense(rows, n), &gate, &up);
    assert_close("geglu", &y, &expected, 1e-6);
    // The extremes, which are first, would hide the others in a relative norm.
    let skipped = 6.min(len);
    assert_close("geglu near zero", &y[skipped..], &expected[skipped..], 1e-6);
}

#[test]
fn both_activations_gate_any_number_of_elements() {
    check_forward::<GeluTanh, 1>(&cpu(), 1, 1);
    check_forward::<GeluTanh, 1>(&cpu(), 3, 97);
    for device in devices() {
        for (rows, n) in [(1, 1), (1, 255), (2, 257), (7, 1024)] {
            check_forward::<GeluTanh, 256>(&device, rows, n);
            check_forward::<GeluErf, 256>(&device, rows, n);
        }
    }
}

#[test]
fn operands_may_be_slices_of_one_wide_buffer() {
    for device in devices() {
        // Rows of a gate of 48 values, then the up projection's, then something else.
        let (rows, n, stride) = (5, 48, 103);
        let wide = random(3, (rows * stride) as usize);
        let params = GegluParams { rows, n, gate_at: 0, gate_stride: stride, up_at: n, up_stride: stride };
        let at = |row: u32, column: u32| f64::from(wide[(row * stride + column) as usize]);
        let expected: Vec<f64> = (0..rows)
            .flat_map(|row| (0..n).map(move |j| (row, j)))
            .map(|(row, j)| GeluTanh::exact(at(row, j)) * at(row, n + j))
            .collect();
        assert_close("slices", &forward::<GeluTanh, 256>(&device, params, &wide, &wide), &expected, 1e-6);
    }
}

#[test]
fn more_elements_than_a_grid_dimension_holds_are_all_gated() {
    if let Some(device) = gpu_with_grid_limit(16) {
        check_forward::<GeluTanh, 256>(&device, 3, 40 * 256 + 1);
    }
}

fn check_backward<A: Exact, const W: u32>(device: &Device, rows: u32, n: u32) {
    let len = (rows * n) as usize;
    let params = GegluParams::dense(rows, n);
    let (gate_values, up_values, dy_values) = (gates(4, len), random(5, len), random(6, len));
    let (gate, up, dy) = (upload(device, &gate_values), upload(device, &up_values), upload(device, &dy_values));
    let mut d_gate = upload(device, &vec![f32::NAN; len]);
    let mut d_up = upload(device, &vec![f32::NAN; len]);
    let mut recorder = Recorder::new(device, "geglu_backward");
    let args = geglu_backward::Args { gate: &gate, up: &up, dy: &dy, d_gate: &mut d_gate, d_up: &mut d_up };
    geglu_backward::Kernel::<A, W>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let of = |f: &dyn Fn(f64, f64, f64) -> f64| -> Vec<f64> {
        (0..len).map(|i| f(f64::from(gate_values[i]), f64::from(up_values[i]), f64::from(dy_values[i]))).collect()
    };
    let expected_gate = of(&|gate, up, dy| dy * A::slope(gate) * up);
    let expected_up = of(&|gate, _, dy| dy * A::exact(gate));
    assert_close("d_gate", &read(device, &d_gate), &expected_gate, 2e-6);
    let skipped = 6.min(len);
    assert_close("d_up", &read(device, &d_up)[skipped..], &expected_up[skipped..], 2e-6);
}

#[test]
fn the_gradients_are_the_forward_pass_differentiated() {
    check_backward::<GeluTanh, 1>(&cpu(), 2, 31);
    for device in devices() {
        for (rows, n) in [(1, 1), (3, 255), (2, 257)] {
            check_backward::<GeluTanh, 256>(&device, rows, n);
            check_backward::<GeluErf, 256>(&device, rows, n);
        }
    }
}
