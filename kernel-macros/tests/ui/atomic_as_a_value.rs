use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, bins: &mut Storage<Atomic<u32>>, y: &mut Storage<u32>) {
    y[lane] = bins[lane];
}

fn main() {}
