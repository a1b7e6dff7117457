//! GPU compute kernels written once as typed Rust: the attributes, the types that kernels use, the emitter that turns
//! a kernel into WGSL, the CPU executor that runs the same function, typed buffers and dispatch.
#![warn(missing_docs)]
#![cfg_attr(not(test), warn(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

#[cfg(feature = "build")]
pub mod build;
pub mod builtins;
#[cfg(feature = "check")]
pub mod check;
#[cfg(feature = "reference")]
pub mod compare;
pub mod contract;
pub mod cost;
pub mod cpu;
pub mod dispatch;
#[cfg(feature = "emit")]
pub mod emit;
mod float;
#[cfg(feature = "gpu")]
pub mod gpu;
pub mod gradient;
pub mod layout;
pub mod limits;
pub mod ops;
pub mod params;
pub mod prelude;
#[cfg(feature = "reference")]
pub mod reference;
pub mod storage;
pub mod tolerance;
pub mod trial;
#[cfg(feature = "tuning")]
pub mod tuning;
pub mod types;
mod uniformity;
pub mod variant;

#[cfg(feature = "check")]
pub use check::check;
#[cfg(feature = "reference")]
pub use compare::compare;
pub use kernel_macros::{device, differentiable, kernel, params, variants};

/// Items that exist only with the feature `emit`; the macros put the twins in it.
#[cfg(feature = "emit")]
#[doc(hidden)]
#[macro_export]
macro_rules! __emit_only {
    ($($items:tt)*) => { $($items)* };
}

/// Items that exist only with the feature `emit`; the macros put the twins in it.
#[cfg(not(feature = "emit"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __emit_only {
    ($($items:tt)*) => {};
}

/// Items that exist only with the feature `reference`.
#[cfg(feature = "reference")]
#[doc(hidden)]
#[macro_export]
macro_rules! __reference_only {
    ($($items:tt)*) => { $($items)* };
}

/// Items that exist only with the feature `reference`.
#[cfg(not(feature = "reference"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __reference_only {
    ($($items:tt)*) => {};
}

#[doc(hidden)]
pub use bytemuck;
