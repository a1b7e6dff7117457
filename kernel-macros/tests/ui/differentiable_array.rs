use kernel::prelude::*;

#[differentiable]
#[device]
fn first(x: f32) -> f32 {
    let values = [x; 4];
    values[0] * x
}

fn main() {}
