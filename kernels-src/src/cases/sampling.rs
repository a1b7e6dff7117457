//! The next token from its logits.

use kernel::dispatch::DispatchError;
use kernel::prelude::Vec2;
use kernel::trial::{Trial, random, random_words};

use super::{Scale, Tried, VOCAB};
use crate::reduce::Reduce;
use crate::sampling::{
    AdvanceParams, ArgmaxParams, CHUNK, ChunkPeaksParams, RepeatPenaltyParams, SampleParams, advance, argmax,
    chunk_peaks, chunks, repeat_penalty, sample,
};

/// Small: a few chunks, the last of them not whole.
fn logits(scale: Scale) -> Vec<f32> {
    random("logits", scale.pick(600, VOCAB as usize), -15.0..15.0)
}

/// What [`fn@chunk_peaks`] leaves for these logits.
fn peaks(logits: &[f32]) -> Vec<Vec2<f32>> {
    logits
        .chunks(CHUNK as usize)
        .map(|chunk| {
            let greatest = chunk.iter().copied().fold(f32::MIN, f32::max);
            Vec2::new(greatest, chunk.iter().map(|logit| (logit - greatest).exp()).sum())
        })
        .collect()
}

impl<const W: u32> Tried for repeat_penalty::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (vocab, count, ring) = scale.pick((50, 70, 80), (VOCAB, 64, 4096));
        // Tokens occur several times, and one is no token.
        let history = random_words("history", ring as usize).into_iter().map(|word| word % (vocab + 1));
        let state = trial.input("state", &[90_u32, 0, 0, 0, 0, 0, 0, 0])?;
        let history = trial.input("history", &history.collect::<Vec<u32>>())?;
        let mut logits = trial.changed("logits", &random("logits", vocab as usize, -15.0..15.0))?;
        let params = RepeatPenaltyParams { vocab, run: 2, count, ring, penalty: 1.25 };
        Self::dispatch(trial, params, repeat_penalty::Args { state: &state, history: &history, logits: &mut logits })?;
        Ok(())
    }
}

impl<R: Reduce> Tried for chunk_peaks::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let logits = trial.input("logits", &logits(scale))?;
        let vocab = logits.len() as u32;
        let mut peaks = trial.output("peaks", chunks(vocab) as usize)?;
        Self::dispatch(trial, ChunkPeaksParams { vocab }, chunk_peaks::Args { logits: &logits, peaks: &mut peaks })?;
        Ok(())
    }
}

impl<R: Reduce> Tried for argmax::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let logits = logits(scale);
        let vocab = logits.len() as u32;
        let peaks = trial.input("peaks", &peaks(&logits))?;
        let logits = trial.input("logits", &logits)?;
        let mut sampled = trial.changed("sampled", &[u32::MAX; 3])?;
        let args = argmax::Args { logits: &logits, peaks: &peaks, sampled: &mut sampled };
        Self::dispatch(trial, ArgmaxParams { vocab, slot: 1 }, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for sample::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let logits = logits(scale);
        let vocab = logits.len() as u32;
        let state = trial.input("state", &[90_u32, 0, 0, 0, 0, 0, 0, 0])?;
        let peaks = trial.input("peaks", &peaks(&logits))?;
        let logits = trial.input("logits", &logits)?;
        let mut candidates = trial.scratch("candidates", vocab as usize)?;
        let mut sampled = trial.changed("sampled", &[u32::MAX; 3])?;
        let params = SampleParams::new(vocab, 64, 0.95, 0.01, 0.7).with_run(2).with_seed(7).with_slot(1);
        let args = sample::Args {
            state: &state,
            logits: &logits,
            peaks: &peaks,
            candidates: &mut candidates,
            sampled: &mut sampled,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<const TOKEN: bool> Tried for advance::Kernel<TOKEN> {
    fn describe(trial: &mut Trial, _: Scale) -> Result<(), DispatchError> {
        let sampled = trial.input("sampled", &[3_u32, 7])?;
        let mut state = trial.changed("state", &[90_u32, 5, 4, 0, 0, 0, 0, 0])?;
        let mut history = trial.changed("history", &random_words("history", 16))?;
        let params = AdvanceParams { run: 2, slot: 1, ring: 16 };
        let args = advance::Args { sampled: &sampled, state: &mut state, history: &mut history };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
