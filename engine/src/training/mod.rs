//! Training of adapters: the learning rate of each step, the record of a run and its picture, and checkpoints from which
//! it goes on.
pub mod chart;
pub mod checkpoint;
pub mod metrics;
mod run_error;
pub mod schedule;

pub use run_error::RunError;
