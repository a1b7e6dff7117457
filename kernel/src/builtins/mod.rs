//! WGSL's builtin functions (WGSL §17) in snake_case: each a Rust function for the CPU and, beside it, a module of the
//! same name with the function that emits the call.
//!
//! The file is compiled a second time as `reference::builtins`, where `float::f32` is `f64`.

mod atomic;
mod cooperative;
mod numbers;

use super::float::{self, Value, f16, f32};
use super::ops;
use crate::types::{Frexp, Modf, Vec2, Vec3, Vec4};
use crate::uniformity::known_uniformity;

pub use crate::types::cooperative::{coop_mat8x8, coop_mat16x16};
pub use atomic::*;
pub use cooperative::*;
pub use numbers::{Geometric, Integer, Signed, Split};

/// `f32`, `f16` or a vector of one. An `f16` is rounded once after each function.
pub trait Float: Value {
    /// Applies `f` to every component.
    fn each(self, f: impl Fn(f32) -> f32) -> Self;
    /// Applies `f` to the components of two values, pair by pair.
    fn pairs(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self;
}

impl Float for f32 {
    #[inline(always)]
    fn each(self, f: impl Fn(f32) -> f32) -> f32 {
        f(self)
    }
    #[inline(always)]
    fn pairs(self, other: f32, f: impl Fn(f32, f32) -> f32) -> f32 {
        f(self, other)
    }
}

impl Float for f16 {
    #[inline(always)]
    fn each(self, f: impl Fn(f32) -> f32) -> f16 {
        f16::from_f32(f(self.to_f32()))
    }
    #[inline(always)]
    fn pairs(self, other: f16, f: impl Fn(f32, f32) -> f32) -> f16 {
        f16::from_f32(f(self.to_f32(), other.to_f32()))
    }
}

macro_rules! float_vectors {
    ($($Vec:ident<$ty:ty>)*) => {$(
        impl Float for $Vec<$ty> {
            #[inline(always)]
            fn each(self, f: impl Fn(f32) -> f32) -> Self {
                self.map(|component| component.each(&f))
            }
            #[inline(always)]
            fn pairs(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
                self.zip(other, |a, b| a.pairs(b, &f))
            }
        }
    )*};
}

float_vectors! { Vec2<f32> Vec3<f32> Vec4<f32> Vec2<f16> Vec3<f16> Vec4<f16> }

/// A type that WGSL's `min`, `max` and `clamp` take.
pub trait Ordered: Value {
    /// The lesser of two; of a NaN and a number, the number.
    fn lesser(self, other: Self) -> Self;
    /// The greater of two; of a NaN and a number, the number.
    fn greater(self, other: Self) -> Self;
}

macro_rules! ordered_integers {
    ($($ty:ty)*) => {$(
        impl Ordered for $ty {
            #[inline(always)]
            fn lesser(self, other: $ty) -> $ty {
                Ord::min(self, other)
            }
            #[inline(always)]
            fn greater(self, other: $ty) -> $ty {
                Ord::max(self, other)
            }
        }
    )*};
}

ordered_integers! { u32 i32 }

impl Ordered for f32 {
    #[inline(always)]
    fn lesser(self, other: f32) -> f32 {
        f32::min(self, other)
    }
    #[inline(always)]
    fn greater(self, other: f32) -> f32 {
        f32::max(self, other)
    }
}

impl Ordered for f16 {
    #[inline(always)]
    fn lesser(self, other: f16) -> f16 {
        self.min(other)
    }
    #[inline(always)]
    fn greater(self, other: f16) -> f16 {
        self.max(other)
    }
}

macro_rules! ordered_vectors {
    ($($Vec:ident)*) => {$(
        impl<T: Ordered> Ordered for $Vec<T> {
            #[inline(always)]
            fn lesser(self, other: Self) -> Self {
                self.zip(other, T::lesser)
            }
            #[inline(always)]
            fn greater(self, other: Self) -> Self {
                self.zip(other, T::greater)
            }
        }
    )*};
}

ordered_vectors! { Vec2 Vec3 Vec4 }

/// A numeric vector, for [`fn@dot`].
pub trait Vector: Copy {
    /// The component's type.
    type Component;
    /// `Σ self[i]·other[i]`.
    fn dot_product(self, other: Self) -> Self::Component;
}

macro_rules! vectors {
    ($($Vec:ident)*) => {$(
        impl<T: ops::Add<Output = T> + ops::Mul<Output = T> + Copy + Default> Vector for $Vec<T> {
            type Component = T;
            #[inline(always)]
            fn dot_product(self, other: Self) -> T {
                let products = self.zip(other, ops::mul).to_array();
                let mut sum = products[0];
                for product in &products[1..] {
                    sum = ops::add(sum, *product);
                }
                sum
            }
        }
    )*};
}

vectors! { Vec2 Vec3 Vec4 }

/// 32 bits that [`fn@bitcast`] reinterprets.
pub trait Bits: Copy {
    /// As `u32`.
    fn bits(self) -> u32;
    /// From `u32`.
    fn of_bits(bits: u32) -> Self;
}

impl Bits for u32 {
    #[inline(always)]
    fn bits(self) -> u32 {
        self
    }
    #[inline(always)]
    fn of_bits(bits: u32) -> u32 {
        bits
    }
}

impl Bits for i32 {
    #[inline(always)]
    fn bits(self) -> u32 {
        self as u32
    }
    #[inline(always)]
    fn of_bits(bits: u32) -> i32 {
        bits as i32
    }
}

impl Bits for f32 {
    #[inline(always)]
    fn bits(self) -> u32 {
        float::to_bits(self)
    }
    #[inline(always)]
    fn of_bits(bits: u32) -> f32 {
        float::of_bits(bits)
    }
}

/// `bool` or a vector of it, for [`fn@any`] and [`fn@all`].
#[diagnostic::on_unimplemented(message = "`any` and `all` take a `bool` or a vector of it, not `{Self}`")]
pub trait Truth: Copy {
    /// Whether a component is true.
    fn any(self) -> bool;
    /// Whether every component is true.
    fn all(self) -> bool;
}

impl Truth for bool {
    #[inline(always)]
    fn any(self) -> bool {
        self
    }
    #[inline(always)]
    fn all(self) -> bool {
        self
    }
}

/// What [`fn@select`] chooses by: one `bool`, or one for every component.
#[diagnostic::on_unimplemented(
    message = "`select` cannot choose between two `{T}` by `{Self}`",
    label = "the condition is a `bool`, or a vector of as many as there are components"
)]
pub trait Chooses<T>: Copy {
    /// One of the two, or of each component.
    fn choose(self, when_false: T, when_true: T) -> T;
}

