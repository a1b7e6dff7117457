//! The embedded model's exam: all five hundred prompts of `models/tiny/heldout.jsonl`, answered greedily through the
//! whole engine. Prints the answers that are not exactly right, and how many are.
//!
//! `cargo run --release -p gemmule-engine --example heldout [-- DEVICE [EXAM.jsonl [ADAPTER]]]`, where DEVICE is `cpu` (as
//! if not given), `gpu` or part of a name, and ADAPTER a folder of PEFT's or a GGUF.

use std::error::Error;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use engine::chat::{ChatOptions, Message};
use engine::device::{Device, DeviceChoice};
use engine::lora::Adapter;
use engine::model::{LoadOptions, Model};
use engine::sampling::SamplingOptions;
use engine::session::{GenerateOptions, ResidentAdapter, Session, SessionOptions};
use engine::source::MemorySource;
use futures_util::TryStreamExt;
use serde::Deserialize;

#[derive(Deserialize)]
struct Exchange {
    messages: Vec<Message>,
    answer: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let choice: DeviceChoice = arguments.next().unwrap_or_else(|| "cpu".into()).parse()?;
    let device = pollster::block_on(Device::open(&choice))?;
    println!("on {}", device.description());
    let source = Arc::new(MemorySource::from_static(include_bytes!("../../models/tiny/tiny.gguf")));
    let model = pollster::block_on(Model::load(source, LoadOptions::new(device)))?;
    let mut session = model.session(SessionOptions::default())?;
    let exam = match arguments.next() {
        Some(path) => std::fs::read_to_string(path)?,
        None => include_str!("../../models/tiny/heldout.jsonl").to_owned(),
    };
    let exam: Vec<Exchange> = exam.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if let Some(path) = arguments.next() {
        let adapter = Adapter::open(Path::new(&path), model.config())?;
        session.set_adapters(vec![(ResidentAdapter::new(&model, &adapter)?, 1.0)])?;
    }
    let mut exact = 0;
    for exchange in &exam {
        let answer = answer(&model, &mut session, &exchange.messages)?;
        if answer == exchange.answer {
            exact += 1;
        } else {
            let question = exchange.messages.last().map_or("", |message| &message.content);
            println!("{question}\n  answered {answer:?}\n  right is {:?}", exchange.answer);
        }
    }
    println!("{exact} of {} exactly right", exam.len());
    Ok(())
}

fn answer(model: &Model, session: &mut Session, messages: &[Message]) -> Result<String, engine::Error> {
    let prompt = model.chat_template().encode(model.tokenizer(), messages, &ChatOptions::default())?;
    let options = GenerateOptions { sampling: SamplingOptions::GREEDY, ..GenerateOptions::default() };
    session.reset();
    let tokens: Vec<_> = pollster::block_on(pin!(session.generate(&prompt, options)).try_collect())?;
    Ok(model.tokenizer().decode(&tokens))
}
