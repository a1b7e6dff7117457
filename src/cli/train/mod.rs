//! `gemmule train`: teaches an adapter of a model from examples, and keeps it as PEFT and llama.cpp read it.

pub mod examples;
mod folder;
mod run;

use std::path::PathBuf;

use clap::Args;
use engine::dataset::Holdout;
use engine::lora::{LoraOptions, Target};
use engine::training::schedule::{Decay, Warmup};
use engine::training::{Activations, AdamW, OptimizerOptions};

use super::error::CliError;
use super::options::DeviceArgs;

/// Fine-tunes a model: trains a LoRA adapter on examples and writes it to a folder.
///
/// Examples are JSON objects, one a line: {"messages": [..]} (the model's turns are learned), {"prompt": .., "completion":
/// ..}, {"text": ..} or {"ids": [..], "labels": [..]}. Ctrl-C ends the step that is under way, saves, and says how to go on.
#[derive(Args, Debug)]
pub struct TrainArgs {
    /// A GGUF file, or a name in Ollama's store; the embedded model where it is not given.
    model: Option<String>,
    /// The examples.
    #[arg(long, value_name = "FILE.jsonl")]
    data: PathBuf,
    /// The folder for the adapter, the record of the run and its checkpoint.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    adapter: AdapterArgs,
    #[command(flatten)]
    optimizer: OptimizerArgs,
    #[command(flatten)]
    batches: BatchArgs,
    #[command(flatten)]
    validation: ValidationArgs,
    /// Decides everything random: the adapter's first values, the order of examples, what drops out.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Steps between checkpoints; the last step always leaves one.
    #[arg(long, value_name = "STEPS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint_every: u64,
    /// Goes on from the folder's checkpoint.
    #[arg(long)]
    resume: bool,
    /// Computes activations again on the way back instead of keeping them: the least memory, about a third more time.
    #[arg(long)]
    gradient_checkpointing: bool,
    /// Memory on the device at most, the model's included; layers that do not fit compute their activations again.
    #[arg(long, value_name = "MIB")]
    memory: Option<u64>,
    /// Writes the first step's gradients, before clipping, under PEFT's names, and stops there.
    #[arg(long, value_name = "FILE.safetensors")]
    dump_grads: Option<PathBuf>,
    #[command(flatten)]
    device: DeviceArgs,
}

/// The adapter.
#[derive(Args, Debug)]
struct AdapterArgs {
    /// Starts from this adapter, a folder of PEFT's or a GGUF, with its rank and targets.
    #[arg(long, value_name = "DIR|FILE", conflicts_with_all = ["rank", "alpha", "rslora", "targets", "layers"])]
    init: Option<PathBuf>,
    /// Rank of every update.
    #[arg(long, default_value_t = 16)]
    rank: u32,
    /// The updates' scale is alpha / rank; alpha is twice the rank where it is not given.
    #[arg(long)]
    alpha: Option<f32>,
    /// The scale is alpha / √rank instead.
    #[arg(long)]
    rslora: bool,
    /// How likely an input of an update is left out of a step.
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    dropout: f32,
    /// Which matrices: q, k, v, o, gate, up, down, inp_gate, proj.
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "q,k,v,o,gate,up,down")]
    targets: Vec<Target>,
    /// Only modules whose whole path, such as `layers.3.self_attn.q_proj`, matches this regular expression.
    #[arg(long, value_name = "REGEX")]
    layers: Option<String>,
}

impl AdapterArgs {
    fn options(&self, seed: u64) -> LoraOptions {
        LoraOptions {
            rank: self.rank,
            alpha: self.alpha.unwrap_or(2.0 * self.rank as f32),
            rslora: self.rslora,
            dropout: self.dropout,
            targets: self.targets.clone(),
            layers: self.layers.clone(),
            seed,
        }
    }
}

/// How the learning rate goes.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ScheduleArg {
    /// Its height until the end.
    Constant,
    /// Straight down to zero.
    Linear,
    /// Half a cosine down to zero.
    Cosine,
}

impl From<ScheduleArg> for Decay {
    fn from(schedule: ScheduleArg) -> Self {
        match schedule {
            ScheduleArg::Constant => Self::Constant,
            ScheduleArg::Linear => Self::Linear,
            ScheduleArg::Cosine => Self::Cosine,
        }
    }
}

