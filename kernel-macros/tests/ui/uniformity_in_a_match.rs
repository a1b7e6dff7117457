use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub async fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    match lane % 4 {
        0 => workgroup_barrier().await,
        _ => y[lane] = 1,
    }
}

fn main() {}
