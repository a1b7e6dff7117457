//! Kernels as a stranger would write them.

pub mod kernels;

/// Every variant, as the build script wrote it.
pub static KERNELS: kernel::variant::KernelTable = include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
