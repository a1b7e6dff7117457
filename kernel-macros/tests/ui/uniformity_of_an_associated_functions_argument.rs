use kernel::prelude::*;

pub struct Rounds;

#[device]
impl Rounds {
    pub async fn run(n: u32) {
        for _ in 0..n {
            workgroup_barrier().await;
        }
    }
}

fn main() {}
