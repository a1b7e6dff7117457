use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    for i in strided(0, 4u32, 2).rev() {
        y[i] = x[i];
    }
}

fn main() {}
