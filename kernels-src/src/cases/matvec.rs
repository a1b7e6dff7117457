//! Products with one activation vector: plain, and those that read the residual stream.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::Vec4;
use kernel::trial::{Trial, random};

use super::weights::{Blocks, rows_in_a_part, small_row, tensor};
use super::{FFN, HIDDEN, Scale, Tried, VOCAB};
use crate::activation::Activation;
use crate::matvec::{
    Accumulate, Epilogue, GateUpParams, Identity, MatvecParams, PleGateParams, QkvParams, Softcap, gate_up, matvec,
    ple_gate, qkv,
};
use crate::reduce::Reduce;

const EPS: f32 = 1e-6;

/// What a matvec with this epilogue is for in the model.
pub trait Role: Epilogue {
    /// Rows and weights in a row; the head's rows are as many as fit into a part.
    fn shape(rows_a_workgroup: usize) -> (u32, u32);
}

impl Role for Identity {
    fn shape(rows_a_workgroup: usize) -> (u32, u32) {
        // The down projection has few rows; the per-layer embeddings' projection has many.
        if rows_a_workgroup < 4 { (HIDDEN, FFN) } else { (35 * 256, HIDDEN) }
    }
}

impl Role for Accumulate {
    fn shape(_: usize) -> (u32, u32) {
        (HIDDEN, 8 * 256)
    }
}

impl Role for Softcap {
    fn shape(_: usize) -> (u32, u32) {
        (VOCAB, HIDDEN)
    }
}

fn vector(trial: &mut Trial, name: &str, k: u32) -> Result<Buffer<Vec4<f32>>, DispatchError> {
    Ok(trial.random(name, k as usize)?.cast())
}

impl<Q: Blocks, R: Reduce, E: Role, const ROWS: usize> Tried for matvec::Kernel<Q, R, E, ROWS> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, k) = scale.pick((7, small_row::<Q>(3)), E::shape(ROWS));
        let (rows, y_at) = scale.pick((rows, 3), (rows_in_a_part::<Q>(rows, k), 0));
        let w = tensor::<Q>(trial, "w", rows, k)?;
        let x = vector(trial, "x", k)?;
        let len = (y_at + rows) as usize;
        let mut y =
            if E::ACCUMULATE { trial.changed("y", &random("y", len, -1.0..1.0))? } else { trial.output("y", len)? };
        let params = MatvecParams { rows, k, y_at, cap: 30.0 };
        Self::dispatch(trial, params, matvec::Args { w: &w, x: &x, y: &mut y })?;
        Ok(())
    }
}

impl<QA: Blocks, QB: Blocks, R: Reduce, const ROWS: usize, const ADD: bool> Tried
    for qkv::Kernel<QA, QB, R, ROWS, ADD>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Queries of eight heads and the key, then the value.
        let (rows_a, rows_b) = scale.pick((5, 3), (9 * 256, 256));
        let k = scale.pick(small_row::<QA>(3).max(small_row::<QB>(3)), HIDDEN);
        let (h, o) = (vector(trial, "h", k)?, vector(trial, "o", k)?);
        let (w_post, w_next) = (vector(trial, "w_post", k)?, vector(trial, "w_next", k)?);
        let mut h_out = trial.output("h_out", k as usize / 4)?;
        let (wa, wb) = (tensor::<QA>(trial, "wa", rows_a, k)?, tensor::<QB>(trial, "wb", rows_b, k)?);
        let mut y = trial.output("y", (rows_a + rows_b) as usize)?;
        let params = QkvParams { rows_a, rows_b, k, eps: EPS, scale: 0.75 };
        let args = qkv::Args {
            h: &h,
            o: &o,
            w_post: &w_post,
            w_next: &w_next,
            h_out: &mut h_out,
            wa: &wa,
            wb: &wb,
            y: &mut y,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<Q: Blocks, R: Reduce, A: Activation, const ROWS: usize> Tried for gate_up::Kernel<Q, R, A, ROWS> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, k) = scale.pick((ROWS as u32 + 3, small_row::<Q>(3)), (FFN, HIDDEN));
        let (h, o) = (vector(trial, "h", k)?, vector(trial, "o", k)?);
        let (w_post, w_next) = (vector(trial, "w_post", k)?, vector(trial, "w_next", k)?);
        let mut h_out = trial.output("h_out", k as usize / 4)?;
        let (w_gate, w_up) = (tensor::<Q>(trial, "w_gate", rows, k)?, tensor::<Q>(trial, "w_up", rows, k)?);
        let mut y = trial.output("y", rows as usize)?;
        let params = GateUpParams { rows, k, eps: EPS, scale: 0.75 };
        let args = gate_up::Args {
            h: &h,
            o: &o,
            w_post: &w_post,
            w_next: &w_next,
            h_out: &mut h_out,
            w_gate: &w_gate,
            w_up: &w_up,
            y: &mut y,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<Q: Blocks, R: Reduce, A: Activation, const ROWS: usize> Tried for ple_gate::Kernel<Q, R, A, ROWS> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, k) = scale.pick((ROWS as u32 + 3, small_row::<Q>(3)), (256, HIDDEN));
        // The layer's place among those of the token.
        let (ple_at, layers) = scale.pick((2, 1), (7 * 256, 35));
        let (h, o) = (vector(trial, "h", k)?, vector(trial, "o", k)?);
        let w_post = vector(trial, "w_post", k)?;
        let mut h_out = trial.output("h_out", k as usize / 4)?;
        let w = tensor::<Q>(trial, "w", rows, k)?;
        let ple_in = trial.random("ple_in", (layers * rows).max(ple_at + rows) as usize)?;
        let mut y = trial.output("y", rows as usize)?;
        let params = PleGateParams { rows, k, eps: EPS, scale: 0.75, ple_at };
        let args =
            ple_gate::Args { h: &h, o: &o, w_post: &w_post, h_out: &mut h_out, w: &w, ple_in: &ple_in, y: &mut y };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
