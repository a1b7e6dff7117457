//! The crate's one error type. Each stage has its own enum, which names the file, key, tensor or template at fault;
//! this one only gathers them.
use crate::{chat::ChatError, config::ConfigError, gguf::GgufError, source::SourceError, tokenizer::TokenizerError};

/// Everything that can go wrong in this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes could not be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The file is not a well-formed GGUF, or lacks a key or a tensor.
    #[error(transparent)]
    Gguf(#[from] GgufError),
    /// The file is a GGUF, but not a model that this engine runs.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The file's vocabulary cannot be used.
    #[error(transparent)]
    Tokenizer(#[from] TokenizerError),
    /// The chat template or the messages given to it are at fault.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// An adapter, or what is asked of one, is at fault.
    #[error(transparent)]
    Lora(#[from] crate::lora::LoraError),
    /// Examples to learn from cannot be read or split.
    #[error(transparent)]
    Dataset(#[from] crate::dataset::DatasetError),
    /// A run of training cannot be planned, recorded or taken up again.
    #[error(transparent)]
    Run(#[from] crate::training::RunError),
    /// Training cannot do what it was asked for.
    #[error(transparent)]
    Training(#[from] crate::training::TrainingError),
    /// The device refused, ran out of memory or was lost.
    #[error(transparent)]
    Device(#[from] kernel::dispatch::DispatchError),
    /// A sampling parameter cannot be.
    #[error(transparent)]
    Sampling(#[from] crate::sampling::SamplingError),
    /// A session cannot do what it was asked for.
    #[error(transparent)]
    Session(#[from] crate::session::SessionError),
    /// No variant of a kernel can be used on the device.
    #[cfg(feature = "tuning")]
    #[error(transparent)]
    Tuning(#[from] kernel::tuning::TuningError),
    /// A kernel's cost card is not one.
    #[cfg(feature = "tuning")]
    #[error(transparent)]
    Card(#[from] kernel::cost::NotAFormula),
    /// A name could not be found in Ollama's store.
    #[cfg(not(target_arch = "wasm32"))]
    #[error(transparent)]
    Store(#[from] crate::ollama::StoreError),
}
