//! Barriers as futures: pending once, so that the executor can bring every invocation to the same place first.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::executor::Invocation;

/// The future of a barrier: pending at its first poll, ready at the second.
#[must_use = "a barrier does nothing until it is awaited"]
#[derive(Debug)]
pub struct Barrier {
    at: &'static Location<'static>,
    reached: bool,
}

/// `workgroupBarrier()`: all invocations of the workgroup arrive before any goes on, and see each other's writes to
/// workgroup memory (WGSL §17.11).
#[track_caller]
pub fn workgroup_barrier() -> Barrier {
    Barrier { at: Location::caller(), reached: false }
}

/// `storageBarrier()`: as [`workgroup_barrier`], for the workgroup's writes to storage buffers.
#[track_caller]
pub fn storage_barrier() -> Barrier {
    Barrier { at: Location::caller(), reached: false }
}

impl Future for Barrier {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.reached {
            return Poll::Ready(());
        }
        self.reached = true;
        Invocation::wait_at(self.at);
        Poll::Pending
    }
}
