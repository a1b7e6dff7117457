use kernel::prelude::*;

#[kernel]
pub fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = lane;
}

fn main() {}
