//! Runs a kernel's workgroups: each workgroup on one thread, its invocations polled in turn from barrier to barrier.
//! The place of a later race detector is [`Phases`]: a phase is what lies between two barriers.

use std::any::Any;
use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::layout::Stored;
use crate::storage::Workgroup;

/// Why a kernel failed on the CPU; always an error in the kernel or in its arguments.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuError {
    /// Some invocations of a workgroup wait at a barrier that others never reach.
    #[error(
        "`{kernel}`, workgroup {workgroup}: invocation {waiting} waits at {at}, while invocation {other} {elsewhere}"
    )]
    Divergence {
        /// The kernel.
        kernel: String,
        /// The workgroup's index.
        workgroup: u32,
        /// An invocation at the barrier.
        waiting: u32,
        /// `file:line:column` of the barrier.
        at: String,
        /// An invocation that is not there.
        other: u32,
        /// Where it is: "has returned" or "waits at …".
        elsewhere: String,
    },
    /// The kernel stopped: an index out of bounds, for example.
    #[error("`{kernel}`, workgroup {workgroup}, invocation {invocation}: {message}")]
    Kernel {
        /// The kernel.
        kernel: String,
        /// The workgroup's index.
        workgroup: u32,
        /// The invocation in the workgroup.
        invocation: u32,
        /// What happened, with the line.
        message: String,
    },
}

/// What the executor may choose where devices differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuOptions {
    /// Invocations in a subgroup, a power of two (WebGPU allows 4 to 128).
    pub subgroup_size: u32,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self { subgroup_size: 32 }
    }
}

thread_local! {
    static CURRENT: Cell<Invocation> = const { Cell::new(Invocation { lane: 0, workgroup_size: 1, subgroup_size: 1 }) };
    static WAITING: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
}

/// The invocation that this thread is running.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// `local_invocation_index`.
    pub lane: u32,
    /// Invocations in the workgroup.
    pub workgroup_size: u32,
    /// Invocations in a subgroup.
    pub subgroup_size: u32,
}

impl Invocation {
    /// The one that runs now.
    #[inline]
    pub fn current() -> Self {
        CURRENT.get()
    }

    pub(super) fn wait_at(at: &'static Location<'static>) {
        WAITING.set(Some(at));
    }
}

/// Workgroup memory of one workgroup, filled with NaN patterns so that a kernel which relies on zeros fails its tests.
pub struct WorkgroupMemory<T> {
    elements: Box<[T]>,
}

impl<T: Stored> WorkgroupMemory<T> {
    /// Memory for `len` elements.
    pub fn new(len: u32) -> Self {
        let mut elements = Box::<[T]>::new_uninit_slice(len as usize);
        // SAFETY: the range is the allocation's, and every bit pattern is a valid `Stored`.
        let elements = unsafe {
            std::ptr::write_bytes(elements.as_mut_ptr(), 0xff, len as usize);
            elements.assume_init()
        };
        Self { elements }
    }

    /// A view for the workgroup's invocations.
    pub fn view(&mut self) -> Workgroup<T> {
        // SAFETY: the views are dropped with the invocations, before this memory: `Phases::run` borrows nothing but
        // the generated entry keeps the memory alive until it returns.
        unsafe { Workgroup::from_raw(self.elements.as_mut_ptr(), self.elements.len(), self.elements.len()) }
    }
}

/// One workgroup while it runs.
#[derive(Debug)]
pub struct Phases<'k> {
    kernel: &'k str,
    workgroup: u32,
    workgroup_size: u32,
    subgroup_size: u32,
}

