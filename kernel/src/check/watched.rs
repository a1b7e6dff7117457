//! Memory that is watched while kernels run: its views lead here with every access, because they claim to be empty.

use std::cell::{Cell, RefCell};
use std::panic::{Location, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::mistake::{AddressSpace, Event, Index, Problem};
use super::shadow::{Disagreement, Shadow, Trace};
use crate::cpu::Moment;
use crate::part::Part;
use crate::storage::AccessKind;

/// A shadow that a buffer's clones share.
pub(crate) type SharedShadow = Arc<Mutex<Shadow>>;

/// The shadow, whatever happened to a run before.
pub(crate) fn lock(shadow: &SharedShadow) -> MutexGuard<'_, Shadow> {
    shadow.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a watched view points at: the memory behind an argument of a kernel.
pub(crate) struct Watched {
    pub name: &'static str,
    pub space: AddressSpace,
    pub first: *mut u8,
    /// Bytes of an element.
    pub element: usize,
    pub writable: usize,
    pub readable: usize,
    pub shadow: SharedShadow,
}

impl Watched {
    /// The address of an element, after an access to a part of it was noted; does not return where the access
    /// is a mistake.
    pub fn access(&self, index: usize, part: Part, kind: AccessKind, at: &'static Location<'static>) -> *mut u8 {
        let moment = Moment::now();
        let trace = moment.trace(self.space, at);
        let limit = if kind == AccessKind::Read { self.readable } else { self.writable };
        if index >= limit {
            raise(Problem::OutOfBounds {
                memory: self.name,
                len: self.writable,
                index: Index(index),
                event: event(kind, trace),
            });
        }
        let start = index * self.element;
        // What lies behind the last element holds no data, so that nothing can be wrong with it.
        if index < self.writable {
            let noted = lock(&self.shadow).access(part.moved(start), kind, trace);
            match noted {
                Ok(()) => {}
                Err(Disagreement::Race((before, other))) => raise(Problem::Race {
                    memory: self.name,
                    space: self.space,
                    element: index,
                    first: event(before, other),
                    second: event(kind, trace),
                }),
                Err(Disagreement::Uninitialised) => {
                    suspect(Problem::Uninitialised { memory: self.name, element: index, event: event(kind, trace) })
                }
            }
            bear_with_suspicion();
        }
        self.first.wrapping_add(start)
    }
}

fn event(kind: AccessKind, trace: Trace) -> Event {
    let Trace { at, workgroup, invocation, phase, .. } = trace;
    Event { kind, at: at.to_string(), workgroup, invocation, phase }
}

thread_local! {
    static SUSPICION: RefCell<Option<Problem>> = const { RefCell::new(None) };
    static PATIENCE: Cell<u32> = const { Cell::new(u32::MAX) };
}

/// Accesses that a kernel may make after it read what has no value: enough to meet the race that explains it, few
/// enough for a loop whose end has no value.
const ACCESSES_AFTER_SUSPICION: u32 = 1_000_000;

/// Notes a mistake that may be the consequence of another one: a missing barrier lets some invocations read what others
/// are about to write.
fn suspect(problem: Problem) {
    SUSPICION.with_borrow_mut(|suspicion| {
        if suspicion.is_none() {
            *suspicion = Some(problem);
            PATIENCE.set(ACCESSES_AFTER_SUSPICION);
        }
    });
}

fn bear_with_suspicion() {
    match PATIENCE.get() {
        u32::MAX => {}
        0 => {
            if let Some(problem) = take_suspicion() {
                raise(problem);
            }
        }
        left => PATIENCE.set(left - 1),
    }
}

/// The mistake that was noted since the last call.
pub(crate) fn take_suspicion() -> Option<Problem> {
    PATIENCE.set(u32::MAX);
    SUSPICION.take()
}

/// Stops the kernel; the executor adds its name.
fn raise(problem: Problem) -> ! {
    resume_unwind(Box::new(problem))
}
