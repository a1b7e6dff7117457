use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    'rows: for i in 0..4u32 {
        if x[i] > 0.0 {
            continue 'rows;
        }
        y[i] = x[i];
    }
}

fn main() {}
