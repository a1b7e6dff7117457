//! The sum of 16 million values: `cargo run --release --bin reduction [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel_examples::{calls::record_reduce, kernels::reduction::Sum, run};

fn main() -> Result<(), Box<dyn Error>> {
    const N: usize = 1 << 24;
    run::show(4.0 * N as f64, |trial| {
        let x = trial.random("x", N)?;
        let mut y = trial.output("sum", 1)?;
        let device = trial.device().clone();
        record_reduce::<Sum>(&device, trial, &x, &mut y)
    })
}
