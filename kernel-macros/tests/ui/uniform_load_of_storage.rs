use kernel::prelude::*;

#[kernel(workgroup = 32, groups = 1)]
pub async fn wrong(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let end = workgroup_uniform_load(&x[0]).await;
    y[lane] = end;
}

fn main() {}
