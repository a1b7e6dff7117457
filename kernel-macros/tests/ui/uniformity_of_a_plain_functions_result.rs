use kernel::prelude::*;

#[device]
pub fn slot(base: u32) -> u32 {
    base + subgroup_invocation_id()
}

fn main() {}
