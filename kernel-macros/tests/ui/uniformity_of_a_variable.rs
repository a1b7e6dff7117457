use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    let mut rounds = 4u32;
    if x[lane] > 0 {
        rounds = 2;
    }
    for _ in 0..rounds {
        y[lane] += 1;
        workgroup_barrier().await;
    }
}

fn main() {}
