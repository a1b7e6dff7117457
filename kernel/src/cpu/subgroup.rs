//! Subgroup operations on the CPU: each invocation leaves its value and waits one phase, then reads its subgroup's.
//! Two sets of slots take turns, so that a fast invocation never overwrites what a slow one still has to read.

use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::executor::{Invocation, Operation};
use crate::types::Vec4;

/// A scalar that subgroup operations take.
pub trait Collective: Copy {
    /// Its bits.
    fn to_bits(self) -> u64;
    /// From its bits.
    fn from_bits(bits: u64) -> Self;
    /// The sum of two.
    fn add(self, other: Self) -> Self;
    /// The product of two.
    fn mul(self, other: Self) -> Self;
    /// The neutral value of sums, 0, and of products, 1.
    fn neutral(of_products: bool) -> Self;
    /// The greater of two.
    fn max(self, other: Self) -> Self;
    /// The lesser of two.
    fn min(self, other: Self) -> Self;
}

macro_rules! collective {
    ($($ty:ty: $add:expr, $mul:expr, $to:expr, $from:expr;)*) => {$(
        impl Collective for $ty {
            fn to_bits(self) -> u64 { $to(self) }
            fn from_bits(bits: u64) -> Self { $from(bits) }
            fn add(self, other: Self) -> Self { $add(self, other) }
            fn mul(self, other: Self) -> Self { $mul(self, other) }
            fn neutral(of_products: bool) -> Self { u8::from(of_products).into() }
            fn max(self, other: Self) -> Self { if other > self { other } else { self } }
            fn min(self, other: Self) -> Self { if other < self { other } else { self } }
        }
    )*};
}

collective! {
    f32: |a, b| a + b, |a, b| a * b, |v: f32| u64::from(v.to_bits()), |bits| f32::from_bits(bits as u32);
    u32: u32::wrapping_add, u32::wrapping_mul, u64::from, |bits| bits as u32;
    i32: i32::wrapping_add, i32::wrapping_mul, |v: i32| v as u64, |bits| bits as i32;
}

// The reference of a kernel computes in f64.
#[cfg(feature = "reference")]
collective! { f64: |a, b| a + b, |a, b| a * b, f64::to_bits, f64::from_bits; }

#[derive(Default)]
struct Slots {
    /// Per lane: how many collectives it has entered, and its values of the last two.
    lanes: Vec<(u32, [u64; 2])>,
}

thread_local! {
    static SLOTS: RefCell<Slots> = RefCell::default();
}

/// Forgets the values of the workgroup before, so that all invocations start with the same set.
pub(super) fn start_workgroup() {
    SLOTS.with_borrow_mut(|slots| slots.lanes.clear());
}

