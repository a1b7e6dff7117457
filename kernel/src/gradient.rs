//! What `#[differentiable]` functions use: the gradient by one argument of a call, and values that count as constants.

/// A struct of gradients whose field for argument `AT` of the function is read by position.
#[diagnostic::on_unimplemented(
    message = "argument {AT} of this function, counted from 0, is a constant of it: a gradient would be lost",
    label = "pass `stop_gradient(..)` for that argument to take the value as a constant"
)]
pub trait Partial<const AT: usize>: Copy {
    /// The argument's type.
    type Of;
    /// The gradient by the argument.
    fn of(self) -> Self::Of;
}

/// The same over handles of the emitter.
#[cfg(feature = "emit")]
pub trait EmitPartial<const AT: usize>: Partial<AT> {
    /// The field's handle.
    fn emit(gradient: crate::emit::Expr<Self>) -> crate::emit::Expr<Self::Of>;
}

/// `T` itself: a name by which a generated signature tells a struct from a generic.
pub type Of<T> = T;

/// The gradient by the argument `AT`.
#[inline(always)]
pub fn partial<const AT: usize, G: Partial<AT>>(gradient: G) -> G::Of {
    gradient.of()
}

/// `x` itself, which a `#[differentiable]` function takes as a constant.
#[inline(always)]
pub fn stop_gradient<T: Copy>(x: T) -> T {
    x
}

#[cfg(feature = "emit")]
mod twins {
    /// The field of the struct.
    pub mod partial {
        use super::super::{EmitPartial, Partial};
        use crate::emit::Expr;
        /// The call's twin.
        pub fn emit<const AT: usize, G: EmitPartial<AT>>(gradient: Expr<G>) -> Expr<G::Of> {
            G::emit(gradient)
        }
        /// The call in a reference.
        pub fn reference<const AT: usize, G: Partial<AT>>(gradient: G) -> G::Of {
            gradient.of()
        }
    }

    /// The value as it is.
    pub mod stop_gradient {
        use crate::emit::Expr;
        /// The call's twin.
        pub fn emit<T: Copy>(x: Expr<T>) -> Expr<T> {
            x
        }
        /// The call in a reference.
        pub fn reference<T: Copy>(x: T) -> T {
            x
        }
    }
}

#[cfg(feature = "emit")]
pub use twins::*;
