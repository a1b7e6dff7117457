//! WGSL's operators on the CPU. `#[kernel]` and `#[device]` rewrite `a + b` to `ops::add(a, b)`: integers wrap,
//! shifts are masked and division by zero is defined, as WGSL §8.7 and §8.8 say, in debug builds too.
//!
//! The file is compiled a second time as `reference::ops`, where `float::f32` is `f64`.

use std::ops::{Index, IndexMut};

use super::float::{f16, f32};
use crate::types::{Vec2, Vec3, Vec4};

macro_rules! operator {
    ($($Trait:ident $function:ident $sign:literal;)*) => {$(
        #[doc = concat!("The operator `", $sign, "` of WGSL.")]
        #[diagnostic::on_unimplemented(
            message = "WGSL cannot combine `{Self}` and `{R}` with this operator",
            label = "no such operator in a kernel: convert one side, as in `f32(x)` or `u32(x)`"
        )]
        pub trait $Trait<R = Self>: Sized {
            /// The result's type.
            type Output;
            #[doc = concat!("`self ", $sign, " right`.")]
            fn $function(self, right: R) -> Self::Output;
        }

        #[doc = concat!("`left ", $sign, " right`.")]
        #[inline(always)]
        pub fn $function<L: $Trait<R, Output = O>, R, O>(left: L, right: R) -> O {
            left.$function(right)
        }
    )*};
}

operator! {
    Add add "+";
    Sub sub "-";
    Mul mul "*";
    Div div "/";
    Rem rem "%";
    BitAnd bitand "&";
    BitOr bitor "|";
    BitXor bitxor "^";
}

macro_rules! scalar {
    ($ty:ty: $($Trait:ident $function:ident |$a:ident, $b:ident| $body:expr;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl $Trait for $ty {
            type Output = $ty;
            #[inline(always)]
            fn $function(self, right: $ty) -> $ty {
                let ($a, $b) = (self, right);
                $body
            }
        }
    )*};
}

// WGSL §8.7: integer arithmetic wraps; e1 / 0 is e1 and e1 % 0 is 0 at run time.
scalar! { u32:
    Add add |a, b| a.wrapping_add(b);
    Sub sub |a, b| a.wrapping_sub(b);
    Mul mul |a, b| a.wrapping_mul(b);
    Div div |a, b| a.checked_div(b).unwrap_or(a);
    Rem rem |a, b| a.checked_rem(b).unwrap_or(0);
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
}
// … and the same where the quotient overflows: i32::MIN / -1 is i32::MIN, with remainder 0.
scalar! { i32:
    Add add |a, b| a.wrapping_add(b);
    Sub sub |a, b| a.wrapping_sub(b);
    Mul mul |a, b| a.wrapping_mul(b);
    Div div |a, b| a.checked_div(b).unwrap_or(a);
    Rem rem |a, b| a.checked_rem(b).unwrap_or(0);
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
    BitXor bitxor |a, b| a ^ b;
}
// Indices of local arrays and counters of unrolled loops.
scalar! { usize:
    Add add |a, b| a.wrapping_add(b);
    Sub sub |a, b| a.wrapping_sub(b);
    Mul mul |a, b| a.wrapping_mul(b);
    Div div |a, b| a.checked_div(b).unwrap_or(a);
    Rem rem |a, b| a.checked_rem(b).unwrap_or(0);
}
scalar! { f32:
    Add add |a, b| a + b;
    Sub sub |a, b| a - b;
    Mul mul |a, b| a * b;
    Div div |a, b| a / b;
    Rem rem |a, b| a % b;
}
// Rounded after every operation: f32 has more than twice f16's digits, so rounding twice is rounding once.
scalar! { f16:
    Add add |a, b| a + b;
    Sub sub |a, b| a - b;
    Mul mul |a, b| a * b;
    Div div |a, b| a / b;
    Rem rem |a, b| a % b;
}
scalar! { bool:
    BitAnd bitand |a, b| a & b;
    BitOr bitor |a, b| a | b;
}

macro_rules! vector_operators {
    ($($Vec:ident: $($Trait:ident $function:ident),*;)*) => {$($(
        #[diagnostic::do_not_recommend]
        impl<T: $Trait<T, Output = T> + Copy> $Trait for $Vec<T> {
            type Output = $Vec<T>;
            #[inline(always)]
            fn $function(self, right: $Vec<T>) -> $Vec<T> {
                self.zip(right, $function)
            }
        }

        #[diagnostic::do_not_recommend]
        impl<T: $Trait<T, Output = T> + Copy> $Trait<T> for $Vec<T> {
            type Output = $Vec<T>;
            #[inline(always)]
            fn $function(self, right: T) -> $Vec<T> {
                self.map(|component| $function(component, right))
            }
        }
    )*)*};
}

