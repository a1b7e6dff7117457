//! Storage buffers: making, filling, clearing and copying them, within WebGPU's rule that transfers move whole words.
use std::ops::Range;
use std::sync::Arc;

use super::device::Gpu;
use super::error::{GpuError, lock};

/// Bytes behind every buffer's end: an unaligned `u32` that a kernel puts together from two words stays inside.
pub(super) const SLACK: u64 = 4;

/// Bytes that one `write_buffer` call stages. Two such pieces at most are alive, so an upload of gigabytes needs 64 MiB
/// of staging memory.
const UPLOAD_PIECE: usize = 32 << 20;

/// A storage buffer of a known length in bytes. Clones share the memory.
#[derive(Clone, Debug)]
pub struct GpuBuffer {
    raw: wgpu::Buffer,
    bytes: u64,
    label: Arc<str>,
}

impl GpuBuffer {
    /// A buffer that wgpu made, all of it.
    pub(super) fn from_raw(raw: wgpu::Buffer, label: &str) -> Self {
        GpuBuffer { bytes: raw.size(), raw, label: label.into() }
    }

    /// The length asked for, in bytes; what is allocated behind it is padding.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The buffer's name in errors and in graphics debuggers.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// wgpu's buffer, longer than [`bytes`](Self::bytes) by its padding.
    pub fn raw(&self) -> &wgpu::Buffer {
        &self.raw
    }

    /// Whether `offset..offset + bytes` lies inside.
    fn contains(&self, offset: u64, bytes: u64) -> Result<(), GpuError> {
        if offset.checked_add(bytes).is_some_and(|end| end <= self.bytes) {
            return Ok(());
        }
        Err(GpuError::OutOfRange { label: self.label.to_string(), offset, bytes, len: self.bytes })
    }

    /// How many bytes a transfer into `offset..offset + bytes` moves: whole words, the last one of which may reach into
    /// the padding.
    fn words(&self, offset: u64, bytes: u64) -> Result<u64, GpuError> {
        self.contains(offset, bytes)?;
        let whole = bytes.is_multiple_of(4) || offset + bytes == self.bytes;
        if !offset.is_multiple_of(4) || !whole {
            return Err(GpuError::Unaligned { label: self.label.to_string(), offset, bytes });
        }
        Ok(bytes.next_multiple_of(4))
    }

    /// The words around `range`, which any read may take: padding makes the last one whole. None around an empty one.
    pub(super) fn covering_words(&self, range: &Range<u64>) -> Result<Range<u64>, GpuError> {
        self.contains(range.start, range.end.saturating_sub(range.start))?;
        Ok(if range.is_empty() { 0..0 } else { range.start / 4 * 4..range.end.next_multiple_of(4) })
    }
}

/// A copy between two buffers that has been checked.
#[derive(Clone, Debug)]
pub(super) struct CheckedCopy {
    source: wgpu::Buffer,
    source_offset: u64,
    target: wgpu::Buffer,
    target_offset: u64,
    bytes: u64,
}

impl CheckedCopy {
    /// Checks ranges and alignment; `None` where there is nothing to copy.
    pub fn new(
        source: &GpuBuffer,
        source_offset: u64,
        target: &GpuBuffer,
        target_offset: u64,
        bytes: u64,
    ) -> Result<Option<Self>, GpuError> {
        source.contains(source_offset, bytes)?;
        let words = target.words(target_offset, bytes)?;
        if !source_offset.is_multiple_of(4) {
            return Err(GpuError::Unaligned { label: source.label.to_string(), offset: source_offset, bytes });
        }
        if source.raw == target.raw {
            return Err(GpuError::SameBuffer { label: source.label.to_string() });
        }
        Ok((bytes > 0).then(|| CheckedCopy {
            source: source.raw.clone(),
            source_offset,
            target: target.raw.clone(),
            target_offset,
            bytes: words,
        }))
    }

    /// Adds the copy to `encoder`, outside any pass.
    pub fn encode(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.copy_buffer_to_buffer(&self.source, self.source_offset, &self.target, self.target_offset, self.bytes);
    }
}

/// How much staging memory uploads hold.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Bytes staged since the last submit.
    staged: usize,
    /// The submit that frees the piece before.
    last: Option<wgpu::SubmissionIndex>,
}

