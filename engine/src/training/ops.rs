//! The computations of a pass as dispatches on the buffers they are given: which kernel variant a device, a format and a
//! shape call for. The forward and the backward pass are written with these.

use kernel::dispatch::{Buffer, Recorder};
use kernel::types::Vec2;
use kernels_src::activation::GeluTanh;
use kernels_src::dropout::{DropoutParams, dropout};
use kernels_src::elementwise::{ElementwiseParams, Scale, map};
use kernels_src::geglu::{GegluParams, geglu_backward};
use kernels_src::norm::RmsNormParams;
use kernels_src::product::{ProductArgs, ProductParams, Workgroups, record};
use kernels_src::row_wise::{RmsNorm, RowWiseParams, row_wise_backward};

use super::adapter::Pattern;
use crate::error::Error;
use crate::kernels::{Choices, Family, Lanes, with_reduce};
use crate::model::{Model, Tensor};
use crate::session::ops::Rows;
pub(super) use crate::session::ops::matmul::{Into, Output, Vectors};
use crate::session::ops::matmul::{multiply_transposed, multiply_vectors};
pub(super) use crate::session::ops::pointwise::Addition;
use crate::session::ops::pointwise::{add_rows, gated, norm_rows};

/// Workgroups that fill a large GPU.
const WORKGROUPS: u32 = 512;

/// Values of the room for partial results: what the products of any step's adapters split well with.
pub(super) fn partials(widest: usize, rank: usize) -> usize {
    8 * rank * widest
}

/// Records computations of `rows` rows.
pub(super) struct Ops<'a> {
    pub(super) model: &'a Model,
    pub(super) recorder: &'a mut Recorder,
    pub(super) choices: Choices,
    pub(super) rows: Rows,
}

impl<'a> Ops<'a> {
    pub(super) fn new(model: &'a Model, recorder: &'a mut Recorder, rows: usize) -> Self {
        Self { model, recorder, choices: model.device().choices(), rows: Rows(rows as u32) }
    }

