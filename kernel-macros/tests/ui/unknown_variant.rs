use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn fine<const N: u32>(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = N;
}

kernel::variants! {
    /// The variants.
    pub fn variants;
    fine::<1, 2>;
    missing;
}

fn main() {}
