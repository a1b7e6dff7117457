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
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(arguments) if arguments.is_empty() => write!(f, "a command is missing\n\n{USAGE}"),
            Error::Usage(arguments) => write!(f, "no such command: {arguments}\n\n{USAGE}"),
            Error::NotUnderCargo => write!(f, "run this as `cargo xtask`, inside the workspace"),
            Error::Start { program, source } => write!(f, "{program} could not be started: {source}"),
        }
    }
}
