//! Low-rank updates.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::trial::{Trial, random};

use super::{FFN, HIDDEN, Scale, TOKENS, Tried};
use crate::low_rank::{LowRankParams, low_rank_down, low_rank_fused, low_rank_up};
use crate::reduce::Reduce;

fn two_dispatches(scale: Scale) -> LowRankParams {
    match scale {
        Scale::Small => LowRankParams { y_at: 3, y_stride: 310, ..LowRankParams::dense(2, 300, 300, 3, 0.75) },
        Scale::Typical => LowRankParams::dense(TOKENS, HIDDEN, FFN, 16, 0.75),
    }
}

/// Small: more ranks than the kernel holds at a time.
fn one_dispatch(scale: Scale) -> LowRankParams {
    match scale {
        Scale::Small => LowRankParams { y_at: 3, y_stride: 150, ..LowRankParams::dense(2, 140, 140, 66, 0.75) },
        Scale::Typical => LowRankParams::dense(1, HIDDEN, 2048, 4, 0.75),
    }
}

fn matrix(trial: &mut Trial, name: &str, rows: u32, columns: u32) -> Result<Buffer<f32>, DispatchError> {
    trial.random(name, (rows * columns) as usize)
}

fn output(trial: &mut Trial, params: LowRankParams, accumulate: bool) -> Result<Buffer<f32>, DispatchError> {
    let len = (params.y_at + params.rows * params.y_stride) as usize;
    if accumulate { trial.changed("y", &random("y", len, -1.0..1.0)) } else { trial.output("y", len) }
}

impl<R: Reduce> Tried for low_rank_down::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = two_dispatches(scale);
        let x = matrix(trial, "x", params.rows, params.k)?;
        let a = matrix(trial, "a", params.rank, params.k)?;
        let mut z = trial.output("z", (params.rows * params.rank) as usize)?;
        Self::dispatch(trial, params, low_rank_down::Args { x: &x, a: &a, z: &mut z })?;
        Ok(())
    }
}

impl<R: Reduce, const ACCUMULATE: bool> Tried for low_rank_up::Kernel<R, ACCUMULATE> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = two_dispatches(scale);
        let b = matrix(trial, "b", params.n, params.rank)?;
        let z = matrix(trial, "z", params.rows, params.rank)?;
        let mut y = output(trial, params, ACCUMULATE)?;
        Self::dispatch(trial, params, low_rank_up::Args { b: &b, z: &z, y: &mut y })?;
        Ok(())
    }
}

impl<R: Reduce, const ACCUMULATE: bool> Tried for low_rank_fused::Kernel<R, ACCUMULATE> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = one_dispatch(scale);
        let x = matrix(trial, "x", params.rows, params.k)?;
        let a = matrix(trial, "a", params.rank, params.k)?;
        let b = matrix(trial, "b", params.n, params.rank)?;
        let mut z = trial.output("z", (params.rows * params.rank) as usize)?;
        let mut y = output(trial, params, ACCUMULATE)?;
        Self::dispatch(trial, params, low_rank_fused::Args { x: &x, a: &a, b: &b, z: &mut z, y: &mut y })?;
        Ok(())
    }
}
