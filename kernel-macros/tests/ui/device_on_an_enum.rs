use kernel::prelude::*;

#[device]
pub enum Choice {
    One,
}

fn main() {}
