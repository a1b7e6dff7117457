//! `gemmule models`: what Ollama has on disk.

use std::io;

use clap::Args;

use super::error::CliError;
use super::text::{Table, bytes};

/// Lists the models in Ollama's store.
#[derive(Args, Debug)]
pub struct ModelsArgs {}

/// Runs the command.
pub fn models(_: &ModelsArgs) -> Result<(), CliError> {
    let stored = engine::ollama::list();
    if stored.is_empty() {
        let roots: Vec<String> = engine::ollama::store_roots().iter().map(|root| root.display().to_string()).collect();
        eprintln!(
            "Ollama has no models here; looked in {}. `ollama pull gemma4:e2b` fetches one; any GGUF file of Gemma 4 works too.",
            roots.join(", ")
        );
        return Ok(());
    }
    let mut table = Table::new(["name", "size", "file"], [false, true, false]);
    for model in stored {
        table.row([format!("{}:{}", model.name, model.tag), bytes(model.bytes), model.path.display().to_string()]);
    }
    table.write(&mut io::stdout().lock())?;
    Ok(())
}
