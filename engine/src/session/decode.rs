//! One token through the model: few, fused dispatches, all recorded once. What changes from token to token, its id and
//! its position, lies in the state buffer, where sampling leaves the next.

use kernel::dispatch::{Plan, Recorder};

use super::Session;
use super::buffers::HISTORY;
use super::ops::{Ops, Stream};
use crate::error::Error;
use crate::sampling::SamplingOptions;
use crate::tokenizer::TokenId;

impl Session {
    /// Processes one token as decoding does; afterwards `buffers.logits` holds its logits.
    pub(super) fn decode_one(&mut self, token: TokenId) -> Result<(), Error> {
        self.write_state(self.position(), token)?;
        self.fetch_ple_rows(&[token])?;
        if self.full_token.is_none() {
            let mut recorder = self.recorder("decode");
            self.record_token(&mut recorder)?;
            self.full_token = Some(recorder.finish()?);
        }
        if let Some(plan) = &self.full_token {
            plan.run()?;
        }
        self.accept(&[token]);
        Ok(())
    }

    /// From one position's stream after the owning layers to its logits.
    pub(super) fn run_tail(&mut self) -> Result<(), Error> {
        if self.tail.is_none() {
            let mut recorder = self.recorder("tail");
            let model = self.model.clone();
            let config = model.config();
            let mut ops = Ops::new(&model, &mut self.buffers, &mut recorder);
            let stream = record_layers(&mut ops, config.owning_layers()..config.layers.len(), Stream::KEPT_ROW)?;
            ops.head(stream)?;
            self.tail = Some(recorder.finish()?);
        }
        self.tail.as_ref().map_or(Ok(()), |plan| Ok(plan.run()?))
    }

    /// Chooses the first token of an answer from the prompt's logits.
    pub(super) fn sampling_plan(&mut self, options: &SamplingOptions) -> Result<Plan, Error> {
        let mut recorder = self.recorder("sampling");
        let model = self.model.clone();
        Ops::new(&model, &mut self.buffers, &mut recorder).choose(options)?;
        Ok(recorder.finish()?)
    }

    /// One step of an answer: the state's token to its logits, then the next token.
    pub(super) fn step_plan(&mut self, options: &SamplingOptions) -> Result<Plan, Error> {
        let mut recorder = self.recorder("step");
        self.record_token(&mut recorder)?;
        let model = self.model.clone();
        Ops::new(&model, &mut self.buffers, &mut recorder).choose(options)?;
        let plan = recorder.finish()?;
        self.step_dispatches = plan.dispatches();
        Ok(plan)
    }

    /// Tells sampling what the last tokens were.
    pub(super) fn begin_sampling(&mut self) -> Result<(), Error> {
        let mut history = [u32::MAX; HISTORY];
        for (position, token) in self.tokens.iter().enumerate().rev().take(HISTORY) {
            history[position % HISTORY] = token.0;
        }
        Ok(self.model.device().dispatch().write(&mut self.buffers.history, 0, &history)?)
    }

    fn record_token(&mut self, recorder: &mut Recorder) -> Result<(), Error> {
        let model = self.model.clone();
        let layers = model.config().layers.len();
        let mut ops = Ops::new(&model, &mut self.buffers, recorder);
        ops.embed_decoded()?;
        ops.ple_decoded()?;
        let stream = record_layers(&mut ops, 0..layers, Stream::EMBEDDED)?;
        ops.head(stream)
    }
}

/// A range of layers. The addition that ends one part is the prologue of the next part's first kernel.
fn record_layers<'w>(
    ops: &mut Ops<'w>,
    layers: std::ops::Range<usize>,
    mut stream: Stream<'w>,
) -> Result<Stream<'w>, Error> {
    for index in layers {
        stream = ops.token_projections(index, stream)?;
        ops.token_attention(index)?;
        ops.token_output(index)?;
        stream = ops.token_feed_forward(index, stream)?;
        stream = ops.token_end_layer(index, stream)?;
    }
    Ok(stream)
}
