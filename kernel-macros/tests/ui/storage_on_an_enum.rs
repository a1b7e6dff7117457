use kernel::prelude::*;

#[storage]
pub enum Choice {
    One,
}

#[storage]
pub struct Pair(u32, u32);

#[storage]
#[repr(C)]
pub struct Placed {
    pub n: u32,
}

fn main() {}
