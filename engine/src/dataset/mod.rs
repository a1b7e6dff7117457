//! What a model learns from: lines of JSON to token ids with labels. Nothing is dropped in silence; every line that
//! cannot be used is reported with its number.
mod conversation;
mod lines;
mod order;

pub use lines::{Cause, LineError};
pub use order::{Batch, Holdout, Order, Position, Row, Step, split};

use crate::{
    chat::{ChatTemplate, Thinking},
    tokenizer::{TokenId, Tokenizer},
};
use fnv::FnvHasher;
use std::{
    fmt,
    hash::Hasher,
    io::{BufRead, Error as IoError},
};

/// A sequence and what of it is learned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The sequence.
    pub ids: Vec<TokenId>,
    /// One a position of `ids`: what should stand there, or `None` where nothing is learned. As in transformers the
    /// model does the shifting: position i's logits are scored against the label of position i + 1.
    pub labels: Vec<Option<TokenId>>,
}

impl Example {
    /// A sequence of which everything is learned.
    pub fn whole(ids: Vec<TokenId>) -> Self {
        let labels = ids.iter().copied().map(Some).collect();
        Example { ids, labels }
    }

    /// Positions whose label some logits are scored against: all labels but that of the first position.
    pub fn learned(&self) -> usize {
        self.labels.iter().skip(1).flatten().count()
    }
}

/// What becomes of an example with more tokens than the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Long {
    /// It is reported and nothing is read.
    #[default]
    Refuse,
    /// Its end is cut off, and counted.
    Truncate,
}

/// How lines become examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// Tokens that one example may have.
    pub max_tokens: usize,
    /// What becomes of longer ones.
    pub long: Long,
    /// Whether conversations are rendered for a model that thinks.
    pub thinking: Thinking,
}

/// Text to ids, for examples.
#[derive(Clone, Copy, Debug)]
pub struct Encoder<'m> {
    /// The model's tokenizer.
    pub tokenizer: &'m Tokenizer,
    /// The model's template for conversations.
    pub template: &'m ChatTemplate,
}

/// Why examples cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum DatasetError {
    /// The bytes could not be read.
    #[error("cannot read {name}: {cause}")]
    Read { name: String, cause: IoError },
    /// Some lines are no examples.
    #[error("{name}: {} unusable line{}{}", lines.len(), if lines.len() == 1 { "" } else { "s" }, List(lines))]
    Lines { name: String, lines: Vec<LineError> },
    /// No line at all.
    #[error("{name} has no examples")]
    Empty { name: String },
    /// A split that leaves one side without examples.
    #[error("{asked} for validation of {all} examples leaves none {side}")]
    Split { asked: String, all: usize, side: &'static str },
    /// An option has a value that cannot be.
    #[error("{option} is {value}, but {rule}")]
    Option { option: &'static str, value: usize, rule: &'static str },
    /// An example that no row can take.
    #[error("example {index} has {tokens} tokens, more than a row's {limit}")]
    TooLong { index: usize, tokens: usize, limit: usize },
}

struct List<'l>(&'l [LineError]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// All examples of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// In the file's order.
    pub examples: Vec<Example>,
    /// Numbers of the lines whose end was cut off, counted from 1.
    pub truncated: Vec<usize>,
}

impl Dataset {
    /// Reads a file of one JSON object a line:
    ///
    /// - `{"messages": [{"role": …, "content": …}, …]}`, optionally with `"tools"`: a conversation in the model's own
    ///   template. The model's turns are learned, each with the token that ends it.
    /// - `{"prompt": …, "completion": …}`: plain text after `<bos>`. The completion and an end token are learned.
    /// - `{"text": …}`: plain text between `<bos>` and an end token, all learned.
    /// - `{"ids": […], "labels": […]}`: token ids; a label of -100 is not learned.
    ///
    /// `name` is what errors call the file. Empty lines are no lines.
    ///
    /// # Errors
    /// Every line that is none of these, all at once; a file without examples.
    pub fn read(
        name: &str,
        mut file: impl BufRead,
        encoder: Encoder<'_>,
        options: ReadOptions,
    ) -> Result<Dataset, DatasetError> {
        let mut dataset = Dataset { examples: Vec::new(), truncated: Vec::new() };
        let mut errors = Vec::new();
        let mut bytes = Vec::new();
        for line in 1.. {
            bytes.clear();
            let read = file.read_until(b'\n', &mut bytes);
            if read.map_err(|cause| DatasetError::Read { name: name.to_owned(), cause })? == 0 {
                break;
            }
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            match lines::example(&bytes, encoder, options) {
                Ok((example, cut)) => {
                    dataset.examples.push(example);
                    dataset.truncated.extend(cut.then_some(line));
                }
                Err(cause) => errors.push(LineError { line, cause }),
            }
        }
        if !errors.is_empty() {
            return Err(DatasetError::Lines { name: name.to_owned(), lines: errors });
        }
        match dataset.examples.is_empty() {
            true => Err(DatasetError::Empty { name: name.to_owned() }),
            false => Ok(dataset),
        }
    }

    /// Tokens of all examples.
    pub fn tokens(&self) -> usize {
        self.examples.iter().map(|example| example.ids.len()).sum()
    }

    /// Positions that are learned.
    pub fn learned(&self) -> usize {
        self.examples.iter().map(Example::learned).sum()
    }
}

/// A number that tells sets of examples apart: FNV-1a over all ids and labels in order.
pub fn fingerprint(examples: &[Example]) -> u64 {
    let mut hasher = FnvHasher::default();
    for example in examples {
        hasher.write_u64((example.ids.len() as u64).to_le());
        for (id, label) in example.ids.iter().zip(&example.labels) {
            hasher.write_u32(id.0.to_le());
            hasher.write_u64(label.map_or(u64::MAX, |label| label.0.into()).to_le());
        }
    }
    hasher.finish()
}
