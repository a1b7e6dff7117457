use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    match lane {
        0 if x[0] > 0.0 => y[0] = 1.0,
        _ => {}
    }
}

fn main() {}
