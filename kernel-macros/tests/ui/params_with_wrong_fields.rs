use kernel::prelude::*;

#[params]
pub struct Wrong {
    pub flag: bool,
    pub bytes: u64,
    pub weights: [f32; 4],
    pub fine: u32,
}

fn main() {}
