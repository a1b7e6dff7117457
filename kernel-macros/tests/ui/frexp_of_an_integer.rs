use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(x: &Storage<u32>, y: &mut Storage<u32>) {
    y[0] = u32(frexp(x[0]).exp);
}

fn main() {}
