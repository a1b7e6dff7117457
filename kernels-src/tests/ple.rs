//! The per-layer embeddings' mix against f64.

mod common;

use common::{assert_close, cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernels_src::ple::{PleMixParams, ple_mix};
use kernels_src::reduce::{Reduce, Subgroups, Tree};

fn check<R: Reduce>(device: &Device, tokens: u32, layers: u32, n: u32) {
    let (rows, hidden) = (tokens * layers, 1536.0f64);
    let len = (rows * n) as usize;
    // The projection's values are √hidden times what the norm sees.
    let ctx_values: Vec<f32> = random(1, len).iter().map(|v| v * 40.0).collect();
    let (tok_values, w_values) = (random(2, len), random(3, n as usize));
    let (ctx, tok, w) = (upload(device, &ctx_values), upload(device, &tok_values), upload(device, &w_values));
    let mut ple_in = upload(device, &vec![f32::NAN; len]);
    let params = PleMixParams { rows, n, eps: 1e-3, scale: hidden.powf(-0.5) as f32 };
    let mut recorder = Recorder::new(device, "ple_mix");
    let args = ple_mix::Args { ctx: &ctx, tok: &tok, w: &w, ple_in: &mut ple_in };
    ple_mix::Kernel::<R>::dispatch(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();

    let mut expected = Vec::new();
    for (ctx, tok) in ctx_values.chunks(n as usize).zip(tok_values.chunks(n as usize)) {
        let scaled: Vec<f64> = ctx.iter().map(|v| f64::from(*v) * hidden.powf(-0.5)).collect();
        let mean = scaled.iter().map(|v| v * v).sum::<f64>() / f64::from(n);
        let inverse = 1.0 / (mean + f64::from(1e-3f32)).sqrt();
        for ((value, tok), w) in scaled.iter().zip(tok).zip(&w_values) {
            expected.push((value * inverse * f64::from(*w) + f64::from(*tok)) * 2f64.powf(-0.5));
        }
    }
    assert_close("ple_in", &read(device, &ple_in), &expected, 1e-6);
}

#[test]
fn every_layer_of_every_token_is_mixed() {
    check::<Tree<1>>(&cpu(), 2, 3, 33);
    for device in devices() {
        for (tokens, layers, n) in [(1, 1, 1), (1, 35, 256), (3, 4, 255), (2, 5, 257)] {
            check::<Tree<256>>(&device, tokens, layers, n);
            if device.has_subgroups() || device.is_cpu() {
                check::<Subgroups<256>>(&device, tokens, layers, n);
            }
        }
    }
}

#[test]
fn more_rows_than_a_grid_dimension_are_all_mixed() {
    if let Some(device) = gpu_with_grid_limit(16) {
        check::<Tree<256>>(&device, 10, 25, 8);
    }
}
