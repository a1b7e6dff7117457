//! Products of square matrices in f32, and from f16 on matrix units: `cargo run --release --bin matmul [-- cpu|gpu|NAME]`.

use std::error::Error;

use kernel::dispatch::{Device, DispatchError};
use kernel::trial::{Trial, random};
use kernel::types::f16;
use kernel_examples::calls::{record_matmul, record_matmul_f16};
use kernel_examples::kernels::matmul::MatmulParams;
use kernel_examples::run;

fn main() -> Result<(), Box<dyn Error>> {
    let device = run::device()?;
    let n = if device.is_cpu() { 256 } else { 4096 };
    let params = MatmulParams { m: n, n, k: n };
    let len = (n * n) as usize;
    let (a, b) = (random("a", len, -1.0..1.0), random("b", len, -1.0..1.0));
    show("f32", n, &device, |trial| {
        let (a, b) = (trial.input("a", &a)?.cast(), trial.input("b", &b)?.cast());
        let mut c = trial.output("c", len / 4)?;
        record_matmul(trial, params, &a, &b, &mut c)
    })?;
    let halves = |values: &[f32]| values.iter().copied().map(f16::from_f32).collect::<Vec<_>>();
    let (a, b) = (halves(&a), halves(&b));
    show("f16, sums in f32", n, &device, |trial| {
        let (a, b) = (trial.input("a", &a)?.cast(), trial.input("b", &b)?.cast());
        let mut c = trial.output("c", len)?;
        record_matmul_f16(&device, trial, params, &a, &b, &mut c)
    })
}

/// Prints how long a product takes, or why it cannot run.
fn show(
    what: &str,
    n: u32,
    device: &Device,
    product: impl Fn(&mut Trial) -> Result<(), DispatchError>,
) -> Result<(), Box<dyn Error>> {
    match Trial::describe(device, product) {
        Ok(trial) => {
            let time = run::time(device, &trial.plan()?)?.as_secs_f64();
            println!("{what}: {:.3} ms, {:.1} TFLOP/s", time * 1e3, 2.0 * f64::from(n).powi(3) / time * 1e-12);
        }
        Err(DispatchError::Gpu(error)) => println!("{what}: {error}"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
