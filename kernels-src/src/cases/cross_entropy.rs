//! The loss and its gradient, dropout, and the way back through rotation and head norms.

use kernel::dispatch::DispatchError;
use kernel::prelude::Vec2;
use kernel::trial::{Trial, random, random_words};

use super::attention::table;
use super::{HIDDEN, Scale, TOKENS, Tried};
use crate::cross_entropy::{
    CrossEntropyParams, CrossEntropyPieceParams, ScaleRowsParams, cross_entropy, cross_entropy_backward,
    cross_entropy_piece, scale_rows,
};
use crate::dropout::{DropoutParams, dropout};
use crate::elementwise::Map;
use crate::reduce::Reduce;
use crate::rope::QkNormRopeParams;
use crate::rope_backward::qk_norm_rope_backward;

/// Logits of a piece of the vocabulary.
const PIECE: u32 = 8192;

/// (Greatest logit, sum of exponentials) of some rows.
fn running(rows: u32) -> Vec<Vec2<f32>> {
    random("running", rows as usize, 0.5..2.0).into_iter().map(|value| Vec2::new(value, 3.0 * value)).collect()
}

impl<M: Map, R: Reduce, const GRADIENT: bool> Tried for cross_entropy_piece::Kernel<M, R, GRADIENT> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, n) = scale.pick((3, 300), (TOKENS, PIECE));
        // Small: not the first piece, and one row's target is not in it.
        let first = scale.pick(10, 0);
        let targets: Vec<u32> = match scale {
            Scale::Small => vec![10, 5, 309],
            Scale::Typical => random_words("targets", rows as usize).into_iter().map(|word| word % n).collect(),
        };
        let targets = trial.input("targets", &targets)?;
        let mut logits = trial.changed("logits", &random("logits", (rows * n) as usize, -2.0..2.0))?;
        let mut running = trial.changed("running", &running(rows))?;
        let mut faded = trial.output("faded", rows as usize)?;
        let products = random("target_products", rows as usize, -2.0..2.0);
        let mut target_products = trial.changed("target_products", &products)?;
        let args = cross_entropy_piece::Args {
            targets: &targets,
            logits: &mut logits,
            running: &mut running,
            faded: &mut faded,
            target_products: &mut target_products,
        };
        Self::dispatch(trial, CrossEntropyPieceParams { rows, n, first, factor: 1.5 }, args)?;
        Ok(())
    }
}

impl<M: Map, const W: u32> Tried for cross_entropy::Kernel<M, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let rows = scale.pick(W + 1, TOKENS);
        let running = trial.input("running", &running(rows))?;
        let target_products = trial.random("target_products", rows as usize)?;
        let weights = trial.random("weights", rows as usize)?;
        let mut losses = trial.output("losses", rows as usize)?;
        let args = cross_entropy::Args {
            running: &running,
            target_products: &target_products,
            weights: &weights,
            losses: &mut losses,
        };
        Self::dispatch(trial, CrossEntropyParams { rows, n: HIDDEN, factor: 1.5 }, args)?;
        Ok(())
    }
}

impl<M: Map, const W: u32> Tried for cross_entropy_backward::Kernel<M, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, n) = scale.pick((3, 130), (TOKENS, HIDDEN));
        let len = (rows * n) as usize;
        let running = trial.input("running", &running(rows))?;
        let target_products = trial.random("target_products", rows as usize)?;
        let weights = trial.random("weights", rows as usize)?;
        let (sums, target_rows) = (trial.random("sums", len)?, trial.random("target_rows", len)?);
        let mut dx = trial.output("dx", len)?;
        let args = cross_entropy_backward::Args {
            running: &running,
            target_products: &target_products,
            weights: &weights,
            sums: &sums,
            target_rows: &target_rows,
            dx: &mut dx,
        };
        Self::dispatch(trial, CrossEntropyParams { rows, n, factor: 1.5 }, args)?;
        Ok(())
    }
}

impl<const W: u32> Tried for scale_rows::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, n) = scale.pick((3, 130), (TOKENS, HIDDEN));
        let factors = trial.random("factors", rows as usize)?;
        let mut x = trial.changed("x", &random("x", (rows * n) as usize, -1.0..1.0))?;
        Self::dispatch(trial, ScaleRowsParams { rows, n }, scale_rows::Args { factors: &factors, x: &mut x })?;
        Ok(())
    }
}

impl<const W: u32, const ADD: bool> Tried for dropout::Kernel<W, ADD> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let n = scale.pick(W + 1, TOKENS * HIDDEN);
        let x = trial.random("x", n as usize)?;
        let mut y = match ADD {
            true => trial.changed("y", &random("y", n as usize, -1.0..1.0))?,
            false => trial.output("y", n as usize)?,
        };
        let params = DropoutParams { n, seed: 7, stream: 5, probability: 0.25 };
        Self::dispatch(trial, params, dropout::Args { x: &x, y: &mut y })?;
        Ok(())
    }
}

impl<R: Reduce, const HD: u32> Tried for qk_norm_rope_backward::Kernel<R, HD> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (rows, heads, kv_heads) = scale.pick((3, 2, 1), (TOKENS, 8, 1));
        let (table, pairs) = table(trial, HD, rows)?;
        let stride = (heads + 2 * kv_heads) * HD;
        let qkv = trial.random("qkv", (rows * stride) as usize)?;
        let (q_norm, k_norm) = (trial.random("q_norm", HD as usize)?, trial.random("k_norm", HD as usize)?);
        let dq = trial.random("dq", (rows * heads * HD) as usize)?;
        let (dk, dv) = (
            trial.random("dk", (rows * kv_heads * HD) as usize)?,
            trial.random("dv", (rows * kv_heads * HD) as usize)?,
        );
        let mut d_qkv = trial.output("d_qkv", (rows * stride) as usize)?;
        let params = QkNormRopeParams {
            rows,
            heads,
            kv_heads,
            pairs,
            ring: rows,
            stride,
            k_at: heads * HD,
            v_at: (heads + kv_heads) * HD,
            eps: 1e-6,
        };
        let args = qk_norm_rope_backward::Args {
            qkv: &qkv,
            q_norm: &q_norm,
            k_norm: &k_norm,
            table: &table,
            dq: &dq,
            dk: &dk,
            dv: &dv,
            d_qkv: &mut d_qkv,
        };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
