//! The embedded model, on the CPU executor or on a GPU, and the exchanges that transformers answered.
#![allow(dead_code)]

#[path = "../devices/mod.rs"]
mod devices;

use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::{Arc, OnceLock};

use engine::chat::{ChatOptions, Message};
use engine::device::Device;
use engine::model::{LoadOptions, Model, PleResidency};
use engine::sampling::SamplingOptions;
use engine::session::{GenerateOptions, Session, SessionOptions};
use engine::source::FileSource;
use engine::tokenizer::TokenId;
use futures_util::StreamExt;
use serde::Deserialize;

/// A line of `expected.jsonl` or `heldout.jsonl`; the latter has no ids.
#[derive(Deserialize)]
pub struct Exchange {
    pub messages: Vec<Message>,
    #[serde(default)]
    prompt_ids: Vec<u32>,
    #[serde(default)]
    answer_ids: Vec<u32>,
    pub answer: String,
}

impl Exchange {
    pub fn prompt(&self) -> Vec<TokenId> {
        self.prompt_ids.iter().copied().map(TokenId).collect()
    }

    /// Transformers' greedy answer, the token that ends it included.
    pub fn answer_ids(&self) -> Vec<TokenId> {
        self.answer_ids.iter().copied().map(TokenId).collect()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/tiny")
}

fn exchanges(file: &str) -> Vec<Exchange> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Fifty prompts with transformers' token ids and answers.
pub fn expected() -> Vec<Exchange> {
    exchanges("expected.jsonl")
}

/// The exam: five hundred prompts that training never saw, with the right answers.
pub fn heldout() -> Vec<Exchange> {
    exchanges("heldout.jsonl")
}

pub fn load(device: Device, ple: PleResidency) -> Model {
    let source = Arc::new(FileSource::open(folder().join("tiny.gguf")).unwrap());
    pollster::block_on(Model::load(source, LoadOptions { ple, ..LoadOptions::new(device) })).unwrap()
}

/// The model on the CPU executor.
pub fn on_cpu() -> Model {
    static MODEL: OnceLock<Model> = OnceLock::new();
    MODEL.get_or_init(|| load(devices::cpu(), PleResidency::Auto)).clone()
}

/// The model on a GPU, where there is one.
pub fn on_gpu() -> Option<Model> {
    static MODEL: OnceLock<Option<Model>> = OnceLock::new();
    MODEL.get_or_init(on_a_gpu_alone).clone()
}

/// The same on a device that no other test uses.
pub fn on_a_gpu_alone() -> Option<Model> {
    devices::gpu().map(|gpu| load(gpu, PleResidency::Auto))
}

/// The model on the CPU executor and, where there is one, on a GPU.
pub fn everywhere() -> Vec<Model> {
    [Some(on_cpu()), on_gpu()].into_iter().flatten().collect()
}

pub fn session(model: &Model) -> Session {
    model.session(SessionOptions::default()).unwrap()
}

pub fn greedy() -> GenerateOptions {
    GenerateOptions { sampling: SamplingOptions::GREEDY, ..GenerateOptions::default() }
}

/// The tokens of a conversation whose last message the model is to answer.
pub fn encode(model: &Model, messages: &[Message]) -> Vec<TokenId> {
    model.chat_template().encode(model.tokenizer(), messages, &ChatOptions::default()).unwrap()
}

/// The whole answer.
pub fn generate(session: &mut Session, prompt: &[TokenId], options: GenerateOptions) -> Vec<TokenId> {
    try_generate(session, prompt, options).unwrap()
}

pub fn try_generate(
    session: &mut Session,
    prompt: &[TokenId],
    options: GenerateOptions,
) -> Result<Vec<TokenId>, engine::Error> {
    pollster::block_on(async {
        let mut stream = pin!(session.generate(prompt, options));
        let mut tokens = Vec::new();
        while let Some(token) = stream.next().await {
            tokens.push(token?);
        }
        Ok(tokens)
    })
}
