//! Gradients, losses and steps against PEFT's and autograd's, on the CPU executor and on a GPU. The fixtures are made by
//! `tests/fixtures/make_fixtures.py`.

mod devices;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use devices::devices;
use engine::dataset::Example;
use engine::device::Device;
use engine::kernels::Batches;
use engine::lora::Adapter;
use engine::model::{LoadOptions, Model};
use engine::source::{FileSource, MemorySource};
use engine::tokenizer::TokenId;

use engine::training::{Activations, AdamW, Batch, OptimizerOptions, Trainer, TrainerOptions};
use safetensors::SafeTensors;
use serde::Deserialize;

/// The first position that is learned, as a prompt is not.
const FIRST_LABEL: usize = 16;

/// What PEFT made of a model, an adapter and some tokens.
struct Reference {
    name: &'static str,
    model: PathBuf,
    adapter: PathBuf,
    /// Named as PEFT names the adapter's tensors, and `loss`.
    gradients: Vec<u8>,
    example: Example,
}

#[derive(Deserialize)]
struct Run {
    adamw: Hyperparameters,
    clip: Option<f32>,
    losses: Vec<f64>,
    gradient_norms: Vec<f64>,
}

#[derive(Deserialize)]
struct Hyperparameters {
    lr: f64,
    betas: [f64; 2],
    eps: f64,
    weight_decay: f64,
}

impl Reference {
    fn fixture(name: &'static str) -> Self {
        let ids = std::fs::read_to_string(file(&format!("{name}.ids"))).unwrap();
        let ids: Vec<TokenId> = ids.split_whitespace().map(|id| TokenId(id.parse().unwrap())).collect();
        let mut example = Example::whole(ids);
        example.labels[..FIRST_LABEL].fill(None);
        Self {
            name,
            model: file(&format!("{name}.gguf")),
            adapter: file(&format!("{name}.lora")),
            gradients: std::fs::read(file(&format!("{name}.lora.gradients.safetensors"))).unwrap(),
            example,
        }
    }

    fn model(&self, device: &Device) -> Model {
        let source = Arc::new(FileSource::open(&self.model).unwrap());
        pollster::block_on(Model::load(source, LoadOptions::new(device.clone()))).unwrap()
    }

    fn adapter(&self, model: &Model) -> Adapter {
        let read = |file: &str| std::fs::read(self.adapter.join(file)).unwrap();
        Adapter::from_peft(model.config(), &read("adapter_config.json"), &read("adapter_model.safetensors")).unwrap()
    }

    fn trainer(&self, device: &Device, activations: Activations) -> Trainer {
        self.trainer_with(device, activations, OptimizerOptions::default())
    }

    fn trainer_with(&self, device: &Device, activations: Activations, optimizer: OptimizerOptions) -> Trainer {
        let model = self.model(device);
        let options = TrainerOptions { max_rows: 64, activations, optimizer, ..TrainerOptions::default() };
        Trainer::new(&model, self.adapter(&model), options).unwrap()
    }

    fn batch(&self) -> Batch {
        Batch::pack([&self.example]).unwrap()
    }

    fn gradient(&self, name: &str) -> Vec<f64> {
        let tensors = SafeTensors::deserialize(&self.gradients).unwrap();
        let bytes = tensors.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}")).data();
        bytes.chunks_exact(4).map(|value| f64::from(f32::from_le_bytes(value.try_into().unwrap()))).collect()
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(name)
}

/// `‖actual − expected‖ / ‖expected‖`.
fn relative_error(actual: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(actual.len(), expected.len());
    let error: f64 = actual.iter().zip(expected).map(|(a, e)| (f64::from(*a) - e).powi(2)).sum();
    (error / expected.iter().map(|e| e * e).sum::<f64>()).sqrt()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|value| f64::from(*value)).collect()
}

/// The first loss and the gradients in the layout's order.
fn gradients(trainer: &mut Trainer, batches: &[Batch]) -> (f64, Vec<f32>) {
    let loss = pollster::block_on(trainer.accumulate(batches)).unwrap().loss();
    (loss, pollster::block_on(trainer.gradients()).unwrap())
}

/// How far a loss and a gradient may lie from autograd's in f32: on matrix units factors are rounded to 11 bits, in ten
/// layers one after the other.
fn tolerances(device: &Device) -> (f64, f64) {
    match device.choices().batches() {
        Batches::Single => (1e-5, 1e-3),
        Batches::MatrixUnits => (1e-3, 2e-2),
    }
}

/// How far two ways to the same gradients may lie apart: halves turn a last digit's difference into one of theirs.
fn agreement(device: &Device) -> f64 {
    match device.choices().batches() {
        Batches::Single => 1e-5,
        Batches::MatrixUnits => 1e-2,
    }
}

/// On each device, and on matrix units also in f32.
fn check_gradients(name: &'static str) {
    let reference = Reference::fixture(name);
    let all = devices();
    let exact = all.iter().filter(|device| device.choices().batches() == Batches::MatrixUnits);
    let exact: Vec<Device> = exact.map(|device| device.clone().exact()).collect();
    for device in all.into_iter().chain(exact) {
        let (of_loss, of_gradients) = tolerances(&device);
        let mut worst: f64 = 0.0;
        let mut trainer = reference.trainer(&device, Activations::Fit);
        let (loss, actual) = gradients(&mut trainer, &[reference.batch()]);
        let expected = reference.gradient("loss")[0];
        assert!((loss - expected).abs() <= of_loss * expected, "{}: {loss}, expected {expected}", reference.name);
        let mut tensors = 0;
        for site in trainer.layout().sites() {
            for (factor, range) in [("lora_A", site.a.clone()), ("lora_B", site.b.clone())] {
                let name = format!("base_model.model.model.{}.{factor}.weight", site.module());
                let error = relative_error(&actual[range], &reference.gradient(&name));
                let place = format!("{name} of {} on {}", reference.name, device.description());
                assert!(error <= of_gradients, "{place}: relative error {error:.1e}");
                worst = worst.max(error);
                tensors += 1;
            }
        }
        let all = SafeTensors::deserialize(&reference.gradients).unwrap().len();
        assert_eq!(tensors + 1, all, "every gradient was compared");
        let (batches, device) = (device.choices().batches(), device.description());
        println!("{}, {batches} on {device}: gradients within {worst:.1e}, loss {loss} of {expected}", reference.name);
    }
}

