//! Buffers of the CPU backend: shared, 16-byte aligned, of a fixed size.

use std::any::TypeId;
use std::cell::UnsafeCell;
use std::sync::Arc;

use crate::layout::Stored;
use crate::storage::Storage;

/// Memory that kernels on the CPU read and write. Clones share it.
#[derive(Clone)]
pub struct Memory {
    words: Arc<[UnsafeCell<u128>]>,
    bytes: usize,
}

// SAFETY: the cells are plain words; kernels without races write disjoint ones, and the host copies only between
// dispatches, which `Recorder` runs one after the other.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Memory({} bytes)", self.bytes)
    }
}

impl Memory {
    /// Zeroed memory of at least `bytes` bytes, with slack for one more word as on the GPU.
    pub fn new(bytes: usize) -> Self {
        let words = (bytes + 4).div_ceil(16);
        Self { words: (0..words).map(|_| UnsafeCell::new(0)).collect(), bytes }
    }

    /// Bytes asked for.
    pub fn len(&self) -> usize {
        self.bytes
    }

    /// Whether no byte was asked for.
    pub fn is_empty(&self) -> bool {
        self.bytes == 0
    }

    fn first(&self) -> *mut u8 {
        UnsafeCell::raw_get(self.words.as_ptr()).cast()
    }

    /// A view of its whole elements of type `T`. Of words, one more may be read, as kernels do that fetch unaligned
    /// words and find the last one's rest behind the end.
    pub fn view<T: Stored>(&self) -> Storage<T> {
        let slack = if TypeId::of::<T>() == TypeId::of::<u32>() { 4 } else { 0 };
        let (writable, readable) = (self.bytes / size_of::<T>(), (self.bytes + slack) / size_of::<T>());
        // SAFETY: the memory is 16-byte aligned and at least `bytes + 4` long; every bit pattern is a valid `T`.
        unsafe { Storage::from_raw(self.first().cast(), writable, readable) }
    }

    /// Copies `from` to byte `offset`; bytes beyond the end are left out and reported as `false`.
    pub fn write(&self, offset: usize, from: &[u8]) -> bool {
        let fits = offset.checked_add(from.len()).is_some_and(|end| end <= self.words.len() * 16);
        if fits {
            // SAFETY: the range was checked, and no kernel runs while the host writes.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), self.first().add(offset), from.len()) }
        }
        fits
    }

    /// Copies bytes `offset..offset + to.len()` out; `false` where that range is not inside.
    pub fn read(&self, offset: usize, to: &mut [u8]) -> bool {
        let fits = offset.checked_add(to.len()).is_some_and(|end| end <= self.words.len() * 16);
        if fits {
            // SAFETY: the range was checked, and no kernel runs while the host reads.
            unsafe { std::ptr::copy_nonoverlapping(self.first().add(offset), to.as_mut_ptr(), to.len()) }
        }
        fits
    }
}
