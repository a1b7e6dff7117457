use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    let first = lane < 4;
    if first {
        y[lane] = 1.0;
        workgroup_barrier().await;
    }
}

fn main() {}
