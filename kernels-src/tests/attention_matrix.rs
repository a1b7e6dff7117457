//! Attention of packed sequences and its gradient on matrix units against f64.

mod common;

use common::sequences::{Batch, narrow};
use common::{assert_close, cpu, gpu, read, upload};
use kernel::dispatch::{Buffer, Device, Recorder, Variant};
use kernel::types::{Vec2, Vec4, f16};
use kernels_src::attention::prefill::AttendPrefillParams;
use kernels_src::attention::scores::attend_scores;
use kernels_src::attention::steps::{
    AttendArgs, AttendBackwardArgs, Scratch, attend, attend_backward, parts_len, scores_len,
};
use kernels_src::gemm_cooperative::SUBGROUP;
use kernels_src::reduce::Tree;

/// The CPU executor, and a GPU if it has matrix units that the kernels fit.
fn devices() -> Vec<Device> {
    let fits = |device: &Device| match device {
        Device::Gpu(gpu) => {
            let supported = gpu.supports(&attend_scores::Kernel::desc());
            if let Err(error) = &supported {
                eprintln!("SKIPPED on a GPU: {error}");
            }
            supported.is_ok() && gpu.subgroup_sizes() == (SUBGROUP, SUBGROUP)
        }
        Device::Cpu(_) => true,
    };
    std::iter::once(cpu()).chain(gpu()).filter(fits).collect()
}

/// What keys' and values' gradients hold before.
const BEFORE: f32 = 0.25;

fn halves(device: &Device, values: &[f64]) -> Buffer<Vec4<f16>> {
    upload(device, &values.iter().map(|value| f16::from_f32(*value as f32)).collect::<Vec<f16>>()).cast()
}

/// The inputs as the kernels see them: f16 but for the gradient, whose rounding is relative to its greatest value.
fn rounded(mut batch: Batch) -> Batch {
    for values in [&mut batch.q, &mut batch.k, &mut batch.v] {
        values.iter_mut().for_each(|value| *value = f64::from(f16::from_f32(*value as f32).to_f32()));
    }
    batch
}

