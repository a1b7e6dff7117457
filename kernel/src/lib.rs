#![doc = include_str!("../README.md")]
//!
//! # Where to look
//! - Writing a kernel: the attributes [`kernel`](macro@kernel), [`device`], [`params`](macro@params),
//!   [`storage`](macro@storage), [`differentiable`] and the list [`variants`]; the [`prelude`] with the [`builtins`] and the [`types`]; [`trace!`].
//! - Running it: [`dispatch`] and, for GPUs, `gpu`; the CPU executor is [`cpu`].
//! - Emitting it: `build` in a build script, `emit` at run time.
//! - Testing it: [`trial`] describes a dispatch, which `check`, `compare` and `tuning` run; [`tolerance`].
//! - What is known of it: [`variant`], [`cost`], [`contract`], [`limits`], [`layout`].
//!
//! What a device, a file or an argument can cause is an error and no panic. Lengths are in elements and sizes in bytes,
//! unless a name says otherwise; a workgroup's number is counted over the whole grid, however it is folded.
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
pub mod part;
pub mod prelude;
#[cfg(feature = "reference")]
pub mod reference;
pub mod storage;
pub mod structure;
pub mod tolerance;
pub mod trace;
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
pub use kernel_macros::{device, differentiable, kernel, params, storage, variants};

/// Shows values of the invocation that runs, on the CPU executor: `trace!(id, a + b);` as a statement of a kernel or of a
/// device function.
///
/// Each value is any that has [`Debug`](std::fmt::Debug): numbers, vectors, `#[device]` structs, an element `x[i]`. What
/// becomes of it says the [module](mod@trace). The WGSL has no trace of it, nor of an `if` that does nothing else, so
/// that the values may not wait, assign, or take `&mut`.
///
/// ```
/// # use kernel::prelude::*;
/// #[kernel(workgroup = 4, groups = 1)]
/// fn square(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
///     y[id] = x[id] * x[id];
///     trace!(id, x[id], y[id]);
/// }
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! trace {
    ($($value:expr),* $(,)?) => {
        compile_error!("`trace!` stands in the body of a `#[kernel]` or of a `#[device]` function")
    };
}

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
