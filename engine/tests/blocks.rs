//! Blocks of weights on the host: read as gguf-py reads them, written as it writes them where it can, and elsewhere no
//! further from the weights than ggml's reference gets.

use engine::gguf::GgmlType;
use engine::gguf::blocks::{dequantise, is_writable, quantise};
use std::path::Path;

const TYPES: [GgmlType; 9] = [
    GgmlType::F32,
    GgmlType::F16,
    GgmlType::BF16,
    GgmlType::Q4_0,
    GgmlType::Q5_0,
    GgmlType::Q8_0,
    GgmlType::Q4_K,
    GgmlType::Q5_K,
    GgmlType::Q6_K,
];

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/quants").join(name)).unwrap()
}

fn numbers(name: &str) -> Vec<f32> {
    fixture(name).as_chunks().0.iter().map(|&word| f32::from_le_bytes(word)).collect()
}

/// Mean squared error over the mean square.
fn nmse(found: &[f32], exact: &[f32]) -> f64 {
    let square = |value: f32| f64::from(value) * f64::from(value);
    let error: f64 = found.iter().zip(exact).map(|(found, exact)| square(found - exact)).sum();
    error / exact.iter().map(|&value| square(value)).sum::<f64>()
}

#[test]
fn blocks_are_read_as_gguf_py_reads_them() {
    for ty in TYPES {
        let found = dequantise(ty, &fixture(&format!("{ty}.bin"))).unwrap();
        assert_eq!(found, numbers(&format!("{ty}.f32")), "{ty}");
    }
}

#[test]
fn blocks_are_written_as_gguf_py_writes_them() {
    for ty in [GgmlType::F16, GgmlType::BF16, GgmlType::Q4_0, GgmlType::Q5_0, GgmlType::Q8_0] {
        let found = quantise(ty, &numbers("F32.f32")).unwrap();
        assert!(found == fixture(&format!("{ty}.quantised")), "{ty}");
    }
}

#[test]
fn k_formats_come_as_close_as_ggmls_reference() {
    // The errors of ggml's `quantize_row_…_ref` (llama.cpp 0.5.0) on the same weights, without the extreme ones.
    let weights = &numbers("F32.f32")[256..];
    for (ty, reference) in [(GgmlType::Q4_K, 4.8657e-3), (GgmlType::Q5_K, 1.2849e-3), (GgmlType::Q6_K, 3.0780e-4)] {
        let found = dequantise(ty, &quantise(ty, weights).unwrap()).unwrap();
        let error = nmse(&found, weights);
        assert!(error <= reference, "{ty}: {error:e}, ggml {reference:e}");
    }
}

#[test]
fn extreme_weights_stay_finite_and_zeros_zero() {
    for ty in TYPES {
        let mut weights = vec![0.0; 256];
        assert_eq!(dequantise(ty, &quantise(ty, &weights).unwrap()).unwrap(), weights, "{ty}");
        weights[3] = -65504.0;
        weights[100] = 65504.0;
        weights[200] = 1e-30;
        let found = dequantise(ty, &quantise(ty, &weights).unwrap()).unwrap();
        assert!(found.iter().all(|weight| weight.is_finite()), "{ty}");
        assert!((found[3] + 65504.0).abs() <= 65504.0 / 32.0, "{ty}: {}", found[3]);
    }
}

#[test]
fn weights_of_one_sign_or_one_value_are_kept() {
    let step = |ty: GgmlType| if ty == GgmlType::Q4_0 { 0.07 } else { 0.035 };
    for ty in TYPES {
        for sign in [-1.0, 1.0] {
            let rising: Vec<f32> = (0..256).map(|at| sign * (1.0 + at as f32 / 256.0)).collect();
            let constant = vec![sign * 0.75; 256];
            for weights in [rising, constant] {
                let found = dequantise(ty, &quantise(ty, &weights).unwrap()).unwrap();
                let error = nmse(&found, &weights).sqrt();
                assert!(error <= step(ty), "{ty}: {error}");
            }
        }
    }
}

#[test]
fn parts_of_blocks_and_other_types_are_refused() {
    assert!(quantise(GgmlType::Q4_K, &[0.0; 255]).is_none());
    assert!(dequantise(GgmlType::Q8_0, &[0; 33]).is_none());
    assert!(!is_writable(GgmlType::Q3_K) && quantise(GgmlType::Q3_K, &[0.0; 256]).is_none());
}