#[test]
fn gradients_with_per_layer_embeddings_and_shared_keys_are_autograds() {
    check_gradients("e2b");
}

#[test]
fn gradients_with_two_key_heads_are_autograds() {
    check_gradients("e4b");
}

#[test]
fn gradients_where_values_are_keys_are_autograds() {
    check_gradients("dense31b");
}

#[test]
fn gradients_through_every_weight_format_are_autograds() {
    check_gradients("quant_zoo");
}

#[test]
fn twenty_steps_of_adamw_have_the_losses_of_pytorch() {
    let reference = Reference::fixture("e2b");
    let run: Run = serde_json::from_slice(&std::fs::read(file("e2b.lora.adamw.json")).unwrap()).unwrap();
    let Hyperparameters { lr, betas: [beta1, beta2], eps, weight_decay: decay } = run.adamw;
    let optimizer = OptimizerOptions { adamw: AdamW { beta1, beta2, eps, decay }, max_norm: run.clip };
    // The gradients have been compared on each device; the steps take a while.
    if let Some(device) = devices().pop() {
        let mut trainer = reference.trainer_with(&device, Activations::Fit, optimizer);
        for (step, expected) in run.losses.iter().enumerate() {
            let report = pollster::block_on(trainer.step(&[reference.batch()], lr)).unwrap();
            assert!((report.loss - expected).abs() <= 5e-3, "step {step}: {}, expected {expected}", report.loss);
            let norm = run.gradient_norms[step];
            let error = (f64::from(report.gradient_norm) - norm).abs();
            assert!(error <= 1e-2 * norm, "step {step}: {}, expected {norm}", report.gradient_norm);
        }
    }
}

#[test]
fn activations_computed_again_give_the_same_gradients() {
    let reference = Reference::fixture("e2b");
    for device in devices() {
        let (_, kept) = gradients(&mut reference.trainer(&device, Activations::Fit), &[reference.batch()]);
        let mut trainer = reference.trainer(&device, Activations::Recompute);
        assert!(trainer.recomputed_layers() > 0);
        let (_, again) = gradients(&mut trainer, &[reference.batch()]);
        assert!(relative_error(&again, &wide(&kept)) <= agreement(&device));
    }
}

/// The fixture's model as if it had been trained for fewer positions.
fn with_context(reference: &Reference, device: &Device, context: u32) -> Model {
    let mut bytes = std::fs::read(&reference.model).unwrap();
    let key = b"gemma4.context_length";
    let at = bytes.windows(key.len()).position(|window| window == key).unwrap() + key.len();
    // A number of type u32 follows, which GGUF calls 4.
    assert_eq!(bytes[at..at + 4], 4u32.to_le_bytes());
    bytes[at + 4..at + 8].copy_from_slice(&context.to_le_bytes());
    let source = Arc::new(MemorySource::new(bytes));
    pollster::block_on(Model::load(source, LoadOptions::new(device.clone()))).unwrap()
}

#[test]
fn a_batch_may_be_longer_than_the_context_where_no_example_is() {
    let reference = Reference::fixture("e2b");
    let (first, second) = reference.example.ids.split_at(24);
    let (first, second) = (Example::whole(first.to_vec()), Example::whole(second.to_vec()));
    let together = Batch::pack([&first, &second]).unwrap();
    for device in devices() {
        let (loss, expected) =
            gradients(&mut reference.trainer(&device, Activations::Fit), std::slice::from_ref(&together));
        let model = with_context(&reference, &device, 40);
        let options = TrainerOptions { max_rows: 64, ..TrainerOptions::default() };
        let mut trainer = Trainer::new(&model, reference.adapter(&model), options).unwrap();
        let (short, actual) = gradients(&mut trainer, std::slice::from_ref(&together));
        assert!((loss - short).abs() <= 1e-6 * loss, "{loss} and {short}");
        assert!(relative_error(&actual, &wide(&expected)) <= 1e-6);
        let refused = pollster::block_on(trainer.accumulate(&[reference.batch()])).unwrap_err();
        assert_eq!(refused.to_string(), "an example has 60 tokens, but the model was trained for 40 positions");
    }
}

#[test]
fn two_examples_in_one_batch_are_two_batches_of_one() {
    let reference = Reference::fixture("e2b");
    let (first, second) = reference.example.ids.split_at(24);
    let (first, second) = (Example::whole(first.to_vec()), Example::whole(second.to_vec()));
    for device in devices() {
        let mut trainer = reference.trainer(&device, Activations::Fit);
        let together = Batch::pack([&first, &second]).unwrap();
        let apart = [Batch::pack([&first]).unwrap(), Batch::pack([&second]).unwrap()];
        let (loss, packed) = gradients(&mut trainer, &[together]);
        let (sum, accumulated) = gradients(&mut trainer, &apart);
        assert!((loss - sum).abs() <= agreement(&device) * loss, "{loss} and {sum}");
        assert!(relative_error(&accumulated, &wide(&packed)) <= agreement(&device));
    }
}
