//! The folder that a run writes: the adapter in both forms, the record and its picture, the checkpoint.

use std::path::{Path, PathBuf};

use engine::config::Config;
use engine::lora::Adapter;
use engine::training::chart::loss_chart;
use engine::training::metrics::Record;

use crate::cli::error::CliError;

/// A run's folder.
pub struct Folder(PathBuf);

impl Folder {
    /// Makes it where it is not there.
    pub fn create(path: &Path) -> Result<Self, CliError> {
        let failed = |source| CliError::Write { path: path.to_path_buf(), source };
        std::fs::create_dir_all(path).map_err(failed)?;
        Ok(Self(path.to_path_buf()))
    }

    /// The state from which the run goes on.
    pub fn checkpoint(&self) -> PathBuf {
        self.0.join("checkpoint.safetensors")
    }

    /// One line of JSON a step.
    pub fn metrics(&self) -> PathBuf {
        self.0.join("metrics.jsonl")
    }

    /// Writes the adapter as PEFT and as llama.cpp read it.
    pub fn write_adapter(&self, adapter: &Adapter, config: &Config, name: &str) -> Result<(), CliError> {
        adapter.write_peft(&self.0, config).map_err(engine::Error::from)?;
        Ok(adapter.write_gguf(&self.0.join("adapter.gguf"), name)?)
    }

    /// Draws the losses.
    pub fn write_chart(&self, title: &str, records: &[Record]) -> Result<(), CliError> {
        let path = self.0.join("loss.svg");
        std::fs::write(&path, loss_chart(title, records)).map_err(|source| CliError::Write { path, source })
    }
}
