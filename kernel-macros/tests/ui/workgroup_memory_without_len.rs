use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, scratch: &mut Workgroup<f32>, y: &mut Storage<f32>) {
    y[lane] = scratch[lane];
}

fn main() {}
