//! The record of a run: one JSON object a step, appended as the run goes on, and cut back when it is taken up again at
//! an earlier step.
use super::RunError;
use serde::{Deserialize, Deserializer, Serialize};

/// What is recorded of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Which step, counted from 1.
    pub step: u64,
    /// Mean loss of the step's learned positions.
    #[serde(deserialize_with = "number")]
    pub loss: f64,
    /// The learning rate.
    pub rate: f64,
    /// Norm of the gradient before it was clipped.
    #[serde(deserialize_with = "number")]
    pub gradient_norm: f64,
    /// Tokens a second.
    pub tokens_per_second: f64,
    /// Bytes in use on the device.
    pub memory_bytes: u64,
    /// Mean loss of the examples for validation, where it was computed after this step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
}

/// JSON has no infinities and writes `null`.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

impl Record {
    /// The record as its line, with the end of the line.
    pub fn to_line(&self) -> Result<String, RunError> {
        match serde_json::to_string(self) {
            Ok(line) => Ok(line + "\n"),
            Err(error) => Err(RunError::Metrics { line: 0, cause: error.to_string() }),
        }
    }
}

/// Reads records. A last line without an end is what a crash left of one, and is not counted.
///
/// # Errors
/// [`RunError::Metrics`] with the number of a line that is no record.
pub fn parse(text: &str) -> Result<Vec<Record>, RunError> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let record = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| RunError::Metrics { line: at + 1, cause: error.to_string() })
    };
    lines.map(record).collect()
}

#[cfg(not(target_arch = "wasm32"))]
pub use log::MetricsLog;

#[cfg(not(target_arch = "wasm32"))]
mod log {
    use super::{Record, RunError, parse};
    use crate::atomic_file;
    use std::{
        fs::{File, OpenOptions},
        io::Write,
        path::{Path, PathBuf},
    };

    /// The file that a run's records are appended to.
    #[derive(Debug)]
    pub struct MetricsLog {
        path: PathBuf,
        file: File,
    }

    impl MetricsLog {
        /// Begins a record; one that is there is replaced.
        ///
        /// # Errors
        /// [`RunError::Io`] where the file cannot be written.
        pub fn create(path: &Path) -> Result<MetricsLog, RunError> {
            let file = File::create(path).map_err(|cause| io("write", path, cause))?;
            Ok(MetricsLog { path: path.to_path_buf(), file })
        }

        /// Goes on after a step: what was recorded of later ones is removed, because they will happen again. Gives what
        /// remains. A file that is not there is begun.
        ///
        /// # Errors
        /// [`RunError::Io`] where the file cannot be read or written, [`RunError::Metrics`] where it is no record.
        pub fn resume(path: &Path, step: u64) -> Result<(MetricsLog, Vec<Record>), RunError> {
            let text = match std::fs::read_to_string(path) {
                Ok(text) => text,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
                Err(cause) => return Err(io("read", path, cause)),
            };
            let mut records = parse(&text)?;
            records.retain(|record| record.step <= step);
            let lines = records.iter().map(Record::to_line).collect::<Result<String, _>>()?;
            atomic_file::write_bytes(path, lines.as_bytes()).map_err(|cause| io("write", path, cause))?;
            let file = OpenOptions::new().append(true).open(path).map_err(|cause| io("write", path, cause))?;
            Ok((MetricsLog { path: path.to_path_buf(), file }, records))
        }

        /// Appends a step.
        ///
        /// # Errors
        /// [`RunError::Io`] where the file cannot be written.
        pub fn append(&mut self, record: &Record) -> Result<(), RunError> {
            let line = record.to_line()?;
            self.file.write_all(line.as_bytes()).map_err(|cause| io("write", &self.path, cause))
        }
    }

    fn io(action: &'static str, path: &Path, cause: std::io::Error) -> RunError {
        RunError::Io { action, path: path.display().to_string(), cause }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        fn record(step: u64) -> Record {
            Record {
                step,
                loss: 3.0 / step as f64,
                rate: 1e-4,
                gradient_norm: 0.5,
                tokens_per_second: 812.5,
                memory_bytes: 1 << 33,
                validation_loss: step.is_multiple_of(2).then_some(2.5),
            }
        }

        #[test]
        fn a_run_that_is_taken_up_again_forgets_the_steps_after_its_checkpoint() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("metrics.jsonl");
            let mut log = MetricsLog::create(&path).unwrap();
            (1..=5).for_each(|step| log.append(&record(step)).unwrap());
            let (mut log, records) = MetricsLog::resume(&path, 3).unwrap();
            assert_eq!(records, [1, 2, 3].map(record));
            log.append(&record(4)).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            assert_eq!(parse(&text).unwrap(), [1, 2, 3, 4].map(record));
        }

        #[test]
        fn half_a_line_is_what_a_crash_left() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("metrics.jsonl");
            let text = record(1).to_line().unwrap() + "{\"step\": 2, \"lo";
            std::fs::write(&path, text).unwrap();
            let (mut log, records) = MetricsLog::resume(&path, 9).unwrap();
            assert_eq!(records, [record(1)]);
            log.append(&record(2)).unwrap();
            assert_eq!(parse(&std::fs::read_to_string(&path).unwrap()).unwrap(), [record(1), record(2)]);
        }

        #[test]
        fn a_line_that_is_no_record_is_named() {
            let text = record(1).to_line().unwrap() + "{\"step\": 2}\n";
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with("line 2 of the metrics is not a record: missing field `loss`"), "{error}");
        }

        #[test]
        fn a_loss_that_is_no_number_can_be_read_again() {
            let line = Record { loss: f64::NAN, gradient_norm: f64::INFINITY, ..record(1) }.to_line().unwrap();
            let read = &parse(&line).unwrap()[0];
            assert!(read.loss.is_nan() && read.gradient_norm.is_nan() && read.step == 1);
        }
    }
}
