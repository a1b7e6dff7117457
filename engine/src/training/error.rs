//! Why training cannot do what it was asked for.

/// What is wrong with a training run's options or examples.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// Tokens and labels do not go together.
    #[error("example {example} has {ids} tokens but {labels} labels: there must be one a token")]
    Labels {
        /// The example's number in its batch, from 0.
        example: usize,
        /// Its tokens.
        ids: usize,
        /// Its labels.
        labels: usize,
    },
    /// More rows than the trainer was made for.
    #[error("a batch of {rows} tokens was given, but the trainer was made for {limit}")]
    Rows {
        /// Tokens in the batch.
        rows: usize,
        /// The trainer's limit.
        limit: usize,
    },
    /// A trainer without room for a token.
    #[error("a trainer for batches of no tokens was asked for")]
    Empty,
    /// Nothing is learned from a step's examples.
    #[error("nothing to learn: none of the step's {rows} tokens has a label")]
    Unlabelled {
        /// Tokens in the step's batches.
        rows: usize,
    },
    /// A token that the vocabulary does not have.
    #[error("token {token} is outside of the vocabulary of {vocab}")]
    Token {
        /// The token.
        token: u32,
        /// The vocabulary's size.
        vocab: u32,
    },
    /// An example longer than the model's context.
    #[error("an example has {tokens} tokens, but the model was trained for {context} positions")]
    Context {
        /// The example's tokens.
        tokens: usize,
        /// The model's context.
        context: usize,
    },
    /// The adapter's sites are not this model's.
    #[error("the adapter does not fit the model: {0}")]
    Adapter(String),
    /// The run does not fit into memory.
    #[error("training would take {needed} MiB, {budget} MiB are allowed: {options}")]
    Memory {
        /// MiB that the run takes at least.
        needed: u64,
        /// MiB allowed.
        budget: u64,
        /// What would make it fit.
        options: String,
    },
    /// An optimiser state of another size.
    #[error("the optimiser's state has {found} values, but the adapter has {expected}")]
    State {
        /// Values given.
        found: usize,
        /// The adapter's parameters.
        expected: usize,
    },
    /// The loss is no number any more.
    #[error("the loss is {loss} at step {step}: the learning rate is too high, or the adapter is damaged")]
    Diverged {
        /// The loss.
        loss: f64,
        /// The 1-based step.
        step: u32,
    },
}