impl<T> Chooses<T> for bool {
    #[inline(always)]
    fn choose(self, when_false: T, when_true: T) -> T {
        if self { when_true } else { when_false }
    }
}

macro_rules! masks {
    ($($Vec:ident)*) => {$(
        impl Truth for $Vec<bool> {
            #[inline(always)]
            fn any(self) -> bool {
                self.to_array().contains(&true)
            }
            #[inline(always)]
            fn all(self) -> bool {
                !self.to_array().contains(&false)
            }
        }

        impl<T: Copy> Chooses<$Vec<T>> for $Vec<bool> {
            #[inline(always)]
            fn choose(self, when_false: $Vec<T>, when_true: $Vec<T>) -> $Vec<T> {
                let components = when_false.zip(when_true, |no, yes| (no, yes));
                self.zip(components, |mask, (no, yes)| if mask { yes } else { no })
            }
        }
    )*};
}

masks! { Vec2 Vec3 Vec4 }

macro_rules! builtins {
    ($section:literal: $($(#[$doc:meta])* $wgsl:literal $cost:literal fn $name:ident $(<$($T:ident: $Bound:path),*>)? ($($arg:ident: $ty:ty),*) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[doc = concat!("\n\nWGSL's `", $wgsl, "`, ", $section, ".")]
        #[inline(always)]
        pub fn $name $(<$($T: $Bound),*>)? ($($arg: $ty),*) -> $out $body

        #[cfg(feature = "emit")]
        #[doc = concat!("Emits `", $wgsl, "`.")]
        pub mod $name {
            #[allow(unused_imports)]
            use super::*;
            use crate::emit::{Expr, count_each, text_call};

            /// The call's twin.
            pub fn emit $(<$($T: $Bound),*>)? ($($arg: Expr<$ty>),*) -> Expr<$out> {
                count_each::<$out>($cost);
                text_call($wgsl, &[$($arg.text()),*])
            }

            #[cfg(feature = "reference")]
            pub use crate::reference::builtins::$name as reference;
        }
    )*};
}

builtins! { "§17.1":
    /// A 2-vector.
    "vec2" 0 fn vec2<T: Copy>(x: T, y: T) -> Vec2<T> { crate::types::vec2(x, y) }
    /// A 3-vector.
    "vec3" 0 fn vec3<T: Copy>(x: T, y: T, z: T) -> Vec3<T> { crate::types::vec3(x, y, z) }
    /// A 4-vector.
    "vec4" 0 fn vec4<T: Copy>(x: T, y: T, z: T, w: T) -> Vec4<T> { crate::types::vec4(x, y, z, w) }
    /// A vector's components as `f32`s.
    "vec4f" 1 fn vec4f<T: ops::ToF32>(value: Vec4<T>) -> Vec4<f32> {
        crate::types::vec4(value.x.to_f32(), value.y.to_f32(), value.z.to_f32(), value.w.to_f32())
    }
}

builtins! { "§17.3":
    /// `if condition { when_true } else { when_false }` with both evaluated, of vectors by a vector each component.
    "select" 0 fn select<T: Copy, C: Chooses<T>>(when_false: T, when_true: T, condition: C) -> T {
        condition.choose(when_false, when_true)
    }
    /// Whether a component is true.
    "any" 0 fn any<M: Truth>(mask: M) -> bool { mask.any() }
    /// Whether every component is true.
    "all" 0 fn all<M: Truth>(mask: M) -> bool { mask.all() }
}

builtins! { "§17.5":
    /// The absolute value.
    "abs" 1 fn abs<T: Signed>(x: T) -> T { x.absolute() }
    /// The least integer not less than `x`.
    "ceil" 1 fn ceil<T: Float>(x: T) -> T { x.each(f32::ceil) }
    /// The greatest integer not greater than `x`.
    "floor" 1 fn floor<T: Float>(x: T) -> T { x.each(f32::floor) }
    /// The nearest integer, halves to even.
    "round" 1 fn round<T: Float>(x: T) -> T { x.each(f32::round_ties_even) }
    /// -1, 0 or 1.
    "sign" 1 fn sign<T: Signed>(x: T) -> T { x.signum() }
    /// The square root.
    "sqrt" 1 fn sqrt<T: Float>(x: T) -> T { x.each(f32::sqrt) }
    /// `1 / sqrt(x)`.
    "inverseSqrt" 1 fn inverse_sqrt<T: Float>(x: T) -> T { x.each(|v| 1.0 / v.sqrt()) }
    /// `e` to the power `x`.
    "exp" 1 fn exp<T: Float>(x: T) -> T { x.each(f32::exp) }
    /// 2 to the power `x`.
    "exp2" 1 fn exp2<T: Float>(x: T) -> T { x.each(f32::exp2) }
    /// The natural logarithm.
    "log" 1 fn log<T: Float>(x: T) -> T { x.each(f32::ln) }
    /// The logarithm to base 2.
    "log2" 1 fn log2<T: Float>(x: T) -> T { x.each(f32::log2) }
    /// The sine of `x` radians.
    "sin" 1 fn sin<T: Float>(x: T) -> T { x.each(f32::sin) }
    /// The cosine of `x` radians.
    "cos" 1 fn cos<T: Float>(x: T) -> T { x.each(f32::cos) }
    /// The hyperbolic tangent. Some drivers overflow past |x| = 40: clamp the argument.
    "tanh" 1 fn tanh<T: Float>(x: T) -> T { x.each(f32::tanh) }
    /// `x` to the power `y`.
    "pow" 2 fn pow<T: Float>(x: T, y: T) -> T { x.pairs(y, f32::powf) }
    /// `a·b + c`, rounded once or twice.
    "fma" 2 fn fma<T: Float>(a: T, b: T, c: T) -> T { a.pairs(b, |a, b| a * b).pairs(c, |ab, c| ab + c) }
    /// The greater value.
    "max" 1 fn max<T: Ordered>(a: T, b: T) -> T { a.greater(b) }
    /// The lesser value.
    "min" 1 fn min<T: Ordered>(a: T, b: T) -> T { a.lesser(b) }
    /// `min(max(x, low), high)`.
    "clamp" 2 fn clamp<T: Ordered>(x: T, low: T, high: T) -> T { x.greater(low).lesser(high) }
    /// `Σ a[i]·b[i]`.
    "dot" 8 fn dot<V: Vector>(a: V, b: V) -> V::Component { a.dot_product(b) }
    /// The dot product of two words of four signed bytes.
    "dot4I8Packed" 8 fn dot4_i8_packed(a: u32, b: u32) -> i32 {
        let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
        a.iter().zip(b).map(|(a, b)| i32::from(*a as i8) * i32::from(b as i8)).sum()
    }
    /// `count` bits of `e` from `offset` on; of an `i32` the highest of them is the sign.
    "extractBits" 1 fn extract_bits<T: Integer>(e: T, offset: u32, count: u32) -> T {
        numbers::bits_of(e, offset, count)
    }
    /// `e` with `count` bits from `offset` on replaced by the low ones of `bits`.
    "insertBits" 1 fn insert_bits<T: Integer>(e: T, bits: T, offset: u32, count: u32) -> T {
        numbers::with_bits(e, bits, offset, count)
    }
    /// Zeros above the highest 1.
    "countLeadingZeros" 1 fn count_leading_zeros<T: Integer>(e: T) -> T { e.each_bits(u32::leading_zeros) }
    /// Bits that are 1.
    "countOneBits" 1 fn count_one_bits<T: Integer>(e: T) -> T { e.each_bits(u32::count_ones) }
    /// Zeros below the lowest 1.
    "countTrailingZeros" 1 fn count_trailing_zeros<T: Integer>(e: T) -> T { e.each_bits(u32::trailing_zeros) }
    /// The highest bit that is 1, of an `i32` the highest that is not its sign; all ones where there is none.
    "firstLeadingBit" 1 fn first_leading_bit<T: Integer>(e: T) -> T { e.first_leading_bit() }
    /// The lowest bit that is 1; all ones where there is none.
    "firstTrailingBit" 1 fn first_trailing_bit<T: Integer>(e: T) -> T {
        e.each_bits(|bits| if bits == 0 { u32::MAX } else { bits.trailing_zeros() })
    }
    /// The bits in reverse order.
    "reverseBits" 1 fn reverse_bits<T: Integer>(e: T) -> T { e.each_bits(u32::reverse_bits) }
    /// Rounded toward zero.
    "trunc" 1 fn trunc<T: Float>(x: T) -> T { x.each(f32::trunc) }
    /// `x - floor(x)`.
    "fract" 1 fn fract<T: Float>(x: T) -> T { x.each(|v| v - v.floor()) }
    /// `clamp(x, 0, 1)`.
    "saturate" 2 fn saturate<T: Float>(x: T) -> T { x.each(|v| v.clamp(0.0, 1.0)) }
    /// 1 where `edge <= x`, else 0.
    "step" 1 fn step<T: Float>(edge: T, x: T) -> T { edge.pairs(x, |edge, x| if edge <= x { 1.0 } else { 0.0 }) }
    /// `x·(1 - t) + y·t`.
    "mix" 3 fn mix<T: Float>(x: T, y: T, t: T) -> T { numbers::blend(x, y, t) }
    /// Radians as degrees.
    "degrees" 1 fn degrees<T: Float>(x: T) -> T { x.each(f32::to_degrees) }
    /// Degrees as radians.
    "radians" 1 fn radians<T: Float>(x: T) -> T { x.each(f32::to_radians) }
    /// The tangent of `x` radians.
    "tan" 1 fn tan<T: Float>(x: T) -> T { x.each(f32::tan) }
    /// The angle whose sine is `x`, of -1..1.
    "asin" 1 fn asin<T: Float>(x: T) -> T { x.each(f32::asin) }
    /// The angle whose cosine is `x`, of -1..1.
    "acos" 1 fn acos<T: Float>(x: T) -> T { x.each(f32::acos) }
    /// The angle whose tangent is `x`.
    "atan" 1 fn atan<T: Float>(x: T) -> T { x.each(f32::atan) }
    /// The angle of the point `(x, y)`.
    "atan2" 2 fn atan2<T: Float>(y: T, x: T) -> T { y.pairs(x, f32::atan2) }
    /// The hyperbolic sine.
    "sinh" 1 fn sinh<T: Float>(x: T) -> T { x.each(f32::sinh) }
    /// The hyperbolic cosine.
    "cosh" 1 fn cosh<T: Float>(x: T) -> T { x.each(f32::cosh) }
    /// The inverse of `sinh`.
    "asinh" 1 fn asinh<T: Float>(x: T) -> T { x.each(f32::asinh) }
    /// The inverse of `cosh`, of 1 and more.
    "acosh" 1 fn acosh<T: Float>(x: T) -> T { x.each(f32::acosh) }
    /// The inverse of `tanh`, between -1 and 1.
    "atanh" 1 fn atanh<T: Float>(x: T) -> T { x.each(f32::atanh) }
    /// `x` as `fract` behind the point and `whole` before it.
    "modf" 1 fn modf<T: Split>(x: T) -> Modf<T> { x.at_the_point() }
    /// `x` as `fract · 2^exp`, the size of `fract` at least 0.5 and less than 1.
    "frexp" 1 fn frexp<T: Split>(x: T) -> Frexp<T, T::Exponent> { x.at_the_exponent() }
    /// `x·2^exponent`.
    #[allow(clippy::useless_conversion, reason = "over f64 it is one")]
    "ldexp" 1 fn ldexp(x: f32, exponent: i32) -> f32 { (f64::from(x) * f64::from(exponent).exp2()) as f32 }
    /// `x` as precise as an `f16` is.
    "quantizeToF16" 1 fn quantize_to_f16(x: f32) -> f32 { f16::from_f32(x).to_f32() }
    /// `sqrt(dot(e, e))`.
    "length" 8 fn length<V: Geometric>(e: V) -> V::Component { sqrt(e.dot_product(e)) }
    /// `length(a - b)`.
    "distance" 8 fn distance<V: Geometric>(a: V, b: V) -> V::Component { length(a.pairs(b, |a, b| a - b)) }
    /// `e / length(e)`.
    "normalize" 4 fn normalize<V: Geometric>(e: V) -> V { e.pairs(V::all(length(e)), |e, length| e / length) }
    /// The cross product.
    "cross" 3 fn cross(a: Vec3<f32>, b: Vec3<f32>) -> Vec3<f32> { numbers::cross_product(a, b) }
    /// `e` reflected at a plane with the normal `n`.
    "reflect" 4 fn reflect(e: Vec3<f32>, n: Vec3<f32>) -> Vec3<f32> { numbers::reflected(e, n) }
    /// `n` where `dot(g, i)` is negative, else `-n`.
    "faceForward" 2 fn face_forward(n: Vec3<f32>, i: Vec3<f32>, g: Vec3<f32>) -> Vec3<f32> { numbers::faced(n, i, g) }
    /// The dot product of two words of four unsigned bytes.
    "dot4U8Packed" 8 fn dot4_u8_packed(a: u32, b: u32) -> u32 {
        a.to_le_bytes().iter().zip(b.to_le_bytes()).map(|(a, b)| u32::from(*a) * u32::from(b)).sum()
    }
}

builtins! { "§17.9":
    /// Two `f32`s rounded to halves of a word, the first in the low half.
    "pack2x16float" 2 fn pack2x16float(value: Vec2<f32>) -> u32 {
        u32::from(float::to_half(value.x)) | u32::from(float::to_half(value.y)) << 16
    }
    /// The low bytes of four integers as a word, the first lowest.
    "pack4xI8" 4 fn pack4x_i8(value: Vec4<i32>) -> u32 {
        u32::from_le_bytes([value.x as u8, value.y as u8, value.z as u8, value.w as u8])
    }
    /// The low bytes of four numbers as a word, the first lowest.
    "pack4xU8" 4 fn pack4x_u8(value: Vec4<u32>) -> u32 { numbers::bytes(value.to_array()) }
    /// Four numbers, clamped to -128..=127, as the bytes of a word.
    "pack4xI8Clamp" 4 fn pack4x_i8_clamp(value: Vec4<i32>) -> u32 {
        numbers::bytes(value.to_array().map(|v| v.clamp(-128, 127) as u32))
    }
    /// Four numbers, at most 255, as the bytes of a word.
    "pack4xU8Clamp" 4 fn pack4x_u8_clamp(value: Vec4<u32>) -> u32 { numbers::bytes(value.to_array().map(|v| v.min(255))) }
    /// Four numbers of -1..1 as signed bytes of a word.
    "pack4x8snorm" 8 fn pack4x8snorm(value: Vec4<f32>) -> u32 {
        numbers::bytes(value.to_array().map(|v| numbers::snorm(v, 127.0)))
    }
    /// Four numbers of 0..1 as unsigned bytes of a word.
    "pack4x8unorm" 8 fn pack4x8unorm(value: Vec4<f32>) -> u32 {
        numbers::bytes(value.to_array().map(|v| numbers::unorm(v, 255.0)))
    }
    /// Two numbers of -1..1 as signed halves of a word.
    "pack2x16snorm" 4 fn pack2x16snorm(value: Vec2<f32>) -> u32 {
        numbers::snorm(value.x, 32767.0) & 0xffff | numbers::snorm(value.y, 32767.0) << 16
    }
    /// Two numbers of 0..1 as unsigned halves of a word.
    "pack2x16unorm" 4 fn pack2x16unorm(value: Vec2<f32>) -> u32 {
        numbers::unorm(value.x, 65535.0) | numbers::unorm(value.y, 65535.0) << 16
    }
}

builtins! { "§17.10":
    /// Two halves of a word as `f32`s, the low half first.
    "unpack2x16float" 1 fn unpack2x16float(word: u32) -> Vec2<f32> {
        crate::types::vec2(float::of_half(word as u16), float::of_half((word >> 16) as u16))
    }
    /// Four signed bytes of a word, the lowest first.
    "unpack4xI8" 4 fn unpack4x_i8(word: u32) -> Vec4<i32> {
        let [x, y, z, w] = word.to_le_bytes();
        crate::types::vec4(i32::from(x as i8), i32::from(y as i8), i32::from(z as i8), i32::from(w as i8))
    }
    /// Four unsigned bytes of a word, the lowest first.
    "unpack4xU8" 4 fn unpack4x_u8(word: u32) -> Vec4<u32> {
        let [x, y, z, w] = word.to_le_bytes();
        crate::types::vec4(u32::from(x), u32::from(y), u32::from(z), u32::from(w))
    }
    /// Four signed bytes of a word as numbers of -1..1.
    "unpack4x8snorm" 2 fn unpack4x8snorm(word: u32) -> Vec4<f32> {
        unpack4x_i8(word).map(|v| (v as f32 / 127.0).max(-1.0))
    }
    /// Four unsigned bytes of a word as numbers of 0..1.
    "unpack4x8unorm" 2 fn unpack4x8unorm(word: u32) -> Vec4<f32> { unpack4x_u8(word).map(|v| v as f32 / 255.0) }
    /// Two signed halves of a word as numbers of -1..1.
    "unpack2x16snorm" 2 fn unpack2x16snorm(word: u32) -> Vec2<f32> {
        crate::types::vec2(word as u16 as i16, (word >> 16) as i16).map(|v| (f32::from(v) / 32767.0).max(-1.0))
    }
    /// Two unsigned halves of a word as numbers of 0..1.
    "unpack2x16unorm" 2 fn unpack2x16unorm(word: u32) -> Vec2<f32> {
        crate::types::vec2(word & 0xffff, word >> 16).map(|v| v as f32 / 65535.0)
    }
}

/// `bitcast<U>(value)`: the same 32 bits as another type.
#[inline(always)]
pub fn bitcast<U: Bits, T: Bits>(value: T) -> U {
    U::of_bits(value.bits())
}

/// A vector whose components are all `value`: WGSL's `vec4(value)`.
#[inline(always)]
pub fn splat4<T: Copy>(value: T) -> Vec4<T> {
    Vec4::splat(value)
}

pub use crate::cpu::{
    storage_barrier, subgroup_add, subgroup_all, subgroup_and, subgroup_any, subgroup_ballot, subgroup_broadcast,
    subgroup_broadcast_first, subgroup_exclusive_add, subgroup_exclusive_mul, subgroup_inclusive_add,
    subgroup_inclusive_mul, subgroup_invocation_id, subgroup_max, subgroup_min, subgroup_mul, subgroup_or,
    subgroup_shuffle, subgroup_shuffle_down, subgroup_shuffle_up, subgroup_shuffle_xor, subgroup_size, subgroup_xor,
    workgroup_barrier, workgroup_uniform_load,
};

#[cfg(feature = "emit")]
mod twins {
    //! Twins of the builtins that are not plain calls.
    use super::{Bits, Vec4};
    use crate::cpu::{Collective, CollectiveBits};
    use crate::emit::{Expr, Pending, WgslType, pending, text_call, use_subgroup_builtins, use_subgroups};

    /// Emits `bitcast<U>(value)`.
    pub mod bitcast {
        #[cfg(feature = "reference")]
        pub use crate::reference::builtins::bitcast as reference;

        use super::{Bits, Expr, WgslType};
        /// The call's twin.
        pub fn emit<U: Bits + WgslType, T: Bits>(value: Expr<T>) -> Expr<U> {
            Expr::new(format!("bitcast<{}>({})", U::wgsl(), value.text()))
        }
    }

    /// Emits `vec4(value)`.
    pub mod splat4 {
        #[cfg(feature = "reference")]
        pub use crate::reference::builtins::splat4 as reference;

        use super::{Expr, Vec4, WgslType};
        /// The call's twin.
        pub fn emit<T: WgslType>(value: Expr<T>) -> Expr<Vec4<T>> {
            Expr::new(format!("{}({})", Vec4::<T>::wgsl(), value.text()))
        }
    }

    macro_rules! barriers {
        ($($name:ident $wgsl:literal;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "()`.")]
            pub mod $name {
                #[cfg(feature = "reference")]
                pub use crate::cpu::$name as reference;

                use super::{Pending, pending, text_call};
                /// The call's twin.
                pub fn emit() -> Pending<()> {
                    pending(text_call($wgsl, &[]))
                }
            }
        )*};
    }
    barriers! { workgroup_barrier "workgroupBarrier"; storage_barrier "storageBarrier"; }

    /// Emits `workgroupUniformLoad(&place)`.
    pub mod workgroup_uniform_load {
        use super::{Expr, Pending, WgslType, pending};
        #[cfg(feature = "reference")]
        pub use crate::cpu::workgroup_uniform_load as reference;
        use crate::emit::note_effects;
        /// The call's twin.
        pub fn emit<T: WgslType>(place: Expr<T>) -> Pending<T> {
            note_effects();
            pending(Expr::new(format!("workgroupUniformLoad(&{})", place.text())))
        }
    }

    /// `bool`: what subgroups vote on.
    pub trait Condition {}
    impl Condition for bool {}

    macro_rules! collectives {
        ($($name:ident $wgsl:literal $T:ident: $Bound:path, $given:ty => $out:ty;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "(value)`.")]
            pub mod $name {
                #[cfg(feature = "reference")]
                pub use crate::cpu::$name as reference;

                #[allow(unused_imports)]
                use super::*;
                /// The call's twin.
                pub fn emit<$T: $Bound>(value: Expr<$given>) -> Pending<$out> {
                    use_subgroups();
                    pending(text_call($wgsl, &[value.text()]))
                }
            }
        )*};
    }
    collectives! {
        subgroup_add "subgroupAdd" T: Collective, T => T;
        subgroup_mul "subgroupMul" T: Collective, T => T;
        subgroup_max "subgroupMax" T: Collective, T => T;
        subgroup_min "subgroupMin" T: Collective, T => T;
        subgroup_inclusive_add "subgroupInclusiveAdd" T: Collective, T => T;
        subgroup_inclusive_mul "subgroupInclusiveMul" T: Collective, T => T;
        subgroup_exclusive_add "subgroupExclusiveAdd" T: Collective, T => T;
        subgroup_exclusive_mul "subgroupExclusiveMul" T: Collective, T => T;
        subgroup_broadcast_first "subgroupBroadcastFirst" T: Collective, T => T;
        subgroup_and "subgroupAnd" T: CollectiveBits, T => T;
        subgroup_or "subgroupOr" T: CollectiveBits, T => T;
        subgroup_xor "subgroupXor" T: CollectiveBits, T => T;
        subgroup_all "subgroupAll" T: Condition, T => bool;
        subgroup_any "subgroupAny" T: Condition, T => bool;
        subgroup_ballot "subgroupBallot" T: Condition, T => Vec4<u32>;
    }

    macro_rules! exchanges {
        ($($name:ident $wgsl:literal;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "(value, other)`.")]
            pub mod $name {
                #[cfg(feature = "reference")]
                pub use crate::cpu::$name as reference;

                use super::{Collective, Expr, Pending, pending, text_call, use_subgroups};
                /// The call's twin.
                pub fn emit<T: Collective>(value: Expr<T>, other: Expr<u32>) -> Pending<T> {
                    use_subgroups();
                    pending(text_call($wgsl, &[value.text(), other.text()]))
                }
            }
        )*};
    }
    exchanges! {
        subgroup_broadcast "subgroupBroadcast";
        subgroup_shuffle "subgroupShuffle";
        subgroup_shuffle_xor "subgroupShuffleXor";
        subgroup_shuffle_up "subgroupShuffleUp";
        subgroup_shuffle_down "subgroupShuffleDown";
    }

    macro_rules! subgroup_values {
        ($($name:ident)*) => {$(
            #[doc = concat!("Emits `", stringify!($name), "`.")]
            pub mod $name {
                #[cfg(feature = "reference")]
                pub use crate::cpu::$name as reference;

                use super::{Expr, use_subgroup_builtins};
                /// The value's twin.
                pub fn emit() -> Expr<u32> {
                    use_subgroup_builtins();
                    Expr::new(stringify!($name).to_owned())
                }
            }
        )*};
    }
    subgroup_values! { subgroup_size subgroup_invocation_id }
}

