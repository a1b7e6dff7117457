//! Attention of packed sequences and its gradient against f64, and the f64 gradient against central differences.

mod common;

use common::sequences::{Batch, narrow};
use common::{assert_close, cpu, devices, gpu_with_grid_limit, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernel::types::{Vec2, Vec4};
use kernels_src::attention::backward::{AttendBackwardArgs, attend_backward};
use kernels_src::attention::kv::KvF32;
use kernels_src::attention::prefill::{AttendPrefillParams, attend_training};
use kernels_src::reduce::{Reduce, Tree};

fn quads(device: &Device, values: &[f64]) -> kernel::dispatch::Buffer<Vec4<f32>> {
    upload(device, &narrow(values)).cast()
}

/// What the keys' and values' gradients hold before.
const BEFORE: f32 = 0.25;

fn matches<R: Reduce, const HD: u32, const W: u32, const ACC: usize>(device: &Device, what: &str, batch: &Batch) {
    assert_eq!(batch.head_dim, HD as usize);
    let rows = batch.rows();
    let words = |heads: usize| rows * heads * batch.head_dim;
    let params = AttendPrefillParams {
        rows: rows as u32,
        heads: batch.heads as u32,
        kv_heads: batch.kv_heads as u32,
        window: batch.window as u32,
        ring: rows as u32 + 3,
    };
    // The caches have slots that nothing was written to.
    let cache = |values: &[f64]| {
        let mut values = narrow(values);
        values.resize((rows + 3) * batch.kv_heads * batch.head_dim, f32::NAN);
        upload(device, &values).cast::<Vec4<u32>>()
    };
    let (q, k_cache, v_cache) = (quads(device, &batch.q), cache(&batch.k), cache(&batch.v));
    let (segments, d_out) = (upload(device, &batch.segments), quads(device, &batch.d_out));
    let poison = |len: usize| upload(device, &vec![f32::NAN; len]);
    let (mut out, mut lse) = (poison(words(batch.heads)).cast::<Vec4<f32>>(), poison(rows * batch.heads));
    let mut recorder = Recorder::new(device, "attention");
    let args = attend_training::Args {
        segments: &segments,
        q: &q,
        k_cache: &k_cache,
        v_cache: &v_cache,
        out: &mut out,
        lse: &mut lse,
    };
    attend_training::Kernel::<KvF32, HD, W, ACC>::dispatch(&mut recorder, params, args).unwrap();
    let mut statistics = poison(2 * rows * batch.heads).cast::<Vec2<f32>>();
    let (mut dk_heads, mut dv_heads) = (poison(words(batch.heads)).cast(), poison(words(batch.heads)).cast());
    let mut dq = poison(words(batch.heads)).cast();
    let held = vec![BEFORE; words(batch.kv_heads)];
    let (mut dk, mut dv) = (upload(device, &held).cast(), upload(device, &held).cast());
    let args = AttendBackwardArgs {
        segments: &segments,
        q: &q,
        k_cache: &k_cache,
        v_cache: &v_cache,
        out: &out,
        d_out: &d_out,
        lse: &lse,
        statistics: &mut statistics,
        dk_heads: &mut dk_heads,
        dv_heads: &mut dv_heads,
        dq: &mut dq,
        dk: &mut dk,
        dv: &mut dv,
    };
    attend_backward::<KvF32, R, HD, W, ACC>(&mut recorder, params, args).unwrap();
    recorder.run().unwrap();

    let what = format!("{what}, head_dim {HD}, {rows} rows on {device:?}");
    let (expected_out, expected_lse) = batch.forward();
    assert_close(&format!("out, {what}"), &read(device, &out.cast()), &expected_out, 5e-6);
    assert_close(&format!("lse, {what}"), &read(device, &lse), &expected_lse, 2e-6);
    let expected = batch.backward();
    let added = |values: Vec<f64>| values.into_iter().map(|v| v + f64::from(BEFORE)).collect::<Vec<f64>>();
    // Where a query sees one key its gradient cancels to 0: beside what keys and values hold it is comparable.
    let dq: Vec<f32> = read(device, &dq.cast::<f32>()).iter().map(|value| value + BEFORE).collect();
    assert_close(&format!("dq, {what}"), &dq, &added(expected.q), 1e-5);
    assert_close(&format!("dk, {what}"), &read(device, &dk.cast()), &added(expected.k), 1e-5);
    assert_close(&format!("dv, {what}"), &read(device, &dv.cast()), &added(expected.v), 1e-5);
}

#[test]
fn the_references_gradient_is_its_slope() {
    let batch = Batch::new(32, (4, 2), &[5, 9, 3]).window(6);
    let gradients = batch.backward();
    let slope = |change: &dyn Fn(&mut Batch, f64)| {
        let at = |step: f64| {
            let mut moved = batch.clone();
            change(&mut moved, step);
            moved.loss()
        };
        (at(1e-5) - at(-1e-5)) / 2e-5
    };
    for i in (0..batch.q.len()).step_by(61) {
        assert!((slope(&|b, step| b.q[i] += step) - gradients.q[i]).abs() < 1e-7, "q[{i}]");
    }
    for i in (0..batch.k.len()).step_by(37) {
        assert!((slope(&|b, step| b.k[i] += step) - gradients.k[i]).abs() < 1e-7, "k[{i}]");
        assert!((slope(&|b, step| b.v[i] += step) - gradients.v[i]).abs() < 1e-7, "v[{i}]");
    }
}

#[test]
fn a_gradient_of_any_number_of_rows_matches_f64() {
    for rows in [1, 15, 16, 17, 33, 50] {
        let batch = Batch::new(64, (4, 2), &[rows]);
        for device in devices() {
            matches::<Tree<64>, 64, 32, 8>(&device, "causal", &batch);
        }
        matches::<Tree<1>, 64, 1, 256>(&cpu(), "one invocation", &batch);
    }
}

#[test]
fn a_window_hides_older_keys() {
    for window in [1, 2, 16, 31, 32, 33] {
        let batch = Batch::new(32, (2, 1), &[70]).window(window);
        for device in devices() {
            matches::<Tree<64>, 32, 32, 8>(&device, &format!("window {window}"), &batch);
        }
        matches::<Tree<1>, 32, 1, 128>(&cpu(), &format!("window {window}"), &batch);
    }
}

#[test]
fn a_query_sees_its_own_sequence_alone() {
    for lengths in [&[1, 1, 1][..], &[16, 16, 3], &[5, 40, 1, 2, 30], &[33, 50]] {
        for window in [0, 7] {
            let batch = Batch::new(32, (4, 1), lengths).window(window);
            for device in devices() {
                matches::<Tree<64>, 32, 32, 8>(&device, &format!("{lengths:?}, window {window}"), &batch);
            }
            matches::<Tree<1>, 32, 1, 128>(&cpu(), &format!("{lengths:?}, window {window}"), &batch);
        }
    }
}

#[test]
fn every_head_dimension_matches_f64() {
    for device in devices() {
        matches::<Tree<64>, 96, 64, 8>(&device, "packed", &Batch::new(96, (2, 1), &[30, 10]));
        matches::<Tree<64>, 128, 64, 8>(&device, "packed", &Batch::new(128, (2, 1), &[30, 10]));
        matches::<Tree<64>, 256, 128, 8>(&device, "packed", &Batch::new(256, (2, 1), &[30, 10]).window(9));
        matches::<Tree<64>, 512, 256, 8>(&device, "packed", &Batch::new(512, (2, 1), &[30, 10]));
    }
    matches::<Tree<1>, 256, 1, 1024>(&cpu(), "one invocation", &Batch::new(256, (2, 1), &[15, 10]));
}

#[test]
fn grids_past_the_limit_fold() {
    let Some(device) = gpu_with_grid_limit(32) else { return };
    matches::<Tree<64>, 32, 32, 8>(&device, "folded", &Batch::new(32, (8, 2), &[20, 50]));
}
