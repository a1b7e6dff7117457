//! Weights of every format: gguf-py's blocks and values, and tensors laid out from those blocks.

use std::path::PathBuf;

fn fixture(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/quants").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Blocks of 2,048 weights as they lie in a file.
pub fn blocks(format: &str) -> Vec<u8> {
    fixture(&format!("{format}.bin"))
}

/// What gguf-py makes of [`blocks`].
pub fn expected(format: &str) -> Vec<f32> {
    bytemuck_f32(&fixture(&format!("{format}.f32")))
}

fn bytemuck_f32(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect()
}

/// Bytes as a kernel reads them, the last word filled with zeros.
pub fn words(bytes: &[u8]) -> Vec<u32> {
    bytes
        .chunks(4)
        .map(|chunk| {
            let mut word = [0; 4];
            word[..chunk.len()].copy_from_slice(chunk);
            u32::from_le_bytes(word)
        })
        .collect()
}

/// Weights in a fixture's block and its bytes. Floats go by 32, the granularity of a row.
fn unit(format: &str) -> (usize, usize) {
    let bytes = blocks(format).len();
    let weights = match format {
        "Q4_K" | "Q5_K" | "Q6_K" => 256,
        _ => 32,
    };
    (weights, bytes * weights / 2048)
}

/// The fixture's blocks, in the order of a tensor of `rows` rows of `k`: the extreme values of the floats left out.
fn order(format: &str, rows: u32, k: u32) -> impl Iterator<Item = usize> {
    let (weights, _) = unit(format);
    let count = 2048 / weights;
    let first = usize::from(matches!(format, "F32" | "F16" | "BF16"));
    // A stride prime to every count, so that neighbouring rows differ.
    (0..rows as usize * k as usize / weights).map(move |index| first + (index * 5 + index / count) % (count - first))
}

/// A tensor's bytes.
pub fn rows(format: &str, rows: u32, k: u32) -> Vec<u8> {
    let (_, size) = unit(format);
    let blocks = blocks(format);
    order(format, rows, k).flat_map(|block| blocks[block * size..(block + 1) * size].to_vec()).collect()
}

/// The same tensor's weights, [rows, k].
pub fn weights(format: &str, rows: u32, k: u32) -> Vec<f32> {
    let (count, _) = unit(format);
    let values = expected(format);
    order(format, rows, k).flat_map(|block| values[block * count..(block + 1) * count].to_vec()).collect()
}
