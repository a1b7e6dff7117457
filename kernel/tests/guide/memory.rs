//! Memory and barriers.

use kernel::check::Check;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::{Trial, random};

use crate::{Shown, excerpt};

#[params]
pub struct CentreParams {
    /// Rows.
    pub rows: u32,
    /// Values in a row.
    pub n: u32,
}

const WIDTH: u32 = 64;
const LEVELS: u32 = WIDTH.trailing_zeros();

/// Takes the mean off each row, one workgroup a row.
#[kernel(workgroup = WIDTH, groups = params.rows)]
pub async fn centre(
    row: WorkgroupId,
    lane: LocalIndex,
    params: &CentreParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = WIDTH] partial: &mut Workgroup<f32>,
) {
    let first = row * params.n;
    let mut sum = 0.0;
    for i in strided(lane, params.n, WIDTH) {
        sum += x[first + i];
    }
    partial[lane] = sum;
    workgroup_barrier().await;
    #[unroll]
    for level in 0..LEVELS {
        if lane < WIDTH >> (level + 1) {
            partial[lane] += partial[lane + (WIDTH >> (level + 1))];
        }
        workgroup_barrier().await;
    }
    let mean = partial[0] / f32(params.n);
    for i in strided(lane, params.n, WIDTH) {
        y[first + i] = x[first + i] - mean;
    }
}

/// The greatest value of each subgroup, without workgroup memory.
#[kernel(workgroup = 64, groups = 1)]
pub async fn greatest(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[lane] = subgroup_max(x[lane]).await;
}

fn centred(trial: &mut Trial) -> Result<(), DispatchError> {
    let x = trial.input("x", &random("x", 300, -1.0..1.0))?;
    let mut y = trial.output("y", 300)?;
    centre::Kernel::dispatch(trial, CentreParams { rows: 3, n: 100 }, centre::Args { x: &x, y: &mut y })?;
    Ok(())
}

/// What the page shows.
pub fn shown() -> Shown {
    let wgsl = centre::emit().wgsl;
    let barriers = Check::new().barriers(centred).expect("the kernel is right");
    let race = Check::new().without_barrier(barriers[0]).run(centred).expect_err("a barrier is missing");
    vec![
        ("declarations", excerpt(&wgsl, "struct CentreParams", "var<workgroup> partial: array<f32, 64>;")),
        ("race", race.to_string()),
    ]
}

#[test]
fn the_rows_have_no_mean_left() {
    let device = Device::Cpu(CpuOptions::default());
    let outputs = Trial::describe(&device, centred).and_then(Trial::run).unwrap();
    for row in outputs[0].values().chunks(100) {
        assert!(row.iter().sum::<f64>().abs() < 1e-4);
    }
}

#[test]
fn every_barrier_is_needed() {
    kernel::check(centred).unwrap();
    let barriers = Check::new().barriers(centred).unwrap();
    // One before the tree, and the one in it, which stands in the source once.
    assert_eq!(barriers.len(), 2);
    for barrier in barriers {
        assert!(Check::new().without_barrier(barrier).run(centred).is_err());
    }
}

#[test]
fn a_subgroup_is_as_large_as_the_device_says() -> Result<(), DispatchError> {
    for (size, greatest_of_first) in [(4, 3.0), (32, 31.0)] {
        let device = Device::Cpu(CpuOptions::with_subgroups_of(size));
        let outputs = Trial::describe(&device, |trial| {
            let x = trial.input("x", &(0..64).map(|i| i as f32).collect::<Vec<_>>())?;
            let mut y = trial.output("y", 64)?;
            greatest::Kernel::dispatch(trial, (), greatest::Args { x: &x, y: &mut y })?;
            Ok(())
        })?;
        assert_eq!(outputs.run()?[0].values()[0], greatest_of_first);
    }
    Ok(())
}
