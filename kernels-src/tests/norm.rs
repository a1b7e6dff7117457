//! Norms against f64.

mod common;

use common::{assert_close, devices, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::norm::{RmsNormParams, rms_norm};
use kernels_src::reduce::{Reduce, Subgroups, Tree};

fn reference(x: &[f32], w: &[f32], n: usize, eps: f64) -> Vec<f64> {
    x.chunks(n)
        .flat_map(|row| {
            let mean = row.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / n as f64;
            let scale = 1.0 / (mean + eps).sqrt();
            row.iter().zip(w).map(move |(v, w)| f64::from(*v) * scale * f64::from(*w)).collect::<Vec<_>>()
        })
        .collect()
}

fn normed<R: Reduce>(device: &Device, x: &[f32], w: &[f32], rows: u32, n: u32) -> Vec<f32> {
    let (x, w) = (upload(device, x), upload(device, w));
    let mut y = upload(device, &vec![f32::NAN; (rows * n) as usize]);
    let mut recorder = Recorder::new(device, "rms_norm");
    let args = rms_norm::Args { x: &x, w: &w, y: &mut y };
    rms_norm::Kernel::<R>::dispatch(&mut recorder, RmsNormParams { rows, n, eps: 1e-6 }, args).unwrap();
    recorder.run().unwrap();
    read(device, &y)
}

#[test]
fn rms_norm_of_any_row_length_matches_f64() {
    for device in devices() {
        for (rows, n) in [(1, 1), (3, 255), (2, 256), (2, 257), (5, 1536)] {
            let (x, w) = (random(u64::from(n), (rows * n) as usize), random(7, n as usize));
            let expected = reference(&x, &w, n as usize, 1e-6);
            assert_close("tree", &normed::<Tree<256>>(&device, &x, &w, rows, n), &expected, 1e-6);
            if device.has_subgroups() || device.is_cpu() {
                assert_close("subgroups", &normed::<Subgroups<256>>(&device, &x, &w, rows, n), &expected, 1e-6);
            }
        }
    }
}
