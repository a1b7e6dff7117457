//! Weights on the host: blocks of a format to numbers and numbers to blocks, for changing a file's tensors in place.
//! Kernels read blocks on their own (`kernels_src::quant`); here is what writes them.
mod k_quants;
mod legacy;

use super::GgmlType;

/// A format whose blocks can be read and written.
trait Format {
    /// Weights of a block.
    const WEIGHTS: usize;
    /// Bytes of a block.
    const BYTES: usize;
    /// The weights of one block; both slices have exactly their lengths.
    fn dequantise(block: &[u8], weights: &mut [f32]);
    /// The block that comes close to some weights; both slices have exactly their lengths.
    fn quantise(weights: &[f32], block: &mut [u8]);
}

/// Runs `$body` with `$F` bound to the format of `$ty`, or gives `None`.
macro_rules! with_format {
    ($ty:expr, $F:ident => $body:expr) => {
        with_format!(@ $ty, $F => $body; F32 F16 BF16 Q4_0 Q5_0 Q8_0 Q4_K Q5_K Q6_K)
    };
    (@ $ty:expr, $F:ident => $body:expr; $($format:ident)*) => {
        match $ty {
            $(GgmlType::$format => {
                type $F = formats::$format;
                Some($body)
            })*
            _ => None,
        }
    };
}

mod formats {
    pub(super) use super::{k_quants::*, legacy::*};
}

/// Whether blocks of a type can be read and written here.
pub fn is_writable(ty: GgmlType) -> bool {
    with_format!(ty, F => F::WEIGHTS).is_some()
}

/// The weights of whole blocks; `None` for a type that cannot be read here, or for part of a block.
pub fn dequantise(ty: GgmlType, blocks: &[u8]) -> Option<Vec<f32>> {
    with_format!(ty, F => {
        let blocks = blocks.chunks_exact(F::BYTES);
        let mut weights = vec![0.0; blocks.len() * F::WEIGHTS];
        let whole = blocks.remainder().is_empty();
        for (block, weights) in blocks.zip(weights.chunks_exact_mut(F::WEIGHTS)) {
            F::dequantise(block, weights);
        }
        whole.then_some(weights)
    })
    .flatten()
}

/// Blocks for weights that fill whole ones; `None` for a type that cannot be written here, or for part of a block.
///
/// Q4_0, Q5_0 and Q8_0 are ggml's, byte for byte. The K formats search each sub-block's scale by least squares, as
/// ggml's do, over a finer grid.
pub fn quantise(ty: GgmlType, weights: &[f32]) -> Option<Vec<u8>> {
    with_format!(ty, F => {
        let weights = weights.chunks_exact(F::WEIGHTS);
        let mut blocks = vec![0; weights.len() * F::BYTES];
        let whole = weights.remainder().is_empty();
        for (weights, block) in weights.zip(blocks.chunks_exact_mut(F::BYTES)) {
            F::quantise(weights, block);
        }
        whole.then_some(blocks)
    })
    .flatten()
}

/// The f16 at a byte of a block.
fn half_at(block: &[u8], at: usize) -> f32 {
    half::f16::from_le_bytes([block[at], block[at + 1]]).to_f32()
}

/// Puts a scale where a block has an f16, and gives what a reader will find there. What is too large becomes the largest
/// number, so that no weight turns into an infinity.
fn put_half(block: &mut [u8], at: usize, value: f32) -> f32 {
    let half = half::f16::from_f32(value.clamp(-65504.0, 65504.0));
    block[at..at + 2].copy_from_slice(&half.to_le_bytes());
    half.to_f32()
}

/// 1 / x, and 0 for 0: a block of zeros gets codes of 0.
fn inverse(x: f32) -> f32 {
    if x == 0.0 { 0.0 } else { 1.0 / x }
}

/// The number with the largest magnitude, the first of several.
fn peak(weights: &[f32]) -> f32 {
    weights.iter().fold(0.0, |peak: f32, &weight| if weight.abs() > peak.abs() { weight } else { peak })
}
