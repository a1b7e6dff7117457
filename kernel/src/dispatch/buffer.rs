//! Buffers with an element type. A kernel's `Args` borrow them, `&` for reading and `&mut` for writing, so that an
//! alias WGSL forbids is a borrow error.

use std::marker::PhantomData;

use crate::cpu::Memory;
use crate::layout::Element;

/// A buffer of one backend, untyped.
#[derive(Clone, Debug)]
pub enum RawBuffer {
    /// On the GPU.
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::GpuBuffer),
    /// In the host's memory.
    Cpu(Memory),
}

impl RawBuffer {
    /// Whether both are the same memory.
    pub fn is_same(&self, other: &RawBuffer) -> bool {
        match (self, other) {
            #[cfg(feature = "gpu")]
            (Self::Gpu(mine), Self::Gpu(other)) => mine.raw() == other.raw(),
            (Self::Cpu(mine), Self::Cpu(other)) => mine.is_same(other),
            #[cfg(feature = "gpu")]
            _ => false,
        }
    }

    /// Its length, bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(buffer) => buffer.bytes(),
            Self::Cpu(memory) => memory.len() as u64,
        }
    }
}

/// `len` elements of type `T` on a device.
#[derive(Debug)]
pub struct Buffer<T> {
    raw: RawBuffer,
    len: usize,
    element: PhantomData<T>,
}

// Without a bound, as is all that `#[kernel]` calls on a buffer but one: what is no element is reported once.
impl<T> Buffer<T> {
    /// The buffer without its type.
    pub fn raw(&self) -> &RawBuffer {
        &self.raw
    }
}

impl<T: Element> Buffer<T> {
    pub(super) fn from_raw(raw: RawBuffer, len: usize) -> Self {
        Self { raw, len, element: PhantomData }
    }

    /// Elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Length in bytes.
    pub fn bytes(&self) -> u64 {
        (self.len * size_of::<T>()) as u64
    }

    /// The same memory seen as elements of another type, for a kernel that reads it so. Aliases between views are
    /// found when a dispatch is recorded.
    pub fn view<U: Element>(&self) -> Buffer<U> {
        Buffer { raw: self.raw.clone(), len: self.len * size_of::<T>() / size_of::<U>(), element: PhantomData }
    }

    /// The same memory as elements of another type; a rest that fills no whole element is left out.
    pub fn cast<U: Element>(self) -> Buffer<U> {
        let len = self.len * size_of::<T>() / size_of::<U>();
        Buffer { raw: self.raw, len, element: PhantomData }
    }
}
