//! What the numeric builtins of WGSL §17.5 take: traits over scalars and the vectors of them, componentwise.

use super::super::float::{Value, f16, f32};
use super::super::ops::{add, neg, sub};
use crate::types::{Frexp, Modf, Vec2, Vec3, Vec4};

/// A number with a sign, or a vector of it, for `abs` and `sign`; `abs` of an unsigned number is itself.
pub trait Signed: Value {
    /// The absolute value; of `i32::MIN`, itself.
    fn absolute(self) -> Self;
    /// -1, 0 or 1.
    fn signum(self) -> Self;
}

impl Signed for f32 {
    #[inline(always)]
    fn absolute(self) -> f32 {
        self.abs()
    }
    #[inline(always)]
    fn signum(self) -> f32 {
        if self == 0.0 { 0.0 } else { f32::signum(self) }
    }
}

impl Signed for f16 {
    #[inline(always)]
    fn absolute(self) -> f16 {
        f16::from_f32(self.to_f32().absolute())
    }
    #[inline(always)]
    fn signum(self) -> f16 {
        f16::from_f32(Signed::signum(self.to_f32()))
    }
}

impl Signed for i32 {
    #[inline(always)]
    fn absolute(self) -> i32 {
        self.wrapping_abs()
    }
    #[inline(always)]
    fn signum(self) -> i32 {
        i32::signum(self)
    }
}

/// `u32`, `i32` or a vector of one, for the builtins on bits.
pub trait Integer: Value {
    /// Applies `f` to the bits of every component.
    fn each_bits(self, f: impl Fn(u32) -> u32) -> Self;
    /// Applies `f` to the bits of the components of two values, pair by pair.
    fn pair_bits(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self;
    /// The highest bit that differs from the sign, or of an unsigned number the highest that is set; all ones without.
    fn first_leading_bit(self) -> Self;
    /// Fills the bits above the lowest `32 - unused` as the type does: with zeros or with the sign.
    fn widen(self, unused: u32) -> Self;
}

impl Integer for u32 {
    #[inline(always)]
    fn each_bits(self, f: impl Fn(u32) -> u32) -> u32 {
        f(self)
    }
    #[inline(always)]
    fn pair_bits(self, other: u32, f: impl Fn(u32, u32) -> u32) -> u32 {
        f(self, other)
    }
    #[inline(always)]
    fn first_leading_bit(self) -> u32 {
        31u32.wrapping_sub(self.leading_zeros())
    }
    #[inline(always)]
    fn widen(self, unused: u32) -> u32 {
        self.checked_shl(unused).unwrap_or(0).checked_shr(unused).unwrap_or(0)
    }
}

impl Integer for i32 {
    #[inline(always)]
    fn each_bits(self, f: impl Fn(u32) -> u32) -> i32 {
        f(self as u32) as i32
    }
    #[inline(always)]
    fn pair_bits(self, other: i32, f: impl Fn(u32, u32) -> u32) -> i32 {
        f(self as u32, other as u32) as i32
    }
    #[inline(always)]
    fn first_leading_bit(self) -> i32 {
        (if self < 0 { !self as u32 } else { self as u32 }).first_leading_bit() as i32
    }
    #[inline(always)]
    fn widen(self, unused: u32) -> i32 {
        self.checked_shl(unused).unwrap_or(0).checked_shr(unused).unwrap_or(0)
    }
}

macro_rules! vectors {
    ($($Vec:ident)*) => {$(
        impl<T: Signed> Signed for $Vec<T> {
            #[inline(always)]
            fn absolute(self) -> Self {
                self.map(T::absolute)
            }
            #[inline(always)]
            fn signum(self) -> Self {
                self.map(T::signum)
            }
        }

        impl<T: Integer> Integer for $Vec<T> {
            #[inline(always)]
            fn each_bits(self, f: impl Fn(u32) -> u32) -> Self {
                self.map(|component| component.each_bits(&f))
            }
            #[inline(always)]
            fn pair_bits(self, other: Self, f: impl Fn(u32, u32) -> u32) -> Self {
                self.zip(other, |a, b| a.pair_bits(b, &f))
            }
            #[inline(always)]
            fn first_leading_bit(self) -> Self {
                self.map(T::first_leading_bit)
            }
            #[inline(always)]
            fn widen(self, unused: u32) -> Self {
                self.map(|component| component.widen(unused))
            }
        }
    )*};
}

vectors! { Vec2 Vec3 Vec4 }

/// `f32` or a vector of it, for `modf` and `frexp`.
#[diagnostic::on_unimplemented(message = "`modf` and `frexp` take `f32` and vectors of it, not `{Self}`")]
pub trait Split: super::Float {
    /// `i32`, or a vector of it.
    type Exponent: Copy;
    /// The part behind the point, and the one before it.
    fn at_the_point(self) -> Modf<Self>;
    /// The digits and the exponent.
    fn at_the_exponent(self) -> Frexp<Self, Self::Exponent>;
}

impl Split for f32 {
    type Exponent = i32;
    #[inline(always)]
    fn at_the_point(self) -> Modf<f32> {
        Modf { fract: self - self.trunc(), whole: self.trunc() }
    }
    #[inline(always)]
    #[allow(clippy::useless_conversion, reason = "over f64 it is one")]
    fn at_the_exponent(self) -> Frexp<f32, i32> {
        // Every f32 is a normal f64: 11 bits of exponent above 52 of digits.
        let bits = f64::from(self).to_bits();
        match (bits >> 52) as i32 & 0x7ff {
            0 | 0x7ff => Frexp { fract: self, exp: 0 },
            exponent => {
                Frexp { fract: f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52)) as f32, exp: exponent - 1022 }
            }
        }
    }
}

