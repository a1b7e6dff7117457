use kernel::prelude::*;

#[kernel(workgroup = 64, groups = n)]
pub fn wrong(lane: LocalIndex, n: u32, mut y: &mut Storage<u32>, total: &mut u32) {
    y[lane] = n;
}

fn main() {}
