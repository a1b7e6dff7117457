//! Element formats of the key and value caches. Both are read and written eight elements at a time, from buffers of
//! 16-byte words, `[slots, kv_heads, head_dim]`.

use kernel::prelude::*;

/// Eight consecutive elements.
#[device]
pub struct Octet {
    /// Elements 0..4.
    pub low: Vec4<f32>,
    /// Elements 4..8.
    pub high: Vec4<f32>,
}

/// How a cache keeps its elements.
#[device]
pub trait KvFormat: 'static {
    /// Words of 16 bytes that eight elements take.
    const WORDS: u32;
    /// How far an element may lie from the value that was stored, relatively; no less than what f32 is off anyway.
    const ROUNDING: f64;
    /// Elements `element..element + 8`; `element` is a multiple of 8.
    fn load8(cache: &Storage<Vec4<u32>>, element: u32) -> Octet;
    /// Writes elements `element..element + 8`; `element` is a multiple of 8.
    fn store8(cache: &mut Storage<Vec4<u32>>, element: u32, low: Vec4<f32>, high: Vec4<f32>);
}

/// Single precision.
pub struct KvF32;

/// Half precision, two elements in 32 bits.
pub struct KvF16;

#[device]
impl KvFormat for KvF32 {
    const WORDS: u32 = 2;
    const ROUNDING: f64 = 1e-5;

    fn load8(cache: &Storage<Vec4<u32>>, element: u32) -> Octet {
        let low = cache[element / 4];
        let high = cache[element / 4 + 1];
        Octet {
            low: vec4(
                bitcast::<f32, _>(low.x),
                bitcast::<f32, _>(low.y),
                bitcast::<f32, _>(low.z),
                bitcast::<f32, _>(low.w),
            ),
            high: vec4(
                bitcast::<f32, _>(high.x),
                bitcast::<f32, _>(high.y),
                bitcast::<f32, _>(high.z),
                bitcast::<f32, _>(high.w),
            ),
        }
    }

    fn store8(cache: &mut Storage<Vec4<u32>>, element: u32, low: Vec4<f32>, high: Vec4<f32>) {
        cache[element / 4] = vec4(
            bitcast::<u32, _>(low.x),
            bitcast::<u32, _>(low.y),
            bitcast::<u32, _>(low.z),
            bitcast::<u32, _>(low.w),
        );
        cache[element / 4 + 1] = vec4(
            bitcast::<u32, _>(high.x),
            bitcast::<u32, _>(high.y),
            bitcast::<u32, _>(high.z),
            bitcast::<u32, _>(high.w),
        );
    }
}

#[device]
impl KvFormat for KvF16 {
    const WORDS: u32 = 1;
    const ROUNDING: f64 = 2e-3;

    fn load8(cache: &Storage<Vec4<u32>>, element: u32) -> Octet {
        let word = cache[element / 8];
        let a = unpack2x16float(word.x);
        let b = unpack2x16float(word.y);
        let c = unpack2x16float(word.z);
        let d = unpack2x16float(word.w);
        Octet { low: vec4(a.x, a.y, b.x, b.y), high: vec4(c.x, c.y, d.x, d.y) }
    }

    fn store8(cache: &mut Storage<Vec4<u32>>, element: u32, low: Vec4<f32>, high: Vec4<f32>) {
        cache[element / 8] = vec4(
            pack2x16float(vec2(low.x, low.y)),
            pack2x16float(vec2(low.z, low.w)),
            pack2x16float(vec2(high.x, high.y)),
            pack2x16float(vec2(high.z, high.w)),
        );
    }
}

/// Words of 16 bytes in a cache of `slots` positions.
pub const fn cache_words<K: KvFormat>(slots: u32, kv_heads: u32, head_dim: u32) -> usize {
    slots as usize * kv_heads as usize * (head_dim / 8) as usize * K::WORDS as usize
}
