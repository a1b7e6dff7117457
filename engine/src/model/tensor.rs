//! Tensors on a device: raw GGUF blocks as words, in parts where a tensor exceeds what one binding may hold.

use std::sync::Arc;

use kernel::dispatch::Buffer;

use super::halves::Halves;
use crate::config::ConfigError;
use crate::device::Device;
use crate::error::Error;
use crate::gguf::{GgmlType, Gguf, TensorInfo};
use crate::source::Source;

/// Bytes read from a source at a time, so that host memory stays small whatever a tensor's size. A browser's worker has
/// less of it, and answers between pieces.
const PIECE: u64 = if cfg!(target_arch = "wasm32") { 8 << 20 } else { 32 << 20 };

/// Consecutive rows of a tensor in one buffer.
#[derive(Debug)]
pub struct Part {
    /// The rows' blocks.
    pub buffer: Buffer<u32>,
    /// The first row.
    pub first_row: u32,
    /// How many rows.
    pub rows: u32,
}

/// A matrix of `rows` rows of `k` weights.
#[derive(Debug)]
pub struct Tensor {
    /// How the weights are stored.
    pub ty: GgmlType,
    /// Rows, that is outputs.
    pub rows: u32,
    /// Weights in a row, that is inputs.
    pub k: u32,
    /// The rows, in order.
    pub parts: Vec<Part>,
    /// Where products with many vectors make their halves, if the tensor's go to matrix units.
    pub(crate) halves: Option<Arc<Halves>>,
}

impl Tensor {
    /// The one buffer of a tensor that was not split.
    pub fn whole(&self) -> Option<&Buffer<u32>> {
        match self.parts.as_slice() {
            [part] => Some(&part.buffer),
            _ => None,
        }
    }
}

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of tensors that are on the device.
    pub done_bytes: u64,
    /// Bytes that will be: without a table that stays in the source. The last report has as many done.
    pub total_bytes: u64,
}

/// Brings tensors from a source to a device.
pub(super) struct Loader<'a, 'p> {
    pub(super) device: &'a Device,
    pub(super) source: &'a Arc<dyn Source>,
    pub(super) gguf: &'a Gguf,
    pub(super) max_part_bytes: u64,
    pub(super) halves: Option<Arc<Halves>>,
    pub(super) progress: Option<&'p mut dyn FnMut(Progress)>,
    pub(super) done_bytes: u64,
    pub(super) total_bytes: u64,
    pub(super) resident_bytes: u64,
    /// Bytes that may not have left this side's memory yet.
    pub(super) unsettled_bytes: u64,
}

impl Loader<'_, '_> {
    /// A matrix, or several of one type and row length on top of each other.
    pub(super) async fn matrix(&mut self, names: &[&str]) -> Result<Tensor, Error> {
        let gguf = self.gguf;
        let infos = names.iter().map(|name| gguf.tensor(name)).collect::<Result<Vec<_>, _>>()?;
        let first = infos[0];
        supported(first)?;
        let (row_bytes, rows) = (first.row_bytes(), infos.iter().map(|info| info.rows()).sum::<u64>());
        let rows_a_part = (self.max_part_bytes / row_bytes).max(1).min(rows);
        let (mut parts, mut fits_f16) = (Vec::new(), true);
        let mut next = 0;
        while next < rows {
            let count = rows_a_part.min(rows - next);
            let words = usize::try_from((count * row_bytes).div_ceil(4)).unwrap_or(usize::MAX);
            let mut buffer = self.device.dispatch().create::<u32>(words, names[0])?;
            // A buffer that a browser could not make is heard of only now.
            self.settle(buffer.bytes()).await?;
            fits_f16 &= self.fill(&mut buffer, &infos, next, count, row_bytes).await?;
            self.resident_bytes += buffer.bytes();
            parts.push(Part { buffer, first_row: next as u32, rows: count as u32 });
            next += count;
        }
        let halves = self.halves.clone().filter(|_| fits_f16);
        Ok(Tensor { ty: first.ty, rows: rows as u32, k: first.row_len() as u32, parts, halves })
    }

    /// Writes rows `first..first + count` of the tensors, counted through all of them, in pieces of whole words. Whether
    /// all their weights are within the range of f16.
    async fn fill(
        &mut self,
        buffer: &mut Buffer<u32>,
        infos: &[&TensorInfo],
        first: u64,
        count: u64,
        row_bytes: u64,
    ) -> Result<bool, Error> {
        let (mut start, mut pending, mut written) = (first, Vec::new(), 0u64);
        let mut fits = true;
        let end = first + count;
        while start < end {
            let mut before = 0;
            let Some(info) = infos.iter().find(|info| {
                let found = start < before + info.rows();
                before += if found { 0 } else { info.rows() };
                found
            }) else {
                break;
            };
            let rows = (PIECE / row_bytes).max(1).min(end - start).min(before + info.rows() - start);
            let local = start - before;
            let bytes = info.row_range(local..local + rows)?;
            start += rows;
            match (pending.is_empty(), mapped(&**self.source, &bytes)) {
                // A mapped file goes to the device without a copy of ours, where whole words allow it.
                (true, Some(slice)) if slice.len().is_multiple_of(4) => {
                    fits &= fits_f16(info.ty, slice);
                    self.device.dispatch().write_bytes(buffer, written, slice)?;
                    written += slice.len() as u64;
                }
                _ => {
                    let raw = info.read_rows(&**self.source, local..local + rows)?;
                    fits &= fits_f16(info.ty, &raw);
                    pending.extend(raw);
                    if start == end {
                        pending.resize(pending.len().next_multiple_of(4), 0);
                    }
                    let whole = pending.len() / 4 * 4;
                    self.device.dispatch().write_bytes(buffer, written, &pending[..whole])?;
                    written += whole as u64;
                    pending.drain(..whole);
                }
            }
            self.settle(bytes.end - bytes.start).await?;
            self.done_bytes += bytes.end - bytes.start;
            self.report();
        }
        Ok(fits)
    }

