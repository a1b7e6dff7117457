//! F32, F16 and BF16: a block is 8 weights, its two runs side by side.

use kernel::prelude::*;

use super::{Eight, Quant, Scales};

/// IEEE single precision.
pub struct F32;

/// IEEE half precision.
pub struct F16;

/// The upper half of a single.
pub struct BF16;

#[device]
fn unscaled() -> Scales {
    Scales { lo: 1.0, hi: 1.0, lo_min: 0.0, hi_min: 0.0 }
}

/// Two halves of a word, twice.
#[device]
fn four_halves(first: u32, second: u32) -> Vec4<f32> {
    let low = unpack2x16float(first);
    let high = unpack2x16float(second);
    vec4(low.x, low.y, high.x, high.y)
}

/// A BF16 is an f32 without its lower 16 bits.
#[device]
fn four_brains(first: u32, second: u32) -> Vec4<f32> {
    vec4(
        bitcast::<f32, u32>(first << 16),
        bitcast::<f32, u32>(first & 0xffff_0000),
        bitcast::<f32, u32>(second << 16),
        bitcast::<f32, u32>(second & 0xffff_0000),
    )
}

#[device]
fn four_singles(w: &Storage<u32>, at: u32) -> Vec4<f32> {
    vec4(
        bitcast::<f32, u32>(w[at]),
        bitcast::<f32, u32>(w[at + 1]),
        bitcast::<f32, u32>(w[at + 2]),
        bitcast::<f32, u32>(w[at + 3]),
    )
}

#[device]
impl Quant for F32 {
    const NAME: &'static str = "F32";
    const BLOCK: u32 = 8;
    const BYTES: u32 = 32;
    const SPAN: u32 = 1;
    const HAS_MIN: bool = false;
    const SCALED: bool = false;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 8
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 8 + 4
    }

    fn scales(_w: &Storage<u32>, _byte: u32, _chunk: u32) -> Scales {
        unscaled()
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let at = byte / 4 + chunk * 8;
        Eight { lo: four_singles(w, at), hi: four_singles(w, at + 4) }
    }
}

#[device]
impl Quant for F16 {
    const NAME: &'static str = "F16";
    const BLOCK: u32 = 8;
    const BYTES: u32 = 16;
    const SPAN: u32 = 1;
    const HAS_MIN: bool = false;
    const SCALED: bool = false;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 8
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 8 + 4
    }

    fn scales(_w: &Storage<u32>, _byte: u32, _chunk: u32) -> Scales {
        unscaled()
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let at = byte / 4 + chunk * 4;
        Eight { lo: four_halves(w[at], w[at + 1]), hi: four_halves(w[at + 2], w[at + 3]) }
    }
}

#[device]
impl Quant for BF16 {
    const NAME: &'static str = "BF16";
    const BLOCK: u32 = 8;
    const BYTES: u32 = 16;
    const SPAN: u32 = 1;
    const HAS_MIN: bool = false;
    const SCALED: bool = false;

    fn lo_at(chunk: u32) -> u32 {
        chunk * 8
    }

    fn hi_at(chunk: u32) -> u32 {
        chunk * 8 + 4
    }

    fn scales(_w: &Storage<u32>, _byte: u32, _chunk: u32) -> Scales {
        unscaled()
    }

    fn codes(w: &Storage<u32>, byte: u32, chunk: u32) -> Eight {
        let at = byte / 4 + chunk * 4;
        Eight { lo: four_brains(w[at], w[at + 1]), hi: four_brains(w[at + 2], w[at + 3]) }
    }
}
