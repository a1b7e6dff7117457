//! Every kernel against plain Rust in f64, on the CPU executor and, where there is one, on a GPU.

use std::sync::OnceLock;

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::gpu::{AdapterSelection, Gpu, GpuError, GpuOptions};
use kernel::tolerance::Tolerance;
use kernel::trial::{Trial, random, random_words};
use kernel::types::f16;
use kernel_examples::KERNELS;
use kernel_examples::calls::{
    record_histogram, record_matmul, record_matmul_f16, record_reduce, record_saxpy, record_scan, record_softmax,
};
use kernel_examples::kernels::histogram::BINS;
use kernel_examples::kernels::matmul::MatmulParams;
use kernel_examples::kernels::reduction::{Greatest, Sum};
use kernel_examples::kernels::scan::BLOCK;

/// The CPU executor, and the GPU if there is one (lavapipe, Mesa's software driver, is one).
fn devices() -> Vec<Device> {
    static GPU: OnceLock<Option<Gpu>> = OnceLock::new();
    let gpu = GPU.get_or_init(|| {
        pollster::block_on(Gpu::request(&AdapterSelection::Default, KERNELS, GpuOptions::default()))
            .inspect_err(|error| eprintln!("SKIPPED on a GPU, run on the CPU executor alone: {error}"))
            .ok()
    });
    std::iter::once(Device::Cpu(CpuOptions::default())).chain(gpu.clone().map(Device::Gpu)).collect()
}

