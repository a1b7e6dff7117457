//! In which order examples are learned: split, shuffled, packed into rows, gathered into batches and steps. Everything
//! follows from the seed, so that a run can be taken up again at any step.
use super::{DatasetError, Example};
use crate::random::Random;

/// Streams of the seed: the split has one of its own, epochs count from [`FIRST_EPOCH`].
const SPLIT: u64 = 0;
const FIRST_EPOCH: u64 = 1;

/// How many examples are kept for validation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Holdout {
    /// This share of them, rounded to the nearest number.
    Fraction(f64),
    /// So many.
    Count(usize),
}

/// Takes examples for validation out of a set, at random by the seed. Both sides keep their order: what is trained on,
/// and what is kept.
///
/// # Errors
/// [`DatasetError::Split`] where one side would be empty.
pub fn split(
    examples: Vec<Example>,
    holdout: Holdout,
    seed: u64,
) -> Result<(Vec<Example>, Vec<Example>), DatasetError> {
    let all = examples.len();
    let (asked, count) = match holdout {
        Holdout::Count(count) => (count.to_string(), count),
        // A share that is no number rounds to 0 and is refused as such.
        Holdout::Fraction(share) => (format!("{}%", share * 100.0), (share * all as f64).round() as usize),
    };
    let side = match count {
        0 => "to validate on",
        count if count >= all => "to train on",
        _ => {
            let mut order: Vec<usize> = (0..all).collect();
            Random::new(seed, SPLIT).shuffle(&mut order);
            let mut kept = vec![false; all];
            order[..count].iter().for_each(|&index| kept[index] = true);
            let (validation, train): (Vec<_>, Vec<_>) = examples.into_iter().zip(kept).partition(|(_, kept)| *kept);
            let plain = |pairs: Vec<(Example, bool)>| pairs.into_iter().map(|(example, _)| example).collect();
            return Ok((plain(train), plain(validation)));
        }
    };
    Err(DatasetError::Split { asked, all, side })
}

/// Examples that share a row of tokens, by index, none of them cut. Each remains a segment of its own: positions start
/// again, and nothing attends across.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Indices of the examples.
    pub examples: Vec<usize>,
    /// Tokens of all of them.
    pub tokens: usize,
}

/// Rows that are computed at once.
pub type Batch = Vec<Row>;

/// Batches whose gradients are added up before the parameters change.
pub type Step = Vec<Batch>;

/// Where in a run a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// How often everything was seen before.
    pub epoch: u64,
    /// Steps of this epoch before this one.
    pub step: usize,
}

/// How examples are gathered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Decides every epoch's order; without one it is always the file's.
    pub seed: Option<u64>,
    /// Tokens of a row.
    pub row_tokens: usize,
    /// Whether short examples share rows.
    pub pack: bool,
    /// Rows of a batch.
    pub batch_rows: usize,
    /// Batches of a step.
    pub accumulate: usize,
}

impl Order {
    /// Refuses what cannot be: counts of zero, examples that fit no row.
    pub fn check(&self, examples: &[Example]) -> Result<(), DatasetError> {
        for (option, value) in [
            ("the length of rows", self.row_tokens),
            ("the batch size", self.batch_rows),
            ("the number of batches a step", self.accumulate),
        ] {
            if value == 0 {
                return Err(DatasetError::Option { option, value, rule: "it must be at least 1" });
            }
        }
        let limit = self.row_tokens;
        let long = examples.iter().enumerate().find(|(_, example)| example.ids.len() > limit);
        match long {
            Some((index, example)) => Err(DatasetError::TooLong { index, tokens: example.ids.len(), limit }),
            None => Ok(()),
        }
    }

    /// The steps of an epoch. Every example is in exactly one of them; the last batch and the last step may be smaller
    /// than the others.
    pub fn epoch(&self, examples: &[Example], epoch: u64) -> Vec<Step> {
        let mut order: Vec<usize> = (0..examples.len()).collect();
        if let Some(seed) = self.seed {
            Random::new(seed, FIRST_EPOCH.wrapping_add(epoch)).shuffle(&mut order);
        }
        let rows = self.rows(examples, &order);
        let batches: Vec<Batch> = rows.chunks(self.batch_rows.max(1)).map(<[Row]>::to_vec).collect();
        batches.chunks(self.accumulate.max(1)).map(<[Batch]>::to_vec).collect()
    }

    /// All steps from the first on, epoch after epoch without end; none where there are no examples. A run that goes on
    /// skips those that it has done.
    pub fn steps<'e>(&self, examples: &'e [Example]) -> impl Iterator<Item = (Position, Step)> + use<'e> {
        let order = *self;
        let epochs = if examples.is_empty() { 0 } else { u64::MAX };
        (0..epochs).flat_map(move |epoch| {
            let steps = order.epoch(examples, epoch).into_iter().enumerate();
            steps.map(move |(step, batches)| (Position { epoch, step }, batches))
        })
    }

    /// First fit: each example goes into the first row that has room for it.
    fn rows(&self, examples: &[Example], order: &[usize]) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        // Rows before this one have no room left at all.
        let mut open = 0;
        for &index in order {
            let tokens = examples[index].ids.len();
            let fits = |row: &Row| self.pack && row.tokens + tokens <= self.row_tokens;
            match rows[open..].iter_mut().find(|row| fits(row)) {
                Some(row) => {
                    row.examples.push(index);
                    row.tokens += tokens;
                }
                None => rows.push(Row { examples: vec![index], tokens }),
            }
            while rows.get(open).is_some_and(|row| row.tokens >= self.row_tokens || !self.pack) {
                open += 1;
            }
        }
        rows
    }
}
