//! WGSL's builtin functions (WGSL §17) in snake_case: each a Rust function for the CPU and, beside it, a module of the
//! same name with the function that emits the call.
//!
//! The file is compiled a second time as `reference::builtins`, where `float::f32` is `f64`.

mod atomic;
mod cooperative;

use super::float::{self, Value, f16, f32};
use super::ops;
use crate::types::{Vec2, Vec3, Vec4};
use crate::uniformity::known_uniformity;

pub use crate::types::cooperative::{coop_mat8x8, coop_mat16x16};
pub use atomic::*;
pub use cooperative::*;

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

/// A numeric vector, for [`dot`].
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

/// 32 bits that [`bitcast`] reinterprets.
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

macro_rules! builtins {
    ($($(#[$doc:meta])* $wgsl:literal $cost:literal fn $name:ident $(<$($T:ident: $Bound:path),*>)? ($($arg:ident: $ty:ty),*) -> $out:ty $body:block)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name $(<$($T: $Bound),*>)? ($($arg: $ty),*) -> $out $body

        #[cfg(feature = "emit")]
        #[doc = concat!("Emits `", $wgsl, "`.")]
        pub mod $name {
            #[allow(unused_imports)]
            use super::*;
            use crate::emit::{Expr, count_operations, text_call};

            /// The call's twin.
            pub fn emit $(<$($T: $Bound),*>)? ($($arg: Expr<$ty>),*) -> Expr<$out> {
                count_operations($cost);
                text_call($wgsl, &[$($arg.text()),*])
            }

            #[cfg(feature = "reference")]
            pub use crate::reference::builtins::$name as reference;
        }
    )*};
}

builtins! {
    /// The absolute value.
    "abs" 1 fn abs<T: Float>(x: T) -> T { x.each(f32::abs) }
    /// The least integer not less than `x`.
    "ceil" 1 fn ceil<T: Float>(x: T) -> T { x.each(f32::ceil) }
    /// The greatest integer not greater than `x`.
    "floor" 1 fn floor<T: Float>(x: T) -> T { x.each(f32::floor) }
    /// The nearest integer, halves to even.
    "round" 1 fn round<T: Float>(x: T) -> T { x.each(f32::round_ties_even) }
    /// -1, 0 or 1.
    "sign" 1 fn sign<T: Float>(x: T) -> T { x.each(|v| if v == 0.0 { 0.0 } else { v.signum() }) }
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
    /// `if condition { when_true } else { when_false }` with both evaluated.
    "select" 1 fn select<T: Copy>(when_false: T, when_true: T, condition: bool) -> T {
        if condition { when_true } else { when_false }
    }
    /// Two halves of a word as `f32`s, the low half first.
    "unpack2x16float" 2 fn unpack2x16float(word: u32) -> Vec2<f32> {
        crate::types::vec2(float::of_half(word as u16), float::of_half((word >> 16) as u16))
    }
    /// Two `f32`s rounded to halves of a word, the first in the low half.
    "pack2x16float" 2 fn pack2x16float(value: Vec2<f32>) -> u32 {
        u32::from(float::to_half(value.x)) | u32::from(float::to_half(value.y)) << 16
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
    /// The low bytes of four integers as a word, the first lowest.
    "pack4xI8" 4 fn pack4x_i8(value: Vec4<i32>) -> u32 {
        u32::from_le_bytes([value.x as u8, value.y as u8, value.z as u8, value.w as u8])
    }
    /// The dot product of two words of four signed bytes.
    "dot4I8Packed" 8 fn dot4_i8_packed(a: u32, b: u32) -> i32 {
        let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
        a.iter().zip(b).map(|(a, b)| i32::from(*a as i8) * i32::from(b as i8)).sum()
    }
    /// A 2-vector.
    "vec2" 0 fn vec2<T: Copy>(x: T, y: T) -> Vec2<T> { crate::types::vec2(x, y) }
    /// A 3-vector.
    "vec3" 0 fn vec3<T: Copy>(x: T, y: T, z: T) -> Vec3<T> { crate::types::vec3(x, y, z) }
    /// A 4-vector.
    "vec4" 0 fn vec4<T: Copy>(x: T, y: T, z: T, w: T) -> Vec4<T> { crate::types::vec4(x, y, z, w) }
    /// A vector's components as `f32`s.
    "vec4f" 4 fn vec4f<T: ops::ToF32>(value: Vec4<T>) -> Vec4<f32> {
        crate::types::vec4(value.x.to_f32(), value.y.to_f32(), value.z.to_f32(), value.w.to_f32())
    }
    /// `count` bits of `word` from `offset` on, as an unsigned number.
    "extractBits" 1 fn extract_bits(word: u32, offset: u32, count: u32) -> u32 {
        let offset = offset.min(32);
        let count = count.min(32 - offset);
        if count == 0 { 0 } else { word << (32 - offset - count) >> (32 - count) }
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
    storage_barrier, subgroup_add, subgroup_invocation_id, subgroup_max, subgroup_min, subgroup_size, workgroup_barrier,
};

#[cfg(feature = "emit")]
mod twins {
    //! Twins of the builtins that are not plain calls.
    use super::{Bits, Vec4};
    use crate::cpu::Collective;
    use crate::emit::{Expr, WgslType, text_call, use_subgroup_builtins, use_subgroups};

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

                use super::{Expr, text_call};
                /// The call's twin.
                pub fn emit() -> Expr<()> {
                    text_call($wgsl, &[])
                }
            }
        )*};
    }
    barriers! { workgroup_barrier "workgroupBarrier"; storage_barrier "storageBarrier"; }

    macro_rules! collectives {
        ($($name:ident $wgsl:literal;)*) => {$(
            #[doc = concat!("Emits `", $wgsl, "(value)`.")]
            pub mod $name {
                #[cfg(feature = "reference")]
                pub use crate::cpu::$name as reference;

                use super::{Collective, Expr, text_call, use_subgroups};
                /// The call's twin.
                pub fn emit<T: Collective>(value: Expr<T>) -> Expr<T> {
                    use_subgroups();
                    text_call($wgsl, &[value.text()])
                }
            }
        )*};
    }
    collectives! { subgroup_add "subgroupAdd"; subgroup_max "subgroupMax"; subgroup_min "subgroupMin"; }

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
    // Results are the same in a subgroup, and not in the workgroup.
    subgroup_add needs 0, gives DIVERGENT;
    subgroup_max needs 0, gives DIVERGENT;
    subgroup_min needs 0, gives DIVERGENT;
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
