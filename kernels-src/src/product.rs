//! Products of two f32 matrices of any shape, each as it is stored or transposed: the factors of low-rank updates and
//! their gradients. Where outputs are few and the sums long, the depth is split over workgroups.

use kernel::dispatch::{Buffer, DispatchError, Recorder};
use kernel::prelude::*;

/// Depths that a step stages.
const STEP: u32 = 16;
/// Depths below which a split is not worth its partial result.
const LEAST_DEPTH: u32 = 4 * STEP;
/// Outputs of a side up to which a narrow tile is taken for it.
const NARROW: u32 = 32;

/// Shape of [`fn@product`]: `y[i, j] (+)= scale · Σ_l a(i, l)·b(j, l)`.
///
/// An operand's *lines* are its rows `[m, k]` or `[n, k]` as stored, and its columns where it is stored transposed,
/// `[k, m]` or `[k, n]`.
#[params]
pub struct ProductParams {
    /// Rows of `y`: lines of `a`.
    pub m: u32,
    /// Columns of `y`: lines of `b`.
    pub n: u32,
    /// Depth: terms of a sum.
    pub k: u32,
    /// Factor of the product.
    pub scale: f32,
    /// First value of `a`.
    pub a_at: u32,
    /// Values from a stored row of `a` to the next.
    pub a_stride: u32,
    /// First value of `b`.
    pub b_at: u32,
    /// Values from a stored row of `b` to the next.
    pub b_stride: u32,
    /// First value of `y`.
    pub y_at: u32,
    /// Values from a row of `y` to the next.
    pub y_stride: u32,
    /// Parts that the depth is split into; [`record`] chooses them.
    pub splits: u32,
}

impl ProductParams {
    /// Operands and result each in a buffer of their own, without gaps.
    pub const fn dense<const A_T: bool, const B_T: bool>(m: u32, n: u32, k: u32, scale: f32) -> Self {
        let (a_stride, b_stride) = (if A_T { m } else { k }, if B_T { n } else { k });
        Self { m, n, k, scale, a_at: 0, a_stride, b_at: 0, b_stride, y_at: 0, y_stride: n, splits: 1 }
    }
}

/// The lines of an operand that a workgroup multiplies.
#[device]
struct Lines {
    /// First value in the buffer.
    at: u32,
    /// Values from a stored row to the next.
    stride: u32,
    /// First line.
    first: u32,
    /// Lines of the whole operand.
    count: u32,
}

/// Depth of item `item` of a tile of `SIDE · T` lines. Neighbouring items are neighbours in the buffer too.
#[device]
fn depth_of<const SIDE: u32, const T: usize, const TRANSPOSED: bool>(item: u32) -> u32 {
    if TRANSPOSED { item / (SIDE * T as u32) } else { item % STEP }
}

/// Line of item `item` of such a tile.
#[device]
fn line_of<const SIDE: u32, const T: usize, const TRANSPOSED: bool>(item: u32) -> u32 {
    if TRANSPOSED { item % (SIDE * T as u32) } else { item / STEP }
}

/// Depth `depth` of line `line`: zero from depth `to` on. Lines past the last one repeat it, and their outputs are
/// dropped.
#[device]
fn value<const TRANSPOSED: bool>(x: &Storage<f32>, lines: Lines, line: u32, depth: u32, to: u32) -> f32 {
    let i = min(lines.first + line, lines.count - 1);
    let l = min(depth, to - 1);
    let mut source = lines.at + i * lines.stride + l;
    if TRANSPOSED {
        source = lines.at + l * lines.stride + i;
    }
    select(0.0, x[source], depth < to)
}

/// Fetches the invocation's `T` values of the step from depth `from` on: all are asked for before one is waited for. A
/// workgroup has as many invocations beside each other as a step has depths.
#[device]
fn fetch<const SIDE: u32, const T: usize, const TRANSPOSED: bool>(
    x: &Storage<f32>,
    lines: Lines,
    from: u32,
    to: u32,
    lane: u32,
    next: &mut [f32; T],
) {
    #[unroll]
    for l in 0..T {
        let item = lane + l as u32 * (SIDE * SIDE);
        let depth = from + depth_of::<SIDE, T, TRANSPOSED>(item);
        next[l] = value::<TRANSPOSED>(x, lines, line_of::<SIDE, T, TRANSPOSED>(item), depth, to);
    }
}

