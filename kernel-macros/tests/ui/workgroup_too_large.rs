use kernel::prelude::*;

#[kernel(workgroup = W, groups = 1)]
pub fn wide<const W: u32>(lane: LocalIndex, y: &mut Storage<u32>) {
    y[lane] = W;
}

kernel::variants! {
    /// The variants.
    pub fn variants;
    wide::<256>;
    wide::<512>;
}

fn main() {}
