//! AdamW over the flat vector of parameters, and the norm that clips its gradients: four dispatches whatever the model.

use kernel::dispatch::Recorder;
use kernels_src::adamw::{
    AdamW, AdamWParams, ClipFactorParams, SumOfSquaresParams, adamw, blocks, clip_factor, sum_of_squares,
};

use super::buffers::Buffers;
use crate::error::Error;
use crate::kernels::{Choices, Family, with_reduce};

/// How parameters follow their gradients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimizerOptions {
    /// AdamW's hyperparameters.
    pub adamw: AdamW,
    /// The norm above which gradients are scaled down to it; `None` leaves them as they are.
    pub max_norm: Option<f32>,
}

impl Default for OptimizerOptions {
    /// As transformers' Trainer: β = (0.9, 0.999), ε = 1e-8, no decay, gradients clipped at 1.
    fn default() -> Self {
        Self { adamw: AdamW { decay: 0.0, ..AdamW::default() }, max_norm: Some(1.0) }
    }
}

/// Records one step at the 1-based `step` with learning rate `lr`; leaves the gradients' norm in `clip[1]`.
pub(super) fn record(
    recorder: &mut Recorder,
    choices: Choices,
    b: &mut Buffers,
    len: usize,
    options: &OptimizerOptions,
    (step, lr): (u32, f64),
) -> Result<(), Error> {
    let n = len as u32;
    // Without a limit the factor is 1: nothing is above the greatest number.
    let max_norm = options.max_norm.unwrap_or(f32::MAX);
    let clip = ClipFactorParams { n: blocks(n), max_norm };
    with_reduce!(choices.lanes(Family::Norms), 256, R => {
        let args = sum_of_squares::Args { x: &b.gradients, sums: &mut b.squares };
        sum_of_squares::Kernel::<R>::dispatch(recorder, SumOfSquaresParams { n, at: 0 }, args)?;
        let args = clip_factor::Args { sums: &b.squares, clip: &mut b.clip };
        clip_factor::Kernel::<R>::dispatch(recorder, clip, args)?;
    });
    let args = adamw::Args {
        gradient: &b.gradients,
        clip: &b.clip,
        parameter: &mut b.parameters,
        m: &mut b.first_moment,
        v: &mut b.second_moment,
    };
    adamw::Kernel::<256>::dispatch(recorder, AdamWParams::new(n, step, lr, options.adamw), args)?;
    Ok(())
}
