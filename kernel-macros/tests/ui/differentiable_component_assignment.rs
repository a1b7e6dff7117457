use kernel::prelude::*;

#[differentiable]
#[device]
fn doubled(v: Vec2<f32>) -> Vec2<f32> {
    let mut twice = v;
    twice.x = v.x * 2.0;
    twice
}

fn main() {}
