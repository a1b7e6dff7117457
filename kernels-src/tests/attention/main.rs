//! Attention over ring caches against f64: the whole of norm, rotation, mask, grouped heads and softmax.

#[path = "../common/mod.rs"]
mod common;
mod sequence;

use common::{assert_close, cpu, devices};
use kernel::dispatch::Device;
use kernels_src::attention::kv::{KvF16, KvF32};
use sequence::*;

fn runs_on<S: Shape>(device: &Device) -> bool {
    device.is_cpu() || !S::SUBGROUPS || device.has_subgroups()
}

/// A prefill of the chunks, each against f64.
fn prefill_matches<S: Shape, K: Rounds>(device: &Device, what: &str, layer: &Layer, chunks: &[u32]) {
    if !runs_on::<S>(device) {
        return;
    }
    let mut sequence = Sequence::new::<K>(device, layer);
    let mut first = 0;
    for rows in chunks {
        let (_, out) = sequence.prefill::<S, K>(first, *rows);
        let expected = layer.attend::<K>(first, *rows);
        assert_close(&format!("{what}, hd {}, rows {first}+{rows}", S::HEAD_DIM), &out, &expected, K::TOLERANCE);
        first += rows;
    }
}

/// A prefill of `start` rows, then every further row through decode.
fn decode_matches<S: Shape, K: Rounds>(device: &Device, what: &str, layer: &Layer, start: u32, splits: u32) {
    if !runs_on::<S>(device) {
        return;
    }
    let mut sequence = Sequence::new::<K>(device, layer);
    if start > 0 {
        sequence.prefill::<S, K>(0, start);
    }
    for row in start..layer.len() {
        let expected = layer.attend::<K>(row, 1);
        let what = format!("{what}, hd {}, row {row}, {splits} splits", S::HEAD_DIM);
        let owning = sequence.decode::<S, K>(row, splits, true);
        assert_close(&what, &owning, &expected, K::TOLERANCE);
        let sharing = sequence.decode::<S, K>(row, splits, false);
        assert_close(&format!("{what}, shared cache"), &sharing, &expected, K::TOLERANCE);
    }
}

#[test]
fn queries_are_normed_and_rotated() {
    for device in devices() {
        let layer = Layer::new(64, (3, 1), 5);
        let mut sequence = Sequence::new::<KvF32>(&device, &layer);
        let (q, _) = sequence.prefill::<Tree64, KvF32>(0, 5);
        let expected: Vec<f64> = (0..5)
            .flat_map(|row| (0..3).flat_map(move |head| [(row, head)]))
            .flat_map(|(row, head)| layer.query(row, head))
            .collect();
        assert_close("q", &q, &expected, 1e-6);
    }
}

#[test]
fn prefill_of_any_number_of_rows_matches_f64() {
    for device in devices() {
        for rows in [1, 15, 16, 17, 33, 50] {
            prefill_matches::<Tree64, KvF32>(&device, "causal", &Layer::new(64, (4, 1), rows), &[rows]);
        }
    }
    for rows in [1, 17, 50] {
        prefill_matches::<One64, KvF32>(&cpu(), "one invocation", &Layer::new(64, (4, 1), rows), &[rows]);
    }
}

#[test]
fn prefill_of_every_head_dimension_matches_f64() {
    for device in devices() {
        prefill_matches::<Tree32, KvF32>(&device, "causal", &Layer::new(32, (4, 2), 37), &[37]);
        prefill_matches::<Tree128, KvF32>(&device, "causal", &Layer::new(128, (2, 1), 37), &[37]);
        prefill_matches::<Tree256, KvF32>(&device, "causal", &Layer::new(256, (2, 1), 37), &[37]);
        prefill_matches::<Sub256, KvF16>(&device, "causal", &Layer::new(256, (2, 1), 37), &[37]);
        prefill_matches::<Tree512, KvF32>(&device, "full", &Layer::new(512, (2, 1), 37).full(), &[37]);
        prefill_matches::<Tree512, KvF16>(&device, "full", &Layer::new(512, (2, 1), 37).full(), &[37]);
    }
    prefill_matches::<One32, KvF32>(&cpu(), "one invocation", &Layer::new(32, (4, 2), 37), &[37]);
    prefill_matches::<One256, KvF16>(&cpu(), "one invocation", &Layer::new(256, (2, 1), 37), &[37]);
    prefill_matches::<One512, KvF32>(&cpu(), "one invocation", &Layer::new(512, (2, 1), 37).full(), &[37]);
}

