use kernel::prelude::*;

#[device]
pub async fn neighbour(lane: u32, s: &mut Workgroup<u32>) -> u32 {
    s[lane] = lane;
    workgroup_barrier().await;
    s[(lane + 1) % 64]
}

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<u32>, #[len = 64] s: &mut Workgroup<u32>) {
    let next = neighbour(lane, s).await;
    if next > 4 {
        workgroup_barrier().await;
    }
    y[lane] = next;
}

fn main() {}
