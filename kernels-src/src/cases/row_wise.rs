//! Row-wise functions and their gradients.

use kernel::dispatch::DispatchError;
use kernel::trial::{Trial, random};
use kernel::types::Vec2;

use super::{HIDDEN, Scale, TOKENS, Tried};
use crate::reduce::Reduce;
use crate::row_wise::{RowWise, RowWiseParams, row_wise, row_wise_backward, row_wise_weight_backward};

fn shape(scale: Scale) -> (RowWiseParams, usize) {
    let (rows, n) = scale.pick((2, 300), (TOKENS, HIDDEN));
    (RowWiseParams { rows, n, eps: 1e-6 }, (rows * n) as usize)
}

impl<F: RowWise, R: Reduce, const WEIGHTED: bool> Tried for row_wise::Kernel<F, R, WEIGHTED> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (params, len) = shape(scale);
        let (x, w) = (trial.random("x", len)?, trial.random("w", params.n as usize)?);
        let mut y = trial.output("y", len)?;
        Self::dispatch(trial, params, row_wise::Args { x: &x, w: &w, y: &mut y })?;
        Ok(())
    }
}

impl<F: RowWise, R: Reduce, const WEIGHTED: bool, const ADD: bool> Tried
    for row_wise_backward::Kernel<F, R, WEIGHTED, ADD>
{
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (params, len) = shape(scale);
        let (x, w, dy) = (trial.random("x", len)?, trial.random("w", params.n as usize)?, trial.random("dy", len)?);
        let mut dx = if ADD { trial.changed("dx", &random("dx", len, -1.0..1.0))? } else { trial.output("dx", len)? };
        let mut statistics = trial.output("statistics", params.rows as usize)?;
        let args = row_wise_backward::Args { x: &x, w: &w, dy: &dy, dx: &mut dx, statistics: &mut statistics };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}

impl<F: RowWise, const W: u32> Tried for row_wise_weight_backward::Kernel<F, W> {
    fn describe(trial: &mut Trial, scale: Scale) -> Result<(), DispatchError> {
        let (params, len) = shape(scale);
        let (x, w, dy) = (trial.random("x", len)?, trial.random("w", params.n as usize)?, trial.random("dy", len)?);
        let of_rows: Vec<Vec2<f32>> = random("statistics", params.rows as usize, 0.5..2.0)
            .into_iter()
            .map(|scale| Vec2::new(0.0, scale))
            .collect();
        let statistics = trial.input("statistics", &of_rows)?;
        let mut dw = trial.output("dw", params.n as usize)?;
        let args = row_wise_weight_backward::Args { x: &x, w: &w, dy: &dy, statistics: &statistics, dw: &mut dw };
        Self::dispatch(trial, params, args)?;
        Ok(())
    }
}
