//! What a kernel requires, and what that saves.

use kernel::build::Builder;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError, Recorder};
use kernel::emit::EmittedVariant;
use kernel::prelude::*;
use kernel::variant::Proof;

use crate::Shown;

#[params]
pub struct RowsParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
}

/// Doubles rows of values, one workgroup a row.
#[kernel(
    workgroup = 64,
    groups = params.rows,
    requires(x.len() >= params.rows * params.n, y.len() >= params.rows * params.n)
)]
pub fn double(row: WorkgroupId, lane: LocalIndex, params: &RowsParams, x: &Storage<f32>, y: &mut Storage<f32>) {
    for i in strided(lane, params.n, 64) {
        y[row * params.n + i] = 2.0 * x[row * params.n + i];
    }
}

/// Rows of `x` that `chosen` names.
#[kernel(
    workgroup = 64,
    groups = params.rows,
    requires(chosen.len() >= params.rows, y.len() >= params.rows * params.n)
)]
pub fn gather(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &RowsParams,
    chosen: &Storage<u32>,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    for i in strided(lane, params.n, 64) {
        y[row * params.n + i] = x[chosen[row] * params.n + i];
    }
}

fn double_too_few(device: &Device) -> Result<(), DispatchError> {
    let x = device.create::<f32>(100, "x")?;
    let mut y = device.create::<f32>(192, "y")?;
    let mut recorder = Recorder::new(device, "contracts");
    double::Kernel::dispatch(&mut recorder, RowsParams { rows: 3, n: 64 }, double::Args { x: &x, y: &mut y })?;
    recorder.run()
}

/// The indices that a variant's contract does not cover.
fn unproven(variant: EmittedVariant) -> Vec<String> {
    let table = Builder::new(vec![variant]).run_time_table().expect("naga accepts it");
    match table.0[0].proof {
        Proof::Proven => Vec::new(),
        Proof::Unproven(places) => places.iter().map(|place| format!("{}, line {}", place.what, place.line)).collect(),
    }
}

#[test]
fn what_the_contract_covers_needs_no_checks() {
    assert!(unproven(double::emit()).is_empty());
    assert_eq!(unproven(gather::emit()).len(), 1);
}

/// What the page shows.
pub fn shown() -> Shown {
    let device = Device::Cpu(CpuOptions::default());
    vec![
        ("violation", double_too_few(&device).expect_err("x is too short").to_string()),
        ("unproven", unproven(gather::emit()).join("\n")),
    ]
}
