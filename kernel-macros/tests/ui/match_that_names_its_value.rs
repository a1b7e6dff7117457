use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = match lane {
        0 => 1,
        other => other * 2,
    };
}

fn main() {}
