//! `gemmule eval`: how well a model, with or without an adapter, knows some examples.

use std::path::PathBuf;

use clap::Args;
use engine::dataset::Long;
use engine::lora::{Adapter, LoraOptions, Target};
use engine::training::{Activations, Batch, Evaluation, Trainer, TrainerOptions};
use serde_json::json;

use super::answer::show_now;
use super::error::CliError;
use super::lora::LoraArgs;
use super::open::open_to_train;
use super::options::DeviceArgs;
use super::train::examples;

/// Measures loss, perplexity and exact matches on examples in the form that `gemmule train` reads.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// A GGUF file, or a name in Ollama's store; the embedded model where it is not given.
    model: Option<String>,
    /// The examples.
    #[arg(long, value_name = "FILE.jsonl")]
    data: PathBuf,
    #[command(flatten)]
    lora: LoraArgs,
    /// Tokens that go through the model together; longer examples are refused.
    #[arg(long, value_name = "TOKENS", default_value_t = 512, value_parser = clap::value_parser!(u32).range(2..))]
    sequence_length: u32,
    #[command(flatten)]
    device: DeviceArgs,
    /// One JSON object on standard output.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub fn eval(args: &EvalArgs) -> Result<(), CliError> {
    let opened = open_to_train(args.model.as_deref(), &args.device)?;
    eprintln!("{}", opened.introduction());
    let (model, config) = (&opened.model, opened.model.config());
    let tokens = args.sequence_length as usize;
    let dataset = examples::read(model, &args.data, tokens, Long::Refuse)?;
    let batches = examples::in_order(&dataset.examples, tokens)?;
    let adapter = match args.lora.sum(config)? {
        Some(adapter) => adapter,
        // A new adapter changes nothing: its B is zero.
        None => Adapter::new(config, LoraOptions { rank: 1, targets: vec![Target::O], ..LoraOptions::default() })
            .map_err(engine::Error::from)?,
    };
    let max_rows = batches.iter().map(Batch::rows).max().unwrap_or(1);
    let options = TrainerOptions { max_rows, activations: Activations::Recompute, ..TrainerOptions::default() };
    let evaluation = pollster::block_on(Trainer::new(model, adapter, options)?.evaluate(&batches))?;
    let Evaluation { learned, examples, exact, .. } = evaluation;
    let (loss, perplexity, accuracy) = (evaluation.loss(), evaluation.perplexity(), evaluation.accuracy());
    let text = match args.json {
        true => json!({
            "loss": loss,
            "perplexity": perplexity,
            "token_accuracy": accuracy,
            "exact_match": exact as f64 / examples.max(1) as f64,
            "examples": examples,
            "tokens": learned,
        })
        .to_string(),
        false => format!(
            "loss         {loss:.4} nats a token\nperplexity   {perplexity:.3}\ntokens       {:.1} % of {learned} are the \
             likeliest\nexact match  {exact} of {examples} examples",
            100.0 * accuracy
        ),
    };
    Ok(show_now(&format!("{text}\n"))?)
}
