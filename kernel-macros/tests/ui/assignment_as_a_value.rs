use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut a = 0.0f32;
    y[lane] = { a = x[lane] } + a;
}

fn main() {}
