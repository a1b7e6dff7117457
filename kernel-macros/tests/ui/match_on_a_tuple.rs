use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    match (x[lane], lane) {
        (0, 1) => y[lane] = 1,
        _ => {}
    }
}

fn main() {}
