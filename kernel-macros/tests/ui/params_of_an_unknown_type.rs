use kernel::prelude::*;

#[params]
pub struct Wrong {
    pub name: String,
}

fn main() {}
