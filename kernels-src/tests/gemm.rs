//! GEMM against f64, for every weight format.

mod common;

use common::{assert_close, cpu, gpu, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernel::types::Vec4;
use kernels_src::gemm::{GemmParams, gemm};
use kernels_src::quant::{self, DequantiseParams, Quant, dequantise};

/// Rows of random blocks with small scales: every bit pattern of codes, halves that are numbers.
fn blocks<Q: Quant>(seed: u64, rows: u32, k: u32) -> Vec<u32> {
    let bytes = (rows * (k / Q::BLOCK) * Q::BYTES) as usize;
    let noise = random(seed, bytes.div_ceil(4) + 1);
    let mut raw: Vec<u8> = noise.iter().flat_map(|value| ((value * 1e6) as i32).to_le_bytes()).collect();
    raw.truncate(bytes);
    if Q::NAME == "F32" {
        raw = random(seed, (rows * k) as usize).iter().flat_map(|value| value.to_le_bytes()).collect();
    } else {
        // Exponents of halves stay in the range of weights: scales lie at even offsets in all formats.
        for pair in raw.chunks_exact_mut(2) {
            pair[1] = (pair[1] & 0x83) | 0x24;
        }
    }
    raw.resize(raw.len().next_multiple_of(4) + 4, 0);
    raw.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

fn weights<Q: Quant>(w: &[u32], rows: u32, k: u32) -> Vec<f32> {
    let device = cpu();
    let w = upload(&device, w);
    let mut out = upload(&device, &vec![Vec4::splat(0.0f32); (rows * k / 4) as usize]);
    let mut recorder = Recorder::new(&device, "dequantise");
    let args = dequantise::Args { w: &w, out: &mut out };
    dequantise::Kernel::<Q, 64>::dispatch(&mut recorder, DequantiseParams { n: rows * k }, args).unwrap();
    recorder.run().unwrap();
    read(&device, &out).iter().flat_map(|quad| quad.to_array()).collect()
}

fn check<Q: Quant, const SIDE: u32>(device: &Device, n: u32, rows: u32, k: u32) {
    let first_row = 2;
    let w = blocks::<Q>(u64::from(n + rows), first_row + rows, k);
    let dense = &weights::<Q>(&w, first_row + rows, k)[(first_row * k) as usize..];
    let x = random(3, (n * k) as usize);
    let (stride, at) = (rows + 3, 2);
    let mut expected = vec![0.5f64; (n * stride) as usize];
    for t in 0..n as usize {
        for j in 0..rows as usize {
            let (k, x) = (k as usize, &x);
            expected[t * stride as usize + at + j] =
                (0..k).map(|i| f64::from(x[t * k + i]) * f64::from(dense[j * k + i])).sum();
        }
    }
    let quads: Vec<Vec4<f32>> = x.chunks_exact(4).map(|v| Vec4::new(v[0], v[1], v[2], v[3])).collect();
    let (x, w) = (upload(device, &quads), upload(device, &w));
    let mut y = upload(device, &vec![0.5f32; (n * stride) as usize]);
    let mut recorder = Recorder::new(device, "gemm");
    let params = GemmParams { n, first_row, rows, k, y_stride: stride, y_at: at as u32 };
    gemm::Kernel::<Q, SIDE, 4, 4>::dispatch(&mut recorder, params, gemm::Args { x: &x, w: &w, y: &mut y }).unwrap();
    recorder.run().unwrap();
    assert_close(&format!("{} n={n} rows={rows} k={k} SIDE={SIDE}", Q::NAME), &read(device, &y), &expected, 2e-6);
}

fn check_sizes<Q: Quant>() {
    let sizes = [(1, 1, Q::BLOCK.max(32)), (63, 65, 256), (64, 64, 512), (65, 63, 256), (3, 130, 256)];
    for (n, rows, k) in sizes {
        check::<Q, 1>(&cpu(), n, rows, k);
        check::<Q, 16>(&cpu(), n, rows, k);
        if let Some(gpu) = gpu() {
            check::<Q, 16>(&gpu, n, rows, k);
        }
    }
}

macro_rules! formats {
    ($($test:ident $Q:ident;)*) => {$(
        #[test]
        fn $test() {
            check_sizes::<quant::$Q>();
        }
    )*};
}

formats! {
    gemm_of_f32_matches_f64 F32;
    gemm_of_f16_matches_f64 F16;
    gemm_of_bf16_matches_f64 BF16;
    gemm_of_q4_0_matches_f64 Q4_0;
    gemm_of_q5_0_matches_f64 Q5_0;
    gemm_of_q8_0_matches_f64 Q8_0;
    gemm_of_q4_k_matches_f64 Q4_K;
    gemm_of_q5_k_matches_f64 Q5_K;
    gemm_of_q6_k_matches_f64 Q6_K;
}

#[test]
fn a_grid_past_the_device_limit_folds() {
    if let Some(gpu) = gpu_with_grid_limit(8) {
        check::<quant::Q8_0, 16>(&gpu, 300, 400, 64);
    }
}
