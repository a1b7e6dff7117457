use kernel::prelude::*;

#[differentiable]
#[device]
fn half(n: u32) -> f32 {
    f32(n) * 0.5
}

#[differentiable]
#[device]
fn count(x: f32) -> u32 {
    u32(x)
}

fn main() {}
