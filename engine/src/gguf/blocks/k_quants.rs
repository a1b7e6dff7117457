//! Blocks of 256 weights whose sub-blocks have scales of their own, in turn scaled by f16s. Scales are searched: each of
//! some ways to round a sub-block gives a least-squares fit, and the one with the least error is taken.
use super::{Format, half_at, inverse, put_half};

/// Ways to round that are tried, on either side of the plain one, a tenth of a code apart.
const STEPS: i32 = 10;

/// Where Q4_K and Q5_K keep their twelve bytes of scales and minima.
const SCALES: std::ops::Range<usize> = 4..16;

fn rounded(x: f32, low: f32, high: f32) -> f32 {
    x.round().clamp(low, high)
}

/// Scale and offset, both at least 0, with which codes 0..=top come closest to 32 weights: `scale · code - offset`.
/// Large weights count more.
fn affine(weights: &[f32], top: f32) -> (f32, f32) {
    let low = weights.iter().fold(0.0, |low: f32, &x| low.min(x));
    let high = weights.iter().fold(f32::NEG_INFINITY, |high, &x| high.max(x));
    let span = high - low;
    if span.is_nan() || span <= 0.0 {
        return (0.0, -low);
    }
    let rms = (weights.iter().map(|x| x * x).sum::<f32>() / weights.len() as f32).sqrt();
    let importance = |x: f32| x.abs() + rms;
    let sum_w: f32 = weights.iter().map(|&x| importance(x)).sum();
    let sum_x: f32 = weights.iter().map(|&x| importance(x) * x).sum();
    let (mut best, mut least) = ((span / top, -low), f32::INFINITY);
    for step in -STEPS..=STEPS {
        // From the best offset so far: the least weight need not be what code 0 stands for.
        let low = -best.1;
        let codes_a_unit = (top + 0.1 * step as f32) * inverse(high - low);
        let code = |x: f32| rounded((x - low) * codes_a_unit, 0.0, top);
        let (mut sum_q, mut sum_qq, mut sum_xq) = (0.0, 0.0, 0.0);
        for &x in weights {
            let (q, w) = (code(x), importance(x));
            sum_q += w * q;
            sum_qq += w * q * q;
            sum_xq += w * q * x;
        }
        let determinant = sum_w * sum_qq - sum_q * sum_q;
        if determinant <= 0.0 {
            continue;
        }
        let mut scale = (sum_w * sum_xq - sum_x * sum_q) / determinant;
        let mut offset = (sum_q * sum_xq - sum_qq * sum_x) / determinant;
        // An offset has no sign in the file: where the fit wants one, it goes through the origin.
        if offset < 0.0 {
            (scale, offset) = (sum_xq * inverse(sum_qq), 0.0);
        }
        let error: f32 = weights.iter().map(|&x| importance(x) * (scale * code(x) - offset - x).powi(2)).sum();
        if scale > 0.0 && error < least {
            (best, least) = ((scale, offset), error);
        }
    }
    best
}

/// The 6-bit scale and minimum of sub-block `at`: the high bits of the last four ride on the first four.
fn scale_and_minimum(packed: &[u8], at: usize) -> (u8, u8) {
    match at {
        0..4 => (packed[at] & 63, packed[at + 4] & 63),
        _ => ((packed[at + 4] & 15) | (packed[at - 4] >> 6) << 4, (packed[at + 4] >> 4) | (packed[at] >> 6) << 4),
    }
}

fn put_scale_and_minimum(packed: &mut [u8], at: usize, scale: u8, minimum: u8) {
    match at {
        0..4 => {
            packed[at] |= scale;
            packed[at + 4] |= minimum;
        }
        _ => {
            packed[at + 4] |= (scale & 15) | (minimum & 15) << 4;
            packed[at - 4] |= (scale >> 4) << 6;
            packed[at] |= (minimum >> 4) << 6;
        }
    }
}

/// Puts scales and minima of 256 weights into a block that is zero, and gives their codes.
fn quantise_affine(weights: &[f32], top: f32, block: &mut [u8]) -> [u8; 256] {
    let mut fits = [(0.0, 0.0); 8];
    for (fit, weights) in fits.iter_mut().zip(weights.chunks_exact(32)) {
        *fit = affine(weights, top);
    }
    let widest = |of: fn(&(f32, f32)) -> f32| fits.iter().map(of).fold(0.0, f32::max) / 63.0;
    let (d, dmin) = (put_half(block, 0, widest(|fit| fit.0)), put_half(block, 2, widest(|fit| fit.1)));
    let mut codes = [0; 256];
    for (at, (scale, offset)) in fits.into_iter().enumerate() {
        let scale = rounded(scale * inverse(d), 0.0, 63.0);
        let minimum = rounded(offset * inverse(dmin), 0.0, 63.0);
        put_scale_and_minimum(&mut block[SCALES], at, scale as u8, minimum as u8);
        let (offset, codes_a_unit) = (dmin * minimum, inverse(d * scale));
        for (code, x) in codes[at * 32..][..32].iter_mut().zip(&weights[at * 32..]) {
            *code = rounded((x + offset) * codes_a_unit, 0.0, top) as u8;
        }
    }
    codes
}

