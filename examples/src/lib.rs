//! Kernels as one might write them in any program, and the calls that run them.
#![warn(missing_docs)]

pub mod calls;
pub mod kernels;
pub mod run;

/// Every variant of the kernels, as the build script wrote it.
pub static KERNELS: kernel::variant::KernelTable = include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
