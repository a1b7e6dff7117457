use kernel::prelude::*;

#[kernel(workgroup = 64, groups = 1)]
pub fn hungry<const N: u32>(lane: LocalIndex, y: &mut Storage<u32>, #[len = N] memory: &mut Workgroup<u32>) {
    memory[lane] = N;
    y[lane] = memory[lane];
}

kernel::variants! {
    /// The variants.
    pub fn variants;
    hungry::<4096>;
    hungry::<4097>;
}

fn main() {}
