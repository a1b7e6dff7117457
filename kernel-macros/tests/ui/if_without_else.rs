use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = 1.0 + if x[lane] > 0.0 { x[lane] };
    y[lane] = a;
}

fn main() {}
