//! The examples of a run: read, checked, and divided into what is learned and what is held back.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use engine::chat::Thinking;
use engine::dataset::{self, Dataset, Encoder, Example, Long, Order, ReadOptions, Step};
use engine::model::Model;
use engine::training::Batch;

use super::TrainArgs;
use crate::cli::error::CliError;

/// What is learned and what is held back.
pub struct Examples {
    pub train: Vec<Example>,
    pub validation: Vec<Example>,
    /// What a user should know of how they were read.
    pub notes: Vec<String>,
}

impl Examples {
    pub fn read(model: &Model, args: &TrainArgs) -> Result<Self, CliError> {
        let long = if args.batches.truncate { Long::Truncate } else { Long::Refuse };
        let max_tokens = longest(model, args.batches.sequence_length as usize);
        let mut notes = Vec::new();
        let mut of = |path: &Path| -> Result<Vec<Example>, CliError> {
            let Dataset { examples, truncated } = read(model, path, max_tokens, long)?;
            if !truncated.is_empty() {
                let lines: Vec<String> = truncated.iter().map(usize::to_string).collect();
                let (count, lines) = (truncated.len(), lines.join(", "));
                notes.push(format!(
                    "{}: {count} examples cut off at {max_tokens} tokens: lines {lines}",
                    path.display()
                ));
            }
            Ok(examples)
        };
        let all = of(&args.data)?;
        let (train, validation) = match (&args.validation.validation_data, args.validation.holdout()) {
            (Some(path), _) => (all, of(path)?),
            (None, Some(holdout)) => dataset::split(all, holdout, args.seed).map_err(engine::Error::from)?,
            (None, None) => (all, Vec::new()),
        };
        Ok(Self { train, validation, notes })
    }
}

/// Tokens of an example at most, in batches of so many.
fn longest(model: &Model, tokens: usize) -> usize {
    tokens.min(model.config().context as usize)
}

/// Reads one file of examples for batches of `tokens` tokens.
pub fn read(model: &Model, path: &Path, tokens: usize, long: Long) -> Result<Dataset, CliError> {
    let file = File::open(path).map_err(|source| CliError::Read { path: path.to_path_buf(), source })?;
    let encoder = Encoder { tokenizer: model.tokenizer(), template: model.chat_template() };
    let options = ReadOptions { max_tokens: longest(model, tokens), long, thinking: Thinking::Off };
    let name = path.display().to_string();
    Ok(Dataset::read(&name, BufReader::new(file), encoder, options).map_err(engine::Error::from)?)
}

/// The batches of a step, packed.
pub fn pack(examples: &[Example], step: &Step) -> Result<Vec<Batch>, CliError> {
    let of = |batch: &dataset::Batch| {
        let indices = batch.iter().flat_map(|row| &row.examples);
        Batch::pack(indices.map(|index| &examples[*index])).map_err(engine::Error::from)
    };
    Ok(step.iter().map(of).collect::<Result<_, _>>()?)
}

/// All examples in the file's order, in batches of at most so many tokens.
pub fn in_order(examples: &[Example], tokens: usize) -> Result<Vec<Batch>, CliError> {
    let order = Order { seed: None, row_tokens: tokens, pack: true, batch_rows: 1, accumulate: 1 };
    let steps = order.epoch(examples, 0);
    Ok(steps.iter().map(|step| pack(examples, step)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