vector_operators! {
    Vec2: Add add, Sub sub, Mul mul, Div div, Rem rem, BitAnd bitand, BitOr bitor, BitXor bitxor;
    Vec3: Add add, Sub sub, Mul mul, Div div, Rem rem, BitAnd bitand, BitOr bitor, BitXor bitxor;
    Vec4: Add add, Sub sub, Mul mul, Div div, Rem rem, BitAnd bitand, BitOr bitor, BitXor bitxor;
}

macro_rules! scalar_times_vector {
    ($($Vec:ident<$ty:ty>)*) => {$(
        #[diagnostic::do_not_recommend]
        impl Mul<$Vec<$ty>> for $ty {
            type Output = $Vec<$ty>;
            #[inline(always)]
            fn mul(self, right: $Vec<$ty>) -> $Vec<$ty> {
                right.map(|component| mul(self, component))
            }
        }
    )*};
}

scalar_times_vector! { Vec2<f16> Vec3<f16> Vec4<f16> Vec2<f32> Vec3<f32> Vec4<f32> Vec2<u32> Vec3<u32> Vec4<u32> Vec2<i32> Vec3<i32> Vec4<i32> }

/// What WGSL compares (§8.9): numbers, `bool`, and vectors of them, component by component.
#[diagnostic::on_unimplemented(
    message = "WGSL cannot compare `{Self}`",
    label = "what is compared is a number, a `bool` or a vector of them"
)]
pub trait Compare: Copy {
    /// `bool`, or a vector of it.
    type Mask;
    /// `self < right`.
    fn lt(self, right: Self) -> Self::Mask;
    /// `self <= right`.
    fn le(self, right: Self) -> Self::Mask;
    /// `self > right`.
    fn gt(self, right: Self) -> Self::Mask;
    /// `self >= right`.
    fn ge(self, right: Self) -> Self::Mask;
    /// `self == right`.
    fn eq(self, right: Self) -> Self::Mask;
    /// `self != right`.
    fn ne(self, right: Self) -> Self::Mask;
}

macro_rules! comparisons {
    ($($function:ident $sign:tt;)*) => {
        #[diagnostic::do_not_recommend]
        impl<T: PartialOrd + Copy> Compare for T {
            type Mask = bool;
            $(#[inline(always)]
            fn $function(self, right: T) -> bool {
                self $sign right
            })*
        }

        comparisons! { vectors Vec2 Vec3 Vec4: ($($function $sign;)*) }

        $(#[doc = concat!("`left ", stringify!($sign), " right`.")]
        #[inline(always)]
        pub fn $function<T: Compare>(left: T, right: T) -> T::Mask {
            left.$function(right)
        })*
    };
    (vectors $($Vec:ident)*: $functions:tt) => {
        $(comparisons! { of $Vec $functions })*
    };
    (of $Vec:ident ($($function:ident $sign:tt;)*)) => {
        #[diagnostic::do_not_recommend]
        impl<T: PartialOrd + Copy> Compare for $Vec<T> {
            type Mask = $Vec<bool>;
            $(#[inline(always)]
            fn $function(self, right: Self) -> $Vec<bool> {
                self.zip(right, |left, right| left $sign right)
            })*
        }
    };
}

comparisons! {
    lt <;
    le <=;
    gt >;
    ge >=;
    eq ==;
    ne !=;
}

/// An integer that can be shifted by a `u32`; `vec`s shift componentwise by one amount.
pub trait Shift: Sized {
    /// `self << by`, the amount taken modulo the bit width (WGSL §8.8).
    fn shl(self, by: u32) -> Self;
    /// `self >> by`, arithmetic for `i32`, the amount taken modulo the bit width.
    fn shr(self, by: u32) -> Self;
}

impl Shift for u32 {
    #[inline(always)]
    fn shl(self, by: u32) -> u32 {
        self.wrapping_shl(by)
    }
    #[inline(always)]
    fn shr(self, by: u32) -> u32 {
        self.wrapping_shr(by)
    }
}

impl Shift for i32 {
    #[inline(always)]
    fn shl(self, by: u32) -> i32 {
        self.wrapping_shl(by)
    }
    #[inline(always)]
    fn shr(self, by: u32) -> i32 {
        self.wrapping_shr(by)
    }
}

/// `left << by`.
#[inline(always)]
pub fn shl<T: Shift>(left: T, by: u32) -> T {
    left.shl(by)
}

/// `left >> by`.
#[inline(always)]
pub fn shr<T: Shift>(left: T, by: u32) -> T {
    left.shr(by)
}

/// A signed type.
pub trait Neg: Sized {
    /// `-self`, wrapping for `i32`.
    fn neg(self) -> Self;
}

impl Neg for f32 {
    #[inline(always)]
    fn neg(self) -> f32 {
        -self
    }
}

impl Neg for f16 {
    #[inline(always)]
    fn neg(self) -> f16 {
        -self
    }
}

impl Neg for i32 {
    #[inline(always)]
    fn neg(self) -> i32 {
        self.wrapping_neg()
    }
}

