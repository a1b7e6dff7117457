use kernel::prelude::*;

#[device]
pub enum Shape {
    Point,
    Circle(f32),
    Square { side: f32 },
}

#[device]
#[repr(u8)]
pub enum Level {
    Low = 3,
    High,
}

#[device]
pub enum Nothing {}

fn main() {}
