//! The low-rank update of a projection, `y (+)= scale · B·(A·x)`, of any rank: in two dispatches, or in one where the
//! work is too small to pay for the second.

use kernel::dispatch::{Buffer, DispatchError, Recorder};
use kernel::prelude::*;

use crate::reduce::Reduce;

/// Elements of `z` that the fused kernel holds in workgroup memory at a time.
const TILE: u32 = 64;

/// Outputs of a workgroup of [`fn@low_rank_up`].
const OUTPUTS: u32 = 256;

/// Shape of the low-rank kernels.
#[params]
pub struct LowRankParams {
    /// Rows of `x` and `y`: tokens.
    pub rows: u32,
    /// Inputs of the projection.
    pub k: u32,
    /// Outputs of the projection.
    pub n: u32,
    /// Rank of the update.
    pub rank: u32,
    /// Factor of the update, alpha / rank.
    pub scale: f32,
    /// First value of `y`.
    pub y_at: u32,
    /// Values from a row of `y` to the next.
    pub y_stride: u32,
}

impl LowRankParams {
    /// With `y` `[rows, n]` in a buffer of its own.
    pub const fn dense(rows: u32, k: u32, n: u32, rank: u32, scale: f32) -> Self {
        Self { rows, k, n, rank, scale, y_at: 0, y_stride: n }
    }

    /// Whether [`update`] takes the fused kernel.
    ///
    /// The rule counts in dependent dispatches (about 2 µs on a large GPU) and is an estimate: a reduction over a
    /// workgroup costs about an eighth of one, and one workgroup does about 16,384 multiplications in one. The fused
    /// kernel has a workgroup for each row, which does `rank` reductions and `rank · (k + n)` multiplications; it is
    /// taken where neither alone costs more than the dispatch that it saves.
    pub const fn is_fused(&self) -> bool {
        self.rank <= 8 && self.rank as u64 * (self.k as u64 + self.n as u64) <= 16_384
    }
}

/// `Σ a[p, i] · x[row, i]`, in every invocation.
#[device]
async fn project<R: Reduce>(
    row: u32,
    p: u32,
    k: u32,
    lane: u32,
    x: &Storage<f32>,
    a: &Storage<f32>,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    let mut own = 0.0;
    for i in strided(lane, k, R::WIDTH) {
        own = fma(a[p * k + i], x[row * k + i], own);
    }
    R::sum(own, lane, scratch).await
}

/// `z = A·x`, one workgroup for a row and an element of `z`. `x` `[rows, k]`, `a` `[rank, k]`, `z` `[rows, rank]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows * params.rank, tolerance(rel = 1e-5),
    requires(
        x.len() >= params.rows * params.k,
        a.len() >= params.rank * params.k,
        z.len() >= params.rows * params.rank,
    )
)]
pub async fn low_rank_down<R: Reduce>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &LowRankParams,
    x: &Storage<f32>,
    a: &Storage<f32>,
    z: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let sum = project::<R>(group / params.rank, group % params.rank, params.k, lane, x, a, scratch).await;
    if lane == 0 {
        z[group] = sum;
    }
}

/// `y[t, j] = scale · Σ_p b[j, p] · z[t, p]`, added to `y` where `ACCUMULATE`. `b` `[n, rank]`, `z` `[rows, rank]`,
/// `y` `[rows, n]` at its offset and stride.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows * params.n.div_ceil(OUTPUTS), tolerance(rel = 1e-5),
    requires(
        b.len() >= params.n * params.rank,
        z.len() >= params.rows * params.rank,
        y.len() >= params.y_at + (params.rows - 1) * params.y_stride + params.n,
    )
)]
pub fn low_rank_up<R: Reduce, const ACCUMULATE: bool>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &LowRankParams,
    b: &Storage<f32>,
    z: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    let groups_a_row = (params.n + OUTPUTS - 1) / OUTPUTS;
    let row = group / groups_a_row;
    let first = group % groups_a_row * OUTPUTS;
    for j in strided(first + lane, min(first + OUTPUTS, params.n), R::WIDTH) {
        let mut sum = 0.0;
        for p in 0..params.rank {
            sum = fma(b[j * params.rank + p], z[row * params.rank + p], sum);
        }
        let at = params.y_at + row * params.y_stride + j;
        if ACCUMULATE {
            y[at] += params.scale * sum;
        } else {
            y[at] = params.scale * sum;
        }
    }
}