/// Stages what [`fn@fetch`] brought as `tile[depth, line]`.
#[device]
fn stage<const SIDE: u32, const T: usize, const TRANSPOSED: bool>(
    next: &mut [f32; T],
    lane: u32,
    tile: &mut Workgroup<f32>,
) {
    #[unroll]
    for l in 0..T {
        let item = lane + l as u32 * (SIDE * SIDE);
        let depth = depth_of::<SIDE, T, TRANSPOSED>(item);
        tile[depth * (SIDE * T as u32 + 1) + line_of::<SIDE, T, TRANSPOSED>(item)] = next[l];
    }
}

/// Stages a step's values one after the other: what a single invocation does.
#[device]
fn stage_alone<const T: usize, const TRANSPOSED: bool>(
    x: &Storage<f32>,
    lines: Lines,
    from: u32,
    to: u32,
    tile: &mut Workgroup<f32>,
) {
    for item in 0..STEP * T as u32 {
        let line = line_of::<1, T, TRANSPOSED>(item);
        let depth = depth_of::<1, T, TRANSPOSED>(item);
        tile[depth * (T as u32 + 1) + line] = value::<TRANSPOSED>(x, lines, line, from + depth, to);
    }
}

/// `y[i, j] = scale · Σ_l a(i, l)·b(j, l)`, added to `y` where `ADD`; `a` is stored `[m, k]`, and `[k, m]` where `A_T`;
/// `b` `[n, k]`, and `[k, n]` where `B_T`.
///
/// A workgroup has `SIDE × SIDE` invocations with `TM × TN` outputs each. With more than one split `y` is
/// `[splits, m, n]` at its offset and stride, and [`fn@product_sum`] adds them. `SIDE` = 1 needs no barriers (the CPU).
#[kernel(
    workgroup = SIDE * SIDE,
    groups = params.m.div_ceil(SIDE * TM as u32) * params.n.div_ceil(SIDE * TN as u32) * params.splits,
    tolerance(rel = 1e-5),
    requires(
        params.m >= 1,
        params.n >= 1,
        params.k >= 1,
        params.splits >= 1,
        !ADD || params.splits == 1,
        A_T || a.len() >= params.a_at + (params.m - 1) * params.a_stride + params.k,
        !A_T || a.len() >= params.a_at + (params.k - 1) * params.a_stride + params.m,
        B_T || b.len() >= params.b_at + (params.n - 1) * params.b_stride + params.k,
        !B_T || b.len() >= params.b_at + (params.k - 1) * params.b_stride + params.n,
        y.len() >= params.y_at + (params.splits * params.m - 1) * params.y_stride + params.n,
    )
)]
pub async fn product<
    const SIDE: u32,
    const TM: usize,
    const TN: usize,
    const A_T: bool,
    const B_T: bool,
    const ADD: bool,
