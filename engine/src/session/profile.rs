//! Where the time goes: every dispatch of a step or of a chunk, timed by the GPU.

use std::time::Duration;

use kernel::dispatch::Plan;

use super::Session;
use crate::error::Error;
use crate::sampling::SamplingOptions;
use crate::tokenizer::TokenId;

/// All dispatches of one kernel variant in a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelTime {
    /// The variant.
    pub key: String,
    /// Its dispatches.
    pub dispatches: usize,
    /// Their time together, each in a pass of its own: their sum is more than the plan takes in one piece.
    pub time: Duration,
}

impl Session {
    /// Times one decode step, sampling included, at the session's position; the session is as before afterwards.
    ///
    /// # Errors
    /// What the device reports; a CPU gives no times.
    pub async fn profile_step(&mut self) -> Result<Vec<KernelTime>, Error> {
        let last = self.tokens.last().copied().unwrap_or(TokenId(0));
        self.write_state(self.position(), last)?;
        let plan = self.step_plan(&SamplingOptions::GREEDY)?;
        kernel_times(&[plan]).await
    }

    /// Times a prefill of `rows` positions, at most a chunk, through the owning layers.
    ///
    /// # Errors
    /// As [`profile_step`](Self::profile_step).
    pub async fn profile_chunk(&mut self, rows: usize) -> Result<Vec<KernelTime>, Error> {
        let mut recorder = self.recorder("prefill");
        self.record_chunk(&mut recorder, rows.clamp(2, self.chunk.max(2)))?;
        kernel_times(&[recorder.finish()?]).await
    }
}

/// The times of the plans' second run, by kernel, the greatest first.
pub(crate) async fn kernel_times(plans: &[Plan]) -> Result<Vec<KernelTime>, Error> {
    let mut kernels: Vec<KernelTime> = Vec::new();
    for plan in plans {
        plan.run()?;
    }
    for plan in plans.iter().filter_map(Plan::on_gpu) {
        for dispatch in plan.profile().await.map_err(kernel::dispatch::DispatchError::from)? {
            match kernels.iter_mut().find(|kernel| kernel.key == dispatch.key) {
                Some(kernel) => {
                    kernel.dispatches += 1;
                    kernel.time += dispatch.time;
                }
                None => kernels.push(KernelTime { key: dispatch.key, dispatches: 1, time: dispatch.time }),
            }
        }
    }
    kernels.sort_by_key(|kernel| std::cmp::Reverse(kernel.time));
    Ok(kernels)
}