#[test]
fn a_window_hides_older_keys_in_prefill() {
    for device in devices() {
        for window in [1, 2, 16, 31, 32, 33] {
            let layer = Layer::new(64, (2, 1), 70).window(window, window + 69);
            prefill_matches::<Tree64, KvF32>(&device, &format!("window {window}"), &layer, &[70]);
        }
    }
    prefill_matches::<One64, KvF32>(&cpu(), "window", &Layer::new(64, (2, 1), 70).window(9, 78), &[70]);
}

#[test]
fn chunks_over_a_ring_that_wraps_match_one_whole_sequence() {
    for device in devices() {
        let layer = Layer::new(64, (4, 2), 120).window(24, 24 + 33 - 1);
        prefill_matches::<Tree64, KvF32>(&device, "ring", &layer, &[20, 33, 1, 17, 16, 33]);
        prefill_matches::<Tree64, KvF16>(&device, "ring", &layer, &[20, 33, 1, 17, 16, 33]);
    }
    let layer = Layer::new(64, (4, 2), 120).window(24, 24 + 33 - 1);
    prefill_matches::<One64, KvF16>(&cpu(), "ring", &layer, &[20, 33, 1, 17, 16, 33]);
}

#[test]
fn far_positions_keep_their_precision() {
    for device in devices() {
        // The windows of far positions are complete, so the sequence may begin with its oldest key at `origin`.
        let mut layer = Layer::new(64, (2, 1), 40).window(8, 47);
        layer.origin = 131_000;
        let mut sequence = Sequence::new::<KvF32>(&device, &layer);
        sequence.prefill::<Tree64, KvF32>(0, 20);
        let (_, out) = sequence.prefill::<Tree64, KvF32>(20, 20);
        assert_close("far", &out, &layer.attend::<KvF32>(20, 20), KvF32::TOLERANCE);
    }
}

#[test]
fn decode_from_the_first_position_on_matches_f64() {
    for device in devices() {
        for splits in [1, 3, 8] {
            decode_matches::<Tree64, KvF32>(&device, "causal", &Layer::new(64, (4, 2), 12), 0, splits);
            decode_matches::<Sub64, KvF32>(&device, "causal", &Layer::new(64, (4, 2), 12), 0, splits);
        }
    }
    for splits in [1, 3, 8] {
        decode_matches::<One64, KvF32>(&cpu(), "one invocation", &Layer::new(64, (4, 2), 12), 0, splits);
    }
}

#[test]
fn decode_after_a_prefill_matches_f64_for_every_head_dimension() {
    for device in devices() {
        decode_matches::<Tree32, KvF32>(&device, "causal", &Layer::new(32, (4, 1), 203), 200, 2);
        decode_matches::<Tree128, KvF16>(&device, "causal", &Layer::new(128, (2, 1), 131), 129, 1);
        decode_matches::<Tree256, KvF32>(&device, "causal", &Layer::new(256, (2, 1), 131), 129, 1);
        decode_matches::<Sub256, KvF16>(&device, "causal", &Layer::new(256, (2, 1), 131), 129, 3);
        decode_matches::<Tree512, KvF32>(&device, "full", &Layer::new(512, (2, 1), 131).full(), 129, 3);
        decode_matches::<Sub512, KvF16>(&device, "full", &Layer::new(512, (2, 1), 131).full(), 129, 1);
    }
    decode_matches::<One32, KvF32>(&cpu(), "one invocation", &Layer::new(32, (4, 1), 203), 200, 1);
    decode_matches::<One256, KvF16>(&cpu(), "one invocation", &Layer::new(256, (2, 1), 131), 129, 3);
    decode_matches::<One512, KvF16>(&cpu(), "one invocation", &Layer::new(512, (2, 1), 131).full(), 129, 1);
}

#[test]
fn decode_over_a_ring_that_wraps_matches_f64() {
    for device in devices() {
        for (window, ring) in [(9, 9), (9, 12), (70, 70)] {
            let layer = Layer::new(64, (2, 1), 2 * ring + 3).window(window, ring);
            decode_matches::<Tree64, KvF32>(&device, &format!("window {window}"), &layer, 0, 2);
        }
    }
    decode_matches::<One64, KvF32>(&cpu(), "one", &Layer::new(64, (2, 1), 21).window(9, 9), 0, 1);
}

#[test]
fn grids_past_the_limit_fold() {
    let Some(device) = common::gpu_with_grid_limit(32) else { return };
    prefill_matches::<Tree64, KvF32>(&device, "folded", &Layer::new(64, (8, 2), 70), &[70]);
    decode_matches::<Tree64, KvF32>(&device, "folded", &Layer::new(64, (8, 2), 22), 20, 5);
}
