use kernel::prelude::*;

#[device]
pub union Choice {
    pub one: u32,
}

fn main() {}
