//! The histogram of 64 million bytes, one a word: `cargo run --release --bin histogram [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel::trial::random_words;
use kernel_examples::calls::record_histogram;
use kernel_examples::kernels::histogram::BINS;
use kernel_examples::run;

fn main() -> Result<(), Box<dyn Error>> {
    const N: usize = 1 << 26;
    run::show(4.0 * N as f64, |trial| {
        let bytes: Vec<u32> = random_words("x", N).into_iter().map(|word| word % BINS).collect();
        let x = trial.input("x", &bytes)?;
        let mut counts = trial.changed("counts", &[0u32; BINS as usize])?;
        record_histogram(trial, &x, &mut counts)
    })
}
