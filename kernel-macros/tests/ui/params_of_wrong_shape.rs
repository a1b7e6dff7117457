use kernel::prelude::*;

#[params]
pub struct Generic<T> {
    pub value: T,
}

#[params]
pub struct Empty {}

#[params]
pub struct Positional(u32, f32);

#[params]
pub enum Choice {
    One,
}

fn main() {}
