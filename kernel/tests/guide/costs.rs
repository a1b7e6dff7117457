//! What a dispatch costs.

use kernel::cost::Cost;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::{Case, Trial};
use kernel::tuning::{Candidate, Family, Variant};
use kernel::variant::KernelTable;

use crate::Shown;

#[params]
pub struct MatvecParams {
    /// Rows of the matrix.
    pub rows: u32,
    /// Its columns.
    pub n: u32,
}

/// `y = a·x`, one invocation a row.
#[kernel(workgroup = W, groups = params.rows.div_ceil(W))]
pub fn matvec<const W: u32>(
    row: GlobalId,
    params: &MatvecParams,
    a: &Storage<f32>,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    if row < params.rows {
        let mut sum = 0.0;
        for i in 0..params.n {
            sum = fma(a[row * params.n + i], x[i], sum);
        }
        y[row] = sum;
    }
}

fn case<const W: u32>(rows: u32, n: u32) -> Box<Case<'static>> {
    Box::new(move |trial: &mut Trial| -> Result<(), DispatchError> {
        let (a, x) = (trial.random("a", (rows * n) as usize)?, trial.random("x", n as usize)?);
        let mut y = trial.output("y", rows as usize)?;
        matvec::Kernel::<W>::dispatch(trial, MatvecParams { rows, n }, matvec::Args { a: &a, x: &x, y: &mut y })?;
        Ok(())
    })
}

/// What 1000 rows of 500 values cost.
fn cost(table: KernelTable) -> Result<Option<Cost>, DispatchError> {
    let device = Device::Cpu(CpuOptions::default());
    let trial = Trial::describe(&device, case::<64>(1000, 500))?;
    let launched = &trial.launched()[0];
    let variant = table.get(&launched.key).expect("the table has it");
    Ok(launched.cost(&device, variant, 32).expect("a card holds formulas"))
}

fn candidate<const W: u32>() -> Candidate {
    let key = format!("matvec<{W}>");
    let variant = Variant { key: key.clone(), small: case::<W>(100, 30), typical: Some(case::<W>(4096, 4096)) };
    Candidate { name: key, variants: vec![variant] }
}

/// Two ways to the same result, the preferred one first.
fn family() -> Family {
    Family { name: "matvec".into(), candidates: vec![candidate::<64>(), candidate::<256>()] }
}

#[test]
fn every_weight_is_read_once_and_x_once_a_row() {
    let table = kernel::emit::table(vec![matvec::emit::<64>()]);
    let cost = cost(table).unwrap().expect("nothing depends on data");
    assert_eq!(cost.bytes_read, 4.0 * 2.0 * 1000.0 * 500.0);
    assert_eq!(cost.bytes_written, 4.0 * 1000.0);
    assert_eq!(cost.operations, 2.0 * 1000.0 * 500.0);
}

#[test]
fn candidates_are_named_by_their_variants() {
    assert_eq!(family().candidates[1].variants[0].key, matvec::emit::<256>().key);
}

/// What the page shows.
pub fn shown() -> Shown {
    let table = kernel::emit::table(vec![matvec::emit::<64>()]);
    let card = &table.0[0].cost;
    let (read, written, operations) = (card.bytes_read, card.bytes_written, card.operations);
    let card = format!("bytes read     {read}\nbytes written  {written}\noperations     {operations}");
    let cost = cost(table).expect("it is described").expect("nothing depends on data");
    vec![("card", card), ("cost", format!("{cost:?}"))]
}
