//! What the command line reports, and with which exit code.

use std::io;
use std::path::PathBuf;

use engine::Error;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The engine refused a file, a device or a prompt, or failed while running.
    #[error(transparent)]
    Engine(#[from] engine::Error),
    /// The device that was asked for is not there.
    #[error("{0}")]
    NoDevice(engine::Error),
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An input has the wrong form; the text says which and how.
    #[error("{0}")]
    Input(String),
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// The terminal could not be read.
    #[error("cannot read from the terminal: {0}")]
    Terminal(#[from] rustyline::error::ReadlineError),
    /// The handler of Ctrl-C could not be set.
    #[error("cannot listen for Ctrl-C: {0}")]
    Interrupt(#[from] ctrlc::Error),
}

impl CliError {
    /// 2 for bad input, 1 for a failure while running.
    pub fn exit_code(&self) -> u8 {
        match self {
            CliError::Engine(
                Error::Source(_)
                | Error::Gguf(_)
                | Error::Config(_)
                | Error::Tokenizer(_)
                | Error::Chat(_)
                | Error::Lora(_)
                | Error::Dataset(_)
                | Error::Run(_)
                | Error::Training(_)
                | Error::Store(_)
                | Error::Sampling(_)
                | Error::Session(_),
            )
            | CliError::NoDevice(_)
            | CliError::Read { .. }
            | CliError::Write { .. }
            | CliError::Input(_) => 2,
            CliError::Engine(_) | CliError::Output(_) | CliError::Terminal(_) | CliError::Interrupt(_) => 1,
        }
    }

    /// The reader of standard output has gone, which is no error.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, CliError::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}
