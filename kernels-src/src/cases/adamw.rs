//! The optimiser's step and the norm that clips its gradients.

use kernel::dispatch::DispatchError;
use kernel::trial::{Trial, random};

use super::{Scale, Tried};
use crate::adamw::{
    AdamW, AdamWParams, BLOCK, ClipFactorParams, SumOfSquaresParams, adamw, blocks, clip_factor, sum_of_squares,
};
use crate::reduce::Reduce;

/// Parameters of an adapter, about rank 8 on all of E2B's layers.
const PARAMETERS: u32 = 1 << 22;

impl<const W: u32> Tried for adamw::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let n = scale.pick(300, PARAMETERS);
        let gradient = trial.random("gradient", n as usize)?;
        let clip = trial.input("clip", &[0.5_f32, 2.0])?;
        let mut parameter = trial.changed("parameter", &random("parameter", n as usize, -1.0..1.0))?;
        let mut m = trial.changed("m", &random("m", n as usize, -0.1..0.1))?;
        let mut v = trial.changed("v", &random("v", n as usize, 0.0..0.01))?;
        let params = AdamWParams::new(n, 10, 1e-3, AdamW::default());
        let args = adamw::Args { gradient: &gradient, clip: &clip, parameter: &mut parameter, m: &mut m, v: &mut v };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<R: Reduce> Tried for sum_of_squares::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, at) = scale.pick((BLOCK + 300, 1), (PARAMETERS, 0));
        let x = trial.random("x", n as usize)?;
        let mut sums = trial.changed("sums", &vec![-1.0; (at + blocks(n)) as usize])?;
        Self::dispatch(trial, SumOfSquaresParams { n, at }, sum_of_squares::Args { x: &x, sums: &mut sums })?;
        Ok(())
    }
}

impl<R: Reduce> Tried for clip_factor::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let n = scale.pick(300, blocks(PARAMETERS));
        let sums = trial.input("sums", &random("sums", n as usize, 0.0..1.0))?;
        let mut clip = trial.output("clip", 2)?;
        Self::dispatch(
            trial,
            ClipFactorParams { n, max_norm: 1.0 },
            clip_factor::Args { sums: &sums, clip: &mut clip },
        )?;
        Ok(())
    }
}
