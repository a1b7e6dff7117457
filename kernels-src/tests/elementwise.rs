//! Elementwise maps against f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::elementwise::{AddScaled, AddThenScale, ElementwiseParams, Map, Scale, Softcap, Zip, map, zip};

fn mapped<M: Map, const W: u32>(device: &Device, x: &[f32], factor: f32) -> Vec<f32> {
    let mut x = upload(device, x);
    let params = ElementwiseParams { n: x.len() as u32, factor };
    let mut recorder = Recorder::new(device, "map");
    map::Kernel::<M, W>::dispatch(&mut recorder, params, map::Args { x: &mut x }).unwrap();
    recorder.run().unwrap();
    read(device, &x)
}

fn zipped<Z: Zip, const W: u32>(device: &Device, x: &[f32], other: &[f32], factor: f32) -> Vec<f32> {
    let (mut x, other) = (upload(device, x), upload(device, other));
    let params = ElementwiseParams { n: x.len() as u32, factor };
    let mut recorder = Recorder::new(device, "zip");
    zip::Kernel::<Z, W>::dispatch(&mut recorder, params, zip::Args { other: &other, x: &mut x }).unwrap();
    recorder.run().unwrap();
    read(device, &x)
}

fn expected(x: &[f32], f: impl Fn(f64) -> f64) -> Vec<f64> {
    x.iter().map(|v| f(f64::from(*v))).collect()
}

const LENGTHS: [usize; 5] = [1, 255, 256, 257, 5000];

#[test]
fn scale_multiplies_every_element() {
    let x = random(1, 33);
    assert_close("one lane", &mapped::<Scale, 1>(&cpu(), &x, 0.3), &expected(&x, |v| v * f64::from(0.3f32)), 1e-7);
    for device in devices() {
        for len in LENGTHS {
            let x = random(len as u64, len);
            let actual = mapped::<Scale, 256>(&device, &x, -2.5);
            assert_close("scale", &actual, &expected(&x, |v| v * -2.5), 1e-7);
        }
    }
}

#[test]
fn softcap_bends_large_logits_and_keeps_the_extremes_finite() {
    for device in devices() {
        for len in LENGTHS {
            let mut x: Vec<f32> = random(len as u64, len).iter().map(|v| v * 100.0).collect();
            x[0] = 1e30;
            x[len - 1] = -1e30;
            let actual = mapped::<Softcap, 256>(&device, &x, 30.0);
            assert_close("softcap", &actual, &expected(&x, |v| 30.0 * (v / 30.0).tanh()), 1e-6);
        }
    }
}

#[test]
fn a_residual_is_added_before_or_after_the_factor() {
    let (x, other) = (random(1, 33), random(2, 33));
    let sum: Vec<f64> = x.iter().zip(&other).map(|(x, o)| (f64::from(*x) + f64::from(*o)) * 0.5).collect();
    assert_close("one lane", &zipped::<AddThenScale, 1>(&cpu(), &x, &other, 0.5), &sum, 1e-6);
    for device in devices() {
        for len in LENGTHS {
            let (x, other) = (random(len as u64, len), random(9, len));
            let pairs = || x.iter().zip(&other).map(|(x, o)| (f64::from(*x), f64::from(*o)));
            let before: Vec<f64> = pairs().map(|(x, o)| (x + o) * 1.75).collect();
            assert_close("(x + o)·f", &zipped::<AddThenScale, 256>(&device, &x, &other, 1.75), &before, 1e-6);
            let after: Vec<f64> = pairs().map(|(x, o)| x + 1.75 * o).collect();
            assert_close("x + f·o", &zipped::<AddScaled, 256>(&device, &x, &other, 1.75), &after, 1e-6);
        }
    }
}

#[test]
fn more_elements_than_a_grid_dimension_holds_are_all_mapped() {
    let Some(device) = gpu_with_grid_limit(16) else { return };
    let x = random(3, 16 * 256 * 3 + 1);
    assert_close("folded", &mapped::<Scale, 256>(&device, &x, 3.0), &expected(&x, |v| v * 3.0), 1e-7);
}
