//! The wgpu runtime: adapters, buffers, pipelines, plans of dispatches, readbacks and timing, untyped.
//!
//! A program asks for a [`Gpu`] with its [`KernelTable`](crate::variant::KernelTable), fills [`GpuBuffer`]s, records
//! dispatches with a [`PlanBuilder`] and runs the [`GpuPlan`] as often as it likes. The generated dispatch functions sit
//! above this layer. Nothing here blocks in a browser; natively the futures wait inside their first poll.
mod adapter;
mod buffer;
mod device;
mod error;
mod pipeline;
mod plan;
mod readback;
mod timing;

pub use adapter::{AdapterSelection, GpuInfo};
pub use buffer::GpuBuffer;
pub use device::{Gpu, GpuOptions, LimitChoice, RuntimeChecks};
pub use error::GpuError;
pub use plan::{GpuPlan, HEADER_BYTES, PlanBuilder, StepId, fold};
pub use readback::Readback;
pub use timing::{BatchTime, Clock, DispatchTime};

#[cfg(test)]
mod tests;