    /// Says how far loading is.
    fn report(&mut self) {
        let now = Progress { done_bytes: self.done_bytes, total_bytes: self.total_bytes };
        if let Some(progress) = &mut self.progress {
            progress(now);
        }
    }

    /// Reports the end. A file may have tensors that its own shape does not call for; they were never to be loaded.
    pub(super) fn finish(&mut self) {
        self.total_bytes = self.done_bytes;
        self.report();
    }

    /// Counts bytes that are on their way to the device, and waits for them where a browser would pile them up.
    async fn settle(&mut self, bytes: u64) -> Result<(), Error> {
        self.unsettled_bytes += bytes;
        if self.unsettled_bytes >= PIECE {
            self.unsettled_bytes = 0;
            self.device.dispatch().settle_uploads().await?;
        }
        Ok(())
    }

    /// A vector of plain numbers, such as a norm's weights.
    pub(super) fn vector(&mut self, name: &str) -> Result<Buffer<f32>, Error> {
        let values = self.numbers(name)?;
        self.resident_bytes += 4 * values.len() as u64;
        Ok(self.device.dispatch().upload(&values, name)?)
    }

    /// The numbers themselves.
    pub(super) fn numbers(&mut self, name: &str) -> Result<Vec<f32>, Error> {
        let info = self.gguf.tensor(name)?;
        let bytes = info.read(&**self.source)?;
        self.done_bytes += bytes.len() as u64;
        match info.ty {
            GgmlType::F32 => Ok(bytemuck::pod_collect_to_vec(&bytes)),
            GgmlType::F16 => Ok(halves(&bytes, |bits| half::f16::from_bits(bits).to_f32())),
            GgmlType::BF16 => Ok(halves(&bytes, |bits| half::bf16::from_bits(bits).to_f32())),
            found => {
                let (tensor, expected) = (name.to_owned(), "F32, F16 or BF16");
                Err(ConfigError::WrongType { tensor, expected, found }.into())
            }
        }
    }
}

/// Whether floats are within the range of f16; other types have scales of that type.
fn fits_f16(ty: GgmlType, bytes: &[u8]) -> bool {
    let within = |value: f32| value.abs() <= half::f16::MAX.to_f32();
    match ty {
        GgmlType::F32 => bytes.as_chunks().0.iter().all(|&word| within(f32::from_le_bytes(word))),
        GgmlType::BF16 => bytes.as_chunks().0.iter().all(|&pair| within(half::bf16::from_le_bytes(pair).to_f32())),
        _ => true,
    }
}

fn halves(bytes: &[u8], convert: impl Fn(u16) -> f32) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|&pair| convert(u16::from_le_bytes(pair))).collect()
}

fn mapped<'s>(source: &'s dyn Source, range: &std::ops::Range<u64>) -> Option<&'s [u8]> {
    let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
    source.bytes()?.get(start..end)
}

/// Refuses types that no kernel reads, by the tensor's name.
pub(super) fn supported(info: &TensorInfo) -> Result<(), Error> {
    match info.ty {
        GgmlType::F32
        | GgmlType::F16
        | GgmlType::BF16
        | GgmlType::Q4_0
        | GgmlType::Q5_0
        | GgmlType::Q8_0
        | GgmlType::Q4_K
        | GgmlType::Q5_K
        | GgmlType::Q6_K => Ok(()),
        found => {
            let expected = "F32, F16, BF16, Q4_0, Q5_0, Q8_0, Q4_K, Q5_K or Q6_K";
            Err(ConfigError::WrongType { tensor: info.name.clone(), expected, found }.into())
        }
    }
}

/// Runs `$body` with the type `$Q` bound to the format of `$ty`; [`Tensor`]s have no other.
macro_rules! with_quant {
    ($ty:expr, $Q:ident => $body:expr) => {{
        use kernels_src::quant;
        use $crate::gguf::GgmlType;
        match $ty {
            GgmlType::F16 => {
                type $Q = quant::F16;
                $body
            }
            GgmlType::BF16 => {
                type $Q = quant::BF16;
                $body
            }
            GgmlType::Q4_0 => {
                type $Q = quant::Q4_0;
                $body
            }
            GgmlType::Q5_0 => {
                type $Q = quant::Q5_0;
                $body
            }
            GgmlType::Q8_0 => {
                type $Q = quant::Q8_0;
                $body
            }
            GgmlType::Q4_K => {
                type $Q = quant::Q4_K;
                $body
            }
            GgmlType::Q5_K => {
                type $Q = quant::Q5_K;
                $body
            }
            GgmlType::Q6_K => {
                type $Q = quant::Q6_K;
                $body
            }
            _ => {
                type $Q = quant::F32;
                $body
            }
        }
    }};
}
pub(crate) use with_quant;
