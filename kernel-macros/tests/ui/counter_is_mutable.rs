use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    for mut i in 0..4u32 {
        i += 1;
        y[i] = x[i];
    }
}

fn main() {}
