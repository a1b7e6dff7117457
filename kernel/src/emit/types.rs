//! Rust types as WGSL types.

use super::expr::Expr;
use super::module;
use crate::types::{Atomic, AtomicScalar, CompareExchange, Vec2, Vec3, Vec4, f16};

/// A type that WGSL has, or a struct that the emitter declares.
pub trait WgslType: 'static {
    /// Its WGSL spelling; a struct declares itself in the current module.
    fn wgsl() -> String;
    /// Whether it is `()`, a call without a value.
    const IS_UNIT: bool = false;
    /// Whether it is a struct that the emitter declares.
    const IS_STRUCT: bool = false;
}

/// A type whose fields a kernel reads with `value.field`.
pub trait Struct: WgslType {
    /// One handle a field.
    type Fields: 'static;
    /// The handles of the fields of the value that `text` names.
    fn fields(text: &str) -> Self::Fields;
}

/// A literal's type.
pub trait Literal: WgslType + Copy {
    /// The literal with its suffix.
    fn literal(self) -> String;
}

impl WgslType for () {
    fn wgsl() -> String {
        String::new()
    }
    const IS_UNIT: bool = true;
}

macro_rules! scalars {
    ($($ty:ty => $name:literal, |$v:ident| $literal:expr;)*) => {$(
        impl WgslType for $ty {
            fn wgsl() -> String {
                $name.to_owned()
            }
        }
        impl Literal for $ty {
            fn literal(self) -> String {
                let $v = self;
                $literal
            }
        }
    )*};
}

scalars! {
    u32 => "u32", |v| format!("{v}u");
    usize => "u32", |v| format!("{v}u");
    i32 => "i32", |v| if v == i32::MIN { "i32(-2147483647 - 1)".to_owned() } else { signed(format!("{v}i")) };
    bool => "bool", |v| v.to_string();
    f32 => "f32", |v| float_literal(v);
}

impl WgslType for f16 {
    fn wgsl() -> String {
        module::use_f16();
        "f16".to_owned()
    }
}

impl Literal for f16 {
    fn literal(self) -> String {
        module::use_f16();
        let value = self.to_f32();
        if value.is_finite() { signed(format!("{value:?}h")) } else { format!("f16({})", float_literal(value)) }
    }
}

/// WGSL has no literals for infinities and NaN, and refuses constant expressions that make them.
fn float_literal(value: f32) -> String {
    if value.is_finite() {
        // The shortest decimal of f32::MAX lies above it, which Tint refuses; that of the same f64 does not.
        let is_greatest = value.abs() == f32::MAX;
        return signed(if is_greatest { format!("{:?}f", f64::from(value)) } else { format!("{value:?}f") });
    }
    module::use_nonfinite();
    format!("nonfinite({:#x}u)", value.to_bits())
}

/// A negative literal is a negation in WGSL: in brackets it stands in every place.
fn signed(literal: String) -> String {
    if literal.starts_with('-') { format!("({literal})") } else { literal }
}

impl<T: AtomicScalar> WgslType for Atomic<T> {
    fn wgsl() -> String {
        format!("atomic<{}>", T::wgsl())
    }
}

/// WGSL gives this type no name that a program may write: a `let` or `var` of it leaves its type out.
impl<T: AtomicScalar> WgslType for CompareExchange<T> {
    fn wgsl() -> String {
        String::new()
    }
}

/// The members of an `atomic_compare_exchange_weak`'s result.
pub struct CompareExchangeFields<T> {
    /// The value before.
    pub old_value: Expr<T>,
    /// Whether it was replaced.
    pub exchanged: Expr<bool>,
}

impl<T: AtomicScalar> Struct for CompareExchange<T> {
    type Fields = CompareExchangeFields<T>;
    fn fields(text: &str) -> Self::Fields {
        CompareExchangeFields {
            old_value: Expr::new(format!("{text}.old_value")),
            exchanged: Expr::new(format!("{text}.exchanged")),
        }
    }
}

macro_rules! vectors {
    ($($Vec:ident $Fields:ident $name:literal: $($field:ident)*;)*) => {$(
        impl<T: WgslType> WgslType for $Vec<T> {
            fn wgsl() -> String {
                format!("{}<{}>", $name, T::wgsl())
            }
        }

        impl<T: Literal> Literal for $Vec<T> {
            fn literal(self) -> String {
                format!("{}({})", Self::wgsl(), self.to_array().map(T::literal).join(", "))
            }
        }

        #[doc = concat!("Components of a `", $name, "`.")]
        pub struct $Fields<T> {
            $(#[doc = concat!("Component ", stringify!($field), ".")] pub $field: Expr<T>,)*
        }

        impl<T: WgslType> Struct for $Vec<T> {
            type Fields = $Fields<T>;
            fn fields(text: &str) -> $Fields<T> {
                $Fields { $($field: Expr::new(format!("{text}.{}", stringify!($field))),)* }
            }
        }
    )*};
}

vectors! {
    Vec2 Vec2Fields "vec2": x y;
    Vec3 Vec3Fields "vec3": x y z;
    Vec4 Vec4Fields "vec4": x y z w;
}

impl<T: WgslType, const N: usize> WgslType for [T; N] {
    fn wgsl() -> String {
        format!("array<{}, {N}>", T::wgsl())
    }
}

impl<T: Literal, const N: usize> Literal for [T; N] {
    fn literal(self) -> String {
        format!("{}({})", Self::wgsl(), self.map(T::literal).join(", "))
    }
}
