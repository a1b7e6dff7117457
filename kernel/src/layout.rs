//! WGSL's memory layout rules (WGSL §14.4.1 "Alignment and Size"), as constants of the types that may be shared with
//! the host. Everything that places bytes derives from here.

use crate::part::Parts;
use crate::types::{Atomic, Value, Vec2, Vec3, Vec4, f16};

/// A type with a place in memory that the host and a GPU share: numbers, vectors and arrays of them, and
/// `#[storage]` structs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no layout that the host shares with a GPU",
    label = "memory holds `u32`, `i32`, `f32`, `f16`, vectors and arrays of them, and `#[storage]` structs"
)]
pub trait Layout: Copy + bytemuck::Pod {
    /// SizeOf(T) of WGSL §14.4.1, bytes.
    const SIZE: usize;
    /// AlignOf(T) of WGSL §14.4.1, bytes.
    const ALIGN: usize;
    /// Bytes of the smallest number in it.
    const GRAIN: usize;
}

macro_rules! layout {
    ($($ty:ty: size $size:literal, align $align:literal, of $scalar:ty;)*) => {$(
        impl Layout for $ty {
            const SIZE: usize = $size;
            const ALIGN: usize = $align;
            const GRAIN: usize = size_of::<$scalar>();
        }
        const _: () = assert!(size_of::<$ty>() == $size, "the Rust type must have WGSL's size");
    )*};
}

layout! {
    u32: size 4, align 4, of u32;
    i32: size 4, align 4, of i32;
    f32: size 4, align 4, of f32;
    f16: size 2, align 2, of f16;
    Vec2<f16>: size 4, align 4, of f16;
    Vec3<f16>: size 6, align 8, of f16;
    Vec4<f16>: size 8, align 8, of f16;
    Vec2<f32>: size 8, align 8, of f32;
    Vec2<u32>: size 8, align 8, of u32;
    Vec2<i32>: size 8, align 8, of i32;
    Vec3<f32>: size 12, align 16, of f32;
    Vec3<u32>: size 12, align 16, of u32;
    Vec3<i32>: size 12, align 16, of i32;
    Vec4<f32>: size 16, align 16, of f32;
    Vec4<u32>: size 16, align 16, of u32;
    Vec4<i32>: size 16, align 16, of i32;
}

// SizeOf(array<E, N>) is N × roundUp(AlignOf(E), SizeOf(E)), and an element's stride is the size of its Rust type.
impl<T: Element, const N: usize> Layout for [T; N]
where
    [T; N]: bytemuck::Pod,
{
    const SIZE: usize = N * size_of::<T>();
    const ALIGN: usize = T::ALIGN;
    const GRAIN: usize = T::GRAIN;
}

/// A type that may stand in a params struct (the uniform address space).
#[diagnostic::on_unimplemented(
    message = "params cannot hold `{Self}`",
    label = "params hold `u32`, `i32`, `f32`, vectors of them and `#[device]` enums"
)]
pub trait UniformField: Copy {
    /// What stands in the buffer for it.
    type Stored: Layout;
    /// What it is made of.
    const SCALAR: Scalar;
    /// As it stands in the buffer.
    fn stored(self) -> Self::Stored;
    /// From the buffer.
    fn of_stored(stored: Self::Stored) -> Self;
}

macro_rules! uniform_field {
    ($($scalar:ident: $($ty:ty)*;)*) => {$($(
        impl UniformField for $ty {
            type Stored = Self;
            const SCALAR: Scalar = Scalar::$scalar;
            fn stored(self) -> Self {
                self
            }
            fn of_stored(stored: Self) -> Self {
                stored
            }
        }
    )*)*};
}

uniform_field! {
    U32: u32 Vec2<u32> Vec3<u32> Vec4<u32>;
    I32: i32 Vec2<i32> Vec3<i32> Vec4<i32>;
    F32: f32 Vec2<f32> Vec3<f32> Vec4<f32>;
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
    /// A `#[storage]` struct: words that may be any of them.
    Struct,
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::F64 => "f64",
            Self::Struct => "a struct",
        })
    }
}

