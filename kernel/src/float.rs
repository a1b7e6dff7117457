//! What `f32` is in `ops` and `builtins`; `reference::float` has the same names for `f64`.

pub use crate::types::{Value, f16};

/// A float of the kernel language.
#[allow(non_camel_case_types, reason = "it stands for the primitive")]
pub type f32 = core::primitive::f32;

/// The bits of a float.
#[inline(always)]
pub fn to_bits(value: f32) -> u32 {
    value.to_bits()
}

/// A float of these bits.
#[inline(always)]
pub fn of_bits(bits: u32) -> f32 {
    f32::from_bits(bits)
}

/// The bits of the nearest half.
#[inline(always)]
pub fn to_half(value: f32) -> u16 {
    half::f16::from_f32(value).to_bits()
}

/// A half of these bits.
#[inline(always)]
pub fn of_half(bits: u16) -> f32 {
    half::f16::from_bits(bits).to_f32()
}
