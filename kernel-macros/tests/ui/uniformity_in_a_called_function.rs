use kernel::prelude::*;

#[device]
pub async fn stage(lane: u32, y: &mut Storage<f32>) {
    y[lane] = 1.0;
    workgroup_barrier().await;
}

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    if lane % 2 == 0 {
        stage(lane, y).await;
    }
}

fn main() {}
