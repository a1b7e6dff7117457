//! WGSL's memory layout rules (WGSL §14.4.1 "Alignment and Size"), as constants of the types that may be shared with
//! the host. Everything that places bytes derives from here.

use crate::types::{Value, Vec2, Vec3, Vec4};

/// A type that may stand in a params struct (the uniform address space).
///
/// `SIZE` is SizeOf(T) and `ALIGN` is AlignOf(T) of WGSL §14.4.1, in bytes.
pub trait UniformField: Copy + bytemuck::Pod {
    /// SizeOf(T), bytes.
    const SIZE: usize;
    /// AlignOf(T), bytes.
    const ALIGN: usize;
}

macro_rules! uniform_field {
    ($($ty:ty: size $size:literal, align $align:literal;)*) => {$(
        impl UniformField for $ty {
            const SIZE: usize = $size;
            const ALIGN: usize = $align;
        }
        const _: () = assert!(size_of::<$ty>() == $size, "the Rust type must have WGSL's size");
    )*};
}

uniform_field! {
    u32: size 4, align 4;
    i32: size 4, align 4;
    f32: size 4, align 4;
    Vec2<f32>: size 8, align 8;
    Vec2<u32>: size 8, align 8;
    Vec2<i32>: size 8, align 8;
    Vec3<f32>: size 12, align 16;
    Vec3<u32>: size 12, align 16;
    Vec3<i32>: size 12, align 16;
    Vec4<f32>: size 16, align 16;
    Vec4<u32>: size 16, align 16;
    Vec4<i32>: size 16, align 16;
}

/// An element of a storage buffer: `array<T>` whose stride is the size of the Rust type.
///
/// `vec3` is not one: its stride in WGSL is 16 bytes, 4 more than its size.
pub trait Element: Value + bytemuck::Pod + Send + Sync + 'static {}
impl Element for u32 {}
impl Element for i32 {}
impl Element for f32 {}
impl Element for Vec2<f32> {}
impl Element for Vec2<u32> {}
impl Element for Vec2<i32> {}
impl Element for Vec4<f32> {}
impl Element for Vec4<u32> {}
impl Element for Vec4<i32> {}

/// `value` rounded up to a multiple of `multiple` (WGSL §14.4.1's roundUp).
pub const fn round_up(multiple: usize, value: usize) -> usize {
    value.div_ceil(multiple) * multiple
}

/// Bytes of the uniform block's header, which the dispatch fills: workgroup count, row length of the folded grid,
/// and two unused words that bring the params to the alignment of 16 that the uniform address space asks of a struct.
pub const HEADER_BYTES: usize = 16;
