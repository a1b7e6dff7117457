use kernel::prelude::*;

#[device]
pub async fn fill(lane: u32, rounds: u32, y: &mut Storage<f32>) {
    for _ in 0..rounds {
        y[lane] += 1.0;
        workgroup_barrier().await;
    }
}

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    fill(lane, 4, y).await;
    fill(lane, lane / 2, y).await;
}

fn main() {}