impl Phases<'_> {
    /// The workgroup's index.
    pub fn workgroup_id(&self) -> u32 {
        self.workgroup
    }

    fn enter(&self, lane: u32) {
        CURRENT.set(Invocation { lane, workgroup_size: self.workgroup_size, subgroup_size: self.subgroup_size });
    }

    /// Runs a kernel without barriers: one invocation after the other.
    #[inline]
    pub fn run_plain(&self, mut invocation: impl FnMut(u32)) -> Result<(), CpuError> {
        for lane in 0..self.workgroup_size {
            self.enter(lane);
            invocation(lane);
        }
        Ok(())
    }

    /// Runs a kernel with barriers: polls every invocation to its next barrier, then checks that they met.
    pub fn run<F: Future<Output = ()>>(&self, invocation: impl Fn(u32) -> F) -> Result<(), CpuError> {
        let mut context = Context::from_waker(Waker::noop());
        if self.workgroup_size == 1 {
            self.enter(0);
            let mut future = std::pin::pin!(invocation(0));
            while future.as_mut().poll(&mut context).is_pending() {}
            return Ok(());
        }
        super::subgroup::start_workgroup();
        let mut running: Vec<Option<Pin<Box<F>>>> =
            (0..self.workgroup_size).map(|lane| Some(Box::pin(invocation(lane)))).collect();
        let mut places = vec![None; running.len()];
        loop {
            for (lane, slot) in (0_u32..).zip(running.iter_mut()) {
                let Some(future) = slot else { continue };
                self.enter(lane);
                places[lane as usize] = match future.as_mut().poll(&mut context) {
                    Poll::Pending => WAITING.take(),
                    Poll::Ready(()) => {
                        *slot = None;
                        None
                    }
                };
            }
            if places.iter().all(Option::is_none) {
                return Ok(());
            }
            self.check_all_met(&places)?;
        }
    }

    fn check_all_met(&self, places: &[Option<&'static Location<'static>>]) -> Result<(), CpuError> {
        let Some((waiting, at)) = (0_u32..).zip(places).find_map(|(lane, place)| place.map(|place| (lane, place)))
        else {
            return Ok(());
        };
        match (0_u32..).zip(places).find(|(_, place)| **place != Some(at)) {
            None => Ok(()),
            Some((other, place)) => Err(CpuError::Divergence {
                kernel: self.kernel.to_owned(),
                workgroup: self.workgroup,
                waiting,
                at: at.to_string(),
                other,
                elsewhere: place.map_or("has returned".to_owned(), |place| format!("waits at {place}")),
            }),
        }
    }
}

/// Runs `groups` workgroups of `workgroup_size` invocations of the kernel named `kernel`.
///
/// # Errors
/// The first failure that any workgroup met.
pub fn run(
    kernel: &str,
    groups: u32,
    workgroup_size: u32,
    options: CpuOptions,
    body: impl Fn(&Phases<'_>) -> Result<(), CpuError> + Sync,
) -> Result<(), CpuError> {
    let subgroup_size = options.subgroup_size.min(workgroup_size.next_power_of_two());
    let one = |workgroup: u32| {
        let phases = Phases { kernel, workgroup, workgroup_size, subgroup_size };
        catch_unwind(AssertUnwindSafe(|| body(&phases))).unwrap_or_else(|payload| {
            Err(CpuError::Kernel {
                kernel: kernel.to_owned(),
                workgroup,
                invocation: Invocation::current().lane,
                message: panic_message(&*payload),
            })
        })
    };
    for_each_workgroup(groups, one)
}

#[cfg(not(target_arch = "wasm32"))]
fn for_each_workgroup(groups: u32, one: impl Fn(u32) -> Result<(), CpuError> + Sync) -> Result<(), CpuError> {
    use std::sync::Mutex;

    use rayon::prelude::*;

    if groups <= 1 {
        return (0..groups).try_for_each(one);
    }
    let first = Mutex::new(Ok(()));
    (0..groups).into_par_iter().with_min_len(8).for_each(|workgroup| {
        if let Err(error) = one(workgroup)
            && let Ok(mut first) = first.lock()
            && first.is_ok()
        {
            *first = Err(error);
        }
    });
    first.into_inner().unwrap_or(Ok(()))
}

#[cfg(target_arch = "wasm32")]
fn for_each_workgroup(groups: u32, one: impl Fn(u32) -> Result<(), CpuError> + Sync) -> Result<(), CpuError> {
    (0..groups).try_for_each(one)
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()))
        .unwrap_or_else(|| "the kernel stopped".to_owned())
}
