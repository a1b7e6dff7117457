//! How the next token is chosen. The choice is made on the device by the kernels of `kernels_src::sampling`.

use crate::error::Error;

/// Sampling's parameters, as llama.cpp and Ollama name them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SamplingOptions {
    /// 0 takes the likeliest token; otherwise logits are divided by it.
    pub temperature: f32,
    /// Only the `top_k` likeliest tokens stay; 0 keeps all.
    pub top_k: u32,
    /// The likeliest tokens stay whose probabilities together reach `top_p`; 1 keeps all.
    pub top_p: f32,
    /// Tokens stay that are at least `min_p` times as likely as the likeliest; 0 keeps all.
    pub min_p: f32,
    /// Logits of recent tokens are divided (positive) or multiplied (negative) by it; 1 changes nothing.
    pub repeat_penalty: f32,
    /// The same seed, prompt and device give the same answer.
    pub seed: u32,
}

impl SamplingOptions {
    /// Always the likeliest token.
    pub const GREEDY: Self = Self { temperature: 0.0, top_k: 0, top_p: 1.0, min_p: 0.0, repeat_penalty: 1.0, seed: 0 };

    /// Whether the likeliest token is always taken.
    pub fn is_greedy(&self) -> bool {
        self.temperature == 0.0
    }

    /// # Errors
    /// [`SamplingError`] names the first parameter that cannot be.
    pub fn check(&self) -> Result<(), Error> {
        let rules = [
            ("temperature", self.temperature, self.temperature >= 0.0, "at least 0"),
            ("top_p", self.top_p, self.top_p > 0.0 && self.top_p <= 1.0, "above 0 and at most 1"),
            ("min_p", self.min_p, (0.0..=1.0).contains(&self.min_p), "between 0 and 1"),
            ("repeat_penalty", self.repeat_penalty, self.repeat_penalty > 0.0, "above 0"),
        ];
        match rules.into_iter().find(|(_, value, holds, _)| !(value.is_finite() && *holds)) {
            None => Ok(()),
            Some((name, value, _, rule)) => Err(SamplingError { name, value, rule }.into()),
        }
    }
}

impl Default for SamplingOptions {
    /// What Gemma 4 was published with: temperature 1, top-k 64, top-p 0.95.
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 64, top_p: 0.95, ..Self::GREEDY }
    }
}

/// A sampling parameter that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{name} is {value}, but must be {rule}")]
pub struct SamplingError {
    /// The parameter.
    pub name: &'static str,
    /// Its value.
    pub value: f32,
    /// What it must be.
    pub rule: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_out_of_its_range_is_named() {
        let options = SamplingOptions { top_p: 1.5, ..SamplingOptions::default() };
        assert_eq!(options.check().unwrap_err().to_string(), "top_p is 1.5, but must be above 0 and at most 1");
        assert!(SamplingOptions::default().check().is_ok());
        assert!(SamplingOptions { temperature: f32::NAN, ..SamplingOptions::GREEDY }.check().is_err());
    }
}
