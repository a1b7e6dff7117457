//! Plain numbers, and blocks of 32 with one f16 scale.
use super::{Format, half_at, inverse, peak, put_half};

macro_rules! numbers {
    ($($name:ident, $bytes:literal, $read:expr, $write:expr;)*) => {$(
        #[allow(non_camel_case_types)]
        pub struct $name;

        impl Format for $name {
            const WEIGHTS: usize = 1;
            const BYTES: usize = $bytes;

            fn dequantise(block: &[u8], weights: &mut [f32]) {
                let mut bytes = [0; $bytes];
                bytes.copy_from_slice(block);
                weights[0] = $read(bytes);
            }

            fn quantise(weights: &[f32], block: &mut [u8]) {
                block.copy_from_slice(&$write(weights[0]));
            }
        }
    )*};
}

numbers! {
    F32, 4, f32::from_le_bytes, f32::to_le_bytes;
    F16, 2, |bytes| half::f16::from_le_bytes(bytes).to_f32(), |weight| half::f16::from_f32(weight).to_le_bytes();
    BF16, 2, |bytes| half::bf16::from_le_bytes(bytes).to_f32(), |weight| half::bf16::from_f32(weight).to_le_bytes();
}

/// Codes 0..=top of 32 weights around the middle, for a scale that maps the largest weight to the lowest code.
fn centred(weights: &[f32], middle: f32, top: u8) -> (f32, [u8; 32]) {
    let scale = peak(weights) / -middle;
    let inverse = inverse(scale);
    let mut codes = [0; 32];
    for (code, weight) in codes.iter_mut().zip(weights) {
        // `as` cuts off, as ggml's conversion does; nothing is below -middle.
        *code = ((weight * inverse + (middle + 0.5)) as u8).min(top);
    }
    (scale, codes)
}

/// The low four bits of code i and of code i + 16 share byte i.
fn put_nibbles(codes: &[u8; 32], bytes: &mut [u8]) {
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = (codes[at] & 15) | ((codes[at + 16] & 15) << 4);
    }
}

fn nibble(bytes: &[u8], at: usize) -> u8 {
    if at < 16 { bytes[at] & 15 } else { bytes[at - 16] >> 4 }
}

/// f16 scale, 16 bytes of codes.
#[allow(non_camel_case_types)]
pub struct Q4_0;

impl Format for Q4_0 {
    const WEIGHTS: usize = 32;
    const BYTES: usize = 18;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        let scale = half_at(block, 0);
        for (at, weight) in weights.iter_mut().enumerate() {
            *weight = scale * (f32::from(nibble(&block[2..], at)) - 8.0);
        }
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        let (scale, codes) = centred(weights, 8.0, 15);
        put_half(block, 0, scale);
        put_nibbles(&codes, &mut block[2..]);
    }
}

/// f16 scale, 32 fifth bits, 16 bytes of codes.
#[allow(non_camel_case_types)]
pub struct Q5_0;

impl Format for Q5_0 {
    const WEIGHTS: usize = 32;
    const BYTES: usize = 22;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        let scale = half_at(block, 0);
        for (at, weight) in weights.iter_mut().enumerate() {
            let fifth = (block[2 + at / 8] >> (at % 8)) & 1;
            *weight = scale * (f32::from(nibble(&block[6..], at) | (fifth << 4)) - 16.0);
        }
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        let (scale, codes) = centred(weights, 16.0, 31);
        put_half(block, 0, scale);
        block[2..6].fill(0);
        for (at, code) in codes.iter().enumerate() {
            block[2 + at / 8] |= (code >> 4) << (at % 8);
        }
        put_nibbles(&codes, &mut block[6..]);
    }
}

/// f16 scale, 32 signed bytes.
#[allow(non_camel_case_types)]
pub struct Q8_0;

impl Format for Q8_0 {
    const WEIGHTS: usize = 32;
    const BYTES: usize = 34;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        let scale = half_at(block, 0);
        for (weight, code) in weights.iter_mut().zip(&block[2..]) {
            *weight = scale * f32::from(*code as i8);
        }
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        let scale = peak(weights).abs() / 127.0;
        let inverse = inverse(scale);
        put_half(block, 0, scale);
        for (code, weight) in block[2..].iter_mut().zip(weights) {
            *code = (weight * inverse).round() as i8 as u8;
        }
    }
}
