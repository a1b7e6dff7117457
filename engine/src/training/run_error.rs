//! What keeps a run from being planned, recorded or taken up again.
use std::io::Error as IoError;

/// Why a run cannot be planned, recorded or taken up again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum RunError {
    /// An option has a value that cannot be.
    #[error("{option} is {value}, but {rule}")]
    Option { option: &'static str, value: String, rule: String },
    /// A file could not be read or written.
    #[error("cannot {action} {path}: {cause}")]
    Io { action: &'static str, path: String, cause: IoError },
    /// A line of the record of a run is none.
    #[error("line {line} of the metrics is not a record: {cause}")]
    Metrics { line: usize, cause: String },
    /// A checkpoint is damaged or something else.
    #[error("the checkpoint cannot be read: {0}")]
    Checkpoint(String),
    /// The checkpoint of another run.
    #[error("the checkpoint belongs to another run: {}", differences.join("; "))]
    AnotherRun { differences: Vec<String> },
}
