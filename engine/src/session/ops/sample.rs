//! The next token from the logits, on the device.

use kernel::types::Vec2;
use kernels_src::sampling::{
    AdvanceParams, ArgmaxParams, ChunkPeaksParams, RepeatPenaltyParams, SampleParams, advance, argmax, chunk_peaks,
    repeat_penalty, sample,
};

use super::Ops;
use crate::error::Error;
use crate::kernels::{Family, with_reduce};
use crate::sampling::SamplingOptions;
use crate::session::buffers::HISTORY;

impl Ops<'_> {
    /// Chooses a token from `logits`, leaves it in `sampled`, and makes it the state's next input.
    pub(in crate::session) fn choose(&mut self, options: &SamplingOptions) -> Result<(), Error> {
        let vocab = self.model.config().vocab;
        let ring = HISTORY as u32;
        let lanes = self.choices.lanes(Family::Sampling);
        let b = &mut *self.buffers;
        if options.repeat_penalty != 1.0 {
            let params = RepeatPenaltyParams { vocab, run: 1, count: ring, ring, penalty: options.repeat_penalty };
            let args = repeat_penalty::Args { state: &b.state, history: &b.history, logits: &mut b.logits };
            repeat_penalty::Kernel::<64>::dispatch(self.recorder, params, args)?;
        }
        let mut peaks = b.peaks.view::<Vec2<f32>>();
        let args = chunk_peaks::Args { logits: &b.logits, peaks: &mut peaks };
        with_reduce!(lanes, 256, R => {
            chunk_peaks::Kernel::<R>::dispatch(self.recorder, ChunkPeaksParams { vocab }, args)?;
        });
        if options.is_greedy() {
            let args = argmax::Args { logits: &b.logits, peaks: &peaks, sampled: &mut b.sampled };
            with_reduce!(lanes, 256, R => {
                argmax::Kernel::<R>::dispatch(self.recorder, ArgmaxParams { vocab, slot: 0 }, args)?;
            });
        } else {
            let params = SampleParams::new(vocab, options.top_k, options.top_p, options.min_p, options.temperature)
                .with_seed(options.seed);
            let args = sample::Args {
                state: &b.state,
                logits: &b.logits,
                peaks: &peaks,
                candidates: &mut b.candidates,
                sampled: &mut b.sampled,
            };
            with_reduce!(lanes, 256, R => { sample::Kernel::<R>::dispatch(self.recorder, params, args)?; });
        }
        let args = advance::Args { sampled: &b.sampled, state: &mut b.state, history: &mut b.history };
        advance::Kernel::<true>::dispatch(self.recorder, AdvanceParams { run: 1, slot: 0, ring }, args)?;
        Ok(())
    }
}
