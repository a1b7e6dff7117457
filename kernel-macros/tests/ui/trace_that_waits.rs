use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    trace!(lane, subgroup_add(x[lane]).await);
    y[lane] = x[lane];
}

fn main() {}
