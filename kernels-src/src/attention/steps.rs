//! Attention of a training step and its gradient on matrix units, in blocks of rows, so that the scores that are there at
//! a time grow with the batch and not with its square.

use kernel::dispatch::{Buffer, DispatchError, Recorder};
use kernel::prelude::{Vec2, Vec4, f16};

use super::backward::{AttendDeltaParams, AttendSumHeadsParams, attend_delta, attend_sum_heads};
use super::mix::{AttendMixParams, GreatestParams, HalveAllParams, attend_mix, greatest, greatest_parts, halve};
use super::prefill::AttendPrefillParams;
use super::scores::{
    AttendTilesParams, TILE, attend_score_gradients, attend_scores, attend_softmax, score_gradient_scale,
};
use crate::reduce::Reduce;

/// Rows whose scores are there at a time.
const BLOCK: u32 = 512;

/// What heads' sizes are a multiple of on matrix units.
pub const HEAD_DIM_UNIT: u32 = super::scores::DEPTH;

/// The blocks of a batch: the same scores, placed for each.
fn blocks(params: AttendPrefillParams, head_dim: u32) -> impl Iterator<Item = AttendTilesParams> {
    let AttendPrefillParams { rows, heads, kv_heads, window, .. } = params;
    (0..rows).step_by(BLOCK as usize).map(move |first_row| {
        let block = BLOCK.min(rows - first_row).next_multiple_of(TILE);
        let within = if window > 0 { (first_row + 1).saturating_sub(window) } else { 0 };
        let first_key = within / TILE * TILE;
        let keys = first_row + block - first_key;
        AttendTilesParams { rows, heads, kv_heads, head_dim, window, first_row, block, first_key, keys }
    })
}

/// Scores that are there at a time: values of [`Scratch::scores`].
pub fn scores_len(params: AttendPrefillParams) -> usize {
    let sizes = blocks(params, HEAD_DIM_UNIT).map(|one| one.heads as usize * one.block as usize * one.keys as usize);
    sizes.max().unwrap_or(0)
}

/// Values of [`Scratch::parts`] for a batch of `values` values of queries.
pub fn parts_len(values: usize) -> usize {
    greatest_parts(u32::try_from(values).unwrap_or(u32::MAX)) as usize
}

/// Scratch of one attention at a time; vectors hold 4 values an element.
pub struct Scratch<'a> {
    /// Queries, `[rows, heads, HD]`.
    pub q: &'a mut Buffer<Vec4<f16>>,
    /// The result's gradient, `[rows, heads, HD]`.
    pub d_out: &'a mut Buffer<Vec4<f16>>,
    /// Scores of a block, [`scores_len`]; on the way back probabilities and the scores' gradients.
    pub scores: &'a mut Buffer<f32>,
    /// Weights of a block, as many values.
    pub weights: &'a mut Buffer<Vec4<f16>>,
    /// Parts of the greatest value, [`parts_len`].
    pub parts: &'a mut Buffer<f32>,
    /// What queries were divided by, and what gradients were: a value each.
    pub unit: &'a mut Buffer<f32>,
    /// See `unit`.
    pub scale: &'a mut Buffer<f32>,
}

/// Buffers of [`attend`]; vectors hold 4 values an element.
pub struct AttendArgs<'a> {
    /// Each row's first row of its own sequence, `[rows]`.
    pub segments: &'a Buffer<u32>,
    /// Queries, normed and rotated, `[rows, heads, HD]`.
    pub q: &'a Buffer<Vec4<f32>>,
    /// Keys, `[rows, kv_heads, HD]`.
    pub k: &'a Buffer<Vec4<f16>>,
    /// Values, `[rows, kv_heads, HD]`.
    pub v: &'a Buffer<Vec4<f16>>,
    /// The result, `[rows, heads, HD]`.
    pub out: &'a mut Buffer<f32>,
    /// The logarithm of each query's sum of exponentials, `[rows, heads]`.
    pub lse: &'a mut Buffer<f32>,
}

/// Queries as halves. Their values are within f16's range, as those of cached keys are.
fn halve_queries<R: Reduce>(
    recorder: &mut Recorder,
    values: u32,
    q: &Buffer<Vec4<f32>>,
    scratch: &mut Scratch<'_>,
) -> Result<(), DispatchError> {
    let args = halve::Args { x: q, parts: &*scratch.parts, y: &mut *scratch.q, scale: &mut *scratch.unit };
    halve::Kernel::<R>::dispatch(recorder, HalveAllParams { n: values, parts: 0 }, args)?;
    Ok(())
}

/// Where a block's weights lie for [`fn@attend_mix`].
fn mixing(tiles: AttendTilesParams, weights_at: u32, factor: f32) -> AttendMixParams {
    let AttendTilesParams { rows, heads, kv_heads, head_dim, window, first_row, block, first_key, keys } = tiles;
    AttendMixParams { rows, heads, kv_heads, head_dim, window, first_row, block, first_key, keys, weights_at, factor }
}

