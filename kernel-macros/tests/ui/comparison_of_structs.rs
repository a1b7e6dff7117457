use kernel::prelude::*;

#[device]
pub struct Pair {
    pub a: f32,
    pub b: f32,
}

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(x: &Storage<f32>, y: &mut Storage<f32>) {
    let one = Pair { a: x[0], b: x[1] };
    let two = Pair { a: x[2], b: x[3] };
    if one == two {
        y[0] = 1.0;
    }
}

fn main() {}
