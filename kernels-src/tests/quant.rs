//! Weight formats against gguf-py's values, and the embedding gather against the formats.

mod common;

use common::formats::{blocks, expected, words};
use common::{cpu, devices, gpu_with_grid_limit, random, read, upload};
use kernel::dispatch::{Device, Recorder};
use kernel::types::Vec4;
use kernels_src::embedding::{EmbedParams, embed};
use kernels_src::quant::{BF16, DequantiseParams, F16, F32, Q4_0, Q4_K, Q5_0, Q5_K, Q6_K, Q8_0, Quant, dequantise};

fn dequantised<Q: Quant, const W: u32>(device: &Device, bytes: &[u8]) -> Vec<f32> {
    let n = bytes.len() as u32 / Q::BYTES * Q::BLOCK;
    let w = upload(device, &words(bytes));
    let mut out = upload(device, &vec![f32::NAN; n as usize]).cast::<Vec4<f32>>();
    let mut recorder = Recorder::new(device, "dequantise");
    let args = dequantise::Args { w: &w, out: &mut out };
    dequantise::Kernel::<Q, W>::dispatch(&mut recorder, DequantiseParams { n }, args).unwrap();
    recorder.run().unwrap();
    read(device, &out.cast::<f32>())
}

fn meets_gguf_py<Q: Quant>() {
    let (bytes, values) = (blocks(Q::NAME), expected(Q::NAME));
    assert_eq!(dequantised::<Q, 1>(&cpu(), &bytes), values, "{} on the CPU, one invocation a workgroup", Q::NAME);
    for device in devices() {
        assert_eq!(dequantised::<Q, 64>(&device, &bytes), values, "{} on {device:?}", Q::NAME);
    }
    // Past the grid's limit workgroups fold into a second dimension.
    let many = bytes.repeat(8);
    if let Some(device) = gpu_with_grid_limit(16) {
        assert_eq!(dequantised::<Q, 64>(&device, &many), values.repeat(8), "{} in a folded grid", Q::NAME);
    }
}

macro_rules! each_format {
    ($($test:ident $format:ident;)*) => {$(
        #[test]
        fn $test() {
            meets_gguf_py::<$format>();
        }
    )*};
}

each_format! {
    f32_meets_gguf_py F32;
    f16_meets_gguf_py F16;
    bf16_meets_gguf_py BF16;
    q4_0_meets_gguf_py Q4_0;
    q5_0_meets_gguf_py Q5_0;
    q8_0_meets_gguf_py Q8_0;
    q4_k_meets_gguf_py Q4_K;
    q5_k_meets_gguf_py Q5_K;
    q6_k_meets_gguf_py Q6_K;
}

#[test]
fn a_block_at_an_odd_half_word_reads_the_same() {
    // Q6_K's blocks have 210 bytes: without the first one the others lie at the other half of a word.
    let (bytes, values) = (blocks("Q6_K"), expected("Q6_K"));
    assert_eq!(dequantised::<Q6_K, 1>(&cpu(), &bytes[210..]), values[256..]);
    // The last block's f16 scale ends in the middle of the last word.
    assert_eq!(dequantised::<Q6_K, 1>(&cpu(), &bytes[..210]), values[..256]);
}

/// Embeds `ids` from a tensor of `rows` rows of `k` in two parts.
fn embedded<Q: Quant, const W: u32>(device: &Device, ids: &[u32], rows: u32, k: u32, scale: f32) -> Vec<f32> {
    let bytes: Vec<u8> = common::formats::rows(Q::NAME, rows, k);
    let row_bytes = (k / Q::BLOCK * Q::BYTES) as usize;
    let split = rows / 2;
    let parts = [(0, split), (split, rows - split)];
    let mut padded = vec![u32::MAX];
    padded.extend_from_slice(ids);
    let id_buffer = upload(device, &padded);
    let mut out = upload(device, &vec![f32::NAN; ids.len() * k as usize]).cast::<Vec4<f32>>();
    for (first_row, rows) in parts {
        let start = first_row as usize * row_bytes;
        let w = upload(device, &words(&bytes[start..start + rows as usize * row_bytes]));
        let mut recorder = Recorder::new(device, "embed");
        let params = EmbedParams { n: ids.len() as u32, k, scale, first_row, rows, ids_at: 1 };
        embed::Kernel::<Q, W>::dispatch(&mut recorder, params, embed::Args { ids: &id_buffer, w: &w, out: &mut out })
            .unwrap();
        recorder.run().unwrap();
    }
    read(device, &out.cast::<f32>())
}

fn embeds<Q: Quant>(rows: u32, k: u32) {
    let weights = common::formats::weights(Q::NAME, rows, k);
    let ids: Vec<u32> =
        random(3, 21).iter().map(|v| ((v + 1.0) / 2.0 * rows as f32) as u32).chain([0, rows - 1]).collect();
    let expected: Vec<f32> =
        ids.iter().flat_map(|id| weights[(id * k) as usize..((id + 1) * k) as usize].iter().map(|w| w * 3.5)).collect();
    assert_eq!(embedded::<Q, 1>(&cpu(), &ids, rows, k, 3.5), expected, "{} on the CPU", Q::NAME);
    for device in devices() {
        assert_eq!(embedded::<Q, 64>(&device, &ids, rows, k, 3.5), expected, "{} on {device:?}", Q::NAME);
    }
}

#[test]
fn an_embedding_finds_its_row_in_every_part_of_a_tensor() {
    embeds::<Q6_K>(7, 256);
    embeds::<Q8_0>(9, 96);
    embeds::<F16>(5, 32);
    embeds::<BF16>(5, 160);
    embeds::<Q4_K>(3, 768);
}
