//! The measure of a device's arithmetic.

use kernel::dispatch::DispatchError;
use kernel::trial::Trial;

use super::{Scale, Tried};
use crate::peak::{MultiplyAddsParams, multiply_adds};

impl<const W: u32> Tried for multiply_adds::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, rounds) = scale.pick((W + 3, 2), (4096 * W, 64));
        let mut y = trial.output("y", n as usize)?;
        let params = MultiplyAddsParams { n, rounds, factor: 0.75, offset: 0.25 };
        Self::dispatch(trial, params, multiply_adds::Args { y: &mut y })?;
        Ok(())
    }
}
