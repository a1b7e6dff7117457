//! A WGSL file as a kernel.

use kernel::check::CheckError;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::{Trial, random};

use crate::Shown;

#[params]
pub struct RmsNormParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
    /// Keeps the root from 0.
    pub eps: f32,
}

const WIDTH: u32 = 256;
const LEVELS: u32 = WIDTH.trailing_zeros();

/// The sum of one value of each invocation, for all of them.
#[device]
pub async fn sum_of_workgroup(own: f32, lane: u32, partial: &mut Workgroup<f32>) -> f32 {
    partial[lane] = own;
    workgroup_barrier().await;
    #[unroll]
    for level in 0..LEVELS {
        if lane < WIDTH >> (level + 1) {
            partial[lane] += partial[lane + (WIDTH >> (level + 1))];
        }
        workgroup_barrier().await;
    }
    partial[0]
}

/// `y = x / rms(x) · w`, one workgroup a row.
#[kernel(
    workgroup = WIDTH,
    groups = params.rows,
    requires(
        x.len() >= params.rows * params.n,
        y.len() >= params.rows * params.n,
        w.len() >= params.n
    ),
    tolerance(rel = 1e-5)
)]
pub async fn rms_norm(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RmsNormParams,
    x: &Storage<f32>,
    w: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = WIDTH] partial: &mut Workgroup<f32>,
) {
    let mut own = 0.0;
    for i in strided(lane, params.n, WIDTH) {
        let v = x[row * params.n + i];
        own += v * v;
    }
    let sum = sum_of_workgroup(own, lane, partial).await;
    let scale = inverse_sqrt(sum / f32(params.n) + params.eps);
    for i in strided(lane, params.n, WIDTH) {
        let at = row * params.n + i;
        y[at] = x[at] * scale * w[i];
    }
}

fn three_rows(trial: &mut Trial) -> Result<(), DispatchError> {
    let (x, w) = (trial.random("x", 900)?, trial.random("w", 300)?);
    let mut y = trial.output("y", 900)?;
    let params = RmsNormParams { rows: 3, n: 300, eps: 1e-6 };
    rms_norm::Kernel::dispatch(trial, params, rms_norm::Args { x: &x, w: &w, y: &mut y })?;
    Ok(())
}

#[test]
fn a_rows_norm_is_that_of_f64() -> Result<(), DispatchError> {
    let outputs = Trial::describe(&Device::Cpu(CpuOptions::default()), three_rows)?.run()?;
    let (x, w) = (random("x", 900, -1.0..1.0), random("w", 300, -1.0..1.0));
    for (x, y) in x.chunks(300).zip(outputs[0].values().chunks(300)) {
        let squares: f64 = x.iter().map(|x| f64::from(*x).powi(2)).sum();
        let scale = (squares / 300.0 + 1e-6).sqrt().recip();
        for ((x, w), y) in x.iter().zip(&w).zip(y) {
            assert!((y - f64::from(*x) * scale * f64::from(*w)).abs() < 1e-5);
        }
    }
    Ok(())
}

#[test]
fn it_makes_no_mistake() -> Result<(), CheckError> {
    kernel::check(three_rows)
}

#[test]
fn the_original_is_wgsl() {
    let module = naga::front::wgsl::parse_str(include_str!("rms_norm.wgsl")).expect("naga reads it");
    naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty())
        .validate(&module)
        .expect("naga accepts it");
}

/// What the page shows.
pub fn shown() -> Shown {
    vec![("emitted", rms_norm::emit().wgsl.trim_end().to_owned())]
}
