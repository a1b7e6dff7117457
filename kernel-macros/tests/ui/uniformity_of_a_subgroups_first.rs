use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<f32>) {
    if subgroup_invocation_id() == 0 {
        y[lane] = 1.0;
        workgroup_barrier().await;
    }
}

fn main() {}
