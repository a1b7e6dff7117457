use kernel::prelude::*;

#[kernel(workgroup = 32, groups = 1)]
pub async fn wrong(lane: LocalIndex, x: &Storage<f32>, y: &mut Storage<f32>) {
    let bits = subgroup_xor(x[lane]).await;
    y[lane] = bits;
}

fn main() {}
