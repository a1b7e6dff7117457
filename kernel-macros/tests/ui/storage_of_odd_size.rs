use kernel::prelude::*;

#[storage]
pub struct Odd {
    pub a: f16,
    pub b: f16,
    pub c: f16,
}

fn main() {}
