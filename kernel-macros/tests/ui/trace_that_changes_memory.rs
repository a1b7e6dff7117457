use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<Atomic<u32>>) {
    trace!(lane, atomic_add(&y[0], 1));
}

fn main() {}
