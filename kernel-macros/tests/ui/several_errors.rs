use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let a = x[lane].abs();
    while a > 0.0 {}
    let (b, c) = (a, a);
    y[lane] = b + c;
}

fn main() {}