/// How the adapter follows its gradients.
#[derive(Args, Debug)]
struct OptimizerArgs {
    /// The greatest learning rate.
    #[arg(long, value_name = "RATE", default_value_t = 2e-4)]
    lr: f64,
    /// How it goes after the warm-up.
    #[arg(long, default_value = "cosine")]
    schedule: ScheduleArg,
    /// Steps in which it rises from zero; below 1, the share of all steps.
    #[arg(long, value_name = "STEPS|SHARE", default_value_t = 0.03)]
    warmup: f64,
    /// AdamW's decoupled weight decay.
    #[arg(long, value_name = "DECAY", default_value_t = 0.0)]
    weight_decay: f64,
    /// The norm above which gradients are scaled down to it; 0 leaves them as they are.
    #[arg(long, value_name = "NORM", default_value_t = 1.0)]
    clip: f32,
    /// AdamW's decay of the first moment.
    #[arg(long, default_value_t = 0.9)]
    beta1: f64,
    /// AdamW's decay of the second moment.
    #[arg(long, default_value_t = 0.999)]
    beta2: f64,
}

impl OptimizerArgs {
    fn warmup(&self) -> Warmup {
        if self.warmup < 1.0 { Warmup::Ratio(self.warmup) } else { Warmup::Steps(self.warmup as u64) }
    }

    fn options(&self) -> Result<OptimizerOptions, CliError> {
        for (name, value, holds, rule) in [
            ("--weight-decay", self.weight_decay, self.weight_decay >= 0.0, "at least 0"),
            ("--clip", f64::from(self.clip), self.clip >= 0.0, "at least 0"),
            ("--warmup", self.warmup, self.warmup >= 0.0, "at least 0"),
            ("--beta1", self.beta1, (0.0..1.0).contains(&self.beta1), "from 0 to below 1"),
            ("--beta2", self.beta2, (0.0..1.0).contains(&self.beta2), "from 0 to below 1"),
        ] {
            if !(value.is_finite() && holds) {
                return Err(CliError::Input(format!("{name} is {value}, but must be {rule}")));
            }
        }
        Ok(OptimizerOptions {
            adamw: AdamW { beta1: self.beta1, beta2: self.beta2, decay: self.weight_decay, ..AdamW::default() },
            max_norm: (self.clip > 0.0).then_some(self.clip),
        })
    }
}

/// How examples go together.
#[derive(Args, Debug)]
struct BatchArgs {
    /// How often every example is learned from, unless `--steps` says when to stop.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Stops after so many steps, however many epochs these are.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
    steps: Option<u64>,
    /// Tokens of a row at most: longer examples are refused, or with `--truncate` cut off.
    #[arg(long, value_name = "TOKENS", default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..))]
    sequence_length: u32,
    /// Cuts examples off that are longer than a row, and says how many.
    #[arg(long)]
    truncate: bool,
    /// Gives every example a row of its own instead of packing short ones side by side.
    #[arg(long)]
    no_packing: bool,
    /// Rows that go through the model together.
    #[arg(long, value_name = "ROWS", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    batch: u32,
    /// Batches whose gradients are added up for one step.
    #[arg(long, value_name = "BATCHES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    accumulate: u32,
}

/// What is held back to see whether the model learns more than its examples.
#[derive(Args, Debug)]
struct ValidationArgs {
    /// Examples held back: a number, or below 1 a share of all.
    #[arg(long, value_name = "COUNT|SHARE", conflicts_with = "validation_data")]
    validation: Option<f64>,
    /// Examples to validate on, in a file of their own.
    #[arg(long, value_name = "FILE.jsonl")]
    validation_data: Option<PathBuf>,
    /// Steps between validations; the last step always has one.
    #[arg(long, value_name = "STEPS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    validate_every: u64,
    /// A question that the model answers whenever it is validated.
    #[arg(long, value_name = "PROMPT")]
    sample: Option<String>,
}

impl ValidationArgs {
    fn holdout(&self) -> Option<Holdout> {
        self.validation.map(|held| if held < 1.0 { Holdout::Fraction(held) } else { Holdout::Count(held as usize) })
    }
}

impl TrainArgs {
    fn activations(&self) -> Activations {
        if self.gradient_checkpointing { Activations::Recompute } else { Activations::Fit }
    }
}

/// Runs the command.
pub fn train(args: &TrainArgs) -> Result<(), CliError> {
    run::run(args)
}
