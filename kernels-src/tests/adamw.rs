//! AdamW and gradient clipping against f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::adamw::*;
use kernels_src::reduce::{Reduce, Subgroups, Tree};

const HYPER: AdamW = AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.1 };

/// The optimiser in f64, as the paper has it.
#[derive(Clone)]
struct Reference {
    p: Vec<f64>,
    m: Vec<f64>,
    v: Vec<f64>,
}

impl Reference {
    fn step(&mut self, step: i32, lr: f64, gradient: &[f32]) {
        let AdamW { beta1, beta2, eps, decay } = HYPER;
        for (i, g) in gradient.iter().enumerate() {
            let g = f64::from(*g);
            self.m[i] = beta1 * self.m[i] + (1.0 - beta1) * g;
            self.v[i] = beta2 * self.v[i] + (1.0 - beta2) * g * g;
            let (m, v) = (self.m[i] / (1.0 - beta1.powi(step)), self.v[i] / (1.0 - beta2.powi(step)));
            self.p[i] -= lr * (m / (v.sqrt() + eps) + decay * self.p[i]);
        }
    }
}

/// Three steps over `n` elements.
fn check<const W: u32>(device: &Device, n: usize) {
    let start = random(1, n);
    let mut reference =
        Reference { p: start.iter().map(|v| f64::from(*v)).collect(), m: vec![0.0; n], v: vec![0.0; n] };
    let (mut parameter, clip) = (upload(device, &start), upload(device, &[1.0]));
    let (mut m, mut v) = (upload(device, &vec![0.0; n]), upload(device, &vec![0.0; n]));
    for step in 1..=3 {
        let lr = 0.05 / f64::from(step);
        // From tiny to large, as gradients are.
        let values: Vec<f32> = random(10 + u64::from(step), n).iter().map(|g| g * g * g * 20.0).collect();
        let gradient = upload(device, &values);
        let mut recorder = Recorder::new(device, "adamw");
        let args = adamw::Args { gradient: &gradient, clip: &clip, parameter: &mut parameter, m: &mut m, v: &mut v };
        adamw::Kernel::<W>::dispatch(&mut recorder, AdamWParams::new(n as u32, step, lr, HYPER), args).unwrap();
        recorder.run().unwrap();
        reference.step(step as i32, lr, &values);
    }
    assert_close("m", &read(device, &m), &reference.m, 1e-6);
    assert_close("v", &read(device, &v), &reference.v, 1e-6);
    let actual = read(device, &parameter);
    for (i, (actual, expected)) in actual.iter().zip(&reference.p).enumerate() {
        assert!((f64::from(*actual) - expected).abs() < 1e-6, "element {i} of {n}: {actual}, not {expected}");
    }
}

#[test]
fn three_steps_match_the_paper() {
    check::<1>(&cpu(), 100);
    for device in devices() {
        for n in [1, 255, 256, 257, 10_000] {
            check::<256>(&device, n);
        }
    }
}

#[test]
fn every_one_of_more_than_4194304_elements_is_updated() {
    for device in devices() {
        check::<256>(&device, 4_194_304 + 1_000_001);
    }
}

#[test]
fn more_elements_than_a_grid_dimension_holds_are_all_updated() {
    if let Some(device) = gpu_with_grid_limit(16) {
        check::<256>(&device, 16 * 256 * 5 + 3);
    }
}

#[test]
fn an_element_with_its_clip_factor_moves_as_with_a_smaller_gradient() {
    for device in devices() {
        let moved = |gradient: f32, clip: f32| {
            let (gradient, clip) = (upload(&device, &[gradient]), upload(&device, &[clip]));
            let mut buffers = [upload(&device, &[1.0]), upload(&device, &[0.5]), upload(&device, &[0.25])];
            let [parameter, m, v] = &mut buffers;
            let mut recorder = Recorder::new(&device, "adamw");
            let args = adamw::Args { gradient: &gradient, clip: &clip, parameter, m, v };
            adamw::Kernel::<256>::dispatch(&mut recorder, AdamWParams::new(1, 7, 0.1, HYPER), args).unwrap();
            recorder.run().unwrap();
            buffers.map(|buffer| read(&device, &buffer)[0])
        };
        assert_eq!(moved(8.0, 0.25), moved(2.0, 1.0));
        assert_ne!(moved(8.0, 0.25), moved(8.0, 1.0));
    }
}

/// Clip factor and norm of the gradients in several buffers.
fn clipped<R: Reduce>(device: &Device, gradients: &[Vec<f32>], max_norm: f32) -> [f32; 2] {
    let count: u32 = gradients.iter().map(|gradient| blocks(gradient.len() as u32)).sum();
    let mut sums = upload(device, &vec![f32::NAN; count as usize]);
    let mut clip = upload(device, &[f32::NAN; 2]);
    let mut recorder = Recorder::new(device, "clip");
    let mut at = 0;
    for gradient in gradients {
        let n = gradient.len() as u32;
        let x = upload(device, gradient);
        let args = sum_of_squares::Args { x: &x, sums: &mut sums };
        sum_of_squares::Kernel::<R>::dispatch(&mut recorder, SumOfSquaresParams { n, at }, args).unwrap();
        at += blocks(n);
    }
    let params = ClipFactorParams { n: count, max_norm };
    clip_factor::Kernel::<R>::dispatch(&mut recorder, params, clip_factor::Args { sums: &sums, clip: &mut clip })
        .unwrap();
    recorder.run().unwrap();
    let clip = read(device, &clip);
    [clip[0], clip[1]]
}

fn check_clip<R: Reduce>(device: &Device, lengths: &[usize]) {
    let gradients: Vec<Vec<f32>> = lengths.iter().map(|len| random(*len as u64, *len)).collect();
    let norm = gradients.iter().flatten().map(|g| f64::from(*g).powi(2)).sum::<f64>().sqrt();
    let [factor, measured] = clipped::<R>(device, &gradients, 0.5);
    assert_close("norm", &[measured], &[norm], 1e-6);
    assert_close("factor", &[factor], &[(0.5 / norm).min(1.0)], 1e-5);
    let [factor, _] = clipped::<R>(device, &gradients, 1e9);
    assert_eq!(factor, 1.0, "a small gradient is left as it is");
}

#[test]
fn the_norm_over_several_buffers_gives_the_clip_factor() {
    let lengths = [1, 4095, 4096, 4097, 100_000];
    check_clip::<Tree<1>>(&cpu(), &lengths);
    for device in devices() {
        check_clip::<Tree<256>>(&device, &[1]);
        check_clip::<Tree<256>>(&device, &lengths);
        if device.has_subgroups() || device.is_cpu() {
            check_clip::<Subgroups<256>>(&device, &lengths);
        }
    }
}
