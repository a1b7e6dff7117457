//! Activations times a tensor, whatever its format and however many parts it lies in.

use kernel::dispatch::{Buffer, Recorder};
use kernel::types::{Vec4, f16};
use kernels_src::gemm::{GemmParams, gemm};
use kernels_src::gemm_cooperative::{DEPTH, GemmCooperativeParams, HalveParams, gemm_cooperative, halve_rows};
use kernels_src::matvec::{Identity, MatvecParams, matvec};
use kernels_src::product::{ProductSumParams, product_sum};
use kernels_src::transposed::{GemmTransposedParams, gemm_transposed};

use super::Rows;
use crate::error::Error;
use crate::kernels::{Lanes, LargeTiles, SmallTiles, SmallTransposedTiles, with_reduce};
use crate::model::{Halves, Part, Tensor, with_quant};

/// Rows of a tensor that a workgroup of a matvec computes.
pub(super) const ROWS: usize = 4;

/// Up to so many rows a GPU's workgroups take two each.
const FEW_ROWS: u32 = 4096;

/// From so many vectors on they go to matrix units.
const MATRIX_ROWS: u32 = 16;

/// Vectors, and outputs, of a large tile.
const TILE: u32 = 128;

/// Up to so many large tiles a result is computed in small ones, so that more of a GPU takes part.
const FEW_TILES: u32 = 128;

/// Large tiles that a large GPU computes at once.
const AT_ONCE: u32 = 264;

/// Terms of a part of a split sum at least, and parts at most.
const LEAST_TERMS: u32 = 2048;
const MOST_PARTS: u32 = 6;

/// Where outputs go in a row of the result.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Values from one row to the next.
    pub(crate) stride: u32,
    /// Where the tensor's first output lies.
    pub(crate) at: u32,
}

impl Output {
    /// A result that holds this tensor's outputs alone.
    pub(crate) fn dense(tensor: &Tensor) -> Self {
        Self { stride: tensor.rows, at: 0 }
    }
}

/// Activation vectors that products start from, one right after the other: on matrix units their halves are made once.
pub(crate) struct Vectors<'x> {
    x: &'x Buffer<f32>,
    /// The halves and each row's scale, once they are there.
    halves: Option<(Buffer<Vec4<f16>>, Buffer<f32>)>,
}

impl<'x> Vectors<'x> {
    pub(crate) fn new(x: &'x Buffer<f32>) -> Self {
        Self { x, halves: None }
    }
}

/// `y[t, at + j] = Σ_i x[t, i] · w[j, i]` for `rows` activation vectors.
pub(crate) fn multiply(
    recorder: &mut Recorder,
    lanes: Lanes,
    tensor: &Tensor,
    x: &Buffer<f32>,
    y: &mut Buffer<f32>,
    rows: Rows,
    output: Output,
) -> Result<(), Error> {
    multiply_vectors(recorder, lanes, tensor, &mut Vectors::new(x), y, rows, output)
}

/// [`multiply`] with vectors that several tensors are multiplied with.
pub(crate) fn multiply_vectors(
    recorder: &mut Recorder,
    lanes: Lanes,
    tensor: &Tensor,
    x: &mut Vectors<'_>,
    y: &mut Buffer<f32>,
    rows: Rows,
    output: Output,
) -> Result<(), Error> {
    for part in &tensor.parts {
        let at = output.at + part.first_row;
        if rows == Rows(1) {
            let x = x.x.view::<Vec4<f32>>();
            let params = MatvecParams { rows: part.rows, k: tensor.k, y_at: at, cap: 0.0 };
            let args = matvec::Args { w: &part.buffer, x: &x, y };
            // Few rows fill a GPU only when each workgroup takes fewer of them.
            with_quant!(tensor.ty, Q => with_reduce!(lanes, 64, R => match part.rows <= FEW_ROWS && lanes != Lanes::Single {
                true => { matvec::Kernel::<Q, R, Identity, 2>::dispatch(recorder, params, args)?; }
                false => { matvec::Kernel::<Q, R, Identity, ROWS>::dispatch(recorder, params, args)?; }
            }));
            continue;
        }
        multiply_piece(recorder, lanes, Piece::whole(tensor, part), &mut *x, y, rows, Output { at, ..output })?;
    }
    Ok(())
}

/// Consecutive rows of one part of a tensor.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'t> {
    pub(crate) tensor: &'t Tensor,
    pub(crate) part: &'t Part,
    /// The first of them in the part.
    pub(crate) first_row: u32,
    pub(crate) rows: u32,
}