fn matches(device: &Device, what: &str, batch: &Batch, gradient_scale: f64) {
    let (rows, head_dim) = (batch.rows(), batch.head_dim);
    let mut batch = rounded(batch.clone());
    batch.d_out.iter_mut().for_each(|value| *value = f64::from((*value * gradient_scale) as f32));
    let words = |heads: usize| rows * heads * head_dim;
    let params = AttendPrefillParams {
        rows: rows as u32,
        heads: batch.heads as u32,
        kv_heads: batch.kv_heads as u32,
        window: batch.window as u32,
        ring: rows as u32,
    };
    let quads = |values: &[f64]| upload(device, &narrow(values)).cast::<Vec4<f32>>();
    let poison = |len: usize| upload(device, &vec![f32::NAN; len]);
    let no_halves = |len: usize| upload(device, &vec![f16::NAN; len]).cast::<Vec4<f16>>();
    let (q, d_out) = (quads(&batch.q), quads(&batch.d_out));
    let (k, v) = (halves(device, &batch.k), halves(device, &batch.v));
    let segments = upload(device, &batch.segments);
    let (mut out, mut lse) = (poison(words(batch.heads)), poison(rows * batch.heads));
    let (mut q_halves, mut d_halves) = (no_halves(words(batch.heads)), no_halves(words(batch.heads)));
    let (mut scores, mut weights) = (poison(scores_len(params)), no_halves(scores_len(params)));
    let (mut parts, mut unit, mut scale) = (poison(parts_len(words(batch.heads))), poison(1), poison(1));
    macro_rules! scratch {
        () => {
            Scratch {
                q: &mut q_halves,
                d_out: &mut d_halves,
                scores: &mut scores,
                weights: &mut weights,
                parts: &mut parts,
                unit: &mut unit,
                scale: &mut scale,
            }
        };
    }
    let mut recorder = Recorder::new(device, "attention");
    let args = AttendArgs { segments: &segments, q: &q, k: &k, v: &v, out: &mut out, lse: &mut lse };
    attend::<Tree<256>>(&mut recorder, params, head_dim as u32, args, scratch!()).unwrap();
    let mut statistics = poison(2 * rows * batch.heads).cast::<Vec2<f32>>();
    let (mut dk_heads, mut dv_heads) = (poison(words(batch.heads)), poison(words(batch.heads)));
    let mut dq = poison(words(batch.heads));
    let held = vec![BEFORE * gradient_scale as f32; words(batch.kv_heads)];
    let (mut dk, mut dv) = (upload(device, &held).cast(), upload(device, &held).cast());
    let out = out.cast();
    let args = AttendBackwardArgs {
        segments: &segments,
        q: &q,
        k: &k,
        v: &v,
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
    attend_backward::<Tree<64>, Tree<256>>(&mut recorder, params, head_dim as u32, args, scratch!()).unwrap();
    recorder.run().unwrap();

    let what = format!("{what}, head_dim {head_dim}, {rows} rows on {device:?}");
    let (expected_out, expected_lse) = batch.forward();
    assert_close(&format!("out, {what}"), &read(device, &out.cast()), &expected_out, 1e-3);
    assert_close(&format!("lse, {what}"), &read(device, &lse), &expected_lse, 1e-5);
    let expected = batch.backward();
    let before = f64::from(BEFORE) * gradient_scale;
    let added = |values: Vec<f64>| values.into_iter().map(|value| value + before).collect::<Vec<f64>>();
    // Where a query sees one key its gradient cancels to 0: beside what keys and values hold it is comparable.
    let dq: Vec<f32> = read(device, &dq).iter().map(|value| value + before as f32).collect();
    assert_close(&format!("dq, {what}"), &dq, &added(expected.q), 2e-3);
    assert_close(&format!("dk, {what}"), &read(device, &dk.cast()), &added(expected.k), 2e-3);
    assert_close(&format!("dv, {what}"), &read(device, &dv.cast()), &added(expected.v), 2e-3);
}

#[test]
fn attention_of_any_number_of_rows_matches_f64() {
    for rows in [1, 63, 64, 65, 130] {
        let batch = Batch::new(64, (4, 2), &[rows]);
        for device in devices() {
            matches(&device, "causal", &batch, 1.0);
        }
    }
}

#[test]
fn a_window_hides_older_keys() {
    for window in [1, 2, 63, 64, 65, 66] {
        let batch = Batch::new(32, (2, 1), &[200]).window(window);
        for device in devices() {
            matches(&device, &format!("window {window}"), &batch, 1.0);
        }
    }
}

#[test]
fn a_query_sees_its_own_sequence_alone() {
    for lengths in [&[1, 1, 1][..], &[64, 64, 3], &[5, 70, 1, 2, 30]] {
        for window in [0, 7] {
            let batch = Batch::new(32, (4, 1), lengths).window(window);
            for device in devices() {
                matches(&device, &format!("{lengths:?}, window {window}"), &batch, 1.0);
            }
        }
    }
}

#[test]
fn rows_of_several_blocks_match_f64() {
    for window in [0, 100] {
        let batch = Batch::new(32, (1, 1), &[300, 740]).window(window);
        for device in devices() {
            matches(&device, &format!("several blocks, window {window}"), &batch, 1.0);
        }
    }
}

#[test]
fn wide_heads_match_f64() {
    for device in devices() {
        matches(&device, "packed", &Batch::new(96, (2, 1), &[30, 10]), 1.0);
        matches(&device, "packed", &Batch::new(256, (2, 1), &[30, 10]).window(9), 1.0);
        matches(&device, "packed", &Batch::new(512, (2, 1), &[30, 10]), 1.0);
    }
}

/// Gradients as small as those of a long batch's mean, and as large as anything, are as exact as any other.
#[test]
fn gradients_beyond_the_range_of_f16_keep_their_precision() {
    let batch = Batch::new(32, (2, 1), &[70]);
    for device in devices() {
        matches(&device, "tiny", &batch, 1e-12);
        matches(&device, "huge", &batch, 1e12);
    }
}