#[cfg(feature = "emit")]
pub use twins::*;

known_uniformity! {
    workgroup_barrier needs 0, gives UNIFORM;
    storage_barrier needs 0, gives UNIFORM;
    workgroup_uniform_load needs 1, gives UNIFORM;
    // Results are the same in a subgroup, and not in the workgroup.
    subgroup_add needs 0, gives DIVERGENT;
    subgroup_max needs 0, gives DIVERGENT;
    subgroup_min needs 0, gives DIVERGENT;
    subgroup_mul needs 0, gives DIVERGENT;
    subgroup_inclusive_add needs 0, gives DIVERGENT;
    subgroup_inclusive_mul needs 0, gives DIVERGENT;
    subgroup_exclusive_add needs 0, gives DIVERGENT;
    subgroup_exclusive_mul needs 0, gives DIVERGENT;
    subgroup_and needs 0, gives DIVERGENT;
    subgroup_or needs 0, gives DIVERGENT;
    subgroup_xor needs 0, gives DIVERGENT;
    subgroup_all needs 0, gives DIVERGENT;
    subgroup_any needs 0, gives DIVERGENT;
    subgroup_ballot needs 0, gives DIVERGENT;
    subgroup_broadcast needs 2, gives DIVERGENT;
    subgroup_broadcast_first needs 0, gives DIVERGENT;
    subgroup_shuffle needs 0, gives DIVERGENT;
    // Tint asks for a uniform mask and a uniform distance, and takes any lane.
    subgroup_shuffle_xor needs 2, gives DIVERGENT;
    subgroup_shuffle_up needs 2, gives DIVERGENT;
    subgroup_shuffle_down needs 2, gives DIVERGENT;
    // The size is uniform (WGSL §13.3.1.1), but device functions read it from a private variable, which is not.
    subgroup_size needs 0, gives DIVERGENT;
    subgroup_invocation_id needs 0, gives DIVERGENT;
}

/// `start, start + step, …` below `end`: the loop of invocations that share a row, `for i in strided(lane, n, W)`.
#[inline(always)]
pub fn strided<T: Stride>(start: T, end: T, step: T) -> impl Iterator<Item = T> {
    T::stride(start, end, step)
}

/// A counter of [`strided`].
pub trait Stride: Copy {
    /// The values from `start` below `end`, `step` apart.
    fn stride(start: Self, end: Self, step: Self) -> impl Iterator<Item = Self>;
}

impl Stride for u32 {
    #[inline(always)]
    fn stride(start: u32, end: u32, step: u32) -> impl Iterator<Item = u32> {
        (start..end).step_by((step as usize).max(1))
    }
}
