//! `atomic<T>` (WGSL §6.2.8): a word in storage or workgroup memory that invocations change without a race.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::layout::Element;

/// `atomic<u32>` or `atomic<i32>`: an element of `&mut Storage<Atomic<u32>>` or `&mut Workgroup<Atomic<u32>>`.
///
/// Only the `atomic_..` functions read and write it; it is no value, so it is never copied. The host's buffer is a
/// plain `Buffer<u32>`.
#[repr(transparent)]
#[derive(Debug)]
pub struct Atomic<T> {
    bits: AtomicU32,
    value: PhantomData<T>,
}

/// `u32` or `i32`: what an [`Atomic`] holds.
#[diagnostic::on_unimplemented(message = "WGSL has `atomic<u32>` and `atomic<i32>`, no `atomic<{Self}>`")]
pub trait AtomicScalar: Element + Ord + crate::builtins::Bits {}
impl AtomicScalar for u32 {}
impl AtomicScalar for i32 {}

impl<T: AtomicScalar> Atomic<T> {
    /// The value.
    pub fn load(&self) -> T {
        T::of_bits(self.bits.load(Ordering::Relaxed))
    }

    /// Replaces the value.
    pub fn store(&self, value: T) {
        self.bits.store(value.bits(), Ordering::Relaxed);
    }

    /// Replaces the value by a function of it, in one step; gives the old one.
    pub fn update(&self, f: impl Fn(T) -> T) -> T {
        let step = |bits| Some(f(T::of_bits(bits)).bits());
        match self.bits.fetch_update(Ordering::Relaxed, Ordering::Relaxed, step) {
            Ok(old) | Err(old) => T::of_bits(old),
        }
    }

    /// Replaces the value where it is `expected`.
    pub fn compare_exchange(&self, expected: T, value: T) -> CompareExchange<T> {
        let (expected, value) = (expected.bits(), value.bits());
        match self.bits.compare_exchange(expected, value, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(old) => CompareExchange { old_value: T::of_bits(old), exchanged: true },
            Err(old) => CompareExchange { old_value: T::of_bits(old), exchanged: false },
        }
    }
}

/// What `atomic_compare_exchange_weak` gives: WGSL's `__atomic_compare_exchange_result`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompareExchange<T> {
    /// The value before.
    pub old_value: T,
    /// Whether it was replaced. A GPU may say no although the value was the expected one: try again.
    pub exchanged: bool,
}
