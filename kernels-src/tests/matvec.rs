//! Matvecs and their fused entries against f64.

mod common;

use common::formats::{rows, weights, words};
use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Buffer, Device, Recorder};
use kernel::types::Vec4;
use kernels_src::activation::GeluTanh;
use kernels_src::matvec::{
    Accumulate, Epilogue, GateUpParams, Identity, MatvecParams, PleGateParams, QkvParams, Softcap, gate_up, matvec,
    ple_gate, qkv,
};
use kernels_src::quant::{BF16, F16, F32, Q4_0, Q4_K, Q5_0, Q5_K, Q6_K, Q8_0, Quant};
use kernels_src::reduce::{Reduce, Subgroups, Tree};

fn vec4s(device: &Device, values: &[f32]) -> Buffer<Vec4<f32>> {
    upload(device, values).cast()
}

fn tensor<Q: Quant>(device: &Device, n: u32, k: u32) -> Buffer<u32> {
    upload(device, &words(&rows(Q::NAME, n, k)))
}

/// `w·x` in f64.
fn product<Q: Quant>(n: u32, k: u32, x: &[f64]) -> Vec<f64> {
    let w = weights(Q::NAME, n, k);
    w.chunks(k as usize).map(|row| row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum()).collect()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn gelu(u: f64) -> f64 {
    0.5 * u * (1.0 + (0.797_884_560_8 * (u + 0.044_715 * u * u * u)).tanh())
}

/// Runs `$check::<R>` with every reduction that the device has.
macro_rules! with_reductions {
    ($check:ident::<$($Q:ident),*>($($argument:expr),*)) => {
        with_reductions!($check::<$($Q),*>($($argument),*), 4 rows)
    };
    ($check:ident::<$($Q:ident),*>($($argument:expr),*), $rows:literal rows) => {{
        $check::<$($Q,)* Tree<1>, 4>(&cpu(), $($argument),*);
        $check::<$($Q,)* Tree<1>, 8>(&cpu(), $($argument),*);
        for device in devices() {
            $check::<$($Q,)* Tree<64>, $rows>(&device, $($argument),*);
            if device.has_subgroups() || device.is_cpu() {
                $check::<$($Q,)* Subgroups<64>, $rows>(&device, $($argument),*);
            }
        }
    }};
}

fn dots<Q: Quant, R: Reduce, E: Epilogue, const ROWS: usize>(device: &Device, n: u32, k: u32, cap: f32) -> Vec<f32> {
    let w = tensor::<Q>(device, n, k);
    let x = vec4s(device, &random(u64::from(k), k as usize));
    let mut y = upload(device, &vec![0.25f32; n as usize + 3]);
    let mut recorder = Recorder::new(device, "matvec");
    let params = MatvecParams { rows: n, k, y_at: 2, cap };
    matvec::Kernel::<Q, R, E, ROWS>::dispatch(&mut recorder, params, matvec::Args { w: &w, x: &x, y: &mut y }).unwrap();
    recorder.run().unwrap();
    let y = read(device, &y);
    assert_eq!([y[0], y[1], y[n as usize + 2]], [0.25; 3], "values around the output");
    y[2..n as usize + 2].to_vec()
}

fn is_the_product<Q: Quant, R: Reduce, const ROWS: usize>(device: &Device, n: u32, k: u32) {
    let x = wide(&random(u64::from(k), k as usize));
    let sums = dots::<Q, R, Identity, ROWS>(device, n, k, 0.0);
    let w = weights(Q::NAME, n, k);
    for (row, (sum, w)) in sums.iter().zip(w.chunks(k as usize)).enumerate() {
        let terms: Vec<f64> = w.iter().zip(&x).map(|(w, x)| f64::from(*w) * x).collect();
        // Terms cancel: the rounding is that of their sizes.
        let (expected, size): (f64, f64) = (terms.iter().sum(), terms.iter().map(|term| term.abs()).sum());
        let off = (f64::from(*sum) - expected).abs();
        assert!(off <= 1e-6 * size, "{} [{n}, {k}], row {row}, on {device:?}: {sum}, not {expected}", Q::NAME);
    }
}

macro_rules! each_format {
    ($($test:ident $format:ident $block:literal;)*) => {$(
        #[test]
        fn $test() {
            for (n, blocks) in [(1, 1), (3, 2), (4, 3), (5, 9)] {
                with_reductions!(is_the_product::<$format>(n, blocks * $block));
            }
        }
    )*};
}

each_format! {
    f32_times_a_vector F32 32;
    f16_times_a_vector F16 32;
    bf16_times_a_vector BF16 32;
    q4_0_times_a_vector Q4_0 32;
    q5_0_times_a_vector Q5_0 32;
    q8_0_times_a_vector Q8_0 32;
    q4_k_times_a_vector Q4_K 256;
    q5_k_times_a_vector Q5_K 256;
    q6_k_times_a_vector Q6_K 256;
}

#[test]
fn rows_past_the_grids_limit_are_computed_once() {
    if let Some(device) = gpu_with_grid_limit(16) {
        is_the_product::<Q8_0, Tree<64>, 4>(&device, 133, 64);
        is_the_product::<Q6_K, Tree<64>, 4>(&device, 65, 256);
    }
}

#[test]
fn a_sum_is_added_to_what_the_output_holds() {
    let expected: Vec<f64> = product::<Q4_K>(6, 256, &wide(&random(256, 256))).iter().map(|v| v + 0.25).collect();
    for device in devices() {
        assert_close("accumulated", &dots::<Q4_K, Tree<64>, Accumulate, 4>(&device, 6, 256, 0.0), &expected, 2e-6);
    }
}

#[test]
fn a_capped_sum_stays_below_the_cap_and_finite() {
    for cap in [30.0, 1e-3] {
        let expected: Vec<f64> = product::<F16>(6, 256, &wide(&random(256, 256)))
            .iter()
            .map(|v| f64::from(cap) * (v / f64::from(cap)).tanh())
            .collect();
        for device in devices() {
            let capped = dots::<F16, Tree<64>, Softcap, 4>(&device, 6, 256, cap);
            assert_close("capped", &capped, &expected, 1e-5);
            assert!(capped.iter().all(|v| v.abs() <= cap), "{capped:?}");
        }
    }
}

const EPS: f32 = 1e-6;

/// The stream before a block, as the fused entries read it, and what they make of it in f64.
struct Stream {
    h: Vec<f32>,
    o: Vec<f32>,
    w_post: Vec<f32>,
    w_next: Vec<f32>,
    scale: f32,
}

impl Stream {
    fn new(k: u32) -> Self {
        let k = k as usize;
        let o = random(2, k).iter().map(|v| v * 5.0).collect();
        Self { h: random(1, k), o, w_post: random(3, k), w_next: random(4, k), scale: 0.37 }
    }

    fn next(&self, add: bool) -> Vec<f64> {
        let scale = f64::from(self.scale);
        if !add {
            return self.h.iter().map(|h| f64::from(*h) * scale).collect();
        }
        let post = inverse_rms(&wide(&self.o));
        let added = self.o.iter().zip(&self.w_post).map(|(o, w)| f64::from(*o) * f64::from(*w) * post);
        self.h.iter().zip(added).map(|(h, added)| (f64::from(*h) + added) * scale).collect()
    }

    fn normed(&self, add: bool) -> Vec<f64> {
        let next = self.next(add);
        let norm = inverse_rms(&next);
        next.iter().zip(&self.w_next).map(|(h, w)| h * norm * f64::from(*w)).collect()
    }

    fn upload(&self, device: &Device) -> [Buffer<Vec4<f32>>; 5] {
        let out = vec![f32::NAN; self.h.len()];
        [&self.h, &self.o, &self.w_post, &self.w_next, &out].map(|values| vec4s(device, values))
    }
}

fn inverse_rms(values: &[f64]) -> f64 {
    1.0 / (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64 + f64::from(EPS)).sqrt()
}

fn attention_inputs<QA: Quant, QB: Quant, R: Reduce, const ROWS: usize>(
    device: &Device,
    (rows_a, rows_b): (u32, u32),
    k: u32,
) {
    projects::<QA, QB, R, ROWS, true>(device, rows_a, rows_b, k);
    projects::<QA, QB, R, ROWS, false>(device, rows_a, rows_b, k);
}

fn projects<QA: Quant, QB: Quant, R: Reduce, const ROWS: usize, const ADD: bool>(
    device: &Device,
    rows_a: u32,
    rows_b: u32,
    k: u32,
) {
    let stream = Stream::new(k);
    let [h, o, w_post, w_next, mut h_out] = stream.upload(device);
    let (wa, wb) = (tensor::<QA>(device, rows_a, k), tensor::<QB>(device, rows_b.max(1), k));
    let mut y = upload(device, &vec![f32::NAN; (rows_a + rows_b) as usize]);
    let mut recorder = Recorder::new(device, "qkv");
    let args =
        qkv::Args { h: &h, o: &o, w_post: &w_post, w_next: &w_next, h_out: &mut h_out, wa: &wa, wb: &wb, y: &mut y };
    let params = QkvParams { rows_a, rows_b, k, eps: EPS, scale: stream.scale };
    qkv::Kernel::<QA, QB, R, ROWS, ADD>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let x = stream.normed(ADD);
    let mut expected = product::<QA>(rows_a, k, &x);
    expected.extend(product::<QB>(rows_b, k, &x));
    assert_close("projections", &read(device, &y), &expected, 3e-6);
    assert_close("stream", &read(device, &h_out.cast::<f32>()), &stream.next(ADD), 1e-6);
}

#[test]
fn attentions_inputs_come_from_the_normed_stream_of_two_formats() {
    with_reductions!(attention_inputs::<Q4_K, Q6_K>((9, 5), 512));
    with_reductions!(attention_inputs::<Q8_0, Q8_0>((4, 4), 512));
    with_reductions!(attention_inputs::<BF16, BF16>((5, 0), 512));
}

fn feed_forward<Q: Quant, R: Reduce, const ROWS: usize>(device: &Device, n: u32, k: u32) {
    let stream = Stream::new(k);
    let [h, o, w_post, w_next, mut h_out] = stream.upload(device);
    let w_gate = tensor::<Q>(device, n, k);
    // Another tensor of the same format: its rows in the opposite order.
    let (row_bytes, bytes) = ((k / Q::BLOCK * Q::BYTES) as usize, rows(Q::NAME, n, k));
    let reversed: Vec<u8> = bytes.chunks(row_bytes).rev().flatten().copied().collect();
    let w_up = upload(device, &words(&reversed));
    let mut y = upload(device, &vec![f32::NAN; n as usize]);
    let mut recorder = Recorder::new(device, "gate_up");
    let args = gate_up::Args {
        h: &h,
        o: &o,
        w_post: &w_post,
        w_next: &w_next,
        h_out: &mut h_out,
        w_gate: &w_gate,
        w_up: &w_up,
        y: &mut y,
    };
    let params = GateUpParams { rows: n, k, eps: EPS, scale: stream.scale };
    gate_up::Kernel::<Q, R, GeluTanh, ROWS>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let gate = product::<Q>(n, k, &stream.normed(true));
    let expected: Vec<f64> = gate.iter().zip(gate.iter().rev()).map(|(gate, up)| gelu(*gate) * up).collect();
    assert_close("feed forward", &read(device, &y), &expected, 5e-6);
    assert_close("stream", &read(device, &h_out.cast::<f32>()), &stream.next(true), 1e-6);
}

#[test]
fn the_gated_feed_forward_reads_the_normed_stream() {
    with_reductions!(feed_forward::<Q4_K>(7, 768), 8 rows);
    with_reductions!(feed_forward::<F16>(12, 96), 8 rows);
}

fn per_layer_gate<Q: Quant, R: Reduce, const ROWS: usize>(device: &Device, n: u32, k: u32) {
    let stream = Stream::new(k);
    let [h, o, w_post, _, mut h_out] = stream.upload(device);
    let w = tensor::<Q>(device, n, k);
    let inputs = random(9, n as usize + 6);
    let ple_in = upload(device, &inputs);
    let mut y = upload(device, &vec![f32::NAN; n as usize]);
    let mut recorder = Recorder::new(device, "ple_gate");
    let args = ple_gate::Args { h: &h, o: &o, w_post: &w_post, h_out: &mut h_out, w: &w, ple_in: &ple_in, y: &mut y };
    let params = PleGateParams { rows: n, k, eps: EPS, scale: stream.scale, ple_at: 6 };
    ple_gate::Kernel::<Q, R, GeluTanh, ROWS>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();
    let expected: Vec<f64> = product::<Q>(n, k, &stream.next(true))
        .iter()
        .zip(&inputs[6..])
        .map(|(gate, input)| gelu(*gate) * f64::from(*input))
        .collect();
    assert_close("gated embedding", &read(device, &y), &expected, 5e-6);
    assert_close("stream", &read(device, &h_out.cast::<f32>()), &stream.next(true), 1e-6);
}

#[test]
fn the_per_layer_gate_reads_the_stream_without_a_norm() {
    with_reductions!(per_layer_gate::<Q8_0>(6, 160));
    with_reductions!(per_layer_gate::<Q5_K>(5, 256));
}