/// Records what [`attend_training`](fn@super::prefill::attend_training) computes, with heads of `head_dim` values, a
/// multiple of [`HEAD_DIM_UNIT`]; row `t`'s keys and values lie at `t`.
///
/// # Errors
/// What the device lacks for the kernels, or a buffer of another device.
pub fn attend<R: Reduce>(
    recorder: &mut Recorder,
    params: AttendPrefillParams,
    head_dim: u32,
    args: AttendArgs<'_>,
    mut scratch: Scratch<'_>,
) -> Result<(), DispatchError> {
    let AttendArgs { segments, q, k, v, out, lse } = args;
    halve_queries::<R>(recorder, params.rows * params.heads * head_dim, q, &mut scratch)?;
    for tiles in blocks(params, head_dim) {
        let args = attend_scores::Args { segments, q: &*scratch.q, k, scores: &mut *scratch.scores };
        attend_scores::Kernel::dispatch(recorder, tiles, args)?;
        let args =
            attend_softmax::Args { segments, scores: &*scratch.scores, weights: &mut *scratch.weights, lse: &mut *lse };
        attend_softmax::Kernel::<R>::dispatch(recorder, tiles, args)?;
        let args = attend_mix::Args {
            segments,
            weights: &*scratch.weights,
            vectors: v,
            scale: &*scratch.unit,
            out: &mut *out,
        };
        attend_mix::Kernel::<false>::dispatch(recorder, mixing(tiles, 0, 1.0), args)?;
    }
    Ok(())
}

/// Buffers of [`attend_backward`]; vectors hold 4 values an element.
pub struct AttendBackwardArgs<'a> {
    /// Each row's first row of its own sequence, `[rows]`.
    pub segments: &'a Buffer<u32>,
    /// Queries, normed and rotated, `[rows, heads, HD]`.
    pub q: &'a Buffer<Vec4<f32>>,
    /// Keys, `[rows, kv_heads, HD]`.
    pub k: &'a Buffer<Vec4<f16>>,
    /// Values, `[rows, kv_heads, HD]`.
    pub v: &'a Buffer<Vec4<f16>>,
    /// The attention's result, `[rows, heads, HD]`.
    pub out: &'a Buffer<Vec4<f32>>,
    /// Its gradient, `[rows, heads, HD]`.
    pub d_out: &'a Buffer<Vec4<f32>>,
    /// What [`attend`] left, `[rows, heads]`.
    pub lse: &'a Buffer<f32>,
    /// Scratch, `[rows, heads]`.
    pub statistics: &'a mut Buffer<Vec2<f32>>,
    /// Scratch, `[rows, heads, HD]`.
    pub dk_heads: &'a mut Buffer<f32>,
    /// Scratch, `[rows, heads, HD]`.
    pub dv_heads: &'a mut Buffer<f32>,
    /// Gradient by the queries, `[rows, heads, HD]`, written.
    pub dq: &'a mut Buffer<f32>,
    /// Gradient by the keys, `[rows, kv_heads, HD]`, added to what it holds.
    pub dk: &'a mut Buffer<Vec4<f32>>,
    /// Gradient by the values, `[rows, kv_heads, HD]`, added to what it holds.
    pub dv: &'a mut Buffer<Vec4<f32>>,
}

/// Records the gradient of [`attend`] with the same params, as
/// [`attend_backward`](super::backward::attend_backward) does in f32.
///
/// # Errors
/// As [`attend`].
pub fn attend_backward<R: Reduce, W: Reduce>(
    recorder: &mut Recorder,
    params: AttendPrefillParams,
    head_dim: u32,
    args: AttendBackwardArgs<'_>,
    mut scratch: Scratch<'_>,
) -> Result<(), DispatchError> {
    let AttendBackwardArgs { segments, q, k, v, out, d_out, lse, .. } = args;
    let AttendBackwardArgs { statistics, dk_heads, dv_heads, dq, dk, dv, .. } = args;
    let AttendPrefillParams { rows, heads, kv_heads, .. } = params;
    let values = rows * heads * head_dim;
    halve_queries::<W>(recorder, values, q, &mut scratch)?;
    let args = greatest::Args { x: d_out, parts: &mut *scratch.parts };
    greatest::Kernel::<W>::dispatch(recorder, GreatestParams { n: values }, args)?;
    let args = halve::Args { x: d_out, parts: &*scratch.parts, y: &mut *scratch.d_out, scale: &mut *scratch.scale };
    halve::Kernel::<W>::dispatch(recorder, HalveAllParams { n: values, parts: greatest_parts(values) }, args)?;
    let args = attend_delta::Args { out, d_out, lse, statistics: &mut *statistics };
    attend_delta::Kernel::<R>::dispatch(recorder, AttendDeltaParams { n: rows * heads, head_dim }, args)?;

    let mut gradients = scratch.scores.view::<Vec4<f16>>();
    let (q, d_out, scale) = (&*scratch.q, &*scratch.d_out, &*scratch.scale);
    let factor = score_gradient_scale(head_dim);
    for tiles in blocks(params, head_dim) {
        let of_scores = tiles.heads * tiles.block * tiles.keys;
        let args = attend_score_gradients::Args {
            segments,
            q,
            k,
            d_out,
            v,
            scale,
            statistics: &*statistics,
            gradients: &mut gradients,
        };
        attend_score_gradients::Kernel::dispatch(recorder, tiles, args)?;
        let args = attend_mix::Args { segments, weights: &gradients, vectors: k, scale, out: &mut *dq };
        attend_mix::Kernel::<false>::dispatch(recorder, mixing(tiles, of_scores, factor), args)?;
        let args = attend_mix::Args { segments, weights: &gradients, vectors: q, scale, out: &mut *dk_heads };
        attend_mix::Kernel::<true>::dispatch(recorder, mixing(tiles, of_scores, factor), args)?;
        let args = attend_mix::Args { segments, weights: &gradients, vectors: d_out, scale, out: &mut *dv_heads };
        attend_mix::Kernel::<true>::dispatch(recorder, mixing(tiles, 0, 1.0), args)?;
    }
    let sum = AttendSumHeadsParams { rows, heads, kv_heads, head_dim };
    let (dk_heads, dv_heads) = (&dk_heads.view(), &dv_heads.view());
    attend_sum_heads::Kernel::<R>::dispatch(recorder, sum, attend_sum_heads::Args { dk_heads, dv_heads, dk, dv })?;
    Ok(())
}
