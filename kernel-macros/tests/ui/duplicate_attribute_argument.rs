use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1, workgroup = 32)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = lane;
}

fn main() {}
