//! `gemmule run`: one answer, or a chat.

use clap::Args;
use engine::session::SessionOptions;
use serde_json::json;

use super::answer::{Answer, Request, show_now};
use super::chat::{Conversation, converse};
use super::error::CliError;
use super::interrupt::Interrupt;
use super::lora::LoraArgs;
use super::open::open_model;
use super::options::{DeviceArgs, SamplingArgs};

/// Answers a prompt, or chats when there is none.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// A GGUF file, or a name in Ollama's store such as `gemma4:e2b`; the embedded model when it is not given.
    model: Option<String>,
    /// Answer this and end.
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// What the model should know or be before the first question.
    #[arg(long, value_name = "TEXT", conflicts_with = "raw")]
    system: Option<String>,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// The longest answer, in tokens.
    #[arg(long, value_name = "N", default_value_t = 2048, value_parser = clap::value_parser!(u32).range(1..))]
    max_tokens: u32,
    /// Room for this many tokens of conversation; the model's own limit when it is smaller.
    #[arg(long, value_name = "N", default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..))]
    ctx: u32,
    #[command(flatten)]
    lora: LoraArgs,
    #[command(flatten)]
    device: DeviceArgs,
    /// One JSON object a line for each answer, and nothing else on standard output.
    #[arg(long)]
    json: bool,
    /// No chat template: the prompt is all that the model sees, and control tokens written in it count as such.
    #[arg(long)]
    raw: bool,
}

/// Runs the command.
pub fn run(args: &RunArgs) -> Result<(), CliError> {
    let interrupt = Interrupt::install()?;
    let opened = open_model(args.model.as_deref(), &args.device)?;
    let model = &opened.model;
    eprintln!("{}", opened.introduction());
    let context = model.config().context.min(args.ctx) as usize;
    let mut session = model.session(SessionOptions { context: Some(context), ..SessionOptions::default() })?;
    args.lora.apply(model, &mut session)?;
    let mut conversation = Conversation::new(model, session, args.system.clone(), args.raw);
    let request = Request { sampling: args.sampling.options(), max_tokens: args.max_tokens as usize };
    let mut quiet = |_: &str| Ok(());
    let mut loud = show_now;
    let show: &mut dyn FnMut(&str) -> std::io::Result<()> = if args.json { &mut quiet } else { &mut loud };
    let device = model.device().description();
    let mut report = |answer: &Answer| report(answer, args.json, &device);
    match &args.prompt {
        Some(prompt) => report(&conversation.ask(prompt, &request, &interrupt, show)?),
        None => converse(&mut conversation, &request, &interrupt, show, &mut report),
    }
}

fn report(answer: &Answer, as_json: bool, device: &str) -> Result<(), CliError> {
    if as_json {
        let object = json!({
            "text": answer.text,
            "ended": answer.ended,
            "tokens": answer.tokens.len(),
            "prompt_tokens": answer.prompt_tokens,
            "first_token_seconds": answer.first_token.as_secs_f64(),
            "tokens_per_second": answer.tokens_per_second(),
            "device": device,
        });
        show_now(&format!("{object}\n"))?;
    } else {
        show_now("\n")?;
        eprintln!("[{}]", answer.summary());
    }
    Ok(())
}