#[cfg(feature = "check")]
thread_local! {
    static WIDEST: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

/// Invocations of the largest workgroup that used subgroups on this thread since the last call, 0 for none.
#[cfg(feature = "check")]
pub(crate) fn take_widest_use() -> u32 {
    WIDEST.take()
}

#[inline]
fn note_use(_me: Invocation) {
    #[cfg(feature = "check")]
    WIDEST.set(Ord::max(WIDEST.get(), _me.workgroup_size));
}

/// The future of a subgroup operation: `T` is what an invocation gives.
#[must_use = "a subgroup operation does nothing until it is awaited"]
pub struct SubgroupOp<T, F> {
    value: T,
    /// Of the subgroup's values and of the invocation's place among them.
    combine: F,
    operation: &'static Operation,
    at: &'static Location<'static>,
    left_in: Option<usize>,
}

/// No subgroup is larger (WebGPU §3.6.2).
const LARGEST: usize = 128;

impl<T: Collective + Unpin, U, F: Fn(&[T], usize) -> U + Unpin> Future for SubgroupOp<T, F> {
    type Output = U;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<U> {
        let me = Invocation::current();
        note_use(me);
        if me.workgroup_size == 1 {
            return Poll::Ready((self.combine)(&[self.value], 0));
        }
        let lane = me.lane as usize;
        SLOTS.with_borrow_mut(|slots| match self.left_in {
            None => {
                let count = me.workgroup_size as usize;
                if slots.lanes.len() < count {
                    slots.lanes.resize(count, (0, [0; 2]));
                }
                let (entered, values) = &mut slots.lanes[lane];
                let set = (*entered & 1) as usize;
                *entered = entered.wrapping_add(1);
                values[set] = self.value.to_bits();
                self.left_in = Some(set);
                Invocation::wait_at(self.operation, self.at);
                Poll::Pending
            }
            Some(set) => {
                let size = me.subgroup_size as usize;
                let first = lane / size * size;
                let last = (first + size.min(LARGEST)).min(me.workgroup_size as usize);
                let mut own = [self.value; LARGEST];
                for (own, (_, values)) in own.iter_mut().zip(&slots.lanes[first..last]) {
                    *own = T::from_bits(values[set]);
                }
                Poll::Ready((self.combine)(&own[..last - first], lane - first))
            }
        })
    }
}

/// All values, from the first on, as one.
fn fold<T: Collective>(values: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut rest = values.iter().copied();
    let first = rest.next().unwrap_or(T::neutral(false));
    rest.fold(first, f)
}

macro_rules! operations {
    ($($(#[$doc:meta])* fn $name:ident $(<$T:ident: $Bound:path>)? ($value:ident: $ty:ty $(, $extra:ident: $extra_ty:ty)*) -> $out:ty
        = $given:expr => |$values:ident, $me:ident| $body:expr;)*) => {$(
        $(#[$doc])*
        #[track_caller]
        #[inline]
        pub fn $name $(<$T: $Bound + Unpin>)? ($value: $ty $(, $extra: $extra_ty)*) -> impl Future<Output = $out> {
            SubgroupOp {
                value: $given,
                combine: move |$values: &[_], $me: usize| $body,
                operation: &Operation::Subgroup(stringify!($name)),
                at: Location::caller(),
                left_in: None,
            }
        }
    )*};
}

/// The value of another invocation; its own where there is none such.
fn of_other<T: Copy>(values: &[T], me: usize, other: Option<usize>) -> T {
    other.and_then(|other| values.get(other)).copied().unwrap_or(values[me])
}

operations! {
    /// `subgroupAdd(e)`: the sum over the subgroup, in every invocation (WGSL §17.12.1). Needs the feature `subgroups`.
    fn subgroup_add<T: Collective>(value: T) -> T = value => |values, _me| fold(values, T::add);
    /// `subgroupMul(e)`: the product over the subgroup.
    fn subgroup_mul<T: Collective>(value: T) -> T = value => |values, _me| fold(values, T::mul);
    /// `subgroupMax(e)`: the greatest value of the subgroup.
    fn subgroup_max<T: Collective>(value: T) -> T = value => |values, _me| fold(values, T::max);
    /// `subgroupMin(e)`: the least value of the subgroup.
    fn subgroup_min<T: Collective>(value: T) -> T = value => |values, _me| fold(values, T::min);
    /// `subgroupInclusiveAdd(e)`: the sum of this invocation's value and of those before it.
    fn subgroup_inclusive_add<T: Collective>(value: T) -> T = value => |values, me| fold(&values[..=me], T::add);
    /// `subgroupInclusiveMul(e)`: the product of this invocation's value and of those before it.
    fn subgroup_inclusive_mul<T: Collective>(value: T) -> T = value => |values, me| fold(&values[..=me], T::mul);
    /// `subgroupExclusiveAdd(e)`: the sum of the values of the invocations before this one, 0 in the first.
    fn subgroup_exclusive_add<T: Collective>(value: T) -> T
        = value => |values, me| values[..me].iter().fold(T::neutral(false), |sum, value| sum.add(*value));
    /// `subgroupExclusiveMul(e)`: the product of the values of the invocations before this one, 1 in the first.
    fn subgroup_exclusive_mul<T: Collective>(value: T) -> T
        = value => |values, me| values[..me].iter().fold(T::neutral(true), |product, value| product.mul(*value));
    /// `subgroupAnd(e)`: the bits that all values have.
    fn subgroup_and<T: CollectiveBits>(value: T) -> T
        = value => |values, _me| fold(values, |a: T, b: T| T::from_bits(a.to_bits() & b.to_bits()));
    /// `subgroupOr(e)`: the bits that any value has.
    fn subgroup_or<T: CollectiveBits>(value: T) -> T
        = value => |values, _me| fold(values, |a: T, b: T| T::from_bits(a.to_bits() | b.to_bits()));
    /// `subgroupXor(e)`: the bits that an odd number of values has.
    fn subgroup_xor<T: CollectiveBits>(value: T) -> T
        = value => |values, _me| fold(values, |a: T, b: T| T::from_bits(a.to_bits() ^ b.to_bits()));
    /// `subgroupAll(e)`: whether it is true in every invocation.
    fn subgroup_all(condition: bool) -> bool = u32::from(condition) => |values, _me| values.iter().all(|value| *value == 1);
    /// `subgroupAny(e)`: whether it is true in any invocation.
    fn subgroup_any(condition: bool) -> bool = u32::from(condition) => |values, _me| values.contains(&1);
    /// `subgroupBallot(e)`: one bit for every invocation in which it is true, the first in the lowest of `x`.
    fn subgroup_ballot(condition: bool) -> Vec4<u32> = u32::from(condition) => |values, _me| {
        let mut bits = [0_u32; 4];
        for (index, value) in values.iter().enumerate() {
            bits[index / 32] |= value << (index % 32);
        }
        bits.into()
    };
    /// `subgroupBroadcast(e, id)`: the value of the invocation `id`, which is a constant.
    fn subgroup_broadcast<T: Collective>(value: T, id: u32) -> T
        = value => |values, me| of_other(values, me, Some(id as usize));
    /// `subgroupBroadcastFirst(e)`: the value of the first invocation.
    fn subgroup_broadcast_first<T: Collective>(value: T) -> T = value => |values, me| of_other(values, me, Some(0));
    /// `subgroupShuffle(e, id)`: the value of the invocation `id`; of one that is not there, anything.
    fn subgroup_shuffle<T: Collective>(value: T, id: u32) -> T
        = value => |values, me| of_other(values, me, Some(id as usize));
    /// `subgroupShuffleXor(e, mask)`: the value of the invocation whose id differs from this one's in the bits of `mask`.
    fn subgroup_shuffle_xor<T: Collective>(value: T, mask: u32) -> T
        = value => |values, me| of_other(values, me, Some(me ^ mask as usize));
    /// `subgroupShuffleUp(e, delta)`: the value of the invocation `delta` before this one; where there is none, anything.
    fn subgroup_shuffle_up<T: Collective>(value: T, delta: u32) -> T
        = value => |values, me| of_other(values, me, me.checked_sub(delta as usize));
    /// `subgroupShuffleDown(e, delta)`: the value of the invocation `delta` after this one; where there is none, anything.
    fn subgroup_shuffle_down<T: Collective>(value: T, delta: u32) -> T
        = value => |values, me| of_other(values, me, me.checked_add(delta as usize));
}

/// `u32` or `i32`: what the subgroup operations on bits take.
#[diagnostic::on_unimplemented(
    message = "subgroup operations on bits take `u32` or `i32`, not `{Self}`",
    label = "expected `u32` or `i32`"
)]
pub trait CollectiveBits: Collective {}
impl CollectiveBits for u32 {}
impl CollectiveBits for i32 {}

/// `@builtin(subgroup_size)`.
#[inline]
pub fn subgroup_size() -> u32 {
    let me = Invocation::current();
    note_use(me);
    me.subgroup_size
}

/// `@builtin(subgroup_invocation_id)`.
#[inline]
pub fn subgroup_invocation_id() -> u32 {
    let me = Invocation::current();
    note_use(me);
    me.lane % me.subgroup_size
}
