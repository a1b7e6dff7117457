use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    y[lane] = trace!(x[lane]);
}

fn main() {}
