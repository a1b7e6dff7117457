use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] found: &mut Workgroup<u32>) {
    found[lane] = lane;
    workgroup_barrier().await;
    if found[0] == 0 {
        workgroup_barrier().await;
        y[lane] = 1;
    }
}

fn main() {}
