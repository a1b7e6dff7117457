use kernel::prelude::*;

#[differentiable]
fn twice(x: f32) -> f32 {
    x * 2.0
}

fn main() {}
