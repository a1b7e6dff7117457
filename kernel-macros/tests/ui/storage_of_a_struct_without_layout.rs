use kernel::prelude::*;

#[device]
pub struct Value {
    pub n: u32,
}

#[storage]
pub struct Holds {
    pub value: Value,
}

#[kernel(workgroup = 1, groups = 1)]
fn values(x: &Storage<Value>, y: &mut Storage<u32>) {
    y[0] = x[0].n;
}

fn main() {}