>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &ProductParams,
    a: &Storage<f32>,
    b: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = STEP * (SIDE * TM as u32 + 1)] a_tile: &mut Workgroup<f32>,
    #[len = STEP * (SIDE * TN as u32 + 1)] b_tile: &mut Workgroup<f32>,
) {
    let a_tiles = (params.m + SIDE * TM as u32 - 1) / (SIDE * TM as u32);
    let b_tiles = (params.n + SIDE * TN as u32 - 1) / (SIDE * TN as u32);
    let first_a = group % a_tiles * (SIDE * TM as u32);
    let first_b = group / a_tiles % b_tiles * (SIDE * TN as u32);
    let split = group / a_tiles / b_tiles;
    let per_split = (params.k + params.splits - 1) / params.splits;
    let end = min((split + 1) * per_split, params.k);
    let column = lane % SIDE;
    let line = lane / SIDE;
    let a_lines = Lines { at: params.a_at, stride: params.a_stride, first: first_a, count: params.m };
    let b_lines = Lines { at: params.b_at, stride: params.b_stride, first: first_b, count: params.n };
    // What the products are added to is asked for together and early: behind a condition each value would be waited for.
    let whole = SIDE > 1 && first_a + SIDE * TM as u32 <= params.m && first_b + SIDE * TN as u32 <= params.n;
    let mut before = [[0.0f32; TN]; TM];
    if ADD && whole {
        #[unroll]
        for i in 0..TM {
            let row = params.y_at + (first_a + line + SIDE * i as u32) * params.y_stride;
            #[unroll]
            for j in 0..TN {
                before[i][j] = y[row + first_b + column + SIDE * j as u32];
            }
        }
    }
    let begin = min(split * per_split, params.k);
    let mut a_next = [0.0f32; TM];
    let mut b_next = [0.0f32; TN];
    if SIDE > 1 {
        fetch::<SIDE, TM, A_T>(a, a_lines, begin, end, lane, &mut a_next);
        fetch::<SIDE, TN, B_T>(b, b_lines, begin, end, lane, &mut b_next);
    }
    // A line of `a` after the other within one of `b`, as they lie in the tile: a CPU takes several at once.
    let mut acc = [[0.0f32; TM]; TN];
    for from in strided(begin, end, STEP) {
        if SIDE > 1 {
            stage::<SIDE, TM, A_T>(&mut a_next, lane, a_tile);
            stage::<SIDE, TN, B_T>(&mut b_next, lane, b_tile);
            workgroup_barrier().await;
            // On their way while this step's products are made; past the last step they are zeros.
            fetch::<SIDE, TM, A_T>(a, a_lines, from + STEP, end, lane, &mut a_next);
            fetch::<SIDE, TN, B_T>(b, b_lines, from + STEP, end, lane, &mut b_next);
        } else {
            stage_alone::<TM, A_T>(a, a_lines, from, end, a_tile);
            stage_alone::<TN, B_T>(b, b_lines, from, end, b_tile);
        }
        for depth in 0..STEP {
            let mut left = [0.0f32; TM];
            #[unroll]
            for i in 0..TM {
                left[i] = a_tile[depth * (SIDE * TM as u32 + 1) + line + SIDE * i as u32];
            }
            #[unroll]
            for j in 0..TN {
                let right = b_tile[depth * (SIDE * TN as u32 + 1) + column + SIDE * j as u32];
                #[unroll]
                for i in 0..TM {
                    acc[j][i] = fma(left[i], right, acc[j][i]);
                }
            }
        }
        if SIDE > 1 {
            workgroup_barrier().await;
        }
    }
    #[unroll]
    for i in 0..TM {
        let row = first_a + line + SIDE * i as u32;
        #[unroll]
        for j in 0..TN {
            let at = first_b + column + SIDE * j as u32;
            if row < params.m && at < params.n {
                let target = params.y_at + (split * params.m + row) * params.y_stride + at;
                let mut value = params.scale * acc[j][i];
                if ADD && whole {
                    value += before[i][j];
                } else if ADD {
                    value += y[target];
                }
                y[target] = value;
            }
        }
    }
}

/// Shape of [`fn@product_sum`].
#[params]
pub struct ProductSumParams {
    /// Rows.
    pub m: u32,
    /// Columns.
    pub n: u32,
    /// Parts.
    pub splits: u32,
    /// First value of `y`.
    pub y_at: u32,
    /// Values from a row of `y` to the next.
    pub y_stride: u32,
}

/// `y[i, j] = Σ_s partials[s, i, j]`, added to `y` where `ADD`: always in the same order. `partials` `[splits, m, n]`,
/// `y` `[m, n]` at its offset and stride.
#[kernel(
    workgroup = W, groups = (params.m * params.n).div_ceil(W), tolerance(rel = 1e-6),
    requires(
        params.m >= 1,
        params.n >= 1,
        partials.len() >= params.splits * params.m * params.n,
        y.len() >= params.y_at + (params.m - 1) * params.y_stride + params.n,
    )
)]
pub fn product_sum<const W: u32, const ADD: bool>(
    at: GlobalId,
    params: &ProductSumParams,
    partials: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    if at < params.m * params.n {
        let mut sum = 0.0;
        for split in 0..params.splits {
            sum += partials[split * params.m * params.n + at];
        }
        let target = params.y_at + at / params.n * params.y_stride + at % params.n;
        if ADD {
            y[target] += sum;
        } else {
            y[target] = sum;
        }
    }
}

