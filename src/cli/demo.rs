//! `gemmule` without a command: the embedded model answers, and the next steps are named.

use clap::Args;
use engine::device::DeviceChoice;
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

/// Runs the demonstration.
pub fn demo(args: &DemoArgs) -> Result<(), CliError> {
    let interrupt = Interrupt::install()?;
    let opened = open_model(None, &args.device)?;
    let device = opened.model.device();
    show_now(&format!("{}\n", opened.introduction()))?;
    if device.is_cpu() {
        let why = if args.device.choice == DeviceChoice::Cpu { "As asked" } else { "No usable GPU was found" };
        show_now(&format!("{why}: this runs on the CPU.\n"))?;
    } else if device.is_software() {
        show_now("This GPU is software: the CPU without it (`--device cpu`) is faster.\n")?;
    }
    let session = opened.model.session(SessionOptions::default())?;
    let mut conversation = Conversation::new(&opened.model, session, None, false);
    let request = Request { sampling: SamplingOptions::GREEDY, max_tokens: 200 };
    show_now(&format!("\n> {QUESTION}\n"))?;
    let answer = conversation.ask(QUESTION, &request, &interrupt, &mut show_now)?;
    show_now(&format!("\n[{}]\n\n{}\n", answer.summary(), next(started_by_cargo())))?;
    Ok(())
}

/// What to try next, as it has to be typed.
fn next(by_cargo: bool) -> String {
    let program = match (by_cargo, cfg!(debug_assertions)) {
        (false, _) => "gemmule",
        (true, false) => "cargo run --release --",
        (true, true) => "cargo run --",
    };
    let mut text = String::from(
        "This was the embedded model: 12.5 million weights that know a little invented village, Pebble Bay. Next:",
    );
    for (arguments, what) in [
        ("run", "chat with it"),
        ("models", "list what Ollama has on disk"),
        ("run gemma4:e2b", "chat with a model of Ollama's"),
        ("run FILE.gguf", "chat with a file"),
        ("--help", "everything else"),
    ] {
        text.push_str(&format!("\n  {program} {arguments:<16}{what}"));
    }
    text
}

/// `cargo run` tells the programs that it starts where it is.
fn started_by_cargo() -> bool {
    std::env::var_os("CARGO").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_commands_are_shown_as_they_have_to_be_typed() {
        assert!(next(false).contains("\n  gemmule run gemma4:e2b  chat with a model"), "{}", next(false));
        assert!(next(true).contains("\n  cargo run "), "{}", next(true));
    }
}
