//! WGSL's memory layout rules (WGSL §14.4.1 "Alignment and Size"), as constants of the types that may be shared with
//! the host. Everything that places bytes derives from here.

use crate::types::{Atomic, Value, Vec2, Vec3, Vec4, f16};

/// A type that may stand in a params struct (the uniform address space).
///
/// `SIZE` is SizeOf(T) and `ALIGN` is AlignOf(T) of WGSL §14.4.1, in bytes.
pub trait UniformField: Copy + bytemuck::Pod {
    /// SizeOf(T), bytes.
    const SIZE: usize;
    /// AlignOf(T), bytes.
    const ALIGN: usize;
    /// What it is made of.
    const SCALAR: Scalar;
}

macro_rules! uniform_field {
    ($($ty:ty: $scalar:ident, size $size:literal, align $align:literal;)*) => {$(
        impl UniformField for $ty {
            const SIZE: usize = $size;
            const ALIGN: usize = $align;
            const SCALAR: Scalar = Scalar::$scalar;
        }
        const _: () = assert!(size_of::<$ty>() == $size, "the Rust type must have WGSL's size");
    )*};
}

uniform_field! {
    u32: U32, size 4, align 4;
    i32: I32, size 4, align 4;
    f32: F32, size 4, align 4;
    Vec2<f32>: F32, size 8, align 8;
    Vec2<u32>: U32, size 8, align 8;
    Vec2<i32>: I32, size 8, align 8;
    Vec3<f32>: F32, size 12, align 16;
    Vec3<u32>: U32, size 12, align 16;
    Vec3<i32>: I32, size 12, align 16;
    Vec4<f32>: F32, size 16, align 16;
    Vec4<u32>: U32, size 16, align 16;
    Vec4<i32>: I32, size 16, align 16;
}

/// The number type that an element is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// `u32`.
    U32,
    /// `i32`.
    I32,
    /// `f32`.
    F32,
    /// `f16`, 2 bytes.
    F16,
    /// `f64`, which only a kernel's reference has.
    F64,
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::F64 => "f64",
        })
    }
}

impl Scalar {
    /// The numbers that little-endian bytes hold, one after the other.
    pub fn values(self, bytes: &[u8]) -> Vec<f64> {
        let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        match self {
            Self::U32 => words.map(f64::from).collect(),
            Self::I32 => words.map(|word| f64::from(word as i32)).collect(),
            Self::F32 => words.map(|word| f64::from(f32::from_bits(word))).collect(),
            Self::F16 => bytes
                .chunks_exact(2)
                .map(|half| f16::from_bits(u16::from_le_bytes([half[0], half[1]])).to_f64())
                .collect(),
            Self::F64 => bytes.chunks_exact(8).map(bytemuck::pod_read_unaligned).collect(),
        }
    }

    /// What it is in a kernel's reference.
    pub const fn wide(self) -> Self {
        match self {
            Self::F32 | Self::F16 | Self::F64 => Self::F64,
            integer => integer,
        }
    }

    /// The bytes of numbers, rounded to it; the inverse of [`values`](Self::values).
    pub fn rounded(self, values: &[f64]) -> Vec<u8> {
        match self {
            Self::U32 => values.iter().flat_map(|value| (*value as u32).to_le_bytes()).collect(),
            Self::I32 => values.iter().flat_map(|value| (*value as i32).to_le_bytes()).collect(),
            Self::F32 => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|value| f16::from_f64(*value).to_le_bytes()).collect(),
            Self::F64 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// Bytes of one.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U32 | Self::I32 | Self::F32 => 4,
            Self::F16 => 2,
            Self::F64 => 8,
        }
    }
}

/// An element of a storage buffer: `array<T>` whose stride is the size of the Rust type.
///
/// `vec3` is not one: its stride in WGSL is 16 bytes, 4 more than its size.
pub trait Element: Value + bytemuck::Pod + Send + Sync + 'static {
    /// What it is made of.
    const SCALAR: Scalar;
}

macro_rules! element {
    ($($ty:ty: $scalar:ident;)*) => {$(
        impl Element for $ty {
            const SCALAR: Scalar = Scalar::$scalar;
        }
    )*};
}

element! {
    u32: U32;
    i32: I32;
    f32: F32;
    f16: F16;
    Vec2<f16>: F16;
    Vec4<f16>: F16;
    Vec2<f32>: F32;
    Vec2<u32>: U32;
    Vec2<i32>: I32;
    Vec4<f32>: F32;
    Vec4<u32>: U32;
    Vec4<i32>: I32;
}

/// What storage buffers and workgroup memory hold: an [`Element`], or an [`Atomic`] of one.
///
/// # Safety
/// Every bit pattern of `size_of::<Self>()` bytes is a valid value.
pub unsafe trait Stored: Send + Sync + 'static {
    /// What it is made of.
    const STORES: Scalar;
}
// SAFETY: an element is `Pod`.
unsafe impl<T: Element> Stored for T {
    const STORES: Scalar = T::SCALAR;
}
// SAFETY: a transparent word.
unsafe impl Stored for Atomic<u32> {
    const STORES: Scalar = Scalar::U32;
}
// SAFETY: as above.
unsafe impl Stored for Atomic<i32> {
    const STORES: Scalar = Scalar::I32;
}

#[cfg(feature = "reference")]
macro_rules! stored_in_references {
    ($($ty:ty)*) => {$(
        // SAFETY: it is `Pod`.
        unsafe impl Stored for $ty {
            const STORES: Scalar = Scalar::F64;
        }
    )*};
}
#[cfg(feature = "reference")]
stored_in_references! { f64 Vec2<f64> Vec4<f64> }

/// `value` rounded up to a multiple of `multiple` (WGSL §14.4.1's roundUp).
pub const fn round_up(multiple: usize, value: usize) -> usize {
    value.div_ceil(multiple) * multiple
}

/// Bytes of the uniform block's header, which the dispatch fills: workgroup count, row length of the folded grid,
/// and two unused words that bring the params to the alignment of 16 that the uniform address space asks of a struct.
pub const HEADER_BYTES: usize = 16;
