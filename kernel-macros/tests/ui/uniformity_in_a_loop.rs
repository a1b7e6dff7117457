use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(counts: &mut Storage<u32>, y: &mut Storage<f32>) {
    for i in 0..counts[0] {
        y[i] = 1.0;
        storage_barrier().await;
    }
}

fn main() {}
