//! Q4_K, Q5_K and Q6_K: 256 weights a block, in sub-blocks with scales of their own. Blocks of Q4_K and Q5_K are whole
//! words; those of Q6_K, 210 bytes, are only 2-byte aligned.

use kernel::prelude::*;

use super::{Eight, Quant, Scales, half_at, word_at};

/// `block_q4_K`: f16 `d` and `dmin`, 8 scales and minima of 6 bits in 12 bytes, 128 bytes of nibbles; weight
/// `d·scale·q − dmin·min`.
pub struct Q4_K;

/// `block_q5_K`: as [`Q4_K`], with 32 bytes of fifth bits before the nibbles.
pub struct Q5_K;

/// `block_q6_K`: 128 bytes of low nibbles, 64 bytes of upper bit pairs, 16 signed scales, f16 `d`; weight
/// `d·scale·(q − 32)`.
pub struct Q6_K;

/// Scales and minima of the two sub-blocks `2·group` and `2·group + 1` (`get_scale_min_k4` of `ggml-quants.c`, two
/// sub-blocks at once): the first four lie in 6 bits of a byte each, the last four in a nibble and two spare bits.
#[device]
fn packed_scales(w: &Storage<u32>, at: u32, group: u32) -> Scales {
    let super_scales = unpack2x16float(w[at]);
    let shift = (group & 1) * 16;
    let scales = w[at + 1] >> shift;
    let minima = w[at + 2] >> shift;
    let nibbles = w[at + 3] >> shift;
    let upper = group >= 2;
    let two_scales = select(scales & 0x3f3f, (nibbles & 0x0f0f) | ((scales >> 2) & 0x3030), upper);
    let two_minima = select(minima & 0x3f3f, ((nibbles >> 4) & 0x0f0f) | ((minima >> 2) & 0x3030), upper);
    Scales {
        lo: super_scales.x * f32(two_scales & 0xff),
        hi: super_scales.x * f32(two_scales >> 8),
        lo_min: super_scales.y * f32(two_minima & 0xff),
        hi_min: super_scales.y * f32(two_minima >> 8),
    }
}

#[device]
impl Quant for Q4_K {
    const NAME: &'static str = "Q4_K";
    const BLOCK: u32 = 256;
    const BYTES: u32 = 144;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = true;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk / 8 * 64 + chunk % 8 * 4
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk / 8 * 64 + chunk % 8 * 4 + 32
    }

    fn scales(w: &Storage<u32>, byte: u32, chunk: u32) -> Scales {
        packed_scales(w, byte / 4, chunk / 8)
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let nibbles = w[byte / 4 + 4 + chunk];
        Eight { lo: vec4f(unpack4x_u8(nibbles & 0x0f0f_0f0f)), hi: vec4f(unpack4x_u8((nibbles >> 4) & 0x0f0f_0f0f)) }
    }
}

#[device]
impl Quant for Q5_K {
    const NAME: &'static str = "Q5_K";
    const BLOCK: u32 = 256;
    const BYTES: u32 = 176;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = true;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk / 8 * 64 + chunk % 8 * 4
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk / 8 * 64 + chunk % 8 * 4 + 32
    }

    fn scales(w: &Storage<u32>, byte: u32, chunk: u32) -> Scales {
        packed_scales(w, byte / 4, chunk / 8)
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let fifth = w[byte / 4 + 4 + chunk % 8] >> (chunk / 8 * 2);
        let nibbles = w[byte / 4 + 12 + chunk];
        Eight {
            lo: vec4f(unpack4x_u8((nibbles & 0x0f0f_0f0f) | ((fifth & 0x0101_0101) << 4))),
            hi: vec4f(unpack4x_u8(((nibbles >> 4) & 0x0f0f_0f0f) | ((fifth & 0x0202_0202) << 3))),
        }
    }
}

#[device]
impl Quant for Q6_K {
    const NAME: &'static str = "Q6_K";
    const BLOCK: u32 = 256;
    const BYTES: u32 = 210;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = false;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk / 16 * 128 + chunk % 16 * 4
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk / 16 * 128 + chunk % 16 * 4 + 64
    }

    fn scales(w: &Storage<u32>, byte: u32, chunk: u32) -> Scales {
        // Scale `8·(chunk/16) + (chunk % 16)/4` for the low nibbles and the fourth after it for the high ones: bytes
        // (chunk % 16)/4 of two neighbouring words.
        let at = byte + 192 + chunk / 16 * 8;
        let shift = chunk % 16 / 4 * 8;
        let d = half_at(w, byte + 208);
        // The byte goes to the top and comes back with its sign.
        let lo = bitcast::<i32, u32>(word_at(w, at) << (24 - shift)) >> 24;
        let hi = bitcast::<i32, u32>(word_at(w, at + 4) << (24 - shift)) >> 24;
        Scales { lo: d * f32(lo), hi: d * f32(hi), lo_min: 0.0, hi_min: 0.0 }
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let nibbles = word_at(w, byte + chunk * 4);
        let pairs = word_at(w, byte + 128 + chunk / 16 * 32 + chunk % 8 * 4) >> (chunk % 16 / 8 * 2);
        Eight {
            lo: vec4f(unpack4x_u8((nibbles & 0x0f0f_0f0f) | ((pairs & 0x0303_0303) << 4))) - splat4(32.0),
            hi: vec4f(unpack4x_u8(((nibbles >> 4) & 0x0f0f_0f0f) | (pairs & 0x3030_3030))) - splat4(32.0),
        }
    }
}
