use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    if let 0.0 = x[lane] {
        y[lane] = 1.0;
    }
}

fn main() {}
