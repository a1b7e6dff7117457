//! Elementwise maps and gated activations.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::trial::{Trial, random};

use super::{FFN, HIDDEN, Scale, TOKENS, Tried};
use crate::activation::Activation;
use crate::elementwise::{ElementwiseParams, Map, Zip, map, map_backward, zip};
use crate::geglu::{GegluParams, geglu, geglu_backward};

fn elementwise(scale: Scale) -> ElementwiseParams {
    ElementwiseParams { n: scale.pick(300, TOKENS * HIDDEN), factor: 0.75 }
}

impl<M: Map, const W: u32> Tried for map::Kernel<M, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = elementwise(scale);
        let mut x = trial.changed("x", &random("x", params.n as usize, -1.0..1.0))?;
        Self::dispatch(trial, params, map::Args { x: &mut x })?;
        Ok(())
    }
}

impl<M: Map, const W: u32> Tried for map_backward::Kernel<M, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = elementwise(scale);
        let x = trial.random("x", params.n as usize)?;
        let mut d = trial.changed("d", &random("d", params.n as usize, -1.0..1.0))?;
        Self::dispatch(trial, params, map_backward::Args { x: &x, d: &mut d })?;
        Ok(())
    }
}

impl<Z: Zip, const W: u32> Tried for zip::Kernel<Z, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let params = elementwise(scale);
        let other = trial.random("other", params.n as usize)?;
        let mut x = trial.changed("x", &random("x", params.n as usize, -1.0..1.0))?;
        Self::dispatch(trial, params, zip::Args { other: &other, x: &mut x })?;
        Ok(())
    }
}

/// Small: gate and up are slices of the same rows.
fn gated(trial: &mut Trial, scale: Scale) -> Result<(GegluParams, Buffer<f32>, Buffer<f32>), DispatchError> {
    match scale {
        Scale::Small => {
            let (rows, n) = (7, 50);
            let stride = 2 * n + 3;
            let params = GegluParams { rows, n, gate_at: 2, gate_stride: stride, up_at: n + 3, up_stride: stride };
            let both = trial.random("gate_up", (rows * stride) as usize)?;
            Ok((params, both.view(), both))
        }
        Scale::Typical => {
            let params = GegluParams::dense(TOKENS, FFN);
            let len = (TOKENS * FFN) as usize;
            Ok((params, trial.random("gate", len)?, trial.random("up", len)?))
        }
    }
}

impl<A: Activation, const W: u32> Tried for geglu::Kernel<A, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (params, gate, up) = gated(trial, scale)?;
        let mut y = trial.output("y", (params.rows * params.n) as usize)?;
        Self::dispatch(trial, params, geglu::Args { gate: &gate, up: &up, y: &mut y })?;
        Ok(())
    }
}

impl<A: Activation, const W: u32> Tried for geglu_backward::Kernel<A, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (params, gate, up) = gated(trial, scale)?;
        let len = (params.rows * params.n) as usize;
        let dy = trial.random("dy", len)?;
        let (mut d_gate, mut d_up) = (trial.output("d_gate", len)?, trial.output("d_up", len)?);
        let args = geglu_backward::Args { gate: &gate, up: &up, dy: &dy, d_gate: &mut d_gate, d_up: &mut d_up };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
