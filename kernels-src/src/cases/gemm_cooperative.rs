//! Products on matrix units, and the halves that they start from.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::trial::{Trial, random};
use kernel::types::{Vec4, f16};

use super::weights::{Blocks, tensor};
use super::{FFN, HIDDEN, Scale, TOKENS, Tried};
use crate::gemm_cooperative::{DEPTH, GemmCooperativeParams, HalveParams, gemm_cooperative, halve_rows};
use crate::reduce::Reduce;

/// Random halves, and each row's scale.
fn vectors(trial: &mut Trial, n: u32, width: u32) -> Result<(Buffer<Vec4<f16>>, Buffer<f32>), DispatchError> {
    let values: Vec<f16> = random("x", (n * width) as usize, -1.0..1.0).into_iter().map(f16::from_f32).collect();
    let scales: Vec<f32> = (0..n).map(|t| [0.5, 1.0, 2.0][t as usize % 3]).collect();
    Ok((trial.input("x", &values)?.cast(), trial.input("scales", &scales)?))
}

impl<R: Reduce> Tried for halve_rows::Kernel<R> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (n, k) = scale.pick((3, 301), (TOKENS, HIDDEN));
        let (x_stride, x_at) = scale.pick((k + 5, 2), (k, 0));
        let y_stride = k.next_multiple_of(DEPTH);
        let x = trial.random("x", (n * x_stride) as usize)?;
        let mut y = trial.output::<f16>("y", (n * y_stride) as usize)?.cast();
        let mut scales = trial.output("scales", n as usize)?;
        let params = HalveParams { n, k, x_stride, x_at, y_stride };
        Self::dispatch(trial, params, halve_rows::Args { x: &x, y: &mut y, scales: &mut scales })?;
        Ok(())
    }
}

impl<
    Q: Blocks,
    const TRANSPOSED: bool,
    const ROWS: u32,
    const COLUMNS: u32,
    const TM: usize,
    const TN: usize,
    const LX: usize,
    const LW: usize,
> Tried for gemm_cooperative::Kernel<Q, TRANSPOSED, ROWS, COLUMNS, TM, TN, LX, LW>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: less than a tile, and terms that end within a step. The wide direction is a block or so.
        let block = Q::BLOCK.max(32);
        let (n, rows) = scale.pick((18, 37), (TOKENS, FFN));
        let k = scale.pick(if TRANSPOSED { block } else { block.max(64) }, HIDDEN);
        let first_row = scale.pick(1, 0);
        let (terms, outputs) = if TRANSPOSED { (rows.next_multiple_of(DEPTH), k) } else { (k, rows) };
        let (y_stride, y_at) = scale.pick((outputs + 5, 2), (outputs, 0));
        let (x, scales) = vectors(trial, n, terms)?;
        let w = tensor::<Q>(trial, "w", first_row + rows, k)?;
        // Small: the terms in two parts.
        let splits = scale.pick(2, 1);
        let mut y = trial.changed("y", &random("y", (splits * n * y_stride) as usize, -1.0..1.0))?;
        let accumulate = u32::from(TRANSPOSED);
        let params = GemmCooperativeParams { n, first_row, rows, k, y_stride, y_at, accumulate, splits };
        Self::dispatch(trial, params, gemm_cooperative::Args { x: &x, scales: &scales, w: &w, y: &mut y })?;
        Ok(())
    }
}
