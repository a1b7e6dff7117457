use kernel::prelude::*;

#[params]
pub struct One {
    pub n: u32,
}

#[params]
pub struct Two {
    pub m: u32,
}

#[kernel(workgroup = 64, groups = one.n)]
pub fn wrong(lane: LocalIndex, one: &One, two: &Two, y: &mut Storage<u32>) {
    y[lane] = one.n + two.m;
}

fn main() {}
