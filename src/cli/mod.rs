//! The command line: one file a subcommand; this one reads the arguments and turns errors into exit codes.
//!
//! 0 is success, 1 a failure while running, 2 bad input (a wrong option, a broken file, an unknown model or device).

mod answer;
mod bench;
mod chat;
mod demo;
mod error;
mod eval;
mod file;
mod inspect;
mod interrupt;
mod kernels;
mod logits;
mod lora;
mod merge;
mod models;
mod npy;
mod open;
mod options;
mod plot;
mod roofline;
mod run;
mod text;
mod tokenize;
mod train;
mod tune;
mod tuning;
mod weights;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Gemma 4 on any GPU, or on the CPU, from a GGUF file. Without a command: a demonstration with the embedded model.
#[derive(Parser)]
#[command(name = "gemmule", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    demo: demo::DemoArgs,
}

#[derive(Subcommand)]
enum Command {
    Run(run::RunArgs),
    Models(models::ModelsArgs),
    Inspect(inspect::InspectArgs),
    Tokenize(tokenize::TokenizeArgs),
    Kernels(kernels::KernelsArgs),
    Bench(bench::BenchArgs),
    Train(Box<train::TrainArgs>),
    Eval(eval::EvalArgs),
    Tune(tune::TuneArgs),
    Logits(logits::LogitsArgs),
    Merge(merge::MergeArgs),
}

/// Runs what the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        None => demo::demo(&cli.demo),
        Some(Command::Run(args)) => run::run(&args),
        Some(Command::Models(args)) => models::models(&args),
        Some(Command::Inspect(args)) => inspect::inspect(&args),
        Some(Command::Tokenize(args)) => tokenize::tokenize(&args),
        Some(Command::Kernels(args)) => kernels::kernels(&args),
        Some(Command::Bench(args)) => bench::bench(&args),
        Some(Command::Train(args)) => train::train(&args),
        Some(Command::Eval(args)) => eval::eval(&args),
        Some(Command::Tune(args)) => tune::tune(&args),
        Some(Command::Logits(args)) => logits::logits(&args),
        Some(Command::Merge(args)) => merge::merge(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough (`gemmule inspect FILE | head`).
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_code())
        }
    }
}
