//! What a program calls: each function records the dispatches of one computation, on whatever device the recorder has.

use kernel::dispatch::{Buffer, Device, DispatchError, Recorder};

use crate::kernels::histogram::{HistogramParams, histogram};
use crate::kernels::matmul::{MatmulParams, SUBGROUP, matmul, matmul_f16};
use crate::kernels::reduction::{Combine, ReduceParams, WIDTH, reduce};
use crate::kernels::saxpy::{SaxpyParams, saxpy};
use crate::kernels::scan::{BLOCK, ScanParams, add_totals, scan_blocks};
use crate::kernels::softmax::{SoftmaxParams, softmax};
use kernel::gpu::GpuError;
use kernel::types::{Vec4, f16};

/// `y = a·x + y`.
///
/// # Errors
/// What the device lacks.
pub fn record_saxpy(
    recorder: &mut Recorder,
    a: f32,
    x: &Buffer<f32>,
    y: &mut Buffer<f32>,
) -> Result<(), DispatchError> {
    let params = SaxpyParams { n: y.len() as u32, a };
    saxpy::Kernel::dispatch(recorder, params, saxpy::Args { x, y })?;
    Ok(())
}

/// `y[0] = x[0] ∘ x[1] ∘ …` in two dispatches.
///
/// # Errors
/// What the device lacks.
pub fn record_reduce<C: Combine>(
    device: &Device,
    recorder: &mut Recorder,
    x: &Buffer<f32>,
    y: &mut Buffer<f32>,
) -> Result<(), DispatchError> {
    let n = x.len() as u32;
    let groups = n.div_ceil(WIDTH).clamp(1, 1024);
    let mut parts = device.create(groups as usize, "parts")?;
    reduce::Kernel::<C>::dispatch(recorder, ReduceParams { n, groups }, reduce::Args { x, y: &mut parts })?;
    let last = ReduceParams { n: groups, groups: 1 };
    reduce::Kernel::<C>::dispatch(recorder, last, reduce::Args { x: &parts, y })?;
    Ok(())
}

/// `y[i] = x[0] + … + x[i]`, modulo 2³².
///
/// # Errors
/// What the device lacks.
pub fn record_scan(
    device: &Device,
    recorder: &mut Recorder,
    x: &Buffer<u32>,
    y: &mut Buffer<u32>,
) -> Result<(), DispatchError> {
    let params = ScanParams { n: x.len() as u32 };
    let blocks = params.n.div_ceil(BLOCK) as usize;
    let mut totals = device.create(blocks, "totals")?;
    scan_blocks::Kernel::dispatch(recorder, params, scan_blocks::Args { x, y, totals: &mut totals })?;
    if blocks > 1 {
        let mut scanned = device.create(blocks, "scanned totals")?;
        record_scan(device, recorder, &totals, &mut scanned)?;
        add_totals::Kernel::dispatch(recorder, params, add_totals::Args { totals: &scanned, y })?;
    }
    Ok(())
}

/// The softmax of each row of `x` `[rows, n]`.
///
/// # Errors
/// What the device lacks.
pub fn record_softmax(
    recorder: &mut Recorder,
    rows: u32,
    x: &Buffer<f32>,
    y: &mut Buffer<f32>,
) -> Result<(), DispatchError> {
    let params = SoftmaxParams { rows, n: x.len() as u32 / rows.max(1) };
    softmax::Kernel::dispatch(recorder, params, softmax::Args { x, y })?;
    Ok(())
}

/// `c = a·b` in f32; `m` and `n` are multiples of 128, `k` of 16.
///
/// # Errors
/// What the device lacks.
pub fn record_matmul(
    recorder: &mut Recorder,
    params: MatmulParams,
    a: &Buffer<Vec4<f32>>,
    b: &Buffer<Vec4<f32>>,
    c: &mut Buffer<Vec4<f32>>,
) -> Result<(), DispatchError> {
    matmul::Kernel::<16, 16, 8, 2, 16, 2, 2>::dispatch(recorder, params, matmul::Args { a, b, c })?;
    Ok(())
}

/// `c = a·b` on matrix units, from f16 with sums in f32; `m` and `n` are multiples of 128, `k` of 32.
///
/// # Errors
/// What the device lacks: cooperative matrices, `f16`, or subgroups of 32.
pub fn record_matmul_f16(
    device: &Device,
    recorder: &mut Recorder,
    params: MatmulParams,
    a: &Buffer<Vec4<f16>>,
    b: &Buffer<Vec4<f16>>,
    c: &mut Buffer<f32>,
) -> Result<(), DispatchError> {
    if let Device::Gpu(gpu) = device
        && gpu.subgroup_sizes() != (SUBGROUP, SUBGROUP)
    {
        let (key, adapter) = ("matmul_f16".to_owned(), gpu.info().to_string());
        return Err(GpuError::MissingFeature { key, feature: "subgroups of 32", adapter }.into());
    }
    matmul_f16::Kernel::<2, 2, 4, 4, 32, 8, 8>::dispatch(recorder, params, matmul_f16::Args { a, b, c })?;
    Ok(())
}

/// Adds to `counts` how often each value below [`BINS`](crate::kernels::histogram::BINS) occurs in `x`.
///
/// # Errors
/// What the device lacks.
pub fn record_histogram(
    recorder: &mut Recorder,
    x: &Buffer<u32>,
    counts: &mut Buffer<u32>,
) -> Result<(), DispatchError> {
    let n = x.len() as u32;
    let params = HistogramParams { n, groups: n.div_ceil(4096).clamp(1, 1024) };
    histogram::Kernel::dispatch(recorder, params, histogram::Args { x, counts })?;
    Ok(())
}
