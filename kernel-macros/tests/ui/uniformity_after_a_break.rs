use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    for i in 0..16 {
        workgroup_barrier().await;
        if y[lane + i] > 4.0 {
            break;
        }
    }
}

fn main() {}
