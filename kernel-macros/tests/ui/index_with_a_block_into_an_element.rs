use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut a = [vec2(0.0f32, 0.0); 4];
    a[0].x = x[lane];
    y[lane] = a[lane][if x[0] > 0.0 { 0u32 } else { 1 }];
}

fn main() {}
