//! The softmax of 4,096 rows of 4,096 values: `cargo run --release --bin softmax [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel_examples::{calls::record_softmax, run};

fn main() -> Result<(), Box<dyn Error>> {
    const ROWS: usize = 4096;
    const N: usize = 4096;
    // The row is read three times, twice of them from the cache.
    run::show(8.0 * (ROWS * N) as f64, |trial| {
        let x = trial.random("x", ROWS * N)?;
        let mut y = trial.output("y", ROWS * N)?;
        record_softmax(trial, ROWS as u32, &x, &mut y)
    })
}