/// The workgroups that a device wants of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Workgroups {
    /// One invocation each and no splits: the CPU executor.
    Single,
    /// 256 invocations each, and splits until there are about so many.
    About(u32),
}

/// Buffers of [`record`].
pub struct ProductArgs<'a> {
    /// The left operand.
    pub a: &'a Buffer<f32>,
    /// The right operand.
    pub b: &'a Buffer<f32>,
    /// Room for the splits' results, `splits · m · n` values. There are no more splits than fit in, and below two
    /// results it is not used.
    pub partials: &'a mut Buffer<f32>,
    /// The result.
    pub y: &'a mut Buffer<f32>,
}

/// How many splits [`record`] takes for a product whose partial results have room for `room` values.
pub fn splits_for(m: u32, n: u32, k: u32, workgroups: u32, room: usize) -> u32 {
    let (rows, columns) = match (m <= NARROW, n <= NARROW) {
        (_, true) => (64, 16),
        (true, false) => (16, 64),
        (false, false) => (64, 64),
    };
    let unsplit = m.div_ceil(rows).saturating_mul(n.div_ceil(columns)).max(1);
    let fitting = (room / (m as usize * n as usize).max(1)).try_into().unwrap_or(u32::MAX);
    let most = k.div_ceil(LEAST_DEPTH).min(fitting).max(1);
    workgroups.div_ceil(unsplit).clamp(1, most)
}

/// Records `y[i, j] = scale · Σ_l a(i, l)·b(j, l)`, added to `y` where `ADD`, in one dispatch, or in two where the depth
/// is split. `params.splits` is not looked at. An empty result needs no dispatch.
///
/// # Errors
/// What the kernels require of the buffers' lengths; what the device lacks for them, or a buffer of another device.
pub fn record<const A_T: bool, const B_T: bool, const ADD: bool>(
    recorder: &mut Recorder,
    workgroups: Workgroups,
    params: ProductParams,
    args: ProductArgs<'_>,
) -> Result<(), DispatchError> {
    let ProductArgs { a, b, partials, y } = args;
    let ProductParams { m, n, k, .. } = params;
    if m == 0 || n == 0 {
        return Ok(());
    }
    let Workgroups::About(workgroups) = workgroups else {
        let params = ProductParams { splits: 1, ..params };
        product::Kernel::<1, 8, 8, A_T, B_T, ADD>::dispatch(recorder, params, product::Args { a, b, y })?;
        return Ok(());
    };
    let splits = splits_for(m, n, k, workgroups, partials.len());
    if splits == 1 {
        return tiled::<A_T, B_T, ADD>(recorder, ProductParams { splits, ..params }, product::Args { a, b, y });
    }
    let part = ProductParams { splits, y_at: 0, y_stride: n, ..params };
    tiled::<A_T, B_T, false>(recorder, part, product::Args { a, b, y: &mut *partials })?;
    let sum = ProductSumParams { m, n, splits, y_at: params.y_at, y_stride: params.y_stride };
    product_sum::Kernel::<256, ADD>::dispatch(recorder, sum, product_sum::Args { partials, y })?;
    Ok(())
}

/// The tile that fits the result's shape: narrow where one side is a rank.
fn tiled<const A_T: bool, const B_T: bool, const ADD: bool>(
    recorder: &mut Recorder,
    params: ProductParams,
    args: product::Args<'_>,
) -> Result<(), DispatchError> {
    match (params.m <= NARROW, params.n <= NARROW) {
        (_, true) => {
            product::Kernel::<16, 4, 1, A_T, B_T, ADD>::dispatch(recorder, params, args)?;
        }
        (true, false) => {
            product::Kernel::<16, 1, 4, A_T, B_T, ADD>::dispatch(recorder, params, args)?;
        }
        (false, false) => {
            product::Kernel::<16, 4, 4, A_T, B_T, ADD>::dispatch(recorder, params, args)?;
        }
    }
    Ok(())
}