impl Gpu {
    /// Makes a storage buffer of `bytes` bytes, filled with zeros. `label` names it in errors.
    ///
    /// # Errors
    /// [`GpuError::BufferTooLarge`] naming the device's limits; [`GpuError::OutOfMemory`] (in a browser that one comes
    /// from a later call, see [`check`](Self::check)).
    pub fn create(&self, bytes: u64, label: &str) -> Result<GpuBuffer, GpuError> {
        if bytes > self.max_buffer_bytes() {
            return Err(GpuError::BufferTooLarge {
                label: label.to_owned(),
                bytes,
                max_buffer_size: self.limits().max_buffer_size,
                max_storage_buffer_binding_size: self.limits().max_storage_buffer_binding_size,
            });
        }
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST;
        let size = bytes.next_multiple_of(4).max(4) + SLACK;
        let raw = self.create_raw(size, usage, label)?;
        Ok(GpuBuffer { raw, bytes, label: label.into() })
    }

    /// Makes a buffer of exactly `size` bytes.
    pub(super) fn create_raw(
        &self,
        size: u64,
        usage: wgpu::BufferUsages,
        label: &str,
    ) -> Result<wgpu::Buffer, GpuError> {
        let descriptor = wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false };
        self.guarded(label, size, || self.inner.device.create_buffer(&descriptor))
    }

    /// Writes `data` into `buffer` from byte `offset` on, before any work submitted later. Natively a large write waits
    /// for the one before it, so that at most 64 MiB of staging memory are alive; in a browser await
    /// [`idle`](Self::idle) now and then.
    ///
    /// # Errors
    /// [`GpuError::OutOfRange`]; [`GpuError::Unaligned`] unless `offset` is a multiple of 4 and `data` is whole words or
    /// ends where the buffer ends.
    pub fn write(&self, buffer: &GpuBuffer, offset: u64, data: &[u8]) -> Result<(), GpuError> {
        buffer.words(offset, data.len() as u64)?;
        let mut at = offset;
        for piece in data.chunks(UPLOAD_PIECE) {
            let (words, tail) = piece.split_at(piece.len() / 4 * 4);
            self.guarded(&buffer.label, piece.len() as u64, || {
                if !words.is_empty() {
                    self.inner.queue.write_buffer(&buffer.raw, at, words);
                }
                if !tail.is_empty() {
                    let mut last = [0; 4];
                    last[..tail.len()].copy_from_slice(tail);
                    self.inner.queue.write_buffer(&buffer.raw, at + words.len() as u64, &last);
                }
            })?;
            at += piece.len() as u64;
            self.staged(piece.len())?;
        }
        Ok(())
    }

    /// Accounts for `bytes` of staging memory and sends a full piece on its way.
    pub(super) fn staged(&self, bytes: usize) -> Result<(), GpuError> {
        let mut upload = lock(&self.inner.upload);
        upload.staged += bytes;
        if upload.staged < UPLOAD_PIECE {
            return Ok(());
        }
        upload.staged = 0;
        let submission = self.guarded("an upload", bytes as u64, || self.inner.queue.submit([]))?;
        let before = upload.last.replace(submission);
        drop(upload);
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(before) = before {
            self.wait_for(before)?;
        }
        #[cfg(target_arch = "wasm32")]
        drop(before);
        Ok(())
    }

    /// Fills `range` (bytes) of `buffer` with zeros.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn clear(&self, buffer: &GpuBuffer, range: Range<u64>) -> Result<(), GpuError> {
        let words = buffer.words(range.start, range.end.saturating_sub(range.start))?;
        if words == 0 {
            return Ok(());
        }
        self.encoded("clear", |encoder| encoder.clear_buffer(&buffer.raw, range.start, Some(words))).map(drop)
    }

    /// Copies `bytes` bytes between two buffers.
    ///
    /// # Errors
    /// [`GpuError::OutOfRange`]; [`GpuError::SameBuffer`]; [`GpuError::Unaligned`] unless both offsets are multiples of 4
    /// and the target's range is whole words or ends where the target ends.
    pub fn copy(
        &self,
        source: &GpuBuffer,
        source_offset: u64,
        target: &GpuBuffer,
        target_offset: u64,
        bytes: u64,
    ) -> Result<(), GpuError> {
        match CheckedCopy::new(source, source_offset, target, target_offset, bytes)? {
            Some(copy) => self.encoded("copy", |encoder| copy.encode(encoder)).map(drop),
            None => Ok(()),
        }
    }

    /// Encodes commands and submits them.
    pub(super) fn encoded(
        &self,
        label: &str,
        work: impl FnOnce(&mut wgpu::CommandEncoder),
    ) -> Result<wgpu::SubmissionIndex, GpuError> {
        self.guarded(label, 0, || {
            let descriptor = wgpu::CommandEncoderDescriptor { label: Some(label) };
            let mut encoder = self.inner.device.create_command_encoder(&descriptor);
            work(&mut encoder);
            self.inner.submits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            self.inner.queue.submit([encoder.finish()])
        })
    }
}
