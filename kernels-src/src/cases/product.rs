//! Products of f32 matrices.

use kernel::dispatch::{Buffer, DispatchError};
use kernel::trial::{Trial, random};

use super::{HIDDEN, Scale, TOKENS, Tried};
use crate::product::{ProductParams, ProductSumParams, product, product_sum};

/// The rank of an adapter.
const RANK: u32 = 16;

/// A result with values beside it that stay as they are.
fn result(trial: &mut Trial, len: u32, add: bool) -> Result<Buffer<f32>, DispatchError> {
    if add { trial.changed("y", &random("y", len as usize, -1.0..1.0)) } else { trial.output("y", len as usize) }
}

impl<const SIDE: u32, const TM: usize, const TN: usize, const A_T: bool, const B_T: bool, const ADD: bool> Tried
    for product::Kernel<SIDE, TM, TN, A_T, B_T, ADD>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        // Small: a tile and a bit both ways; a depth of which two splits and their last steps are not whole.
        let (m, n, k) = match scale {
            Scale::Small => (SIDE * TM as u32 + 1, SIDE * TN as u32 + 3, 37),
            Scale::Typical if TN == 1 => (TOKENS, RANK, HIDDEN),
            Scale::Typical if TM == 1 => (RANK, HIDDEN, TOKENS),
            Scale::Typical => (TOKENS, HIDDEN, RANK),
        };
        let dense = ProductParams::dense::<A_T, B_T>(m, n, k, 0.75);
        let params = match scale {
            Scale::Small => ProductParams {
                splits: if ADD { 1 } else { 2 },
                a_at: 3,
                a_stride: dense.a_stride + 2,
                b_at: 5,
                b_stride: dense.b_stride + 1,
                y_at: 2,
                y_stride: n + 4,
                ..dense
            },
            Scale::Typical => dense,
        };
        let a_rows = if A_T { k } else { m };
        let b_rows = if B_T { k } else { n };
        let a = trial.random("a", (params.a_at + a_rows * params.a_stride) as usize)?;
        let b = trial.random("b", (params.b_at + b_rows * params.b_stride) as usize)?;
        let mut y = result(trial, params.y_at + params.splits * m * params.y_stride, ADD)?;
        Self::dispatch(trial, params, product::Args { a: &a, b: &b, y: &mut y })?;
        Ok(())
    }
}

impl<const W: u32, const ADD: bool> Tried for product_sum::Kernel<W, ADD> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (m, n, splits) = scale.pick((20, 17, 3), (RANK, HIDDEN, 8));
        let (y_at, y_stride) = scale.pick((2, n + 4), (0, n));
        let partials = trial.random("partials", (splits * m * n) as usize)?;
        let mut y = result(trial, y_at + m * y_stride, ADD)?;
        let params = ProductSumParams { m, n, splits, y_at, y_stride };
        Self::dispatch(trial, params, product_sum::Args { partials: &partials, y: &mut y })?;
        Ok(())
    }
}
