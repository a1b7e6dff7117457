//! Random weights in every format: blocks whose codes are random and whose scales are finite and of a useful size.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::trial::{Trial, random_words};

use crate::quant::{BF16, F16, F32, Q4_0, Q4_K, Q5_0, Q5_K, Q6_K, Q8_0, Quant};

/// Bytes of random blocks; larger tensors repeat them.
const TILE_BYTES: usize = 1 << 20;
/// Bytes that a tensor may have: larger ones lie in parts.
const MOST_BYTES: u32 = 64 << 20;

/// Where a block's numbers lie.
#[derive(Clone, Copy, Debug)]
pub enum Layout {
    /// Singles, and nothing else.
    Singles,
    /// Halves of this exponent, and nothing else.
    Halves(u16),
    /// The upper halves of singles, and nothing else.
    UpperHalves,
    /// Codes of any value, with halves at these bytes of these exponents.
    Codes(&'static [(usize, u16)]),
}

/// A format of which random blocks can be made.
pub trait Blocks: Quant {
    /// Where its numbers lie.
    const LAYOUT: Layout;
}

macro_rules! blocks {
    ($($format:ty: $layout:expr;)*) => {$(
        impl Blocks for $format {
            const LAYOUT: Layout = $layout;
        }
    )*};
}

// Exponents are biased by 15: weights come out between about -2 and 2.
blocks! {
    F32: Layout::Singles;
    F16: Layout::Halves(14);
    BF16: Layout::UpperHalves;
    Q4_0: Layout::Codes(&[(0, 12)]);
    Q5_0: Layout::Codes(&[(0, 11)]);
    Q8_0: Layout::Codes(&[(0, 8)]);
    Q4_K: Layout::Codes(&[(0, 5), (2, 8)]);
    Q5_K: Layout::Codes(&[(0, 4), (2, 8)]);
    Q6_K: Layout::Codes(&[(208, 3)]);
}

/// A half of either sign between `2^(exponent-15)` and twice that.
fn half(random: u32, exponent: u16) -> [u8; 2] {
    ((random as u16 & 0x83ff) | exponent << 10).to_le_bytes()
}

/// A single of either sign between 1/4 and 1/2: the random mantissa of one.
fn single(random: u32) -> [u8; 4] {
    ((random & 0x807f_ffff) | 125 << 23).to_le_bytes()
}

fn random_blocks<Q: Blocks>(name: &str, blocks: usize) -> Vec<u8> {
    let size = Q::BYTES as usize;
    let words = random_words(name, (blocks * size).div_ceil(4));
    let mut bytes: Vec<u8> = match Q::LAYOUT {
        Layout::Singles => words.into_iter().flat_map(single).collect(),
        Layout::Halves(exponent) => {
            words.into_iter().flat_map(|word| [half(word, exponent), half(word >> 16, exponent)].concat()).collect()
        }
        Layout::UpperHalves => words
            .into_iter()
            .flat_map(|word| {
                let ([_, _, a, b], [_, _, c, d]) = (single(word), single(word << 16));
                [a, b, c, d]
            })
            .collect(),
        Layout::Codes(_) => words.into_iter().flat_map(u32::to_le_bytes).collect(),
    };
    bytes.truncate(blocks * size);
    if let Layout::Codes(halves) = Q::LAYOUT {
        for block in bytes.chunks_exact_mut(size) {
            for (at, exponent) in halves {
                let random = u32::from(block[*at]) | u32::from(block[at + 1]) << 8;
                block[*at..at + 2].copy_from_slice(&half(random, *exponent));
            }
        }
    }
    bytes
}

/// A tensor of `rows` rows of `k` weights, and the word past its end that formats may read.
pub(super) fn tensor<Q: Blocks>(
    trial: &mut Trial,
    name: &str,
    rows: u32,
    k: u32,
) -> Result<Buffer<u32>, DispatchError> {
    let blocks = rows as usize * (k / Q::BLOCK) as usize;
    let bytes = blocks * Q::BYTES as usize;
    let tile = random_blocks::<Q>(name, blocks.min(TILE_BYTES / Q::BYTES as usize));
    let mut words = vec![0; bytes.div_ceil(4) + 1];
    let mut source = tile.iter().copied().cycle().take(bytes);
    for word in &mut words {
        let mut next = || source.next().unwrap_or_default();
        *word = u32::from_le_bytes([next(), next(), next(), next()]);
    }
    trial.input(name, &words)
}

/// `rows`, or as many as fit into a part of a tensor.
pub(super) fn rows_in_a_part<Q: Quant>(rows: u32, k: u32) -> u32 {
    rows.min(MOST_BYTES / (k / Q::BLOCK * Q::BYTES))
}

/// Weights in a row of a small tensor: `blocks` blocks of 256, or as many of 32.
pub(super) fn small_row<Q: Quant>(blocks: u32) -> u32 {
    blocks * Q::BLOCK.max(32)
}
