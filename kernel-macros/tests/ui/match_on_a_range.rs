use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    match lane {
        0..=7 => y[0] = 1.0,
        _ => {}
    }
}

fn main() {}
