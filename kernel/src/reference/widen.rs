//! What becomes of a type where `f32` is `f64`.

use crate::types::{Atomic, Vec2, Vec3, Vec4, f16};

/// A type of the kernel language and the one that stands for it in a reference.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no counterpart in a kernel's f64 reference",
    label = "a struct of values is a `#[device]` struct, params are `#[params]`"
)]
pub trait Widen: Sized {
    /// The same with `f64` for `f32`.
    type Wide: 'static;
    /// The same value.
    fn widen(self) -> Self::Wide;
}

/// What stands for `T` in a reference.
pub type Wide<T> = <T as Widen>::Wide;

/// The same value in a reference.
#[inline(always)]
pub fn widen<T: Widen>(value: T) -> T::Wide {
    value.widen()
}

macro_rules! unchanged {
    ($($ty:ty)*) => {$(
        impl Widen for $ty {
            type Wide = $ty;
            #[inline(always)]
            fn widen(self) -> $ty {
                self
            }
        }
    )*};
}

unchanged! { () bool u32 i32 usize Atomic<u32> Atomic<i32> }

impl Widen for f32 {
    type Wide = f64;
    #[inline(always)]
    fn widen(self) -> f64 {
        f64::from(self)
    }
}

impl Widen for f16 {
    type Wide = f64;
    #[inline(always)]
    fn widen(self) -> f64 {
        self.to_f64()
    }
}

macro_rules! vectors {
    ($($Vec:ident)*) => {$(
        impl<T: Widen + Copy> Widen for $Vec<T> {
            type Wide = $Vec<T::Wide>;
            #[inline(always)]
            fn widen(self) -> Self::Wide {
                self.map(T::widen)
            }
        }
    )*};
}

vectors! { Vec2 Vec3 Vec4 }

impl<T: Widen, const N: usize> Widen for [T; N] {
    type Wide = [T::Wide; N];
    #[inline(always)]
    fn widen(self) -> Self::Wide {
        self.map(T::widen)
    }
}
