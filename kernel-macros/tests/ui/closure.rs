use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let twice = |v: f32| v * 2.0;
    y[lane] = twice(x[lane]);
}

fn main() {}
