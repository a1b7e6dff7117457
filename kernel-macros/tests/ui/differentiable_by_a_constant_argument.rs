use kernel::prelude::*;

#[differentiable]
#[device]
fn scaled(x: f32, #[constant] factor: f32) -> f32 {
    x * factor
}

#[differentiable]
#[device]
fn squared(x: f32) -> f32 {
    scaled(x, x)
}

fn main() {}
