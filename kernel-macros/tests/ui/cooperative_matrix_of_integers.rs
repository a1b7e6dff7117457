use kernel::prelude::*;

#[kernel(workgroup = 32, groups = 1)]
pub fn wrong(x: &Storage<u32>, y: &mut Storage<u32>) {
    let a: CoopMat16x16<u32, role::A> = coop_load_t(&x[0], 16);
    coop_store_t(a, &y[0], 16);
}

fn main() {}
