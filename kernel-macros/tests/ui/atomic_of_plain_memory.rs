use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, bins: &mut Storage<u32>) {
    atomic_add(&bins[lane], 1);
}

fn main() {}
