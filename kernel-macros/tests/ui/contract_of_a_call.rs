use kernel::prelude::*;

#[params]
pub struct Shape {
    /// Values.
    n: u32,
}

fn twice(n: u32) -> u32 {
    2 * n
}

#[kernel(workgroup = 64, groups = params.n, requires(y.len() >= twice(params.n), params.n, z.len() == 1))]
pub fn wrong(lane: LocalIndex, params: &Shape, y: &mut Storage<u32>) {
    y[lane] = params.n;
}

fn main() {}
