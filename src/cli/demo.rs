//! `gemmule` without a command: the embedded model answers, and the next steps are named.

use clap::Args;
use engine::sampling::SamplingOptions;
use engine::session::SessionOptions;

use super::answer::{Request, show_now};
use super::chat::Conversation;
use super::error::CliError;
use super::interrupt::Interrupt;
use super::open::open_model;
use super::options::DeviceArgs;

/// Options of the demonstration.
#[derive(Args, Debug)]
pub struct DemoArgs {
    #[command(flatten)]
    device: DeviceArgs,
}

/// What the embedded model, which knows only a little invented village, is asked.
const QUESTION: &str = "I want a story about Ada, Nora and a ring.";

const NEXT: &str = "\
This was the embedded model: 12.5 million weights that know a little invented village. Next:
  gemmule run                     chat with it
  gemmule models                  list what Ollama has on disk
  gemmule run gemma4:e2b          chat with a model of Ollama's
  gemmule run FILE.gguf           chat with a file
  gemmule --help                  everything else";

/// Runs the demonstration.
pub fn demo(args: &DemoArgs) -> Result<(), CliError> {
    let interrupt = Interrupt::install()?;
    let opened = open_model(None, &args.device)?;
    let model = &opened.model;
    show_now(&format!("{}\n", opened.introduction()))?;
    if model.device().is_cpu() {
        show_now("No usable GPU, or none wanted: this runs on the CPU.\n")?;
    }
    let session = model.session(SessionOptions::default())?;
    let mut conversation = Conversation::new(model, session, None, false);
    let request = Request { sampling: SamplingOptions::GREEDY, max_tokens: 200 };
    show_now(&format!("\n> {QUESTION}\n"))?;
    let answer = conversation.ask(QUESTION, &request, &interrupt, &mut show_now)?;
    show_now(&format!("\n[{}]\n\n{NEXT}\n", answer.summary()))?;
    Ok(())
}
