use kernel::prelude::*;

#[differentiable]
#[device]
fn rounded(x: f32) -> f32 {
    let bits = bitcast::<u32, f32>(x);
    bitcast::<f32, u32>(bits & 0xffff_0000) * x
}

fn main() {}