    /// The same on another number of rows.
    pub(super) fn with_rows(&mut self, rows: usize) -> Ops<'_> {
        Ops { model: self.model, recorder: self.recorder, choices: self.choices, rows: Rows(rows as u32) }
    }

    pub(super) fn hidden(&self) -> u32 {
        self.model.config().hidden
    }

    fn eps(&self) -> f32 {
        self.model.config().rms_eps
    }

    fn norm_params(&self) -> RmsNormParams {
        RmsNormParams { rows: self.rows.0, n: self.hidden(), eps: self.eps() }
    }

    /// `y = RMS(x)·w` over the stream's width.
    pub(super) fn norm(&mut self, x: &Buffer<f32>, w: &Buffer<f32>, y: &mut Buffer<f32>) -> Result<(), Error> {
        let params = self.norm_params();
        norm_rows(self.recorder, self.choices, params, (x, w), y)
    }

    /// `h = (h + RMS(o)·w)·scale`, then `x = RMS(h)·w_next` where there is a next norm; `x` is left alone otherwise.
    pub(super) fn add_norm(
        &mut self,
        addition: Addition<'_>,
        h: &mut Buffer<f32>,
        w_next: Option<&Buffer<f32>>,
        x: &mut Buffer<f32>,
    ) -> Result<(), Error> {
        let params = self.norm_params();
        add_rows(self.recorder, self.choices, params, addition, h, w_next, x)
    }

    /// The gradient of `RMS(x)·w` by `x`.
    pub(super) fn norm_backward(
        &mut self,
        x: &Buffer<f32>,
        w: &Buffer<f32>,
        dy: &Buffer<f32>,
        (dx, into): (&mut Buffer<f32>, Into),
        statistics: &mut Buffer<Vec2<f32>>,
    ) -> Result<(), Error> {
        let params = RowWiseParams { rows: self.rows.0, n: self.hidden(), eps: self.eps() };
        let args = row_wise_backward::Args { x, w, dy, dx, statistics };
        with_reduce!(self.choices.lanes(Family::Norms), 256, R => match into {
            Into::Add => { row_wise_backward::Kernel::<RmsNorm, R, true, true>::dispatch(self.recorder, params, args)?; }
            Into::Replace => { row_wise_backward::Kernel::<RmsNorm, R, true, false>::dispatch(self.recorder, params, args)?; }
        });
        Ok(())
    }

    /// `x *= factor`.
    pub(super) fn scale(&mut self, x: &mut Buffer<f32>, factor: f32) -> Result<(), Error> {
        if factor != 1.0 {
            let params = ElementwiseParams { n: self.rows.0 * self.hidden(), factor };
            map::Kernel::<Scale, 256>::dispatch(self.recorder, params, map::Args { x })?;
        }
        Ok(())
    }

    /// `y = W·x`.
    pub(super) fn multiply(
        &mut self,
        tensor: &Tensor,
        x: &Buffer<f32>,
        y: &mut Buffer<f32>,
        output: Output,
    ) -> Result<(), Error> {
        self.multiply_vectors(tensor, &mut Vectors::new(x), y, output)
    }

    /// `y = W·x` with vectors that several tensors are multiplied with.
    pub(super) fn multiply_vectors(
        &mut self,
        tensor: &Tensor,
        x: &mut Vectors<'_>,
        y: &mut Buffer<f32>,
        output: Output,
    ) -> Result<(), Error> {
        multiply_vectors(self.recorder, self.choices.lanes(Family::Products), tensor, x, y, self.rows, output)
    }

    /// `dx = Wᵀ·dy`, or added to it.
    pub(super) fn multiply_transposed(
        &mut self,
        tensor: &Tensor,
        (dy, output): (&Buffer<f32>, Output),
        (dx, into): (&mut Buffer<f32>, Into),
    ) -> Result<(), Error> {
        let lanes = self.choices.lanes(Family::Products);
        multiply_transposed(self.recorder, lanes, tensor, (dy, output), (dx, into), self.rows)
    }

    /// `y = gelu(gate)·up`.
    pub(super) fn geglu(
        &mut self,
        params: GegluParams,
        gate: &Buffer<f32>,
        up: &Buffer<f32>,
        y: &mut Buffer<f32>,
    ) -> Result<(), Error> {
        gated(self.recorder, params, (gate, up), y)
    }

    /// The gradients of [`geglu`](Self::geglu).
    pub(super) fn geglu_backward(
        &mut self,
        params: GegluParams,
        (gate, up, dy): (&Buffer<f32>, &Buffer<f32>, &Buffer<f32>),
        (d_gate, d_up): (&mut Buffer<f32>, &mut Buffer<f32>),
    ) -> Result<(), Error> {
        let args = geglu_backward::Args { gate, up, dy, d_gate, d_up };
        geglu_backward::Kernel::<GeluTanh, 256>::dispatch(self.recorder, params, args)?;
        Ok(())
    }

    /// A layer's share of the per-layer inputs, gated.
    pub(super) fn ple_params(&self, index: usize) -> GegluParams {
        let config = self.model.config();
        let (width, layers) = (config.ple.unwrap_or(0), config.layers.len() as u32);
        GegluParams { up_at: index as u32 * width, up_stride: layers * width, ..GegluParams::dense(self.rows.0, width) }
    }

    /// A product of f32 matrices; the result goes to `(y, at, stride)`.
    pub(super) fn product(
        &mut self,
        product: Product,
        a: Operand<'_>,
        b: Operand<'_>,
        (y, y_at, y_stride): (&mut Buffer<f32>, u32, u32),
        partials: &mut Buffer<f32>,
    ) -> Result<(), Error> {
        let workgroups = match self.choices.lanes(Family::Products) {
            Lanes::Single => Workgroups::Single,
            Lanes::Tree | Lanes::Subgroups => Workgroups::About(WORKGROUPS),
        };
        let Product { m, n, k, scale, into } = product;
        let params = ProductParams {
            m,
            n,
            k,
            scale,
            a_at: a.at,
            a_stride: a.stride,
            b_at: b.at,
            b_stride: b.stride,
            y_at,
            y_stride,
            splits: 1,
        };
        let recorder = &mut *self.recorder;
        let args = ProductArgs { a: a.buffer, b: b.buffer, partials, y };
        match (a.transposed, b.transposed, into) {
            (false, false, Into::Replace) => record::<false, false, false>(recorder, workgroups, params, args)?,
            (false, false, Into::Add) => record::<false, false, true>(recorder, workgroups, params, args)?,
            (false, true, Into::Replace) => record::<false, true, false>(recorder, workgroups, params, args)?,
            (false, true, Into::Add) => record::<false, true, true>(recorder, workgroups, params, args)?,
            (true, false, Into::Replace) => record::<true, false, false>(recorder, workgroups, params, args)?,
            (true, false, Into::Add) => record::<true, false, true>(recorder, workgroups, params, args)?,
            (true, true, Into::Replace) => record::<true, true, false>(recorder, workgroups, params, args)?,
            (true, true, Into::Add) => record::<true, true, true>(recorder, workgroups, params, args)?,
        }
        Ok(())
    }

    /// `y = x` without the values that drop out, or added to it; `n` values.
    pub(super) fn drop_out(
        &mut self,
        pattern: Pattern,
        n: u32,
        x: &Buffer<f32>,
        (y, into): (&mut Buffer<f32>, Into),
    ) -> Result<(), Error> {
        let Pattern { probability, seed, stream } = pattern;
        let params = DropoutParams { n, seed, stream, probability };
        let args = dropout::Args { x, y };
        match into {
            Into::Replace => {
                dropout::Kernel::<256, false>::dispatch(self.recorder, params, args)?;
            }
            Into::Add => {
                dropout::Kernel::<256, true>::dispatch(self.recorder, params, args)?;
            }
        }
        Ok(())
    }

    /// Copies the first rows of `width` values.
    pub(super) fn copy(&mut self, from: &Buffer<f32>, to: &mut Buffer<f32>, width: usize) -> Result<(), Error> {
        Ok(self.recorder.copy(from, 0, to, 0, self.rows.0 as usize * width)?)
    }
}

/// One operand of a [`Product`], `[m or n, k]`, or where `transposed` stored as `[k, m or n]`.
#[derive(Clone, Copy)]
pub(super) struct Operand<'b> {
    pub(super) buffer: &'b Buffer<f32>,
    /// Its first value.
    pub(super) at: u32,
    /// Values from one stored row to the next.
    pub(super) stride: u32,
    pub(super) transposed: bool,
}

impl<'b> Operand<'b> {
    /// Rows of `stride` values from the buffer's start on.
    pub(super) fn dense(buffer: &'b Buffer<f32>, stride: u32) -> Self {
        Self { buffer, at: 0, stride, transposed: false }
    }

    pub(super) fn transposed(self) -> Self {
        Self { transposed: !self.transposed, ..self }
    }
}

/// `y[i, j] = scale·Σ_l a[i, l]·b[j, l]`, or added to what `y` holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product {
    pub(super) m: u32,
    pub(super) n: u32,
    pub(super) k: u32,
    pub(super) scale: f32,
    pub(super) into: Into,
}
