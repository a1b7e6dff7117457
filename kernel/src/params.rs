//! Params structs: what a dispatch passes by value. `#[params]` implements [`Params`].

use crate::layout::Scalar;

/// A field of a params struct, and where it lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// OffsetOfMember, bytes.
    pub offset: usize,
    /// SizeOf its type, bytes.
    pub size: usize,
    /// What it is made of.
    pub scalar: Scalar,
}

impl Field {
    /// The field's value among the bytes of its struct, if it is one `u32`.
    pub fn integer(&self, params: &[u8]) -> Option<u32> {
        let word = params.get(self.offset..self.offset + 4)?.first_chunk()?;
        (self.scalar == Scalar::U32 && self.size == 4).then(|| u32::from_le_bytes(*word))
    }
}

/// A struct in the uniform address space, laid out by WGSL §14.4.1.
pub trait Params: Copy + Send + Sync + 'static {
    /// Bytes of the struct, a multiple of 16 as the uniform address space asks of a struct member (WGSL §14.4.5).
    const BYTES: usize;
    /// The fields in order.
    const FIELDS: &'static [Field];
    /// The bytes of the uniform buffer.
    fn to_bytes(&self) -> Vec<u8>;
    /// From the bytes of a uniform buffer; missing bytes count as zeros.
    fn from_bytes(bytes: &[u8]) -> Self;
}

/// Kernels without params.
impl Params for () {
    const BYTES: usize = 0;
    const FIELDS: &'static [Field] = &[];
    fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
    fn from_bytes(_: &[u8]) -> Self {}
}
