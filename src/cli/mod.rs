//! The command line: one file a subcommand; this one reads the arguments and turns errors into exit codes.
//!
//! 0 is success, 1 a failure while running, 2 bad input (a wrong option, a broken file, an unknown model or device).

mod error;
mod file;
mod inspect;
mod kernels;
mod models;
mod text;
mod tokenize;
mod weights;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Gemma 4 on any GPU, or on the CPU, from a GGUF file.
#[derive(Parser)]
#[command(name = "gemmule", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Models(models::ModelsArgs),
    Inspect(inspect::InspectArgs),
    Tokenize(tokenize::TokenizeArgs),
    Kernels(kernels::KernelsArgs),
}

/// Runs what the arguments ask for.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Models(args) => models::models(&args),
        Command::Inspect(args) => inspect::inspect(&args),
        Command::Tokenize(args) => tokenize::tokenize(&args),
        Command::Kernels(args) => kernels::kernels(&args),
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