impl Scalar {
    /// The numbers that little-endian bytes hold, one after the other; of a struct its words.
    pub fn values(self, bytes: &[u8]) -> Vec<f64> {
        let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]));
        match self {
            Self::U32 | Self::Struct => words.map(f64::from).collect(),
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
            Self::U32 | Self::Struct => values.iter().flat_map(|value| (*value as u32).to_le_bytes()).collect(),
            Self::I32 => values.iter().flat_map(|value| (*value as i32).to_le_bytes()).collect(),
            Self::F32 => values.iter().flat_map(|value| (*value as f32).to_le_bytes()).collect(),
            Self::F16 => values.iter().flat_map(|value| f16::from_f64(*value).to_le_bytes()).collect(),
            Self::F64 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        }
    }

    /// Bytes of one.
    pub const fn bytes(self) -> usize {
        match self {
            Self::U32 | Self::I32 | Self::F32 | Self::Struct => 4,
            Self::F16 => 2,
            Self::F64 => 8,
        }
    }
}

/// An element of a storage buffer: `array<T>` whose stride is the size of the Rust type.
///
/// `vec3` is not one: its stride in WGSL is 16 bytes, 4 more than its size.
#[diagnostic::on_unimplemented(
    message = "an array in memory cannot hold `{Self}`",
    label = "elements are `u32`, `i32`, `f32`, `f16`, 2- and 4-vectors of them, and `#[storage]` structs"
)]
pub trait Element: Value + Layout + Parts + Send + Sync + 'static {
    /// What it is made of.
    const SCALAR: Scalar;
}

macro_rules! element {
    ($($ty:ty: $scalar:ident;)*) => {$(
        impl Element for $ty {
            const SCALAR: Scalar = Scalar::$scalar;
        }
        const _: () = assert!(
            round_up(<$ty as Layout>::ALIGN, <$ty as Layout>::SIZE) == size_of::<$ty>(),
            "WGSL's stride of an array of them must be the size of the Rust type"
        );
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
#[diagnostic::on_unimplemented(
    message = "storage and workgroup memory cannot hold `{Self}`",
    label = "memory holds `u32`, `i32`, `f32`, `f16`, 2- and 4-vectors of them, `Atomic` words and `#[storage]` structs",
    note = "a struct in memory is declared `#[storage]`; of an enum memory holds the number, `Storage<u32>`"
)]
pub unsafe trait Stored: Send + Sync + 'static {
    /// What it is made of.
    const STORES: Scalar;
    /// Bytes of the smallest number in it.
    const SMALLEST: usize;
}
// SAFETY: an element is `Pod`.
#[diagnostic::do_not_recommend]
unsafe impl<T: Element> Stored for T {
    const STORES: Scalar = T::SCALAR;
    const SMALLEST: usize = T::GRAIN;
}
// SAFETY: a transparent word.
unsafe impl Stored for Atomic<u32> {
    const STORES: Scalar = Scalar::U32;
    const SMALLEST: usize = 4;
}
// SAFETY: as above.
unsafe impl Stored for Atomic<i32> {
    const STORES: Scalar = Scalar::I32;
    const SMALLEST: usize = 4;
}

#[cfg(feature = "reference")]
macro_rules! stored_in_references {
    ($($ty:ty)*) => {$(
        // SAFETY: it is `Pod`.
        unsafe impl Stored for $ty {
            const STORES: Scalar = Scalar::F64;
            const SMALLEST: usize = 8;
        }
    )*};
}
#[cfg(feature = "reference")]
stored_in_references! { f64 Vec2<f64> Vec4<f64> }

/// `value` rounded up to a multiple of `multiple` (WGSL §14.4.1's roundUp).
pub const fn round_up(multiple: usize, value: usize) -> usize {
    value.div_ceil(multiple) * multiple
}

/// The greater of two alignments: AlignOf(S) is the greatest of the members' (WGSL §14.4.1).
pub const fn greater(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The lesser of two numbers of bytes.
pub const fn lesser(a: usize, b: usize) -> usize {
    if a < b { a } else { b }
}

/// Bytes of the uniform block's header, which the dispatch fills: workgroup count, row length of the folded grid,
/// and two unused words that bring the params to the alignment of 16 that the uniform address space asks of a struct.
pub const HEADER_BYTES: usize = 16;
