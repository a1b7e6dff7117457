use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut i = lane;
    while i < 10 {
        i += 1;
    }
    y[lane] = f32(i);
}

fn main() {}
