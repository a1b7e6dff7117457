//! Training of adapters. A [`Trainer`] takes batches forward through the quantised model and their loss back through it,
//! and moves the adapter's factors; beside it are the learning rate of each step, the record of a run and its picture,
//! and checkpoints from which it goes on.
mod adapter;
mod attention;
mod backward;
mod batch;
mod buffers;
pub mod chart;
pub mod checkpoint;
mod error;
mod forward;
mod loss;
pub mod metrics;
mod ops;
mod optimizer;
mod run_error;
pub mod schedule;
mod trainer;

pub use batch::Batch;
pub use error::TrainingError;
pub use kernels_src::adamw::AdamW;
pub use optimizer::OptimizerOptions;
pub use run_error::RunError;
pub use trainer::{Activations, Evaluation, OptimizerState, StepReport, Trainer, TrainerOptions};
