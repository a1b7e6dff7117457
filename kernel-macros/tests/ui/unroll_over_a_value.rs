use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    #[unroll]
    for i in 0..lane {
        y[i] = x[i];
    }
}

fn main() {}
