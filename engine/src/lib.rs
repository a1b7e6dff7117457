//! Gemma 4 from a GGUF file: where its bytes come from ([`source`]), the container ([`gguf`]), the model's shape
//! ([`config`]), text to token ids and back ([`tokenizer`]), chat turns ([`chat`]), adapters ([`lora`]) and Ollama's
//! store ([`ollama`]).
#![warn(missing_docs)]
#![deny(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(not(target_arch = "wasm32"))]
pub mod atomic_file;
pub mod ceilings;
pub mod chat;
pub mod config;
pub mod dataset;
pub mod device;
pub mod error;
pub mod gguf;
pub mod kernels;
pub mod lora;
pub mod model;
#[cfg(not(target_arch = "wasm32"))]
pub mod ollama;
pub mod random;
#[cfg(feature = "tuning")]
pub mod roofline;
pub mod sampling;
pub mod session;
pub mod source;
pub mod tokenizer;
pub mod training;
#[cfg(feature = "tuning")]
pub mod tuning;

pub use error::Error;
