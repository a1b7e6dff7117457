//! Norms over rows, and the per-layer embeddings' mix.

use kernel::dispatch::DispatchError;
use kernel::trial::Trial;

use super::{HIDDEN, Scale, TOKENS, Tried};
use crate::norm::{AddRmsNormParams, RmsNormParams, add_rms_norm, rms_norm};
use crate::ple::{PleMixParams, ple_mix};
use crate::reduce::Reduce;

const EPS: f32 = 1e-6;

fn shape(scale: Scale) -> (u32, u32, usize) {
    let (rows, n) = scale.pick((2, 300), (TOKENS, HIDDEN));
    (rows, n, (rows * n) as usize)
}

impl<R: Reduce, const WEIGHTED: bool> Tried for rms_norm::Kernel<R, WEIGHTED> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, n, len) = shape(scale);
        let (x, w) = (trial.random("x", len)?, trial.random("w", n as usize)?);
        let mut y = trial.output("y", len)?;
        Self::dispatch(trial, RmsNormParams { rows, n, eps: EPS }, rms_norm::Args { x: &x, w: &w, y: &mut y })?;
        Ok(())
    }
}

impl<R: Reduce, const NORM: bool> Tried for add_rms_norm::Kernel<R, NORM> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, n, len) = shape(scale);
        let o = trial.random("o", len)?;
        let (w_post, w_next) = (trial.random("w_post", n as usize)?, trial.random("w_next", n as usize)?);
        let mut h = trial.changed("h", &kernel::trial::random("h", len, -1.0..1.0))?;
        let mut x = trial.output("x", len)?;
        let args = add_rms_norm::Args { o: &o, w_post: &w_post, w_next: &w_next, h: &mut h, x: &mut x };
        Self::dispatch(trial, AddRmsNormParams { rows, n, eps: EPS, scale: 0.75 }, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for ple_mix::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // A row for each token and layer.
        let (rows, n) = scale.pick((3, 70), (TOKENS * 35, 256));
        let len = (rows * n) as usize;
        let (ctx, tok) = (trial.random("ctx", len)?, trial.random("tok", len)?);
        let w = trial.random("w", n as usize)?;
        let mut ple_in = trial.output("ple_in", len)?;
        let params = PleMixParams { rows, n, eps: EPS, scale: (HIDDEN as f32).powf(-0.5) };
        Self::dispatch(trial, params, ple_mix::Args { ctx: &ctx, tok: &tok, w: &w, ple_in: &mut ple_in })?;
        Ok(())
    }
}
