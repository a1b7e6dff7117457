//! What `f32` is in the reference's operators and builtins: `f64`, rounded where a kernel looks at its bits.

use core::primitive::f32 as single;
use std::fmt::Debug;

/// A type that kernels compute with; `f64` has no WGSL.
pub trait Value: Copy + Debug + 'static {}
impl<T: Copy + Debug + 'static> Value for T {}

/// A float of the kernel language.
#[allow(non_camel_case_types, reason = "it stands for the primitive")]
pub type f32 = f64;

/// Stands where the operators name `f16`; a reference computes in `f64` there too, so that no value is ever one.
#[allow(non_camel_case_types, reason = "it stands for the primitive")]
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct f16(f64);

impl f16 {
    /// The same number.
    pub const fn from_f32(value: f32) -> Self {
        Self(value)
    }

    /// The same number.
    pub const fn from_f64(value: f64) -> Self {
        Self(value)
    }

    /// The same number.
    pub const fn to_f32(self) -> f32 {
        self.0
    }

    /// The lesser number.
    pub const fn min(self, other: Self) -> Self {
        Self(self.0.min(other.0))
    }

    /// The greater number.
    pub const fn max(self, other: Self) -> Self {
        Self(self.0.max(other.0))
    }
}

macro_rules! operators {
    ($($Trait:ident $function:ident $sign:tt;)*) => {$(
        impl std::ops::$Trait for f16 {
            type Output = Self;
            fn $function(self, right: Self) -> Self {
                Self(self.0 $sign right.0)
            }
        }
    )*};
}

operators! { Add add +; Sub sub -; Mul mul *; Div div /; Rem rem %; }

impl std::ops::Neg for f16 {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

/// The bits of the nearest `f32`.
#[inline]
pub fn to_bits(value: f32) -> u32 {
    (value as single).to_bits()
}

/// The `f32` of these bits.
#[inline]
pub fn of_bits(bits: u32) -> f32 {
    f64::from(single::from_bits(bits))
}

/// The bits of the nearest half.
#[inline]
pub fn to_half(value: f32) -> u16 {
    half::f16::from_f64(value).to_bits()
}

/// A half of these bits.
#[inline]
pub fn of_half(bits: u16) -> f32 {
    half::f16::from_bits(bits).to_f64()
}
