use kernel::prelude::*;

#[params]
pub struct Shape {
    /// Values.
    n: u32,
    /// A factor.
    scale: f32,
}

#[kernel(workgroup = 64, groups = params.n, requires(y.len() >= params.m, params.scale >= 1))]
pub fn wrong(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    y[lane] = params.n;
}

fn main() {}