macro_rules! vector_neg {
    ($($Vec:ident)*) => {$(
        impl<T: Neg + Copy> Neg for $Vec<T> {
            #[inline(always)]
            fn neg(self) -> Self {
                self.map(neg)
            }
        }
    )*};
}

vector_neg! { Vec2 Vec3 Vec4 }

/// `-value`.
#[inline(always)]
pub fn neg<T: Neg>(value: T) -> T {
    value.neg()
}

/// An integer or a `#[device]` enum that a `match` of a kernel takes, WGSL's `switch`.
#[diagnostic::on_unimplemented(
    message = "a kernel matches on `u32`, `i32` or a `#[device]` enum, not on `{Self}`",
    label = "expected an integer or an enum: use `if` and `else if`"
)]
pub trait Selector: Copy {}
impl Selector for u32 {}
impl Selector for i32 {}

/// The value that a `match` looks at.
#[inline(always)]
pub fn selector<T: Selector>(value: T) -> T {
    value
}

/// What `x[..]` takes in a kernel: `u32`, `i32`, or the counter of an unrolled loop.
#[diagnostic::on_unimplemented(
    message = "a kernel indexes with `u32` or `i32`, not with `{Self}`",
    label = "expected `u32` or `i32`"
)]
pub trait IndexScalar: Copy {
    /// The position, `usize::MAX` for a negative one, which is out of bounds everywhere.
    fn position(self) -> usize;
}

#[diagnostic::do_not_recommend]
impl IndexScalar for u32 {
    #[inline(always)]
    fn position(self) -> usize {
        self as usize
    }
}

#[diagnostic::do_not_recommend]
impl IndexScalar for i32 {
    #[inline(always)]
    fn position(self) -> usize {
        usize::try_from(self).unwrap_or(usize::MAX)
    }
}

#[diagnostic::do_not_recommend]
impl IndexScalar for usize {
    #[inline(always)]
    fn position(self) -> usize {
        self
    }
}

/// A checked index: the `x[i]` of a kernel is `x[position(i)]` on the CPU, so that an index out of bounds names the
/// kernel's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position(pub usize);

/// The position that an index names.
#[inline(always)]
pub fn position<I: IndexScalar>(index: I) -> Position {
    Position(index.position())
}

impl<T, const N: usize> Index<Position> for [T; N] {
    type Output = T;
    #[inline(always)]
    #[track_caller]
    fn index(&self, Position(index): Position) -> &T {
        match self.get(index) {
            Some(element) => element,
            None => crate::cpu::out_of_bounds("local array", index, N, std::panic::Location::caller()),
        }
    }
}

impl<T, const N: usize> IndexMut<Position> for [T; N] {
    #[inline(always)]
    #[track_caller]
    fn index_mut(&mut self, Position(index): Position) -> &mut T {
        match self.get_mut(index) {
            Some(element) => element,
            None => crate::cpu::out_of_bounds("local array", index, N, std::panic::Location::caller()),
        }
    }
}

macro_rules! convert {
    ($($Trait:ident $function:ident -> $to:ty: $($from:ty => |$v:ident| $body:expr),*;)*) => {$(
        #[doc = concat!("`", stringify!($to), "(e)` of WGSL: a conversion by value.")]
        #[diagnostic::on_unimplemented(message = "WGSL cannot convert `{Self}` this way")]
        pub trait $Trait {
            /// The converted value.
            fn $function(self) -> $to;
        }
        $(impl $Trait for $from {
            #[inline(always)]
            fn $function(self) -> $to {
                let $v = self;
                $body
            }
        })*

        #[doc = concat!("`", stringify!($to), "(value)`.")]
        #[inline(always)]
        pub fn $function<T: $Trait>(value: T) -> $to {
            value.$function()
        }
    )*};
}

// WGSL §15.7.6: conversions from float to integer round toward zero and clamp, as Rust's `as` does.
convert! {
    ToF32 to_f32 -> f32: f32 => |v| v, u32 => |v| v as f32, i32 => |v| v as f32, usize => |v| v as f32, bool => |v| f32::from(u8::from(v)), f16 => |v| v.to_f32();
    ToU32 to_u32 -> u32: u32 => |v| v, i32 => |v| v as u32, f32 => |v| v as u32, usize => |v| v as u32, bool => |v| u32::from(v), f16 => |v| v.to_f32() as u32;
    ToI32 to_i32 -> i32: i32 => |v| v, u32 => |v| v as i32, f32 => |v| v as i32, usize => |v| v as i32, bool => |v| i32::from(v), f16 => |v| v.to_f32() as i32;
    ToF16 to_f16 -> f16: f16 => |v| v, f32 => |v| f16::from_f32(v), u32 => |v| f16::from_f64(f64::from(v)), i32 => |v| f16::from_f64(f64::from(v)), bool => |v| f16::from_f32(f32::from(u8::from(v)));
}
