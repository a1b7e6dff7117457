//! Fields of structs in memory are apart: each has its own value and its own races.

use kernel::bytemuck;
use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::Trial;

use crate::{at, mistake};

#[storage]
pub struct Cell {
    pub low: u32,
    pub place: Vec3<f32>,
    pub slots: [u32; 4],
}

#[kernel(workgroup = 4, groups = 1)]
fn own_slots(lane: LocalIndex, y: &mut Storage<Cell>) {
    y[0].slots[lane] = lane;
    if lane == 0 {
        y[0].low = 1;
    }
    if lane == 1 {
        y[0].place = vec3(1.0, 2.0, 3.0);
    }
}

#[test]
fn invocations_may_write_different_fields_and_slots_of_one_element() {
    kernel::check(|trial: &mut Trial| -> Result<(), DispatchError> {
        let mut y = trial.output("y", 1)?;
        own_slots::Kernel::dispatch(trial, (), own_slots::Args { y: &mut y })?;
        Ok(())
    })
    .unwrap();
}

#[kernel(workgroup = 4, groups = 1)]
fn one_vector(lane: LocalIndex, y: &mut Storage<Cell>) {
    if lane == 0 {
        y[0].place.x = 1.0;
    }
    if lane == 1 {
        y[0].place.y = 2.0;
    }
}

#[test]
fn components_of_one_vector_in_a_field_race() {
    let message = mistake(|trial| {
        let mut y = trial.output("y", 1)?;
        one_vector::Kernel::dispatch(trial, (), one_vector::Args { y: &mut y })?;
        Ok(())
    });
    assert!(message.contains("race") && message.contains(&at!("y[0].place.y = 2.0;")), "{message}");
}

#[kernel(workgroup = 1, groups = 1)]
fn half_written(y: &mut Storage<Cell>, z: &mut Storage<f32>) {
    y[0].place.x = 1.0;
    y[0].slots[2] = 1;
    z[0] = y[0].place.x + f32(y[0].slots[2]);
    z[1] = f32(y[0].slots[1]);
}

#[test]
fn a_slot_has_no_value_before_it_is_written_itself() {
    let message = mistake(|trial| {
        let (mut y, mut z) = (trial.output("y", 1)?, trial.output("z", 2)?);
        half_written::Kernel::dispatch(trial, (), half_written::Args { y: &mut y, z: &mut z })?;
        Ok(())
    });
    let read = at!("f32(y[0].slots[1]);");
    let column = read.rsplit_once(':').map(|(line, _)| line.to_owned()).unwrap_or_default();
    assert!(message.starts_with("`half_written`: `y[0]` has no value yet"), "{message}");
    assert!(message.contains(&column), "{message}");
}

#[kernel(workgroup = 1, groups = 1)]
fn one_slot(y: &mut Storage<Cell>) {
    y[0].slots[0] = y[0].low + y[0].slots[3];
}

#[test]
fn what_the_host_uploads_has_a_value_and_comes_back() {
    let run = |trial: &mut Trial| {
        let cells = [Cell::new(7, vec3(1.0, 2.0, 3.0), [1, 2, 3, 4])];
        let mut y = trial.changed("y", &cells)?;
        one_slot::Kernel::dispatch(trial, (), one_slot::Args { y: &mut y })?;
        Ok(())
    };
    kernel::check(run).unwrap();
    let outputs = Trial::describe(&Device::Cpu(CpuOptions::default()), run).unwrap().run().unwrap();
    let cells: Vec<Cell> = outputs[0].bytes.chunks(size_of::<Cell>()).map(bytemuck::pod_read_unaligned).collect();
    assert_eq!(cells, [Cell::new(7, vec3(1.0, 2.0, 3.0), [11, 2, 3, 4])]);
}
