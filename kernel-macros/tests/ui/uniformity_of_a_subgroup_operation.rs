use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    if x[lane] > 0.0 {
        y[lane] = subgroup_add(x[lane]).await;
    }
}

fn main() {}
