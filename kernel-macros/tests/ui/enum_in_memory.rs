use kernel::prelude::*;

#[device]
pub enum Mode {
    Linear,
    Square,
}

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(x: &Storage<Mode>, y: &mut Storage<u32>) {
    y[0] = u32(x[0]);
}

fn main() {}