impl<'t> Piece<'t> {
    /// All rows of a part.
    pub(crate) fn whole(tensor: &'t Tensor, part: &'t Part) -> Self {
        Self { tensor, part, first_row: 0, rows: part.rows }
    }

    /// A tensor in pieces of at most `rows` rows, in order.
    pub(crate) fn of(tensor: &'t Tensor, rows: u32) -> impl Iterator<Item = Self> {
        tensor.parts.iter().flat_map(move |part| {
            (0..part.rows).step_by(rows as usize).map(move |first_row| Self {
                tensor,
                part,
                first_row,
                rows: rows.min(part.rows - first_row),
            })
        })
    }

    /// Its first row among all of the tensor's.
    pub(crate) fn row(&self) -> u32 {
        self.part.first_row + self.first_row
    }
}

/// `y[t, at + j] = Σ_i x[t, i] · w[j, i]` for the rows `j` of a piece; on matrix units where the tensor's products go there
/// and vectors are many.
pub(crate) fn multiply_piece(
    recorder: &mut Recorder,
    lanes: Lanes,
    piece: Piece<'_>,
    x: &mut Vectors<'_>,
    y: &mut Buffer<f32>,
    rows: Rows,
    output: Output,
) -> Result<(), Error> {
    if let Some(halves) = piece.tensor.halves.as_deref().filter(|_| rows.0 >= MATRIX_ROWS) {
        return multiply_halves(recorder, lanes, halves, piece, x, y, rows, output);
    }
    let Piece { tensor, part, first_row, rows: outputs } = piece;
    let params =
        GemmParams { n: rows.0, first_row, rows: outputs, k: tensor.k, y_stride: output.stride, y_at: output.at };
    let x = x.x.view::<Vec4<f32>>();
    let args = gemm::Args { x: &x, w: &part.buffer, y };
    // A CPU's tile is wide: what it stages of the vectors then serves many outputs.
    with_quant!(tensor.ty, Q => match lanes {
        Lanes::Single => { gemm::Kernel::<Q, 1, 8, 16>::dispatch(recorder, params, args)?; }
        _ => { gemm::Kernel::<Q, 16, 4, 4>::dispatch(recorder, params, args)?; }
    });
    Ok(())
}

/// What becomes of a result: it replaces what a buffer holds, or is added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Into {
    Replace,
    Add,
}

/// `dx[t, i] = Σ_j dy[t, at + j] · w[j, i]` for `rows` gradient vectors: from a projection's outputs to its inputs.
pub(crate) fn multiply_transposed(
    recorder: &mut Recorder,
    lanes: Lanes,
    tensor: &Tensor,
    (dy, output): (&Buffer<f32>, Output),
    (dx, into): (&mut Buffer<f32>, Into),
    rows: Rows,
) -> Result<(), Error> {
    let mut into = into;
    for part in &tensor.parts {
        let output = Output { at: output.at + part.first_row, ..output };
        let piece = Piece::whole(tensor, part);
        multiply_piece_transposed(recorder, lanes, piece, (dy, output), (&mut *dx, into), rows)?;
        into = Into::Add;
    }
    Ok(())
}

/// [`multiply_transposed`] with the rows of a piece.
pub(crate) fn multiply_piece_transposed(
    recorder: &mut Recorder,
    lanes: Lanes,
    piece: Piece<'_>,
    (dy, output): (&Buffer<f32>, Output),
    (dx, into): (&mut Buffer<f32>, Into),
    rows: Rows,
) -> Result<(), Error> {
    if let Some(halves) = piece.tensor.halves.as_deref().filter(|_| rows.0 >= MATRIX_ROWS) {
        return multiply_halves_transposed(recorder, lanes, halves, piece, (dy, output), (dx, into), rows);
    }
    let Piece { tensor, part, first_row, rows: outputs } = piece;
    let params = GemmTransposedParams {
        n: rows.0,
        first_row,
        rows: outputs,
        k: tensor.k,
        dy_stride: output.stride,
        dy_at: output.at,
    };
    let mut dx = dx.view::<Vec4<f32>>();
    let args = gemm_transposed::Args { dy, w: &part.buffer, dx: &mut dx };
    with_quant!(tensor.ty, Q => match (lanes, into) {
        (Lanes::Single, Into::Replace) => { gemm_transposed::Kernel::<Q, 1, 8, 16, false>::dispatch(recorder, params, args)?; }
        (Lanes::Single, Into::Add) => { gemm_transposed::Kernel::<Q, 1, 8, 16, true>::dispatch(recorder, params, args)?; }
        (_, Into::Replace) => { gemm_transposed::Kernel::<Q, 16, 4, 1, false>::dispatch(recorder, params, args)?; }
        (_, Into::Add) => { gemm_transposed::Kernel::<Q, 16, 4, 1, true>::dispatch(recorder, params, args)?; }
    });
    Ok(())
}

