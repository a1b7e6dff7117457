//! What an adapter is made of: rank, scale, which matrices of which layers.
use super::{LoraError, Target};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// The highest rank: far above any use, and a bound for what a file may claim.
const MAX_RANK: u32 = 4_096;

/// What an adapter is made of. `W + scale · B A` takes the place of a matrix W, with A `[rank, inputs]` and
/// B `[outputs, rank]` (Hu et al., LoRA, arXiv 2106.09685).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoraOptions {
    /// Rows of A and columns of B.
    pub rank: u32,
    /// The scale's numerator.
    pub alpha: f32,
    /// Whether the scale is `alpha / √rank` instead of `alpha / rank` (Kalajdzievski, rsLoRA, arXiv 2312.03732).
    pub rslora: bool,
    /// How likely an input of A is dropped while training, from 0 to below 1.
    pub dropout: f32,
    /// Which matrices.
    pub targets: Vec<Target>,
    /// Only modules whose whole path, such as `layers.3.self_attn.q_proj`, matches this regular expression.
    pub layers: Option<String>,
    /// Where A's first values come from.
    pub seed: u64,
}

impl Default for LoraOptions {
    /// Rank 16, scale 2, on the seven projections of every layer.
    fn default() -> Self {
        LoraOptions {
            rank: 16,
            alpha: 32.0,
            rslora: false,
            dropout: 0.0,
            targets: Target::PROJECTIONS.to_vec(),
            layers: None,
            seed: 0,
        }
    }
}

impl LoraOptions {
    /// What `B A` is multiplied by.
    pub fn scale(&self) -> f32 {
        self.scale_of(self.rank, self.alpha)
    }

    /// The scale of a module whose rank and alpha may be its own.
    pub(super) fn scale_of(&self, rank: u32, alpha: f32) -> f32 {
        match self.rslora {
            true => alpha / (rank as f32).sqrt(),
            false => alpha / rank as f32,
        }
    }

    /// Refuses values that cannot be, by the option's name.
    pub fn check(&self) -> Result<(), LoraError> {
        let wrong = |option, value: String, rule| Err(LoraError::Option { option, value, rule });
        if !(1..=MAX_RANK).contains(&self.rank) {
            return wrong("the rank", self.rank.to_string(), "it must be from 1 to 4096");
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return wrong("alpha", self.alpha.to_string(), "it must be a positive number");
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return wrong("the dropout", self.dropout.to_string(), "it must be from 0 to below 1");
        }
        if self.targets.is_empty() {
            return wrong("the list of targets", "empty".to_owned(), "it must name at least one matrix");
        }
        if let Some((_, &target)) =
            self.targets.iter().enumerate().find(|(at, target)| self.targets[..*at].contains(target))
        {
            return Err(LoraError::RepeatedTarget { target });
        }
        self.pattern().map(|_| ())
    }

    /// [`layers`](Self::layers), anchored at both ends as Python's `re.fullmatch` is.
    pub(super) fn pattern(&self) -> Result<Option<Regex>, LoraError> {
        self.layers.as_deref().map(|pattern| anchored("", pattern)).transpose()
    }
}

/// A regular expression that must match from start to end, after what `prefix` matches.
pub(super) fn anchored(prefix: &str, pattern: &str) -> Result<Regex, LoraError> {
    Regex::new(&format!("^{prefix}(?:{pattern})$"))
        .map_err(|error| LoraError::Pattern { pattern: pattern.to_owned(), cause: last_line(&error) })
}

/// The regex crate draws the pattern over several lines; its last line says what is wrong.
fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    text.lines().last().map_or(text.clone(), |line| line.trim_start_matches("error: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_is_alpha_over_the_rank_or_over_its_root() {
        let mut options = LoraOptions { rank: 16, alpha: 8.0, ..LoraOptions::default() };
        assert_eq!(options.scale(), 0.5);
        options.rslora = true;
        assert_eq!(options.scale(), 2.0);
    }

    #[test]
    fn values_that_cannot_be_are_refused_by_the_options_name() {
        let default = LoraOptions::default;
        let cases = [
            (LoraOptions { rank: 0, ..default() }, "the rank is 0, but it must be from 1 to 4096"),
            (LoraOptions { alpha: f32::NAN, ..default() }, "alpha is NaN, but it must be a positive number"),
            (LoraOptions { dropout: 1.0, ..default() }, "the dropout is 1, but it must be from 0 to below 1"),
            (LoraOptions { targets: vec![], ..default() }, "the list of targets is empty, but it must name"),
            (LoraOptions { targets: vec![Target::Q, Target::Q], ..default() }, "the target q is given twice"),
            (LoraOptions { layers: Some("layers.(".into()), ..default() }, "the pattern `layers.(` is not a regular"),
        ];
        for (options, message) in cases {
            let error = options.check().unwrap_err().to_string();
            assert!(error.starts_with(message), "{error}");
        }
        assert!(default().check().is_ok());
    }
}
