//! Subgroup operations on the CPU: each invocation leaves its value and waits one phase, then reads its subgroup's.
//! Two sets of slots take turns, so that a fast invocation never overwrites what a slow one still has to read.

use std::cell::RefCell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::executor::{Invocation, Operation};

/// A scalar that subgroup operations take.
pub trait Collective: Copy {
    /// Its bits.
    fn to_bits(self) -> u64;
    /// From its bits.
    fn from_bits(bits: u64) -> Self;
    /// The sum of two.
    fn add(self, other: Self) -> Self;
    /// The greater of two.
    fn max(self, other: Self) -> Self;
    /// The lesser of two.
    fn min(self, other: Self) -> Self;
}

macro_rules! collective {
    ($($ty:ty: $add:expr, $to:expr, $from:expr;)*) => {$(
        impl Collective for $ty {
            fn to_bits(self) -> u64 { $to(self) }
            fn from_bits(bits: u64) -> Self { $from(bits) }
            fn add(self, other: Self) -> Self { $add(self, other) }
            fn max(self, other: Self) -> Self { if other > self { other } else { self } }
            fn min(self, other: Self) -> Self { if other < self { other } else { self } }
        }
    )*};
}

collective! {
    f32: |a, b| a + b, |v: f32| u64::from(v.to_bits()), |bits| f32::from_bits(bits as u32);
    u32: u32::wrapping_add, u64::from, |bits| bits as u32;
    i32: i32::wrapping_add, |v: i32| v as u64, |bits| bits as i32;
}

// The reference of a kernel computes in f64.
#[cfg(feature = "reference")]
collective! { f64: |a, b| a + b, f64::to_bits, f64::from_bits; }

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

/// The future of a subgroup operation.
#[must_use = "a subgroup operation does nothing until it is awaited"]
pub struct SubgroupOp<T> {
    value: T,
    fold: fn(T, T) -> T,
    operation: &'static Operation,
    at: &'static Location<'static>,
    left_in: Option<usize>,
}

impl<T: Collective + Unpin> Future for SubgroupOp<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<T> {
        let me = Invocation::current();
        note_use(me);
        if me.workgroup_size == 1 {
            return Poll::Ready(self.value);
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
                let last = (first + size).min(me.workgroup_size as usize);
                let mut values = slots.lanes[first..last].iter().map(|(_, values)| T::from_bits(values[set]));
                let start = values.next().unwrap_or(self.value);
                Poll::Ready(values.fold(start, self.fold))
            }
        })
    }
}

/// `subgroupAdd(e)`: the sum over the subgroup, in every invocation (WGSL §17.13). Needs the feature `subgroups`.
#[track_caller]
pub fn subgroup_add<T: Collective + Unpin>(value: T) -> SubgroupOp<T> {
    SubgroupOp {
        value,
        fold: T::add,
        operation: &Operation::Subgroup("subgroup_add"),
        at: Location::caller(),
        left_in: None,
    }
}

/// `subgroupMax(e)`: the greatest value of the subgroup. Needs the feature `subgroups`.
#[track_caller]
pub fn subgroup_max<T: Collective + Unpin>(value: T) -> SubgroupOp<T> {
    SubgroupOp {
        value,
        fold: T::max,
        operation: &Operation::Subgroup("subgroup_max"),
        at: Location::caller(),
        left_in: None,
    }
}

/// `subgroupMin(e)`: the least value of the subgroup. Needs the feature `subgroups`.
#[track_caller]
pub fn subgroup_min<T: Collective + Unpin>(value: T) -> SubgroupOp<T> {
    SubgroupOp {
        value,
        fold: T::min,
        operation: &Operation::Subgroup("subgroup_min"),
        at: Location::caller(),
        left_in: None,
    }
}

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
