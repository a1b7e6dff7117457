use kernel::prelude::*;

#[device]
pub trait Activation {
    fn apply(&self, x: f32) -> f32;
}

fn main() {}
