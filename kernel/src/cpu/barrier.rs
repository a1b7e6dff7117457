//! Barriers as futures: pending once, so that the executor can bring every invocation to the same place first.

#[cfg(feature = "check")]
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::executor::{Invocation, Operation};

/// The future of a barrier: pending at its first poll, ready at the second.
#[must_use = "a barrier does nothing until it is awaited"]
#[derive(Debug)]
pub struct Barrier {
    operation: &'static Operation,
    at: &'static Location<'static>,
    reached: bool,
}

/// `workgroupBarrier()`: all invocations of the workgroup arrive before any goes on, and see each other's writes to
/// workgroup memory (WGSL §17.11).
#[track_caller]
pub fn workgroup_barrier() -> Barrier {
    Barrier { operation: &Operation::WorkgroupBarrier, at: Location::caller(), reached: false }
}

/// `storageBarrier()`: as [`workgroup_barrier`], for the workgroup's writes to storage buffers.
#[track_caller]
pub fn storage_barrier() -> Barrier {
    Barrier { operation: &Operation::StorageBarrier, at: Location::caller(), reached: false }
}

#[cfg(feature = "check")]
thread_local! {
    static LEFT_OUT: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
    static PASSED: RefCell<Vec<&'static Location<'static>>> = const { RefCell::new(Vec::new()) };
}

/// From now on, no invocation of a checked run on this thread waits at the barrier that is called at `at`.
#[cfg(feature = "check")]
pub(crate) fn leave_out(at: Option<&'static Location<'static>>) {
    LEFT_OUT.set(at);
}

/// Where workgroups of checked runs on this thread met at barriers since the last call.
#[cfg(feature = "check")]
pub(crate) fn take_barriers() -> Vec<&'static Location<'static>> {
    PASSED.take()
}

#[cfg(feature = "check")]
pub(super) fn note_barrier(at: &'static Location<'static>) {
    PASSED.with_borrow_mut(|passed| {
        if !passed.contains(&at) {
            passed.push(at);
        }
    });
}

#[cfg(feature = "check")]
pub(super) fn is_left_out(at: &'static Location<'static>) -> bool {
    LEFT_OUT.get() == Some(at)
}

impl Future for Barrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.reached {
            return Poll::Ready(());
        }
        self.reached = true;
        Invocation::wait_at(self.operation, self.at);
        Poll::Pending
    }
}
