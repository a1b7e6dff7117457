//! Weight formats of GGUF on their raw bytes, as `u32` words. A format says where a block's codes and scales lie; every
//! matvec, GEMM, transposed matvec, embedding gather and dequantiser follows from that.

mod float;
#[allow(non_camel_case_types, reason = "the names are GGUF's own")]
mod k_quants;
mod legacy;

pub use float::{BF16, F16, F32};
pub use k_quants::{Q4_K, Q5_K, Q6_K};
pub use legacy::{Q4_0, Q5_0, Q8_0};

use kernel::prelude::*;

/// A *chunk*: 8 weights as two runs of 4 consecutive ones, at [`Quant::lo_at`] and [`Quant::hi_at`] in the block. The
/// runs lie where the format packs them, so that a word of codes is used whole.
#[device]
pub struct Eight {
    /// The run at `lo_at`.
    pub lo: Vec4<f32>,
    /// The run at `hi_at`.
    pub hi: Vec4<f32>,
}

/// What turns a chunk's codes into weights: `weight = code·scale − min`, for each run.
#[device]
pub struct Scales {
    /// Scale of the run at `lo_at`.
    pub lo: f32,
    /// Scale of the run at `hi_at`.
    pub hi: f32,
    /// Minimum of the run at `lo_at`; 0 unless the format [`HAS_MIN`](Quant::HAS_MIN).
    pub lo_min: f32,
    /// Minimum of the run at `hi_at`.
    pub hi_min: f32,
}

/// A weight format: blocks of `BLOCK` weights in `BYTES` bytes, the layout of `ggml-common.h`.
///
/// `w` holds the file's bytes; a row starts at a multiple of two bytes, and one word past the end is readable.
#[device]
pub trait Quant: 'static {
    /// The format's name in GGUF.
    const NAME: &'static str;
    /// Weights in a block.
    const BLOCK: u32;
    /// Bytes of a block.
    const BYTES: u32;
    /// Consecutive chunks, from a multiple of this on, that share their [`Scales`].
    const SPAN: u32;
    /// Whether weights have a minimum beside the scale.
    const HAS_MIN: bool;
    /// Whether codes are scaled at all: a float is its own weight.
    const SCALED: bool;
    /// Where in its block the chunk's first run starts, a multiple of 4.
    fn lo_at(chunk: u32) -> u32;
    /// Where in its block the chunk's second run starts, a multiple of 4.
    fn hi_at(chunk: u32) -> u32;
    /// The scales of chunk `chunk` (`0..BLOCK/8`) of the block at byte `byte`.
    fn scales(w: &Storage<u32>, byte: u32, chunk: u32) -> Scales;
    /// The codes of that chunk.
    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight;
}

/// Chunk `chunk` of the block at byte `byte`, dequantised.
#[device]
pub fn load<Q: Quant>(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
    let codes = Q::codes(w, byte, chunk);
    if Q::SCALED {
        let scales = Q::scales(w, byte, chunk);
        if Q::HAS_MIN {
            Eight { lo: codes.lo * scales.lo - splat4(scales.lo_min), hi: codes.hi * scales.hi - splat4(scales.hi_min) }
        } else {
            Eight { lo: codes.lo * scales.lo, hi: codes.hi * scales.hi }
        }
    } else {
        codes
    }
}

/// Codes as the weights that they stand for, where several chunks share their scales.
#[device]
pub fn scaled<Q: Quant>(codes: Eight, scales: Scales) -> Eight {
    if Q::HAS_MIN {
        Eight { lo: codes.lo * scales.lo - splat4(scales.lo_min), hi: codes.hi * scales.hi - splat4(scales.hi_min) }
    } else {
        Eight { lo: codes.lo * scales.lo, hi: codes.hi * scales.hi }
    }
}

/// Bytes of a row of `k` weights.
#[device]
pub fn row_bytes<Q: Quant>(k: u32) -> u32 {
    k / Q::BLOCK * Q::BYTES
}

/// The byte, from its row's start on, of the block that holds the row's chunk `chunk`.
#[device]
pub fn block_byte<Q: Quant>(chunk: u32) -> u32 {
    chunk / (Q::BLOCK / 8) * Q::BYTES
}

/// Where in its row the chunk's first run starts.
#[device]
pub fn lo_in_row<Q: Quant>(chunk: u32) -> u32 {
    chunk / (Q::BLOCK / 8) * Q::BLOCK + Q::lo_at(chunk % (Q::BLOCK / 8))
}

/// Where in its row the chunk's second run starts.
#[device]
pub fn hi_in_row<Q: Quant>(chunk: u32) -> u32 {
    chunk / (Q::BLOCK / 8) * Q::BLOCK + Q::hi_at(chunk % (Q::BLOCK / 8))
}

/// The word at a byte that is a multiple of two.
#[device]
fn word_at(w: &Storage<u32>, byte: u32) -> u32 {
    let at = byte / 4;
    let shift = (byte & 2) * 8;
    // A shift by 32 is not a shift in WGSL: the upper part goes in two steps.
    (w[at] >> shift) | ((w[at + 1] << 1) << (31 - shift))
}

/// The f16 at a byte that is a multiple of two.
#[device]
fn half_at(w: &Storage<u32>, byte: u32) -> f32 {
    let halves = unpack2x16float(w[byte / 4] >> ((byte & 2) * 8));
    halves.x
}

/// The four low bits of `bits` as the lowest bits of a word's bytes.
#[device]
fn spread(bits: u32) -> u32 {
    ((bits & 15) * 0x0020_4081) & 0x0101_0101
}

/// Shape of [`fn@dequantise`].
#[params]
pub struct DequantiseParams {
    /// Weights, whole blocks.
    pub n: u32,
}

/// Blocks as f32: `out` `[n]`, 4 weights an element. One invocation a chunk.
#[kernel(
    workgroup = W, groups = (params.n / 8).div_ceil(W), tolerance(rel = 1e-6),
    requires(
        params.n % Q::BLOCK == 0,
        4 * w.len() >= params.n / Q::BLOCK * Q::BYTES,
        4 * out.len() >= params.n,
    )
)]
pub fn dequantise<Q: Quant, const W: u32>(
    chunk: GlobalId,
    params: &DequantiseParams,
    w: &Storage<u32>,
    out: &mut Storage<Vec4<f32>>,
) {
    if chunk < params.n / 8 {
        let weights = load::<Q>(w, block_byte::<Q>(chunk), chunk % (Q::BLOCK / 8));
        out[lo_in_row::<Q>(chunk) / 4] = weights.lo;
        out[hi_in_row::<Q>(chunk) / 4] = weights.hi;
    }
}