/// The rows of `x` in f16, scaled into its range: what a product on matrix units starts from.
fn halve(
    recorder: &mut Recorder,
    lanes: Lanes,
    halves: &Halves,
    x: &Buffer<f32>,
    params: HalveParams,
) -> Result<(Buffer<Vec4<f16>>, Buffer<f32>), Error> {
    let (mut values, mut scales) = halves.room(params.n, params.y_stride)?;
    let args = halve_rows::Args { x, y: &mut values, scales: &mut scales };
    with_reduce!(lanes, 256, R => { halve_rows::Kernel::<R>::dispatch(recorder, params, args)?; });
    Ok((values, scales))
}

/// Parts into which a long sum's terms are split, so that large tiles of a result that has few of them fill a GPU; 1 where
/// that is not worth the parts' sum.
fn splits_for(n: u32, outputs: u32, terms: u32) -> u32 {
    let tiles = n.div_ceil(TILE) * outputs.div_ceil(TILE);
    let most = (terms / LEAST_TERMS).clamp(1, MOST_PARTS);
    // The share of the GPU that is busy, in thousandths, while whole rounds of workgroups come and go.
    let busy = |splits: u32| 1000 * tiles * splits / ((tiles * splits).div_ceil(AT_ONCE) * AT_ONCE);
    (1..=most).rev().max_by_key(|splits| busy(*splits)).unwrap_or(1)
}

/// What products on matrix units take beside their operands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct MatrixScratch {
    /// Vectors, and halves in each.
    rows: u32,
    width: u32,
    /// Partial sums.
    parts: usize,
}

impl MatrixScratch {
    /// For up to `rows` vectors and weights of these shapes, outputs and inputs, and for the transposed products.
    pub(crate) fn of(shapes: impl IntoIterator<Item = (u32, u32)>, rows: u32) -> Self {
        let parts = |outputs: u32, terms: u32| {
            // Splits depend on whole tiles of vectors.
            let counts = (1..=rows.div_ceil(TILE)).map(|tiles| rows.min(tiles * TILE));
            let len = |n: u32| match splits_for(n, outputs, terms) {
                1 => 0,
                splits => splits as usize * n as usize * outputs as usize,
            };
            counts.map(len).max().unwrap_or(0)
        };
        shapes.into_iter().fold(Self::default(), |scratch, (outputs, terms)| Self {
            rows,
            width: scratch.width.max(terms).max(outputs.next_multiple_of(DEPTH)),
            parts: scratch.parts.max(parts(outputs, terms)).max(parts(terms, outputs)),
        })
    }

    /// Bytes on the device.
    pub(crate) fn bytes(self) -> u64 {
        let rows = u64::from(self.rows);
        2 * rows * u64::from(self.width) + 4 * rows + 4 * self.parts as u64
    }

    /// Takes it all from the device now: no later product asks for more.
    ///
    /// # Errors
    /// What the device reports.
    pub(crate) fn reserve(self, halves: &Halves) -> Result<(), Error> {
        halves.room(self.rows, self.width)?;
        if self.parts > 0 {
            halves.parts(self.parts)?;
        }
        Ok(())
    }
}

/// Whether a result has so few large tiles that small ones are faster.
fn is_small(n: u32, outputs: u32) -> bool {
    n.div_ceil(TILE) * outputs.div_ceil(TILE) <= FEW_TILES
}

/// [`multiply_piece`] on matrix units.
#[allow(clippy::too_many_arguments, reason = "those of `multiply_piece`")]
fn multiply_halves(
    recorder: &mut Recorder,
    lanes: Lanes,
    halves: &Halves,
    piece: Piece<'_>,
    x: &mut Vectors<'_>,
    y: &mut Buffer<f32>,
    rows: Rows,
    output: Output,
) -> Result<(), Error> {
    let Piece { tensor, part, first_row, rows: outputs } = piece;
    let (n, k) = (rows.0, tensor.k);
    if x.halves.is_none() {
        let params = HalveParams { n, k, x_stride: k, x_at: 0, y_stride: k };
        x.halves = Some(halve(recorder, lanes, halves, x.x, params)?);
    }
    let Some((x, scales)) = &x.halves else { return Ok(()) };
    let into = Outputs { stride: output.stride, at: output.at, into: Into::Replace };
    let shape = GemmCooperativeParams {
        n,
        first_row,
        rows: outputs,
        k,
        y_stride: output.stride,
        y_at: output.at,
        accumulate: 0,
        splits: 1,
    };
    let splits = splits_for(n, outputs, k);
    with_quant!(tensor.ty, Q => match splits {
        1 if is_small(n, outputs) => {
            let args = gemm_cooperative::Args { x, scales, w: &part.buffer, y };
            SmallTiles::<Q>::dispatch(recorder, shape, args)?;
        }
        _ => in_parts(recorder, halves, shape, splits, outputs, (y, into), |recorder, params, y| {
            let args = gemm_cooperative::Args { x, scales, w: &part.buffer, y };
            LargeTiles::<Q, false>::dispatch(recorder, params, args)?;
            Ok(())
        })?,
    });
    Ok(())
}

