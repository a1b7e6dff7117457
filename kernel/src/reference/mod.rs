//! A kernel a second time with `f64` wherever it says `f32`: the reference that its tolerance is measured against.
//!
//! `#[kernel]`, `#[device]` and `#[params]` write the same body once more over the types and functions of this module.
//! Operators and builtins are the same files compiled again with another `float::f32`. Integers, control flow over them
//! and bit patterns keep their meaning: `bitcast` and the packing builtins round to the format and widen from it.

pub mod float;
mod widen;

#[allow(clippy::duplicate_mod, reason = "the same operators over f64")]
#[path = "../ops.rs"]
pub mod ops;

#[allow(clippy::duplicate_mod, reason = "the same builtins over f64")]
#[path = "../builtins/mod.rs"]
pub mod builtins;

pub use float::Value;
pub use widen::{Wide, Widen, widen};

/// The reference's counterparts of the traits that bound values in kernels.
pub mod bounds {
    pub use super::Value;
    pub use super::Value as Element;
    pub use super::builtins::{Bits, Float, Ordered, Stride, Vector};
    pub use super::ops::{Add, BitAnd, BitOr, BitXor, Div, Mul, Neg, Rem, Shift, Sub, ToF16, ToF32, ToI32, ToU32};
}
