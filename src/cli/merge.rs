//! `gemmule merge`: an adapter folded into its model.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use engine::config::Config;
use engine::gguf::Gguf;
use engine::lora::{Adapter, merge_to_file};
use engine::source::Source;
use indicatif::ProgressBar;

use super::error::CliError;
use super::file::open_source;
use super::text::bytes;

/// Writes a model with a LoRA adapter folded in, each tensor in the type that it has.
///
/// Rows that change are quantised anew: what is small beside a format's steps is lost in them, with 4 bits more than
/// with 8.
#[derive(Args, Debug)]
pub struct MergeArgs {
    /// A GGUF file, or a name in Ollama's store.
    model: String,
    /// The adapter: a folder of PEFT's (adapter_config.json and adapter_model.safetensors), or a GGUF of llama.cpp's.
    #[arg(long, value_name = "PATH")]
    lora: PathBuf,
    /// Where to write the model.
    #[arg(long, value_name = "FILE.gguf")]
    out: PathBuf,
}

/// Runs the command.
pub fn merge(args: &MergeArgs) -> Result<(), CliError> {
    let begun = Instant::now();
    let source = open_source(&args.model)?;
    if let (Ok(model), Ok(out)) = (source.path().canonicalize(), args.out.canonicalize())
        && model == out
    {
        return Err(CliError::Input(format!("{} is the model itself: `--out` takes another file", args.out.display())));
    }
    let gguf = Gguf::read(&source)?;
    let config = Config::from_gguf(&gguf)?;
    let adapter = Adapter::open(&args.lora, &config)?;
    let bar = ProgressBar::new(source.len());
    let merged = merge_to_file(&source, &gguf, &adapter, &args.out, |merged| bar.set_position(merged.bytes));
    bar.finish_and_clear();
    let merged = merged?;
    let (changed, all) = (merged.changed, gguf.tensors().len());
    writeln!(
        io::stdout(),
        "{}: {}, {changed} of {all} tensors changed, in {:.1} s",
        args.out.display(),
        bytes(merged.total_bytes),
        begun.elapsed().as_secs_f64()
    )?;
    Ok(())
}
