use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn wrong(lane: LocalIndex, y: &mut Storage<u32>) {
    for i in 0..9u32 {
        match i + lane {
            7 => break,
            _ => y[lane] += i,
        }
    }
}

fn main() {}
