use kernel::prelude::*;

#[kernel(workgroup = 64, grid = 1)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = lane;
}

fn main() {}
