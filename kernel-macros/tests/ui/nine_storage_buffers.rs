use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(
    a: &Storage<u32>,
    b: &Storage<u32>,
    c: &Storage<u32>,
    d: &Storage<u32>,
    e: &Storage<u32>,
    f: &Storage<u32>,
    g: &Storage<u32>,
    h: &Storage<u32>,
    y: &mut Storage<u32>,
) {
    y[0] = a[0] + b[0] + c[0] + d[0] + e[0] + f[0] + g[0] + h[0];
}

fn main() {}
