//! A device: where buffers live and plans run.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::buffer::{Buffer, RawBuffer};
use super::error::DispatchError;
use super::recorder::Plan;
use crate::cpu::{CpuOptions, Precision, wide_bytes};
use crate::layout::{Element, Scalar};

/// A GPU, or the CPU executor. Clones are the same device.
#[derive(Clone, Debug)]
pub enum Device {
    /// A GPU through wgpu.
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::Gpu),
    /// The CPU executor.
    Cpu(CpuOptions),
}

impl Device {
    /// A zeroed buffer of `len` elements; `label` names it in errors.
    ///
    /// # Errors
    /// The device's limits and its memory.
    pub fn create<T: Element>(&self, len: usize, label: &str) -> Result<Buffer<T>, DispatchError> {
        let raw = match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => RawBuffer::Gpu(gpu.create((len * size_of::<T>()) as u64, label)?),
            Self::Cpu(options) => {
                let _ = label;
                RawBuffer::Cpu(options.memory::<T>(len))
            }
        };
        Ok(Buffer::from_raw(raw, len))
    }

    /// A buffer with these elements.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn upload<T: Element>(&self, elements: &[T], label: &str) -> Result<Buffer<T>, DispatchError> {
        let mut buffer = self.create(elements.len(), label)?;
        self.write(&mut buffer, 0, elements)?;
        Ok(buffer)
    }

    /// Writes elements from element `first` on.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`], or what the device reports.
    pub fn write<T: Element>(&self, buffer: &mut Buffer<T>, first: usize, elements: &[T]) -> Result<(), DispatchError> {
        self.write_bytes(buffer, (first * size_of::<T>()) as u64, bytemuck::cast_slice(elements))
    }

    /// Writes bytes from byte `offset` on; used where elements come from a file in pieces.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`], or what the device reports.
    pub fn write_bytes<T: Element>(
        &self,
        buffer: &mut Buffer<T>,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), DispatchError> {
        let end = offset + bytes.len() as u64;
        let out = DispatchError::OutOfRange { start: offset, end, len: buffer.bytes() };
        if end > buffer.bytes() {
            return Err(out);
        }
        match (self, buffer.raw()) {
            #[cfg(feature = "gpu")]
            (Self::Gpu(gpu), RawBuffer::Gpu(target)) => gpu.write(target, offset, bytes).map_err(Into::into),
            (Self::Cpu(options), RawBuffer::Cpu(memory)) => {
                let written = match options.precision() {
                    Precision::Single => memory.write(offset as usize, bytes),
                    Precision::Double => {
                        let first = offset as usize / size_of::<T>();
                        let size = size_of::<T>();
                        let whole = (offset as usize).is_multiple_of(size) && bytes.len().is_multiple_of(size);
                        whole && memory.write_wide::<T>(first, bytes)
                    }
                };
                if written { Ok(()) } else { Err(out) }
            }
            #[cfg(feature = "gpu")]
            _ => Err(DispatchError::OtherDevice { kernel: "write".to_owned(), index: 0 }),
        }
    }

    /// Waits, in a browser, until the writes so far have left staging memory, and reports what failed of them and of the
    /// buffers made before. Natively every call reports its own failures and bounds what is staged: this returns at once.
    ///
    /// # Errors
    /// What the device reports.
    #[cfg_attr(not(target_arch = "wasm32"), allow(clippy::unused_async))]
    pub async fn settle_uploads(&self) -> Result<(), DispatchError> {
        #[cfg(all(target_arch = "wasm32", feature = "gpu"))]
        if let Self::Gpu(gpu) = self {
            gpu.idle().await?;
            gpu.check()?;
        }
        Ok(())
    }

    /// Reads a range of elements, after all work submitted so far.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`], or what the device reports.
    pub async fn read<T: Element>(&self, buffer: &Buffer<T>, range: Range<usize>) -> Result<Vec<T>, DispatchError> {
        self.read_later(buffer, range)?.await
    }

    /// Requests a range of elements as they are after all work submitted so far; several may be under way.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`], or what the device reports.
    pub fn read_later<T: Element>(&self, buffer: &Buffer<T>, range: Range<usize>) -> Result<Reading<T>, DispatchError> {
        self.run_then_read(&[], buffer, range)
    }

    /// Runs plans, then requests a range of elements as they leave it; on a GPU all in one submit.
    ///
    /// # Errors
    /// [`DispatchError::OutOfRange`], or what the device and the kernels report.
    pub fn run_then_read<T: Element>(
        &self,
        plans: &[&Plan],
        buffer: &Buffer<T>,
        range: Range<usize>,
    ) -> Result<Reading<T>, DispatchError> {
        let (start, end) = ((range.start * size_of::<T>()) as u64, (range.end * size_of::<T>()) as u64);
        if range.start > range.end || range.end > buffer.len() {
            return Err(DispatchError::OutOfRange { start, end, len: buffer.bytes() });
        }
        match (self, buffer.raw()) {
            #[cfg(feature = "gpu")]
            (Self::Gpu(gpu), RawBuffer::Gpu(source)) => {
                let plans: Vec<_> = plans.iter().filter_map(|plan| plan.on_gpu()).collect();
                Ok(Reading { stage: Stage::Gpu(gpu.run_then_read(&plans, source, start..end)?) })
            }
            (Self::Cpu(options), RawBuffer::Cpu(memory)) => {
                for plan in plans {
                    plan.run()?;
                }
                let mut elements: Vec<T> = vec![bytemuck::Zeroable::zeroed(); range.len()];
                let bytes = bytemuck::cast_slice_mut(&mut elements);
                match (options.precision(), T::SCALAR.wide()) {
                    (Precision::Double, Scalar::F64) => {
                        let mut wide = vec![0.0_f64; bytes.len() / T::SCALAR.bytes()];
                        memory.read(range.start * wide_bytes::<T>(), bytemuck::cast_slice_mut(&mut wide));
                        bytes.copy_from_slice(&T::SCALAR.rounded(&wide));
                    }
                    _ => {
                        memory.read(start as usize, bytes);
                    }
                }
                Ok(Reading { stage: Stage::Ready(elements) })
            }
            #[cfg(feature = "gpu")]
            _ => Err(DispatchError::OtherDevice { kernel: "read".to_owned(), index: 0 }),
        }
    }

    /// The largest storage binding, bytes: bigger tensors are split.
    pub fn max_binding_bytes(&self) -> u64 {
        match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.max_buffer_bytes(),
            Self::Cpu(_) => u64::MAX,
        }
    }

    /// Submits to a GPU's queue so far; a CPU has no queue.
    pub fn submits(&self) -> u64 {
        match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.submits(),
            Self::Cpu(_) => 0,
        }
    }

    /// Whether subgroup variants can run.
    pub fn has_subgroups(&self) -> bool {
        match self {
            #[cfg(feature = "gpu")]
            Self::Gpu(gpu) => gpu.has_subgroups(),
            Self::Cpu(_) => false,
        }
    }

    /// Whether this is the CPU executor.
    pub fn is_cpu(&self) -> bool {
        matches!(self, Self::Cpu(_))
    }
}

