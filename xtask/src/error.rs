//! What can keep `xtask` from doing its work at all; a check that fails is a result and not an error.

use std::fmt;

use crate::USAGE;

/// Why nothing could be run.
#[derive(Debug)]
pub enum Error {
    /// The arguments name no command.
    Usage(String),
    /// Started by hand and not by `cargo xtask`, so the workspace is unknown.
    NotUnderCargo,
    /// A program could not be started.
    Start {
        /// The program's name.
        program: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be read or written.
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A budget could not be measured.
    Budget(String),
}

impl Error {
    /// A program of this name that could not be started.
    pub fn start(program: &str) -> impl FnOnce(std::io::Error) -> Self {
        let program = program.to_owned();
        move |source| Self::Start { program, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(arguments) if arguments.is_empty() => write!(f, "a command is missing\n\n{USAGE}"),
            Error::Usage(arguments) => write!(f, "no such command: {arguments}\n\n{USAGE}"),
            Error::NotUnderCargo => write!(f, "run this as `cargo xtask`, inside the workspace"),
            Error::File { path, source } => write!(f, "{}: {source}", path.display()),
            Error::Budget(why) => write!(f, "a budget could not be measured: {why}"),
            Error::Start { program, source } => write!(f, "{program} could not be started: {source}"),
        }
    }
}
