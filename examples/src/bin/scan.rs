//! Prefix sums of 16 million values: `cargo run --release --bin scan [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel_examples::{calls::record_scan, run};

fn main() -> Result<(), Box<dyn Error>> {
    const N: usize = 1 << 24;
    // Read and written by the blocks' scan, and again by the addition of totals.
    run::show(16.0 * N as f64, |trial| {
        let x = trial.input("x", &(0..N as u32).map(|i| i % 3).collect::<Vec<_>>())?;
        let mut y = trial.output("y", N)?;
        let device = trial.device().clone();
        record_scan(&device, trial, &x, &mut y)
    })
}
