use kernel::prelude::*;

#[storage]
pub struct Wrong {
    pub flag: bool,
    pub bytes: u64,
    pub directions: [Vec3<f32>; 2],
    pub count: Atomic<u32>,
    pub fine: u32,
}

fn main() {}
