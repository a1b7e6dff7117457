use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = [x[0], x[1]];
    y[lane] = a[0];
}

fn main() {}
