//! Activations times a tensor, whatever its format and however many parts it lies in.

use kernel::dispatch::{Buffer, Recorder};
use kernel::types::Vec4;
use kernels_src::gemm::{GemmParams, gemm};
use kernels_src::matvec::{Identity, MatvecParams, matvec};

use super::Rows;
use crate::error::Error;
use crate::kernels::{Lanes, with_reduce};
use crate::model::{Tensor, with_quant};

/// Rows of a tensor that a workgroup of a matvec computes.
pub(super) const ROWS: usize = 4;

/// Up to so many rows a GPU's workgroups take two each.
const FEW_ROWS: u32 = 4096;

/// Where outputs go in a row of the result.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output {
    /// Values from one row to the next.
    pub(super) stride: u32,
    /// Where the tensor's first output lies.
    pub(super) at: u32,
}

impl Output {
    /// A result that holds this tensor's outputs alone.
    pub(super) fn dense(tensor: &Tensor) -> Self {
        Self { stride: tensor.rows, at: 0 }
    }
}

/// `y[t, at + j] = Σ_i x[t, i] · w[j, i]` for `rows` activation vectors.
pub(super) fn multiply(
    recorder: &mut Recorder,
    lanes: Lanes,
    tensor: &Tensor,
    x: &Buffer<f32>,
    y: &mut Buffer<f32>,
    rows: Rows,
    output: Output,
) -> Result<(), Error> {
    let x = x.view::<Vec4<f32>>();
    for part in &tensor.parts {
        let at = output.at + part.first_row;
        if rows == Rows(1) {
            let params = MatvecParams { rows: part.rows, k: tensor.k, y_at: at, cap: 0.0 };
            let args = matvec::Args { w: &part.buffer, x: &x, y };
            // Few rows fill a GPU only when each workgroup takes fewer of them.
            with_quant!(tensor.ty, Q => with_reduce!(lanes, 64, R => match part.rows <= FEW_ROWS && lanes != Lanes::Single {
                true => { matvec::Kernel::<Q, R, Identity, 2>::dispatch(recorder, params, args)?; }
                false => { matvec::Kernel::<Q, R, Identity, ROWS>::dispatch(recorder, params, args)?; }
            }));
            continue;
        }
        let params = GemmParams { n: rows.0, rows: part.rows, k: tensor.k, y_stride: output.stride, y_at: at };
        let args = gemm::Args { x: &x, w: &part.buffer, y };
        with_quant!(tensor.ty, Q => match lanes {
            Lanes::Single => { gemm::Kernel::<Q, 1, 8, 4>::dispatch(recorder, params, args)?; }
            _ => { gemm::Kernel::<Q, 16, 4, 4>::dispatch(recorder, params, args)?; }
        });
    }
    Ok(())
}
