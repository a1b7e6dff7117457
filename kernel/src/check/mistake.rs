//! What a checked run finds wrong with a kernel, in the words that its author reads.

use std::fmt;

use crate::storage::AccessKind;

/// Which memory an argument of a kernel names (WGSL §14.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressSpace {
    /// A storage buffer, shared by all workgroups of a dispatch.
    Storage,
    /// Workgroup memory, shared by the invocations of one workgroup.
    Workgroup,
}

/// One access to an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What was done.
    pub kind: AccessKind,
    /// `file:line:column` of the access.
    pub at: String,
    /// The workgroup's index.
    pub workgroup: u32,
    /// The invocation in the workgroup, its `local_invocation_index`.
    pub invocation: u32,
    /// Barriers that the workgroup had passed before.
    pub phase: u32,
}

impl Event {
    fn does(&self) -> &'static str {
        match self.kind {
            AccessKind::Read => "reads",
            AccessKind::Write => "writes",
            AccessKind::AtomicLoad => "atomically reads",
            AccessKind::AtomicStore => "atomically writes",
            AccessKind::AtomicUpdate => "atomically updates",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, workgroup, invocation, phase, .. } = self;
        write!(f, "invocation {invocation} of workgroup {workgroup} {} it at {at} (phase {phase})", self.does())
    }
}

/// A mistake in a kernel.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("`{kernel}`: {problem}")]
pub struct Mistake {
    /// The kernel's variant.
    pub kernel: String,
    /// What is wrong.
    pub problem: Problem,
}

/// What is wrong with a kernel.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Two invocations access one element, one of them writes, and nothing orders them (WGSL §17.11, §19).
    #[error("race on `{memory}[{element}]`: {first}; {second}; {}", missing(*.space, .first, .second))]
    Race {
        /// The memory's name, which is the kernel's argument.
        memory: &'static str,
        /// Its address space.
        space: AddressSpace,
        /// The element's index.
        element: usize,
        /// The access that came first in this schedule.
        first: Event,
        /// The access that came second.
        second: Event,
    },
    /// An element is read that nobody wrote: its value differs from device to device.
    #[error("`{memory}[{element}]` has no value yet: {event}, and nothing wrote it before")]
    Uninitialised {
        /// The memory's name, which is the kernel's argument.
        memory: &'static str,
        /// The element's index.
        element: usize,
        /// The access.
        event: Event,
    },
    /// An index is not in its memory.
    #[error("index {index} is outside of `{memory}`, which has {len} elements: {event}")]
    OutOfBounds {
        /// The memory's name, which is the kernel's argument.
        memory: &'static str,
        /// Its elements.
        len: usize,
        /// The index.
        index: Index,
        /// The access.
        event: Event,
    },
}

/// An index that a kernel gave; a negative one is `usize::MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Index(pub usize);

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            usize::MAX => write!(f, "below 0"),
            index => write!(f, "{index}"),
        }
    }
}

fn missing(space: AddressSpace, first: &Event, second: &Event) -> &'static str {
    match space {
        AddressSpace::Storage if first.workgroup != second.workgroup => "nothing orders the workgroups of a dispatch",
        AddressSpace::Storage if first.phase != second.phase => {
            "a `workgroup_barrier()` orders workgroup memory only, a `storage_barrier()` between them is missing"
        }
        AddressSpace::Storage => "a `storage_barrier()` between them is missing",
        AddressSpace::Workgroup if first.phase != second.phase => {
            "a `storage_barrier()` orders storage only, a `workgroup_barrier()` between them is missing"
        }
        AddressSpace::Workgroup => "a `workgroup_barrier()` between them is missing",
    }
}
