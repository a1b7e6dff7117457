//! What injected checks cost: typical kernels with and without them, timed by the GPU in one process.
//! `cargo run --release -p kernels-src --example proven_gain [ROUNDS]`

use std::process::ExitCode;
use std::time::Duration;

use kernel::build::Builder;
use kernel::dispatch::{Device, DispatchError};
use kernel::gpu::{AdapterSelection, Gpu, GpuError, GpuOptions, RuntimeChecks};
use kernel::trial::Trial;
use kernel::variant::{KernelTable, Proof};
use kernels_src::cases::{self, NamedCase, Scale};

/// The variants to time; those of a missing feature are skipped aloud.
const KERNELS: [&str; 12] = [
    "gemm<F32, 16, 4, 4>",
    "gemm<Q4_K, 16, 4, 4>",
    "matvec<F32, Tree<64>, Identity, 4>",
    "matvec<Q4_K, Tree<64>, Identity, 4>",
    "matvec<Q4_K, Subgroups<64>, Identity, 4>",
    "matvec_transposed<Q4_K, 64, 1, 8>",
    "rms_norm<Tree<256>, true>",
    "rms_norm<Subgroups<256>, true>",
    "geglu<GeluTanh, 256>",
    "zip<AddThenScale, 256>",
    "adamw<256>",
    "attend_prefill<KvF16, 256, 128, 8>",
];

/// Timed runs between which the two devices take turns.
const RUNS: u32 = 20;

fn main() -> ExitCode {
    let rounds = std::env::args().nth(1).and_then(|rounds| rounds.parse().ok()).unwrap_or(5);
    match measure(rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(rounds: u32) -> Result<(), DispatchError> {
    let wanted = kernels_src::variants().into_iter().filter(|variant| KERNELS.contains(&variant.key.as_str()));
    let table = match Builder::new(wanted.collect()).run_time_table() {
        Ok(table) => table,
        Err(errors) => {
            errors.iter().for_each(|error| eprintln!("error: {error}"));
            KernelTable(&[])
        }
    };
    let open = |runtime_checks| {
        let options = GpuOptions { runtime_checks, ..GpuOptions::default() };
        pollster::block_on(Gpu::request(&AdapterSelection::Default, table, options))
    };
    let (checked, unchecked) = (open(RuntimeChecks::Everywhere)?, open(RuntimeChecks::WhereUnproven)?);
    println!("{}", checked.info());
    println!("{:<44} {:<10} {:>12} {:>12} {:>7}", "kernel", "proof", "checks", "no checks", "gain");
    let cases = cases::all(Scale::Typical);
    for variant in table.0 {
        let Some(case) = cases.iter().find(|case| case.key == variant.key) else { continue };
        let proof = if variant.proof == Proof::Proven { "proven" } else { "unproven" };
        match compare(case, &checked, &unchecked, rounds) {
            Ok((with, without)) => {
                let micros = |time: Duration| format!("{:.2} us", time.as_secs_f64() * 1e6);
                let gain = with.as_secs_f64() / without.as_secs_f64();
                println!("{:<44} {proof:<10} {:>12} {:>12} {gain:>6.3}x", variant.key, micros(with), micros(without));
            }
            Err(DispatchError::Gpu(error @ (GpuError::MissingFeature { .. } | GpuError::OverLimit { .. }))) => {
                println!("{:<44} SKIPPED: {error}", variant.key);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The shortest time of a case with checks and without; an unproven kernel runs with them both times.
fn compare(
    case: &NamedCase,
    checked: &Gpu,
    unchecked: &Gpu,
    rounds: u32,
) -> Result<(Duration, Duration), DispatchError> {
    let plan = |gpu: &Gpu| Trial::describe(&Device::Gpu(gpu.clone()), |trial| case.describe(trial))?.plan();
    let (with, without) = (plan(checked)?, plan(unchecked)?);
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds.max(1) {
        for (gpu, plan, best) in [(checked, &with, &mut best.0), (unchecked, &without, &mut best.1)] {
            if let Some(plan) = plan.on_gpu() {
                let times = pollster::block_on(gpu.time(plan, RUNS))?;
                *best = times.into_iter().filter(|time| !time.is_zero()).min().map_or(*best, |time| time.min(*best));
            }
        }
    }
    Ok(best)
}