/// Weights of a block with scales and minima, from the code of each.
fn dequantise_affine(block: &[u8], weights: &mut [f32], code: impl Fn(usize) -> u8) {
    let (d, dmin) = (half_at(block, 0), half_at(block, 2));
    for (sub, weights) in weights.chunks_exact_mut(32).enumerate() {
        let (scale, minimum) = scale_and_minimum(&block[SCALES], sub);
        let (scale, offset) = (d * f32::from(scale), dmin * f32::from(minimum));
        for (at, weight) in weights.iter_mut().enumerate() {
            *weight = scale * f32::from(code(sub * 32 + at)) - offset;
        }
    }
}

/// The low four bits of code `at`: of each 64 codes, the first 32 have the low half of a byte and the others the high.
fn nibble(bytes: &[u8], at: usize) -> u8 {
    (bytes[at / 64 * 32 + at % 32] >> (at % 64 / 32 * 4)) & 15
}

fn put_nibble(bytes: &mut [u8], at: usize, code: u8) {
    bytes[at / 64 * 32 + at % 32] |= (code & 15) << (at % 64 / 32 * 4);
}

/// Two f16s, scales and minima, 128 bytes of codes.
#[allow(non_camel_case_types)]
pub struct Q4_K;

impl Format for Q4_K {
    const WEIGHTS: usize = 256;
    const BYTES: usize = 144;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        dequantise_affine(block, weights, |at| nibble(&block[16..], at));
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        block.fill(0);
        let codes = quantise_affine(weights, 15.0, block);
        codes.iter().enumerate().for_each(|(at, &code)| put_nibble(&mut block[16..], at, code));
    }
}

/// Two f16s, scales and minima, 256 fifth bits, 128 bytes of codes. The fifth bit of code i is bit i / 32 of byte i % 32.
#[allow(non_camel_case_types)]
pub struct Q5_K;

impl Format for Q5_K {
    const WEIGHTS: usize = 256;
    const BYTES: usize = 176;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        let fifth = |at: usize| (block[16 + at % 32] >> (at / 32)) & 1;
        dequantise_affine(block, weights, |at| nibble(&block[48..], at) | (fifth(at) << 4));
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        block.fill(0);
        let codes = quantise_affine(weights, 31.0, block);
        for (at, &code) in codes.iter().enumerate() {
            put_nibble(&mut block[48..], at, code);
            block[16 + at % 32] |= (code >> 4) << (at / 32);
        }
    }
}

/// The scale with which codes -32..=31 come closest to 16 weights.
fn symmetric(weights: &[f32]) -> f32 {
    let peak = super::peak(weights);
    if peak == 0.0 {
        return 0.0;
    }
    let (mut best, mut least) = (-peak / 32.0, f32::INFINITY);
    for step in -STEPS..=STEPS {
        let codes_a_unit = -(32.0 + 0.1 * step as f32) / peak;
        let code = |x: f32| rounded(x * codes_a_unit, -32.0, 31.0);
        let sum_xq: f32 = weights.iter().map(|&x| x * code(x)).sum();
        let sum_qq: f32 = weights.iter().map(|&x| code(x).powi(2)).sum();
        let scale = sum_xq * inverse(sum_qq);
        let error: f32 = weights.iter().map(|&x| (scale * code(x) - x).powi(2)).sum();
        if error < least {
            (best, least) = (scale, error);
        }
    }
    best
}

/// 128 bytes of low bits, 64 of high bits, 16 signed scales, one f16.
#[allow(non_camel_case_types)]
pub struct Q6_K;

impl Q6_K {
    /// Where code `at` has its bits: byte and shift of the low four, byte and shift of the high two. Of each 128 codes,
    /// the first 64 have the low halves of 64 bytes; a byte of high bits serves codes 32 apart.
    fn places(at: usize) -> (usize, usize, usize, usize) {
        let (part, inside) = (at / 128, at % 128);
        (part * 64 + inside % 64, inside / 64 * 4, 128 + part * 32 + inside % 32, inside / 32 * 2)
    }
}

impl Format for Q6_K {
    const WEIGHTS: usize = 256;
    const BYTES: usize = 210;

    fn dequantise(block: &[u8], weights: &mut [f32]) {
        let d = half_at(block, 208);
        for (at, weight) in weights.iter_mut().enumerate() {
            let (low, low_shift, high, high_shift) = Self::places(at);
            let code = ((block[low] >> low_shift) & 15) | (((block[high] >> high_shift) & 3) << 4);
            *weight = d * f32::from(block[192 + at / 16] as i8) * (f32::from(code) - 32.0);
        }
    }

    fn quantise(weights: &[f32], block: &mut [u8]) {
        block.fill(0);
        let mut scales = [0.0; 16];
        for (scale, weights) in scales.iter_mut().zip(weights.chunks_exact(16)) {
            *scale = symmetric(weights);
        }
        let d = put_half(block, 208, super::peak(&scales) / -128.0);
        for (sub, scale) in scales.into_iter().enumerate() {
            let scale = rounded(scale * inverse(d), -128.0, 127.0);
            block[192 + sub] = scale as i8 as u8;
            let codes_a_unit = inverse(d * scale);
            for (at, weight) in weights.iter().enumerate().skip(sub * 16).take(16) {
                let code = (rounded(weight * codes_a_unit, -32.0, 31.0) + 32.0) as u8;
                let (low, low_shift, high, high_shift) = Self::places(at);
                block[low] |= (code & 15) << low_shift;
                block[high] |= (code >> 4) << high_shift;
            }
        }
    }
}
