use kernel::prelude::*;

#[kernel(workgroup = 1, groups = 1)]
pub fn wrong(x: &Storage<Vec2<f32>>, y: &mut Storage<Vec2<f32>>) {
    if x[0] < x[1] {
        y[0] = x[0];
    }
    y[1] = select(x[0], x[1], vec4(true, false, true, false));
    y[2].x = f32(any(x[0]));
}

fn main() {}
