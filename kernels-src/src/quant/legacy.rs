//! Q4_0, Q5_0 and Q8_0: 32 weights and one f16 scale a block. Blocks are only 2-byte aligned.

use kernel::prelude::*;

use super::{Eight, Quant, Scales, half_at, spread, word_at};

/// `block_q4_0`: f16 `d`, 16 bytes of nibbles; weight `(q − 8)·d`.
pub struct Q4_0;

/// `block_q5_0`: f16 `d`, 32 fifth bits, 16 bytes of nibbles; weight `(q − 16)·d`.
pub struct Q5_0;

/// `block_q8_0`: f16 `d`, 32 signed bytes; weight `q·d`.
pub struct Q8_0;

#[device]
fn one_scale(d: f32) -> Scales {
    Scales { lo: d, hi: d, lo_min: 0.0, hi_min: 0.0 }
}

#[device]
impl Quant for Q4_0 {
    const NAME: &'static str = "Q4_0";
    const BLOCK: u32 = 32;
    const BYTES: u32 = 18;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = false;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 4
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 4 + 16
    }

    fn scales(w: &Storage<u32>, byte: u32, _chunk: u32) -> Scales {
        one_scale(half_at(w, byte))
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let nibbles = word_at(w, byte + 2 + chunk * 4);
        Eight {
            lo: vec4f(unpack4x_u8(nibbles & 0x0f0f_0f0f)) - splat4(8.0),
            hi: vec4f(unpack4x_u8((nibbles >> 4) & 0x0f0f_0f0f)) - splat4(8.0),
        }
    }
}

#[device]
impl Quant for Q5_0 {
    const NAME: &'static str = "Q5_0";
    const BLOCK: u32 = 32;
    const BYTES: u32 = 22;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = false;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 4
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 4 + 16
    }

    fn scales(w: &Storage<u32>, byte: u32, _chunk: u32) -> Scales {
        one_scale(half_at(w, byte))
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let fifth = word_at(w, byte + 2) >> (chunk * 4);
        let nibbles = word_at(w, byte + 6 + chunk * 4);
        Eight {
            lo: vec4f(unpack4x_u8((nibbles & 0x0f0f_0f0f) | (spread(fifth) << 4))) - splat4(16.0),
            hi: vec4f(unpack4x_u8(((nibbles >> 4) & 0x0f0f_0f0f) | (spread(fifth >> 16) << 4))) - splat4(16.0),
        }
    }
}

#[device]
impl Quant for Q8_0 {
    const NAME: &'static str = "Q8_0";
    const BLOCK: u32 = 32;
    const BYTES: u32 = 34;
    const SPAN: u32 = 4;
    const HAS_MIN: bool = false;
    const SCALED: bool = true;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 8
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 8 + 4
    }

    fn scales(w: &Storage<u32>, byte: u32, _chunk: u32) -> Scales {
        one_scale(half_at(w, byte))
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let first = byte + 2 + chunk * 8;
        Eight { lo: vec4f(unpack4x_i8(word_at(w, first))), hi: vec4f(unpack4x_i8(word_at(w, first + 4))) }
    }
}
