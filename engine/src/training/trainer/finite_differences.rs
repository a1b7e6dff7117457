//! A whole model's gradients against differences of its loss, in f64 on the CPU executor. Keys and values alone are
//! rounded to f32, whose bits their buffers hold; that limits how closely the two agree.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kernel::cpu::{CpuOptions, Precision};
use kernel::dispatch::RawBuffer;
use kernel::types::Vec2;

use super::{Batch, Into, Trainer, TrainerOptions, Wanted};
use crate::dataset::Example;
use crate::device::Device;
use crate::lora::{Adapter, Target};
use crate::model::{LoadOptions, Model};
use crate::random::Random;
use crate::source::FileSource;
use crate::tokenizer::TokenId;

/// How far each parameter goes: a power of two, so that most parameters' neighbours are f32s as they are.
const STEP: f32 = 1.0 / 1024.0;

/// How far a difference may lie from what the gradient says, as a share of what a step in a direction like this one does
/// to the loss. The keys' rounding moves the loss by some 5e-8.
const TOLERANCE: f64 = 2e-4;

/// Tokens of the batch: more than a sliding layer sees.
const TOKENS: usize = 36;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name)
}

/// A trainer in f64 of a fixture's model and adapter, and a batch of the fixture's tokens.
fn reference(name: &str) -> (Trainer, Vec<f32>, Batch) {
    let device = Device::from_cpu(CpuOptions::default().with_precision(Precision::Double));
    let source = Arc::new(FileSource::open(file(&format!("{name}.gguf"))).unwrap());
    let model = pollster::block_on(Model::load(source, LoadOptions::new(device))).unwrap();
    let read = |part: &str| std::fs::read(file(&format!("{name}.lora")).join(part)).unwrap();
    let adapter =
        Adapter::from_peft(model.config(), &read("adapter_config.json"), &read("adapter_model.safetensors")).unwrap();
    let ids = std::fs::read_to_string(file(&format!("{name}.ids"))).unwrap();
    let ids = ids.split_whitespace().take(TOKENS).map(|id| TokenId(id.parse().unwrap())).collect();
    let batch = Batch::pack([&Example::whole(ids)]).unwrap();
    let parameters = adapter.parameters().to_vec();
    let options = TrainerOptions { max_rows: 64, ..TrainerOptions::default() };
    (Trainer::new(&model, adapter, options).unwrap(), parameters, batch)
}

impl Trainer {
    /// The mean loss with these parameters, not rounded.
    fn wide_loss(&mut self, parameters: &[f32], batch: &Batch) -> f64 {
        let device = self.model.device().clone();
        device.dispatch().write(&mut self.buffers.parameters, 0, parameters).unwrap();
        self.write(batch, 1.0).unwrap();
        self.run(batch, Wanted::Loss, Into::Replace, None).unwrap();
        let RawBuffer::Cpu(memory) = self.buffers.loss.losses.raw() else { panic!("the reference is on the CPU") };
        let bytes = memory.read_wide::<Vec2<f32>>(batch.learned());
        let losses = bytes.chunks_exact(16).map(|pair| f64::from_le_bytes(pair[..8].try_into().unwrap()));
        losses.sum::<f64>() / batch.learned() as f64
    }
}

/// Moves the factors of one target in all layers at once, each parameter up or down as a coin falls, and compares what
/// that does to the loss with the gradient.
fn check(name: &str) {
    let (mut trainer, parameters, batch) = reference(name);
    pollster::block_on(trainer.accumulate(std::slice::from_ref(&batch))).unwrap();
    let gradients = pollster::block_on(trainer.gradients()).unwrap();
    let sites = trainer.layout().sites().to_vec();
    let mut coin = Random::new(1, 0);
    for target in Target::ALL {
        for factor in ["A", "B"] {
            let of_target = sites.iter().filter(|site| site.target == target);
            let ranges: Vec<_> =
                of_target.map(|site| if factor == "A" { site.a.clone() } else { site.b.clone() }).collect();
            assert!(!ranges.is_empty(), "{name} adapts {target:?}");
            let direction: Vec<(usize, f32)> = ranges
                .into_iter()
                .flatten()
                .map(|index| (index, if coin.word().is_multiple_of(2) { STEP } else { -STEP }))
                .collect();
            let mut loss = |steps: f32| {
                let mut moved = parameters.clone();
                for &(index, step) in &direction {
                    moved[index] += steps * step;
                }
                trainer.wide_loss(&moved, &batch)
            };
            // The five-point rule (Abramowitz and Stegun 25.3.6): its error is of fourth order.
            let difference = (8.0 * (loss(1.0) - loss(-1.0)) - (loss(2.0) - loss(-2.0))) / 12.0;
            let expected: f64 =
                direction.iter().map(|&(index, step)| f64::from(step) * f64::from(gradients[index])).sum();
            let norm = direction.iter().map(|&(index, _)| f64::from(gradients[index]).powi(2)).sum::<f64>().sqrt();
            let error = (difference - expected).abs() / (f64::from(STEP) * norm);
            println!("{name}, {factor} of {target:?}: {difference:e}, gradient {expected:e}, error {error:.1e}");
            assert!(error <= TOLERANCE, "{name}, {factor} of {target:?}: {difference:e}, gradient {expected:e}");
        }
    }
}

#[test]
fn gradients_of_every_target_are_differences_of_the_loss() {
    check("e2b");
}
