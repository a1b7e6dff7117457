//! Structs of the kernel language as Rust has them: how a literal in a kernel becomes one, and the padding that makes
//! the bytes of a `#[storage]` struct WGSL's.

use std::fmt;

/// A struct that a kernel's literal makes: `#[device]`, `#[params]` and `#[storage]` structs.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no struct of the kernel language",
    label = "a struct that a kernel makes is a `#[device]` or a `#[storage]` struct"
)]
pub trait Structure: Sized {
    /// The author's fields alone.
    type Fields;
    /// From the author's fields.
    fn of(fields: Self::Fields) -> Self;
}

/// What a literal of `S` gives values to.
pub type Fields<S> = <S as Structure>::Fields;

/// Bytes between the fields of a `#[storage]` struct, zero where the host made it. Any two are equal, whatever a GPU
/// left in them.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Pad<const N: usize>([u8; N]);

impl<const N: usize> Pad<N> {
    /// Zeros.
    pub const ZERO: Self = Self([0; N]);
}

impl<const N: usize> Default for Pad<N> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<const N: usize> PartialEq for Pad<N> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<const N: usize> Eq for Pad<N> {}

impl<const N: usize> fmt::Debug for Pad<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{N} bytes")
    }
}

// SAFETY: a transparent array of bytes.
unsafe impl<const N: usize> bytemuck::Zeroable for Pad<N> {}
// SAFETY: as above.
unsafe impl<const N: usize> bytemuck::Pod for Pad<N> {}

/// Says that a `#[storage]` struct is plain bytes.
#[doc(hidden)]
#[macro_export]
macro_rules! __plain_bytes {
    ($name:ident) => {
        // SAFETY: `#[storage]` makes it `repr(C)` from fields that are `Pod` (`Layout` asks for that), and asserts that
        // every field lies where the one before it ends and that the struct ends with the last: no byte is padding.
        unsafe impl $crate::bytemuck::Zeroable for $name {}
        // SAFETY: as above.
        unsafe impl $crate::bytemuck::Pod for $name {}
    };
}

/// Says that workgroup memory can hold the counterpart of a `#[storage]` struct in a reference.
#[doc(hidden)]
#[macro_export]
macro_rules! __wide_bytes {
    ($name:ident) => {
        // SAFETY: its fields are the counterparts of numbers, vectors, arrays and `#[storage]` structs: `f64`, `u32` and
        // `i32`, of which every bit pattern is a value.
        unsafe impl $crate::layout::Stored for $name {
            const STORES: $crate::layout::Scalar = $crate::layout::Scalar::Struct;
            const SMALLEST: usize = 4;
        }
    };
}