/// Elements on their way from a device: a future.
#[must_use = "the elements arrive when the reading is awaited"]
#[derive(Debug)]
pub struct Reading<T> {
    stage: Stage<T>,
}

#[derive(Debug)]
enum Stage<T> {
    #[cfg(feature = "gpu")]
    Gpu(crate::gpu::Readback),
    Ready(Vec<T>),
}

impl<T: Element> Reading<T> {
    /// The elements, if they are here; never waits.
    pub fn try_now(&mut self) -> Option<Result<Vec<T>, DispatchError>> {
        match &mut self.stage {
            #[cfg(feature = "gpu")]
            Stage::Gpu(readback) => readback.try_now().map(elements),
            Stage::Ready(elements) => Some(Ok(std::mem::take(elements))),
        }
    }
}

#[cfg(feature = "gpu")]
fn elements<T: Element>(bytes: Result<Vec<u8>, crate::gpu::GpuError>) -> Result<Vec<T>, DispatchError> {
    Ok(bytemuck::pod_collect_to_vec(&bytes?))
}

impl<T: Element> Future for Reading<T> {
    type Output = Result<Vec<T>, DispatchError>;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.stage {
            #[cfg(feature = "gpu")]
            Stage::Gpu(readback) => Pin::new(readback).poll(_context).map(elements),
            Stage::Ready(elements) => Poll::Ready(Ok(std::mem::take(elements))),
        }
    }
}

impl<T> Unpin for Reading<T> {}