macro_rules! split {
    ($($Vec:ident)*) => {$(
        impl Split for $Vec<f32> {
            type Exponent = $Vec<i32>;
            #[inline(always)]
            fn at_the_point(self) -> Modf<Self> {
                Modf { fract: self.map(|x| x.at_the_point().fract), whole: self.map(|x| x.at_the_point().whole) }
            }
            #[inline(always)]
            fn at_the_exponent(self) -> Frexp<Self, Self::Exponent> {
                Frexp { fract: self.map(|x| x.at_the_exponent().fract), exp: self.map(|x| x.at_the_exponent().exp) }
            }
        }
    )*};
}

split! { Vec2 Vec3 Vec4 }

/// A vector of floats, for the builtins of geometry.
pub trait Geometric: super::Float + super::Vector<Component: super::Float> {
    /// Every component the same.
    fn all(component: Self::Component) -> Self;
}

macro_rules! geometric {
    ($($Vec:ident)*) => {$(
        impl Geometric for $Vec<f32> {
            #[inline(always)]
            fn all(component: f32) -> Self {
                Self::splat(component)
            }
        }
        impl Geometric for $Vec<f16> {
            #[inline(always)]
            fn all(component: f16) -> Self {
                Self::splat(component)
            }
        }
    )*};
}

geometric! { Vec2 Vec3 Vec4 }

/// `x·(1 - t) + y·t`.
#[inline(always)]
pub(super) fn blend<T: super::Float>(x: T, y: T, t: T) -> T {
    let kept = t.each(|t| 1.0 - t);
    x.pairs(kept, |x, kept| x * kept).pairs(y.pairs(t, |y, t| y * t), |a, b| a + b)
}

/// Bits `offset..offset + count` of `from`, extended as the type does.
#[inline(always)]
pub(super) fn bits_of<T: Integer>(from: T, offset: u32, count: u32) -> T {
    let offset = offset.min(32);
    let count = count.min(32 - offset);
    from.each_bits(|bits| bits.checked_shr(offset).unwrap_or(0)).widen(32 - count)
}

/// `into` with bits `offset..offset + count` from the low ones of `bits`.
#[inline(always)]
pub(super) fn with_bits<T: Integer>(into: T, bits: T, offset: u32, count: u32) -> T {
    let offset = offset.min(32);
    let count = count.min(32 - offset);
    let low = if count == 32 { u32::MAX } else { (1 << count) - 1 };
    let mask = low.checked_shl(offset).unwrap_or(0);
    into.pair_bits(bits, |into, bits| into & !mask | bits.checked_shl(offset).unwrap_or(0) & mask)
}

/// The cross product.
#[inline(always)]
pub(super) fn cross_product(a: Vec3<f32>, b: Vec3<f32>) -> Vec3<f32> {
    Vec3::new(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}

/// `e - 2·(n·e)·n`.
#[inline(always)]
pub(super) fn reflected(e: Vec3<f32>, n: Vec3<f32>) -> Vec3<f32> {
    let twice = 2.0 * super::dot(n, e);
    sub(e, n.map(|component| twice * component))
}

/// `n` where `i·g < 0`, else `-n`.
#[inline(always)]
pub(super) fn faced(n: Vec3<f32>, i: Vec3<f32>, g: Vec3<f32>) -> Vec3<f32> {
    if super::dot(g, i) < 0.0 { n } else { neg(n) }
}

/// Four numbers as the bytes of a word.
#[inline(always)]
pub(super) fn bytes(value: [u32; 4]) -> u32 {
    u32::from_le_bytes(value.map(|component| component as u8))
}

/// A float of -1..1 as one of `steps` to each side (WGSL §17.9).
#[inline(always)]
pub(super) fn snorm(value: f32, steps: f32) -> u32 {
    add(0.5, steps * value.clamp(-1.0, 1.0)).floor() as i32 as u32
}

/// A float of 0..1 as one of `steps` (WGSL §17.9).
#[inline(always)]
pub(super) fn unorm(value: f32, steps: f32) -> u32 {
    add(0.5, steps * value.clamp(0.0, 1.0)).floor() as u32
}
