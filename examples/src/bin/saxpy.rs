//! `y = 2·x + y` of 16 million values: `cargo run --release --bin saxpy [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel_examples::{calls::record_saxpy, run};

fn main() -> Result<(), Box<dyn Error>> {
    const N: usize = 1 << 24;
    run::show(12.0 * N as f64, |trial| {
        let x = trial.random("x", N)?;
        let mut y = trial.changed("y", &vec![1.0f32; N])?;
        record_saxpy(trial, 2.0, &x, &mut y)
    })
}
