use kernel::prelude::*;

#[differentiable]
#[device]
fn power(x: f32, n: u32) -> f32 {
    let mut y = 1.0;
    for _ in 0..n {
        y *= x;
    }
    y
}

fn main() {}