/// Runs a computation on every device and compares its one output with `expected`.
fn compare(
    what: &str,
    tolerance: Tolerance,
    expected: &[f64],
    computation: impl Fn(&mut Trial) -> Result<(), DispatchError>,
) {
    for device in devices() {
        let place = if device.is_cpu() { "CPU" } else { "GPU" };
        let outputs = Trial::describe(&device, &computation)
            .and_then(Trial::run)
            .unwrap_or_else(|error| panic!("{what} on the {place}: {error}"));
        let worst = tolerance.worst(&outputs[0].values(), expected).expect("an output has values");
        assert!(worst.used <= 1.0, "{what} on the {place}: {worst:?}");
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

#[test]
fn saxpy_multiplies_and_adds() {
    for n in [1, 255, 256, 257, 5000] {
        let (x, y) = (random("x", n, -1.0..1.0), random("y", n, -1.0..1.0));
        let expected: Vec<f64> = wide(&x).iter().zip(wide(&y)).map(|(x, y)| 2.5 * x + y).collect();
        compare(&format!("saxpy of {n}"), Tolerance::rel(1e-6), &expected, |trial| {
            let x = trial.input("x", &x)?;
            let mut y = trial.changed("y", &y)?;
            record_saxpy(trial, 2.5, &x, &mut y)
        });
    }
}

#[test]
fn a_sum_is_the_sum_of_all_values_and_a_maximum_the_greatest_of_them() {
    for n in [1, 255, 257, 300_001] {
        let x = random("x", n, -3.0..1.0);
        let sum: f64 = wide(&x).iter().sum();
        let greatest = wide(&x).into_iter().fold(f64::MIN, f64::max);
        compare(&format!("the sum of {n}"), Tolerance::rel(1e-5), &[sum], |trial| {
            let x = trial.input("x", &x)?;
            let mut y = trial.output("sum", 1)?;
            let device = trial.device().clone();
            record_reduce::<Sum>(&device, trial, &x, &mut y)
        });
        compare(&format!("the maximum of {n}"), Tolerance::EXACT, &[greatest], |trial| {
            let x = trial.input("x", &x)?;
            let mut y = trial.output("greatest", 1)?;
            let device = trial.device().clone();
            record_reduce::<Greatest>(&device, trial, &x, &mut y)
        });
    }
}

#[test]
fn a_histogram_counts_every_value_once() {
    for n in [1, 255, 257, 100_003] {
        let x: Vec<u32> = random_words("x", n).into_iter().map(|word| word % (BINS + 10)).collect();
        let mut expected = vec![3.0; BINS as usize];
        for value in x.iter().filter(|value| **value < BINS) {
            expected[*value as usize] += 1.0;
        }
        compare(&format!("the histogram of {n}"), Tolerance::EXACT, &expected, |trial| {
            let x = trial.input("x", &x)?;
            let mut counts = trial.changed("counts", &[3u32; BINS as usize])?;
            record_histogram(trial, &x, &mut counts)
        });
    }
}

#[test]
fn a_scan_sums_all_values_before_also_past_one_block_of_blocks() {
    let block = BLOCK as usize;
    for n in [1, block - 1, block, block + 1, 5 * block + 3, block * block + 1] {
        let x: Vec<u32> = (0..n as u32).map(|i| i.wrapping_mul(2_654_435_761) >> 28).collect();
        let expected: Vec<f64> = x
            .iter()
            .scan(0u32, |sum, x| {
                *sum += x;
                Some(f64::from(*sum))
            })
            .collect();
        compare(&format!("the scan of {n}"), Tolerance::EXACT, &expected, |trial| {
            let x = trial.input("x", &x)?;
            let mut y = trial.output("y", n)?;
            let device = trial.device().clone();
            record_scan(&device, trial, &x, &mut y)
        });
    }
}

#[test]
fn each_row_of_a_softmax_is_normalised_also_where_exp_would_overflow() {
    for (rows, n) in [(1, 1), (3, 255), (5, 257), (2, 3000)] {
        let x = random("x", rows * n, -200.0..200.0);
        let expected: Vec<f64> = wide(&x)
            .chunks(n)
            .flat_map(|row| {
                let greatest = row.iter().copied().fold(f64::MIN, f64::max);
                let sum: f64 = row.iter().map(|x| (x - greatest).exp()).sum();
                row.iter().map(move |x| (x - greatest).exp() / sum).collect::<Vec<_>>()
            })
            .collect();
        compare(&format!("the softmax of {rows} rows of {n}"), Tolerance::rel(1e-5), &expected, |trial| {
            let x = trial.input("x", &x)?;
            let mut y = trial.output("y", rows * n)?;
            record_softmax(trial, rows as u32, &x, &mut y)
        });
    }
}

#[test]
fn a_matrix_product_sums_over_k_in_every_tile() {
    for (m, n, k) in [(128, 128, 16), (256, 384, 48), (1152, 128, 32)] {
        let (a, b) = (random("a", m * k, -1.0..1.0), random("b", k * n, -1.0..1.0));
        let expected = product(m, n, k, &a, &b);
        compare(&format!("the product of {m}×{k} and {k}×{n}"), Tolerance::rel(1e-5), &expected, |trial| {
            let (a, b) = (trial.input("a", &a)?.cast(), trial.input("b", &b)?.cast());
            let mut c = trial.output("c", m * n / 4)?;
            record_matmul(trial, MatmulParams { m: m as u32, n: n as u32, k: k as u32 }, &a, &b, &mut c)
        });
    }
}

/// On a GPU this needs cooperative matrices, which no software adapter has.
#[test]
fn a_matrix_product_in_f16_sums_in_f32() {
    for (m, n, k) in [(128, 256, 32), (128, 512, 96)] {
        let halves = |name, len| random(name, len, -1.0..1.0).into_iter().map(f16::from_f32).collect::<Vec<_>>();
        let (a, b) = (halves("a", m * k), halves("b", k * n));
        let floats = |values: &[f16]| values.iter().map(|value| value.to_f32()).collect::<Vec<_>>();
        let expected = product(m, n, k, &floats(&a), &floats(&b));
        for device in devices() {
            let computation = |trial: &mut Trial| {
                let (a, b) = (trial.input("a", &a)?.cast(), trial.input("b", &b)?.cast());
                let mut c = trial.output("c", m * n)?;
                let params = MatmulParams { m: m as u32, n: n as u32, k: k as u32 };
                record_matmul_f16(&device, trial, params, &a, &b, &mut c)
            };
            match Trial::describe(&device, computation).and_then(Trial::run) {
                Ok(outputs) => {
                    let worst = Tolerance::rel(1e-5).worst(&outputs[0].values(), &expected);
                    assert!(worst.is_some_and(|worst| worst.used <= 1.0), "{worst:?}");
                }
                Err(DispatchError::Gpu(error @ GpuError::MissingFeature { .. })) => eprintln!("SKIPPED: {error}"),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

#[test]
fn a_matrix_that_tiles_do_not_divide_is_refused_with_the_clause() {
    for device in devices() {
        let refused = Trial::describe(&device, |trial| {
            let (a, b) = (trial.scratch("a", 100 * 4)?, trial.scratch("b", 16 * 32)?);
            let mut c = trial.scratch("c", 100 * 32)?;
            record_matmul(trial, MatmulParams { m: 100, n: 128, k: 16 }, &a, &b, &mut c)
        });
        let message = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("requires `m % 128 == 0`: m is 100"), "{message}");
    }
}

/// `a·b` of `[m, k]` and `[k, n]` in f64.
fn product(m: usize, n: usize, k: usize, a: &[f32], b: &[f32]) -> Vec<f64> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for l in 0..k {
            for j in 0..n {
                c[i * n + j] += f64::from(a[i * k + l]) * f64::from(b[l * n + j]);
            }
        }
    }
    c
}
