//! A chunk of positions at once. Layers that share keys and values write none, so positions whose logits nobody asks
//! for skip them: only the last one's stream goes through them, as a decoded token's does.

use kernel::dispatch::{Buffer, Recorder};

use super::ops::{Ops, Rows};
use super::{Logits, Session};
use crate::error::Error;
use crate::tokenizer::TokenId;

impl Session {
    /// Processes two tokens or more, at most a chunk.
    pub(super) fn prefill_chunk(&mut self, tokens: &[TokenId], wanted: Logits) -> Result<(), Error> {
        let position = self.position();
        self.begin_chunk(position, tokens)?;
        if tokens.len() == self.chunk {
            if self.full_chunk.is_none() {
                let mut recorder = self.recorder("prefill");
                self.record_chunk(&mut recorder, tokens.len())?;
                self.full_chunk = Some(recorder.finish()?);
            }
            if let Some(plan) = &self.full_chunk {
                plan.run()?;
            }
        } else {
            let mut recorder = self.recorder("prefill");
            self.record_chunk(&mut recorder, tokens.len())?;
            recorder.run()?;
        }
        self.accept(tokens);
        if let (Logits::Last, Some(last)) = (wanted, tokens.last()) {
            self.write_state(self.position() - 1, *last)?;
            self.run_tail()?;
        }
        Ok(())
    }

    /// Processes a chunk through every layer, and gives the logits of all its positions.
    pub(super) async fn chunk_logits(&mut self, tokens: &[TokenId]) -> Result<Vec<f32>, Error> {
        let device = self.model.device().dispatch().clone();
        let vocab = self.model.config().vocab as usize;
        let rows = tokens.len();
        let mut logits: Buffer<f32> = device.create(rows * vocab, "logits of a chunk")?;
        self.begin_chunk(self.position(), tokens)?;
        let mut recorder = self.recorder("logits");
        let model = self.model.clone();
        let layers = model.config().layers.len();
        let mut ops = Ops::new(&model, &mut self.buffers, &mut recorder);
        ops.embed(Rows(rows as u32))?;
        ops.ple_inputs(Rows(rows as u32))?;
        record_layers(&mut ops, Rows(rows as u32), layers)?;
        ops.head_rows(Rows(rows as u32), &mut logits)?;
        recorder.run()?;
        self.accept(tokens);
        Ok(device.read(&logits, 0..rows * vocab).await?)
    }

    fn begin_chunk(&mut self, position: usize, tokens: &[TokenId]) -> Result<(), Error> {
        let ids: Vec<u32> = tokens.iter().map(|token| token.0).collect();
        self.write_state(position, tokens[0])?;
        self.model.device().dispatch().write(&mut self.buffers.ids, 0, &ids)?;
        self.fetch_ple_rows(tokens)
    }

    /// The layers that own keys and values, and the last position's stream for the tail.
    pub(super) fn record_chunk(&mut self, recorder: &mut Recorder, rows: usize) -> Result<(), Error> {
        let model = self.model.clone();
        let owning = model.config().owning_layers();
        let rows = Rows(rows as u32);
        let mut ops = Ops::new(&model, &mut self.buffers, recorder);
        ops.embed(rows)?;
        ops.ple_inputs(rows)?;
        record_layers(&mut ops, rows, owning)?;
        ops.keep_last_row(rows)
    }
}

/// The first `count` layers, row by row of the chunk, one computation a dispatch.
fn record_layers(ops: &mut Ops<'_>, rows: Rows, count: usize) -> Result<(), Error> {
    if count > 0 {
        ops.first_norm(rows)?;
    }
    for index in 0..count {
        ops.projections(index, rows)?;
        ops.attention(index, rows)?;
        ops.output(index, rows)?;
        ops.add_attention(index, rows)?;
        ops.feed_forward(index, rows)?;
        ops.end_layer(index, rows, index + 1 == count)?;
    }
    Ok(())
}
