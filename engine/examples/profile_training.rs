//! Prints where the time of a training step goes, kernel by kernel, as the GPU's timestamps say, and beside it what whole
//! steps take: rank 16 on the seven projections, one example of `TOKENS` random tokens.
//!
//! `cargo run --release -p gemmule-engine --example profile_training -- MODEL [TOKENS] [MIB] [exact] [rows-from-file]`
//!
//! `exact` computes in f32; `rows-from-file` leaves the per-layer embedding table in the file.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use engine::dataset::Example;
use engine::device::{Device, DeviceChoice};
use engine::lora::{Adapter, LoraOptions};
use engine::model::{LoadOptions, Model, PleResidency};
use engine::source::FileSource;
use engine::tokenizer::TokenId;
use engine::training::{Batch, Trainer, TrainerOptions};

/// Steps that are timed; the first ones compile pipelines and warm up.
const STEPS: usize = 8;

fn main() -> Result<(), Box<dyn Error>> {
    let (words, arguments): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| ["exact", "rows-from-file"].contains(&argument.as_str()));
    let given = |word: &str| words.iter().any(|one| one == word);
    let mut arguments = arguments.into_iter();
    let path = arguments.next().ok_or("usage: profile_training MODEL [TOKENS] [MIB] [exact] [rows-from-file]")?;
    let tokens: usize = arguments.next().map_or(Ok(512), |text| text.parse())?;
    let memory = arguments.next().map(|text| text.parse::<u64>()).transpose()?.map(|mib| mib << 20);
    let device = pollster::block_on(Device::open(&DeviceChoice::Gpu))?;
    let source = Arc::new(FileSource::open(path)?);
    let ple = if given("rows-from-file") { PleResidency::Source } else { PleResidency::default() };
    let options = LoadOptions { exact: given("exact"), ple, ..LoadOptions::new(device) };
    let model = pollster::block_on(Model::load(source, options))?;
    let adapter = Adapter::new(model.config(), LoraOptions::default())?;
    let options = TrainerOptions { max_rows: tokens, memory, ..TrainerOptions::default() };
    let mut trainer = Trainer::new(&model, adapter, options)?;
    let resident = (model.resident_bytes() + trainer.resident_bytes()) >> 20;
    println!("{tokens} tokens, {resident} MiB, {} layers computed again", trainer.recomputed_layers());

    let vocab = model.config().vocab;
    let mut state = 1u32;
    let ids = (0..tokens).map(|_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        TokenId(100 + (state >> 8) % (vocab - 100))
    });
    let batch = Batch::pack([&Example::whole(ids.collect())])?;
    for _ in 0..STEPS {
        let start = Instant::now();
        let report = pollster::block_on(trainer.step(std::slice::from_ref(&batch), 1e-4))?;
        let step = start.elapsed().as_secs_f64() * 1e3;
        println!("step {}: {step:.1} ms, loss {:.4}, gradient {:.3e}", report.step, report.loss, report.gradient_norm);
    }
    let kernels = pollster::block_on(trainer.profile(&batch))?;
    let total: f64 = kernels.iter().map(|kernel| kernel.time.as_secs_f64()).sum();
    let dispatches: usize = kernels.iter().map(|kernel| kernel.dispatches).sum();
    println!("{:.1} ms in {dispatches} dispatches, each in a pass of its own", total * 1e3);
    for kernel in kernels {
        let time = kernel.time.as_secs_f64();
        println!(
            "{:9.1} us {:5.1} % {:4} x {:7.1} us  {}",
            time * 1e6,
            100.0 * time / total,
            kernel.dispatches,
            time * 1e6 / kernel.dispatches as f64,
            kernel.key
        );
    }
    Ok(())
}