/// [`multiply_piece_transposed`] on matrix units.
fn multiply_halves_transposed(
    recorder: &mut Recorder,
    lanes: Lanes,
    halves: &Halves,
    piece: Piece<'_>,
    (dy, output): (&Buffer<f32>, Output),
    (dx, into): (&mut Buffer<f32>, Into),
    rows: Rows,
) -> Result<(), Error> {
    let Piece { tensor, part, first_row, rows: outputs } = piece;
    let (n, k) = (rows.0, tensor.k);
    let y_stride = outputs.next_multiple_of(DEPTH);
    let params = HalveParams { n, k: outputs, x_stride: output.stride, x_at: output.at, y_stride };
    let (x, scales) = halve(recorder, lanes, halves, dy, params)?;
    let outputs_into = Outputs { stride: k, at: 0, into };
    let accumulate = u32::from(into == Into::Add);
    let shape = GemmCooperativeParams { n, first_row, rows: outputs, k, y_stride: k, y_at: 0, accumulate, splits: 1 };
    let splits = splits_for(n, k, outputs);
    with_quant!(tensor.ty, Q => match splits {
        1 if is_small(n, k) => {
            let args = gemm_cooperative::Args { x: &x, scales: &scales, w: &part.buffer, y: dx };
            SmallTransposedTiles::<Q>::dispatch(recorder, shape, args)?;
        }
        _ => in_parts(recorder, halves, shape, splits, k, (dx, outputs_into), |recorder, params, y| {
            let args = gemm_cooperative::Args { x: &x, scales: &scales, w: &part.buffer, y };
            LargeTiles::<Q, true>::dispatch(recorder, params, args)?;
            Ok(())
        })?,
    });
    Ok(())
}

/// Where a product's outputs go.
#[derive(Clone, Copy)]
struct Outputs {
    stride: u32,
    at: u32,
    into: Into,
}

/// Records a product whose terms are in `splits` parts, and their sum where there are several.
fn in_parts(
    recorder: &mut Recorder,
    halves: &Halves,
    shape: GemmCooperativeParams,
    splits: u32,
    outputs: u32,
    (y, target): (&mut Buffer<f32>, Outputs),
    product: impl Fn(&mut Recorder, GemmCooperativeParams, &mut Buffer<f32>) -> Result<(), Error>,
) -> Result<(), Error> {
    if splits == 1 {
        return product(recorder, shape, y);
    }
    let n = shape.n;
    let mut parts = halves.parts(splits as usize * n as usize * outputs as usize)?;
    let in_parts = GemmCooperativeParams { y_stride: outputs, y_at: 0, accumulate: 0, splits, ..shape };
    product(recorder, in_parts, &mut parts)?;
    let params = ProductSumParams { m: n, n: outputs, splits, y_at: target.at, y_stride: target.stride };
    let args = product_sum::Args { partials: &parts, y };
    match target.into {
        Into::Replace => {
            product_sum::Kernel::<256, false>::dispatch(recorder, params, args)?;
        }
        Into::Add => {
            product_sum::Kernel::<256, true>::dispatch(recorder, params, args)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_holds_the_halves_and_the_parts_of_every_smaller_batch() {
        let (rows, shapes) = (2048, [(1536, 12_288), (12_288, 1536), (2304, 1536), (8192, 1536)]);
        let scratch = MatrixScratch::of(shapes, rows);
        assert_eq!(scratch.width, 12_288);
        assert!(scratch.parts > 0, "long sums are split");
        for n in 1..=rows {
            for (outputs, terms) in shapes.into_iter().flat_map(|(outputs, terms)| [(outputs, terms), (terms, outputs)])
            {
                let splits = splits_for(n, outputs, terms);
                let parts = splits as usize * n as usize * outputs as usize;
                assert!(splits == 1 || parts <= scratch.parts, "{n} vectors, {terms} to {outputs}: {parts}");
            }
        }
    }

    #[test]
    fn a_model_in_f32_needs_no_scratch() {
        assert_eq!(MatrixScratch::of([], 512).bytes(), 0);
    }
}
