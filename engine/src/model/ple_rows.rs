//! Rows of the per-layer embedding table on the device, where the table itself stays in the source: those of the tokens
//! that are processed next.

use kernel::dispatch::Buffer;

use super::{Model, Part, Tensor};
use crate::error::Error;
use crate::tokenizer::TokenId;

/// The rows of so many tokens.
#[derive(Debug)]
pub(crate) struct PleRows {
    /// The rows, one after the other, as the file has them.
    pub(crate) tensor: Tensor,
    /// Their numbers 0, 1, …: what a gather from `tensor` takes for ids.
    pub(crate) numbers: Buffer<u32>,
}

impl PleRows {
    /// Room for the rows of `tokens` tokens, or `None` where the table is on the device or there is none.
    pub(crate) fn new(model: &Model, tokens: usize) -> Result<Option<Self>, Error> {
        let (Some(info), true) = (&model.inner.ple_rows, model.reads_ple_rows()) else { return Ok(None) };
        let device = model.device().dispatch();
        let words = (info.row_bytes() as usize * tokens).div_ceil(4);
        let buffer = device.create(words, "per-layer rows")?;
        let (ty, k, rows) = (info.ty, info.row_len() as u32, tokens as u32);
        let numbers: Vec<u32> = (0..rows).collect();
        let tensor = Tensor { ty, rows, k, parts: vec![Part { buffer, first_row: 0, rows }], halves: None };
        Ok(Some(Self { tensor, numbers: device.upload(&numbers, "row numbers")? }))
    }

    /// Reads the tokens' rows from the source.
    pub(crate) fn fetch(&mut self, model: &Model, tokens: &[TokenId]) -> Result<(), Error> {
        let (Some(info), Some(part)) = (&model.inner.ple_rows, self.tensor.parts.first_mut()) else { return Ok(()) };
        let mut bytes = Vec::with_capacity(info.row_bytes() as usize * tokens.len());
        for token in tokens {
            let row = u64::from(token.0);
            bytes.extend(info.read_rows(&*model.inner.source, row..row + 1)?);
        }
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        Ok(model.device().dispatch().write_bytes(&mut part.buffer, 0, &bytes)?)
    }

    /// Bytes on the device.
    pub(crate) fn bytes(&self) -> u64 {
        self.numbers.bytes() + self.tensor.parts.iter().map(|part| part.buffer.bytes()).sum::<u64>()
    }
}
