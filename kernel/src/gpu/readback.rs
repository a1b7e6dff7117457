//! Bytes coming back from the GPU: futures over pooled staging buffers, several of which may be on their way.
use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use super::buffer::GpuBuffer;
use super::device::Gpu;
use super::error::{GpuError, lock};
use super::plan::GpuPlan;

/// Bytes that [`Gpu::read`] stages at a time.
const READ_PIECE: u64 = 32 << 20;
/// Staging buffers up to this size are kept for the next readback.
const POOLED_BYTES: u64 = 1 << 20;
/// How many of them are kept.
const POOLED_BUFFERS: usize = 32;

/// Something the device will report through a callback.
#[derive(Clone, Debug, Default)]
struct Signal(Arc<Mutex<SignalState>>);

#[derive(Debug, Default)]
struct SignalState {
    /// Whether it came, and whether it came as a success.
    outcome: Option<bool>,
    waker: Option<Waker>,
}

impl Signal {
    fn set(&self, success: bool) {
        let waker = {
            let mut state = lock(&self.0);
            state.outcome = Some(success);
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn outcome(&self) -> Option<bool> {
        lock(&self.0).outcome
    }

    /// Natively waits for `submission`, whose callbacks set this signal; in a browser lets the event loop go on.
    fn poll(
        &self,
        gpu: &Gpu,
        submission: &wgpu::SubmissionIndex,
        context: &mut Context<'_>,
    ) -> Poll<Result<bool, GpuError>> {
        if let Some(outcome) = self.outcome() {
            return Poll::Ready(Ok(outcome));
        }
        lock(&self.0).waker = Some(context.waker().clone());
        #[cfg(target_arch = "wasm32")]
        let waited = {
            let _ = submission;
            gpu.check()
        };
        #[cfg(not(target_arch = "wasm32"))]
        let waited = gpu.wait_for(submission.clone());
        if let Err(error) = waited {
            return Poll::Ready(Err(error));
        }
        // Where another thread's poll is about to run the callback, that callback wakes this task.
        self.outcome().map_or(Poll::Pending, |outcome| Poll::Ready(Ok(outcome)))
    }
}

/// Staging buffers that wait for their next use.
#[derive(Debug, Default)]
pub(super) struct StagingPool(Mutex<Vec<wgpu::Buffer>>);

impl StagingPool {
    /// A buffer of at least `bytes`, in size classes of powers of two.
    fn take(&self, gpu: &Gpu, bytes: u64) -> Result<wgpu::Buffer, GpuError> {
        let size = if bytes > POOLED_BYTES { bytes } else { bytes.next_power_of_two().max(256) };
        let mut pool = lock(&self.0);
        if let Some(index) = pool.iter().position(|buffer| buffer.size() == size) {
            return Ok(pool.swap_remove(index));
        }
        drop(pool);
        gpu.create_raw(size, wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST, "readback")
    }

    fn give(&self, buffer: wgpu::Buffer) {
        let mut pool = lock(&self.0);
        if buffer.size() <= POOLED_BYTES && pool.len() < POOLED_BUFFERS {
            pool.push(buffer);
        }
    }
}

/// Bytes on their way from the GPU: a future, or asked now and then with [`try_now`](Self::try_now). They are what the
/// buffer held when the readback was requested, whatever was submitted since.
#[derive(Debug)]
#[must_use = "the bytes arrive when the readback is awaited"]
pub struct Readback {
    gpu: Gpu,
    label: Arc<str>,
    /// The bytes inside the staging buffer.
    range: Range<usize>,
    stage: Stage,
}

/// How far a readback is.
#[derive(Debug)]
enum Stage {
    /// Nothing was asked for.
    Empty,
    /// The GPU copies into the staging buffer, which is then mapped.
    Flying { staging: wgpu::Buffer, submission: wgpu::SubmissionIndex, mapped: Signal },
    /// The bytes, or an error, were handed out.
    Over,
}

impl Readback {
    /// The bytes, if they are here; never waits. They are handed out once; afterwards this returns `None`.
    pub fn try_now(&mut self) -> Option<Result<Vec<u8>, GpuError>> {
        let outcome = match &self.stage {
            Stage::Over => return None,
            Stage::Empty => Ok(true),
            Stage::Flying { mapped, .. } => match mapped.outcome() {
                Some(outcome) => Ok(outcome),
                None => match self.gpu.poll(wgpu::PollType::Poll) {
                    Ok(()) => Ok(mapped.outcome()?),
                    Err(error) => Err(error),
                },
            },
        };
        Some(self.finish(outcome))
    }

    /// Copies the bytes out of the mapped staging buffer, which goes back to the pool.
    fn finish(&mut self, mapped: Result<bool, GpuError>) -> Result<Vec<u8>, GpuError> {
        let failed = || GpuError::Map { label: self.label.to_string() };
        let staging = match std::mem::replace(&mut self.stage, Stage::Over) {
            Stage::Empty => return Ok(Vec::new()),
            Stage::Flying { staging, .. } => staging,
            Stage::Over => return Err(failed()),
        };
        if !mapped? {
            self.gpu.check()?;
            return Err(failed());
        }
        let end = self.range.end.next_multiple_of(4) as u64;
        let bytes = match staging.get_mapped_range(..end) {
            Ok(view) => view[self.range.clone()].to_vec(),
            Err(_) => return Err(failed()),
        };
        staging.unmap();
        self.gpu.inner.staging.give(staging);
        Ok(bytes)
    }
}

impl Future for Readback {
    type Output = Result<Vec<u8>, GpuError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let outcome = match &this.stage {
            Stage::Empty | Stage::Over => Ok(true),
            Stage::Flying { submission, mapped, .. } => match mapped.poll(&this.gpu, submission, context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(outcome) => outcome,
            },
        };
        Poll::Ready(this.finish(outcome))
    }
}

impl Gpu {
    /// Reads `range` (bytes, any offsets) of `buffer`, after all work submitted so far. Long ranges come in pieces; do
    /// not submit work that writes them meanwhile.
    ///
    /// # Errors
    /// [`GpuError::OutOfRange`], or what the device reports.
    pub async fn read(&self, buffer: &GpuBuffer, range: Range<u64>) -> Result<Vec<u8>, GpuError> {
        buffer.covering_words(&range)?;
        if range.end.saturating_sub(range.start) <= READ_PIECE {
            return self.read_later(buffer, range)?.await;
        }
        let mut bytes = Vec::new();
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + READ_PIECE);
            bytes.extend_from_slice(&self.read_later(buffer, start..end)?.await?);
            start = end;
        }
        Ok(bytes)
    }

    /// Requests `range` (bytes, any offsets) of `buffer` as it is after all work submitted so far, and returns at once.
    ///
    /// # Errors
    /// [`GpuError::OutOfRange`], or what the device reports.
    pub fn read_later(&self, buffer: &GpuBuffer, range: Range<u64>) -> Result<Readback, GpuError> {
        self.run_then_read(&[], buffer, range)
    }

    /// Runs `plans` and requests `range` (bytes, any offsets) of `buffer` as they leave it, all in one submit.
    ///
    /// # Errors
    /// As [`run`](Self::run) and [`read_later`](Self::read_later).
    pub fn run_then_read(
        &self,
        plans: &[&GpuPlan],
        buffer: &GpuBuffer,
        range: Range<u64>,
    ) -> Result<Readback, GpuError> {
        let words = buffer.covering_words(&range)?;
        let bytes = words.end - words.start;
        let readback = |range, stage| Readback { gpu: self.clone(), label: buffer.label().into(), range, stage };
        if bytes == 0 {
            if !plans.is_empty() {
                self.run(plans)?;
            }
            return Ok(readback(0..0, Stage::Empty));
        }
        self.flush(plans)?;
        let staging = self.inner.staging.take(self, bytes)?;
        let submission = self.encoded("readback", |encoder| {
            plans.iter().for_each(|plan| plan.encode_steps(encoder));
            encoder.copy_buffer_to_buffer(buffer.raw(), words.start, &staging, 0, bytes);
        })?;
        let mapped = Signal::default();
        let callback = mapped.clone();
        self.guarded(buffer.label(), bytes, || {
            staging.map_async(wgpu::MapMode::Read, ..bytes, move |result| callback.set(result.is_ok()));
        })?;
        let inside = (range.start - words.start) as usize..(range.end - words.start) as usize;
        Ok(readback(inside, Stage::Flying { staging, submission, mapped }))
    }

    /// Resolves when all work submitted so far has finished.
    ///
    /// # Errors
    /// What the device reports.
    pub async fn idle(&self) -> Result<(), GpuError> {
        let done = Signal::default();
        let callback = done.clone();
        let submission = self.guarded("idle", 0, || self.inner.queue.submit([]))?;
        self.inner.queue.on_submitted_work_done(move || callback.set(true));
        std::future::poll_fn(|context| done.poll(self, &submission, context)).await.map(drop)
    }
}
