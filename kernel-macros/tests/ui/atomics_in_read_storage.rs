use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<Atomic<u32>>, y: &mut Storage<u32>) {
    y[lane] = atomic_load(&x[lane]);
}

fn main() {}
