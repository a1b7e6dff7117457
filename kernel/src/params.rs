//! Params structs: what a dispatch passes by value. `#[params]` implements [`Params`].

/// A struct in the uniform address space, laid out by WGSL §14.4.1.
pub trait Params: Copy + Send + Sync + 'static {
    /// Bytes of the struct, a multiple of 16 as the uniform address space asks of a struct member (WGSL §14.4.5).
    const BYTES: usize;
    /// Name, offset and size in bytes of each field.
    const FIELDS: &'static [(&'static str, usize, usize)];
    /// The bytes of the uniform buffer.
    fn to_bytes(&self) -> Vec<u8>;
    /// From the bytes of a uniform buffer; missing bytes count as zeros.
    fn from_bytes(bytes: &[u8]) -> Self;
}

/// Kernels without params.
impl Params for () {
    const BYTES: usize = 0;
    const FIELDS: &'static [(&'static str, usize, usize)] = &[];
    fn to_bytes(&self) -> Vec<u8> {
        Vec::new()
    }
    fn from_bytes(_: &[u8]) -> Self {}
}
