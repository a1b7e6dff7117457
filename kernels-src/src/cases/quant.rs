//! What reads weights for many rows: dequantising, embedding, GEMM, and products with the transpose; and rows gathered.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::prelude::Vec4;
use kernel::trial::{Trial, random, random_words};

use super::weights::{Blocks, rows_in_a_part, small_row, tensor};
use super::{FFN, HIDDEN, Scale, TOKENS, Tried, VOCAB};
use crate::embedding::{EmbedParams, GatherRowsParams, embed, gather_rows};
use crate::gemm::{GemmParams, gemm};
use crate::quant::{DequantiseParams, dequantise};
use crate::transposed::{
    GemmTransposedParams, SumPartialsParams, TransposedParams, gemm_transposed, matvec_transposed, sum_partials,
};

impl<Q: Blocks, const W: u32> Tried for dequantise::Kernel<Q, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let n = scale.pick(small_row::<Q>(3), FFN * HIDDEN);
        let w = tensor::<Q>(trial, "w", 1, n)?;
        let mut out = trial.output("out", n as usize / 4)?;
        Self::dispatch(trial, DequantiseParams { n }, dequantise::Args { w: &w, out: &mut out })?;
        Ok(())
    }
}

impl<Q: Blocks, const W: u32> Tried for embed::Kernel<Q, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, k) = scale.pick((4, small_row::<Q>(3)), (TOKENS, HIDDEN));
        let rows = scale.pick(4, rows_in_a_part::<Q>(VOCAB, k));
        // Small: the part starts at row 5, and one token on each side of it is another part's.
        let (first_row, ids_at) = scale.pick((5, 1), (0, 0));
        let ids = match scale {
            Scale::Small => vec![u32::MAX, 8, 4, 9, 5],
            Scale::Typical => random_words("ids", n as usize).into_iter().map(|word| word % rows).collect(),
        };
        let ids = trial.input("ids", &ids)?;
        let w = tensor::<Q>(trial, "w", rows, k)?;
        let mut out = trial.output("out", (n * k / 4) as usize)?;
        let params = EmbedParams { n, k, scale: (HIDDEN as f32).sqrt(), first_row, rows, ids_at };
        Self::dispatch(trial, params, embed::Args { ids: &ids, w: &w, out: &mut out })?;
        Ok(())
    }
}

impl<const W: u32> Tried for gather_rows::Kernel<W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, k, rows) = scale.pick((4, 4 * W + 12, 3), (TOKENS, HIDDEN, TOKENS));
        // Small: a row twice, and one that the table does not have.
        let ids = match scale {
            Scale::Small => vec![2, 0, u32::MAX, 2],
            Scale::Typical => random_words("ids", n as usize).into_iter().map(|word| word % rows).collect(),
        };
        let ids = trial.input("ids", &ids)?;
        let table: Buffer<Vec4<f32>> = trial.random("table", (rows * k) as usize)?.cast();
        let mut out = trial.output("out", (n * k / 4) as usize)?;
        let params = GatherRowsParams { n, k, rows };
        Self::dispatch(trial, params, gather_rows::Args { ids: &ids, table: &table, out: &mut out })?;
        Ok(())
    }
}

impl<Q: Blocks, const SIDE: u32, const TM: usize, const TN: usize> Tried for gemm::Kernel<Q, SIDE, TM, TN> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: a tile and a bit both ways.
        let (n, rows) = scale.pick((SIDE * TM as u32 + 1, SIDE * TN as u32 + 3), (TOKENS, FFN));
        let k = scale.pick(if Q::BLOCK > 64 { Q::BLOCK } else { 64 }, HIDDEN);
        let (y_stride, y_at) = scale.pick((rows + 5, 2), (rows, 0));
        let first_row = scale.pick(3, 0);
        let x: Buffer<Vec4<f32>> = trial.random("x", (n * k) as usize)?.cast();
        let w = tensor::<Q>(trial, "w", first_row + rows, k)?;
        let mut y = trial.output("y", (n * y_stride) as usize)?;
        let params = GemmParams { n, first_row, rows, k, y_stride, y_at };
        Self::dispatch(trial, params, gemm::Args { x: &x, w: &w, y: &mut y })?;
        Ok(())
    }
}

impl<Q: Blocks, const W: u32, const CHUNKS: usize, const COUNT: usize> Tried
    for matvec_transposed::Kernel<Q, W, CHUNKS, COUNT>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let tokens = COUNT as u32;
        let n = scale.pick(tokens + 1, if tokens == 1 { 1 } else { TOKENS });
        // Small: more columns than a workgroup has.
        let k = scale.pick((8 * W * CHUNKS as u32 + 1).next_multiple_of(Q::BLOCK.max(32)), HIDDEN);
        let (first_row, rows) = scale.pick((1, 5), (0, FFN));
        let splits = scale.pick(2, TransposedParams::splits_for(n, rows, k, W, tokens, 1024));
        let (dy_stride, dy_at) = scale.pick((rows + 3, 2), (rows, 0));
        let dy = trial.random("dy", (n * dy_stride) as usize)?;
        let w = tensor::<Q>(trial, "w", first_row + rows, k)?;
        let mut partials = trial.output("partials", (splits * n * k / 4) as usize)?;
        let params = TransposedParams { n, first_row, rows, k, splits, dy_stride, dy_at };
        Self::dispatch(trial, params, matvec_transposed::Args { dy: &dy, w: &w, partials: &mut partials })?;
        Ok(())
    }
}

impl<Q: Blocks, const SIDE: u32, const TM: usize, const TN: usize, const ACCUMULATE: bool> Tried
    for gemm_transposed::Kernel<Q, SIDE, TM, TN, ACCUMULATE>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: a tile and a bit both ways, and a step and a bit of rows.
        let n = scale.pick(SIDE * TM as u32 + 1, TOKENS);
        let k = scale.pick((4 * SIDE * TN as u32 + 1).next_multiple_of(Q::BLOCK.max(32)), HIDDEN);
        let (first_row, rows) = scale.pick((1, 35), (0, FFN));
        let (dy_stride, dy_at) = scale.pick((rows + 3, 2), (rows, 0));
        let dy = trial.random("dy", (n * dy_stride) as usize)?;
        let w = tensor::<Q>(trial, "w", first_row + rows, k)?;
        let len = (n * k) as usize;
        let dx =
            if ACCUMULATE { trial.changed("dx", &random("dx", len, -1.0..1.0))? } else { trial.output("dx", len)? };
        let params = GemmTransposedParams { n, first_row, rows, k, dy_stride, dy_at };
        Self::dispatch(trial, params, gemm_transposed::Args { dy: &dy, w: &w, dx: &mut dx.cast() })?;
        Ok(())
    }
}

impl<const W: u32, const ACCUMULATE: bool> Tried for sum_partials::Kernel<W, ACCUMULATE> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, splits) = scale.pick((300, 3), (TOKENS * HIDDEN, 4));
        let partials = trial.random("partials", (n * splits) as usize)?.cast();
        let y = if ACCUMULATE {
            trial.changed("y", &random("y", n as usize, -1.0..1.0))?
        } else {
            trial.output("y", n as usize)?
        };
        let params = SumPartialsParams { n, splits, scale: 0.75 };
        Self::dispatch(trial, params, sum_partials::Args { partials: &partials, y: &mut y.cast() })?;
        Ok(())
    }
}