/// [`fn@low_rank_down`] and [`fn@low_rank_up`] in one dispatch, one workgroup a row: `z` goes through workgroup memory, a tile
/// at a time, and is kept in `z` for the backward pass as well.
#[kernel(
    workgroup = R::WIDTH, groups = params.rows, tolerance(rel = 1e-5),
    requires(
        x.len() >= params.rows * params.k,
        a.len() >= params.rank * params.k,
        b.len() >= params.n * params.rank,
        z.len() >= params.rows * params.rank,
        y.len() >= params.y_at + (params.rows - 1) * params.y_stride + params.n,
    )
)]
pub async fn low_rank_fused<R: Reduce, const ACCUMULATE: bool>(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &LowRankParams,
    x: &Storage<f32>,
    a: &Storage<f32>,
    b: &Storage<f32>,
    z: &mut Storage<f32>,
    y: &mut Storage<f32>,
    #[len = TILE] tile: &mut Workgroup<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    for first in strided(0, params.rank, TILE) {
        let end = min(first + TILE, params.rank);
        for p in first..end {
            let sum = project::<R>(row, p, params.k, lane, x, a, scratch).await;
            if lane == 0 {
                z[row * params.rank + p] = sum;
                tile[p - first] = sum;
            }
        }
        workgroup_barrier().await;
        for j in strided(lane, params.n, R::WIDTH) {
            let mut sum = 0.0;
            for p in first..end {
                sum = fma(b[j * params.rank + p], tile[p - first], sum);
            }
            // The same invocation comes back to the same outputs with every tile.
            let at = params.y_at + row * params.y_stride + j;
            if ACCUMULATE {
                y[at] += params.scale * sum;
            } else if first == 0 {
                y[at] = params.scale * sum;
            } else {
                y[at] += params.scale * sum;
            }
        }
        workgroup_barrier().await;
    }
}

/// Buffers of [`update`].
pub struct LowRankArgs<'a> {
    /// Inputs `[rows, k]`.
    pub x: &'a Buffer<f32>,
    /// The factor A `[rank, k]`.
    pub a: &'a Buffer<f32>,
    /// The factor B `[n, rank]`.
    pub b: &'a Buffer<f32>,
    /// A·x `[rows, rank]`, written.
    pub z: &'a mut Buffer<f32>,
    /// Outputs `[rows, n]` at their offset and stride.
    pub y: &'a mut Buffer<f32>,
}

/// Records `y = scale · B·(A·x)`, added to `y` where `ACCUMULATE`, in one dispatch or two as
/// [`LowRankParams::is_fused`] says.
///
/// # Errors
/// What the device lacks for the kernels, or a buffer of another device.
pub fn update<R: Reduce, const ACCUMULATE: bool>(
    recorder: &mut Recorder,
    params: LowRankParams,
    args: LowRankArgs<'_>,
) -> Result<(), DispatchError> {
    let LowRankArgs { x, a, b, z, y } = args;
    if params.is_fused() {
        let args = low_rank_fused::Args { x, a, b, z, y };
        low_rank_fused::Kernel::<R, ACCUMULATE>::dispatch(recorder, params, args)?;
    } else {
        low_rank_down::Kernel::<R>::dispatch(recorder, params, low_rank_down::Args { x, a, z: &mut *z })?;
        low_rank_up::Kernel::<R, ACCUMULATE>::dispatch(recorder, params, low_rank_up::Args { b, z, y })?;
    }
    Ok(())
}
