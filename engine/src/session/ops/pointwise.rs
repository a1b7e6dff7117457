//! Norms, residual additions and gated activations of many rows, as inference and training record them.

use kernel::dispatch::{Buffer, Recorder};
use kernels_src::activation::GeluTanh;
use kernels_src::geglu::{GegluParams, geglu};
use kernels_src::norm::{AddRmsNormParams, RmsNormParams, add_rms_norm, rms_norm};

use crate::error::Error;
use crate::kernels::{Choices, Family, with_reduce};

/// The residual addition `h = (h + RMS(o)·w)·scale`.
#[derive(Clone, Copy)]
pub(crate) struct Addition<'b> {
    pub(crate) o: &'b Buffer<f32>,
    pub(crate) w: &'b Buffer<f32>,
    pub(crate) scale: f32,
}

/// `y = RMS(x)·w`, row by row.
pub(crate) fn norm_rows(
    recorder: &mut Recorder,
    choices: Choices,
    params: RmsNormParams,
    (x, w): (&Buffer<f32>, &Buffer<f32>),
    y: &mut Buffer<f32>,
) -> Result<(), Error> {
    with_reduce!(choices.lanes(Family::Norms), 256, R => {
        rms_norm::Kernel::<R, true>::dispatch(recorder, params, rms_norm::Args { x, w, y })?;
    });
    Ok(())
}

/// Adds to the stream `h`, then `x = RMS(h)·w_next` where there is a next norm; `x` is left alone otherwise.
pub(crate) fn add_rows(
    recorder: &mut Recorder,
    choices: Choices,
    norm: RmsNormParams,
    addition: Addition<'_>,
    h: &mut Buffer<f32>,
    w_next: Option<&Buffer<f32>>,
    x: &mut Buffer<f32>,
) -> Result<(), Error> {
    let RmsNormParams { rows, n, eps, .. } = norm;
    let Addition { o, w: w_post, scale } = addition;
    let params = AddRmsNormParams { rows, n, eps, scale };
    let args = add_rms_norm::Args { o, w_post, w_next: w_next.unwrap_or(w_post), h, x };
    with_reduce!(choices.lanes(Family::Norms), 256, R => match w_next {
        Some(_) => { add_rms_norm::Kernel::<R, true>::dispatch(recorder, params, args)?; }
        None => { add_rms_norm::Kernel::<R, false>::dispatch(recorder, params, args)?; }
    });
    Ok(())
}

/// `y = gelu(gate)·up`.
pub(crate) fn gated(
    recorder: &mut Recorder,
    params: GegluParams,
    (gate, up): (&Buffer<f32>, &Buffer<f32>),
    y: &mut Buffer<f32>,
) -> Result<(), Error> {
    geglu::Kernel::<GeluTanh, 256>::dispatch(recorder, params, geglu::Args { gate, up, y })?;
    Ok(())
}
