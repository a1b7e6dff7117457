//! Examples side by side: the rows of one pass through the model. Each sees only its own rows, so that a batch of short
//! examples costs what their tokens cost, and no padding.

use std::ops::Range;

use super::TrainingError;
use crate::dataset::Example;
use crate::tokenizer::TokenId;

/// The rows of one forward and backward pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// One token a row.
    pub(super) ids: Vec<TokenId>,
    /// The first row of each row's own example.
    pub(super) segments: Vec<u32>,
    /// Rows from which something is learned.
    pub(super) learned: Vec<u32>,
    /// The tokens that should follow these rows.
    pub(super) targets: Vec<TokenId>,
}

impl Batch {
    /// Packs examples one after the other.
    ///
    /// # Errors
    /// [`TrainingError::Labels`] where an example has not one label a token.
    pub fn pack<'e>(examples: impl IntoIterator<Item = &'e Example>) -> Result<Self, TrainingError> {
        let mut batch = Self::default();
        for (index, example) in examples.into_iter().enumerate() {
            if example.labels.len() != example.ids.len() {
                let (ids, labels) = (example.ids.len(), example.labels.len());
                return Err(TrainingError::Labels { example: index, ids, labels });
            }
            let first = batch.ids.len() as u32;
            batch.ids.extend_from_slice(&example.ids);
            batch.segments.extend(std::iter::repeat_n(first, example.ids.len()));
            for (at, label) in example.labels.iter().enumerate().skip(1) {
                if let Some(label) = label {
                    batch.learned.push(first + at as u32 - 1);
                    batch.targets.push(*label);
                }
            }
        }
        Ok(batch)
    }

    /// The rows of each example; its first row's position is 0.
    pub(super) fn examples(&self) -> impl Iterator<Item = Range<usize>> {
        self.segments.chunk_by(|one, next| one == next).scan(0, |end, example| {
            let start = *end;
            *end += example.len();
            Some(start..*end)
        })
    }

    /// The first row of the example of each row from which something is learned.
    pub(super) fn segments_of_learned(&self) -> impl Iterator<Item = u32> {
        self.learned.iter().filter_map(|row| self.segments.get(*row as usize).copied())
    }

    /// Rows: tokens of all examples.
    pub fn rows(&self) -> usize {
        self.ids.len()
    }

    /// Rows from which something is learned.
    pub fn learned(&self) -> usize {
        self.learned.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(ids: &[u32], learned_from: usize) -> Example {
        let ids: Vec<TokenId> = ids.iter().copied().map(TokenId).collect();
        let labels = ids.iter().enumerate().map(|(at, id)| (at >= learned_from).then_some(*id)).collect();
        Example { ids, labels }
    }

    #[test]
    fn a_row_learns_the_token_after_it_and_never_one_of_the_next_example() {
        let (first, second) = (example(&[5, 6, 7], 2), example(&[8, 9], 0));
        let batch = Batch::pack([&first, &second]).unwrap();
        assert_eq!(batch.segments, [0, 0, 0, 3, 3]);
        assert_eq!(batch.examples().collect::<Vec<_>>(), [0..3, 3..5]);
        assert_eq!(batch.learned, [1, 3]);
        assert_eq!(batch.targets, [TokenId(7), TokenId(9)]);
    }

    #[test]
    fn labels_that_do_not_match_the_tokens_are_refused() {
        let wrong = Example { ids: vec![TokenId(1), TokenId(2)], labels: vec![None] };
        let error = Batch::pack([&wrong]).unwrap_err();
        assert_eq!(error.to_string(), "example 0 has 2 tokens but 1 labels: there must be one a token");
    }
}
