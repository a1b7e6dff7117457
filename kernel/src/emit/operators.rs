//! Operators, typed by the same traits as on the CPU.

use super::cost;
use super::expr::Expr;
use crate::ops;
use crate::types::{Vec2, Vec3, Vec4};

macro_rules! operators {
    ($($Trait:ident $function:ident $sign:literal;)*) => {$(
        #[doc = concat!("`left ", $sign, " right`.")]
        pub fn $function<L: ops::$Trait<R, Output = O>, R, O>(left: Expr<L>, right: Expr<R>) -> Expr<O> {
            cost::operations(cost::floats::<O>());
            Expr::new(format!(concat!("({} ", $sign, " {})"), left.text(), right.text()))
        }
    )*};
}

operators! {
    Add add "+";
    Sub sub "-";
    Mul mul "*";
    Div div "/";
    Rem rem "%";
    BitAnd bitand "&";
    BitOr bitor "|";
    BitXor bitxor "^";
}

/// `left << by`.
pub fn shl<T: ops::Shift>(left: Expr<T>, by: Expr<u32>) -> Expr<T> {
    Expr::new(format!("({} << {})", left.text(), by.text()))
}

/// `left >> by`.
pub fn shr<T: ops::Shift>(left: Expr<T>, by: Expr<u32>) -> Expr<T> {
    Expr::new(format!("({} >> {})", left.text(), by.text()))
}

/// `-value`.
pub fn neg<T: ops::Neg>(value: Expr<T>) -> Expr<T> {
    Expr::new(format!("(-{})", value.text()))
}

/// `!value` of a `bool`, `~value` of an integer, and of vectors of them.
pub fn not<T: Not>(value: Expr<T>) -> Expr<T> {
    Expr::new(format!("{}({})", T::SIGN, value.text()))
}

/// What Rust's `!` takes.
pub trait Not {
    /// WGSL's sign for it.
    const SIGN: &'static str;
}

macro_rules! not {
    ($($sign:literal: $($ty:ty)*;)*) => {$($(
        impl Not for $ty {
            const SIGN: &'static str = $sign;
        }
    )*)*};
}

not! {
    "!": bool Vec2<bool> Vec3<bool> Vec4<bool>;
    "~": u32 Vec2<u32> Vec3<u32> Vec4<u32> i32 Vec2<i32> Vec3<i32> Vec4<i32>;
}

macro_rules! comparisons {
    ($($function:ident $sign:literal;)*) => {$(
        #[doc = concat!("`left ", $sign, " right`.")]
        pub fn $function<T: ops::Compare>(left: Expr<T>, right: Expr<T>) -> Expr<T::Mask> {
            Expr::new(format!(concat!("({} ", $sign, " {})"), left.text(), right.text()))
        }
    )*};
}

comparisons! {
    lt "<";
    le "<=";
    gt ">";
    ge ">=";
    eq "==";
    ne "!=";
}

pub(super) fn lt_text(left: &str, right: &str) -> String {
    format!("{left} < {right}")
}

/// `left && right`.
pub fn and(left: Expr<bool>, right: Expr<bool>) -> Expr<bool> {
    Expr::new(format!("({} && {})", left.text(), right.text()))
}

/// `left || right`.
pub fn or(left: Expr<bool>, right: Expr<bool>) -> Expr<bool> {
    Expr::new(format!("({} || {})", left.text(), right.text()))
}

/// `f32(value)`.
pub fn to_f32<T: ops::ToF32>(value: Expr<T>) -> Expr<f32> {
    Expr::new(format!("f32({})", value.text()))
}

/// `f16(value)`.
pub fn to_f16<T: ops::ToF16>(value: Expr<T>) -> Expr<crate::types::f16> {
    super::module::use_f16();
    Expr::new(format!("f16({})", value.text()))
}

/// `u32(value)`.
pub fn to_u32<T: ops::ToU32>(value: Expr<T>) -> Expr<u32> {
    Expr::new(format!("u32({})", value.text()))
}

/// `i32(value)`.
pub fn to_i32<T: ops::ToI32>(value: Expr<T>) -> Expr<i32> {
    Expr::new(format!("i32({})", value.text()))
}
