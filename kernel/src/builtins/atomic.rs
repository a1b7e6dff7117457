//! Atomic functions (WGSL §17.8): `atomic_add(&bins[i], 1)` on an element of `Storage<Atomic<T>>` or
//! `Workgroup<Atomic<T>>`. All are relaxed: a barrier orders them with other memory.

use crate::builtins::Bits;
use crate::storage::{AccessKind, AtomicMemory, Place};
use crate::types::CompareExchange;

/// `atomicLoad(&x[i])`: the value.
#[inline(always)]
#[track_caller]
pub fn atomic_load<M: AtomicMemory>(place: Place<M>) -> M::Scalar {
    place.memory.atomic(place.position, AccessKind::AtomicLoad).load()
}

/// `atomicStore(&x[i], value)`: replaces the value.
#[inline(always)]
#[track_caller]
pub fn atomic_store<M: AtomicMemory>(place: Place<M>, value: M::Scalar) {
    place.memory.atomic(place.position, AccessKind::AtomicStore).store(value);
}

/// `atomicCompareExchangeWeak(&x[i], expected, value)`: replaces the value where it is `expected`.
#[inline(always)]
#[track_caller]
pub fn atomic_compare_exchange_weak<M: AtomicMemory>(
    place: Place<M>,
    expected: M::Scalar,
    value: M::Scalar,
) -> CompareExchange<M::Scalar> {
    place.memory.atomic(place.position, AccessKind::AtomicUpdate).compare_exchange(expected, value)
}

macro_rules! read_modify_write {
    ($($(#[$doc:meta])* $name:ident $wgsl:literal |$old:ident, $value:ident| $new:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        #[track_caller]
        pub fn $name<M: AtomicMemory>(place: Place<M>, value: M::Scalar) -> M::Scalar {
            let $value = value;
            place.memory.atomic(place.position, AccessKind::AtomicUpdate).update(|$old| $new)
        }

        #[cfg(feature = "emit")]
        #[doc = concat!("Emits `", $wgsl, "(&place, value)`.")]
        pub mod $name {
            use crate::emit::{Expr, count_atomic, count_operations};
            use crate::types::{Atomic, AtomicScalar};

            /// The call's twin.
            pub fn emit<T: AtomicScalar>(place: Expr<Atomic<T>>, value: Expr<T>) -> Expr<T> {
                count_atomic(&place);
                count_operations(1);
                Expr::new(format!(concat!($wgsl, "(&{}, {})"), place.text(), value.text()))
            }
        }
    )*};
}

read_modify_write! {
    /// `atomicAdd(&x[i], value)`: adds, wrapping; gives the value before.
    atomic_add "atomicAdd" |old, value| M::Scalar::of_bits(old.bits().wrapping_add(value.bits()));
    /// `atomicSub(&x[i], value)`: subtracts, wrapping; gives the value before.
    atomic_sub "atomicSub" |old, value| M::Scalar::of_bits(old.bits().wrapping_sub(value.bits()));
    /// `atomicMax(&x[i], value)`: the greater of both; gives the value before.
    atomic_max "atomicMax" |old, value| old.max(value);
    /// `atomicMin(&x[i], value)`: the lesser of both; gives the value before.
    atomic_min "atomicMin" |old, value| old.min(value);
    /// `atomicAnd(&x[i], value)`: the bits that both have; gives the value before.
    atomic_and "atomicAnd" |old, value| M::Scalar::of_bits(old.bits() & value.bits());
    /// `atomicOr(&x[i], value)`: the bits that either has; gives the value before.
    atomic_or "atomicOr" |old, value| M::Scalar::of_bits(old.bits() | value.bits());
    /// `atomicXor(&x[i], value)`: the bits that one of both has; gives the value before.
    atomic_xor "atomicXor" |old, value| M::Scalar::of_bits(old.bits() ^ value.bits());
    /// `atomicExchange(&x[i], value)`: replaces the value; gives the one before.
    atomic_exchange "atomicExchange" |_old, value| value;
}

#[cfg(feature = "emit")]
mod twins {
    //! Twins of the functions whose arguments or results differ.
    use crate::emit::{Expr, count_atomic};
    use crate::types::{Atomic, AtomicScalar, CompareExchange};

    /// Emits `atomicLoad(&place)`.
    pub mod atomic_load {
        use super::{Atomic, AtomicScalar, Expr};
        /// The call's twin.
        pub fn emit<T: AtomicScalar>(place: Expr<Atomic<T>>) -> Expr<T> {
            Expr::new(format!("atomicLoad(&{})", place.text()))
        }
    }

    /// Emits `atomicStore(&place, value)`.
    pub mod atomic_store {
        use super::{Atomic, AtomicScalar, Expr, count_atomic};
        /// The call's twin.
        pub fn emit<T: AtomicScalar>(place: Expr<Atomic<T>>, value: Expr<T>) -> Expr<()> {
            count_atomic(&place);
            Expr::new(format!("atomicStore(&{}, {})", place.text(), value.text()))
        }
    }

    /// Emits `atomicCompareExchangeWeak(&place, expected, value)`.
    pub mod atomic_compare_exchange_weak {
        use super::{Atomic, AtomicScalar, CompareExchange, Expr, count_atomic};
        /// The call's twin.
        pub fn emit<T: AtomicScalar>(
            place: Expr<Atomic<T>>,
            expected: Expr<T>,
            value: Expr<T>,
        ) -> Expr<CompareExchange<T>> {
            count_atomic(&place);
            let (place, expected, value) = (place.text(), expected.text(), value.text());
            Expr::new(format!("atomicCompareExchangeWeak(&{place}, {expected}, {value})"))
        }
    }
}

#[cfg(feature = "emit")]
pub use twins::*;
