//! From what a user calls a model to its file.

use std::path::{Path, PathBuf};

use engine::source::FileSource;

use super::error::CliError;

/// The file of that path or of that name in Ollama's store.
pub fn open_source(name: &str) -> Result<FileSource, CliError> {
    let path = resolve(name)?;
    Ok(FileSource::open(&path).map_err(engine::Error::from)?)
}

/// A file of that name wins; what does not look like a path is then looked up in Ollama's store.
fn resolve(name: &str) -> Result<PathBuf, CliError> {
    let path = Path::new(name);
    let looks_like_a_path = path.is_absolute() || name.starts_with('.') || name.ends_with(".gguf");
    if path.exists() || looks_like_a_path {
        return Ok(path.into());
    }
    Ok(engine::ollama::resolve(name).map_err(engine::Error::from)?)
}
