//! Runs a kernel's workgroups: each workgroup on one thread, its invocations polled in turn from barrier to barrier.
//! A phase is what lies between two barriers.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Waker};

#[cfg(feature = "check")]
use crate::check::{AddressSpace, Mistake, Problem, Schedule, Trace, take_suspicion};
use crate::layout::{Element, Stored};
use crate::trace::Running;

use super::memory::WorkgroupMemory;

/// Why a kernel failed on the CPU; always an error in the kernel or in its arguments.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CpuError {
    /// Some invocations of a workgroup wait at a barrier that others never reach.
    #[error(
        "`{kernel}`, workgroup {workgroup}, phase {phase}: invocation {waiting} waits at {at} for {operation}, while \
         invocation {other} {elsewhere}"
    )]
    Divergence {
        /// The kernel.
        kernel: String,
        /// The workgroup's index.
        workgroup: u32,
        /// Barriers that the workgroup passed before.
        phase: u32,
        /// An invocation at the barrier.
        waiting: u32,
        /// `file:line:column` of the barrier.
        at: String,
        /// What waits there: `workgroup_barrier`, `subgroup_add`, …
        operation: &'static str,
        /// An invocation that is not there; of a subgroup operation one of the same subgroup, where there is one.
        other: u32,
        /// Where it is: "has returned", "has returned at …" or "waits at … for …".
        elsewhere: String,
    },
    /// A checked run found a mistake.
    #[cfg(feature = "check")]
    #[error(transparent)]
    Check(Box<Mistake>),
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
    subgroup_size: u32,
    precision: Precision,
    #[cfg(feature = "check")]
    schedule: Option<Schedule>,
}

/// What a kernel's `f32` is on the CPU executor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// `f32`, as on a GPU.
    #[default]
    Single,
    /// `f64`, the reference that tolerances are measured against; buffers hold `f64` too. Needs the feature
    /// `reference`.
    Double,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self::with_subgroups_of(32)
    }
}

impl CpuOptions {
    /// Subgroups of `size` invocations, a power of two (WebGPU allows 4 to 128), or as many as a workgroup has.
    pub const fn with_subgroups_of(size: u32) -> Self {
        Self {
            subgroup_size: size,
            precision: Precision::Single,
            #[cfg(feature = "check")]
            schedule: None,
        }
    }

    /// Checks every access to memory and gives turns by this schedule; much slower, and on one thread.
    #[cfg(feature = "check")]
    pub const fn checked(self, schedule: Schedule) -> Self {
        Self { schedule: Some(schedule), ..self }
    }

    /// With this in place of `f32`.
    pub const fn with_precision(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// What `f32` is.
    pub const fn precision(self) -> Precision {
        self.precision
    }

    /// Zeroed memory for a buffer of `len` elements; in checked runs it has no values until they are written.
    pub(crate) fn memory<T: Element>(self, len: usize) -> super::Memory {
        if self.precision == Precision::Double {
            return super::Memory::wide::<T>(len);
        }
        let bytes = len * size_of::<T>();
        #[cfg(feature = "check")]
        if self.schedule.is_some() {
            return super::Memory::watched(bytes);
        }
        super::Memory::new(bytes)
    }
}

/// What an invocation waits for.
#[derive(Debug)]
pub(super) enum Operation {
    WorkgroupBarrier,
    StorageBarrier,
    /// A subgroup operation of this name, which orders no memory.
    Subgroup(&'static str),
}

impl Operation {
    fn name(&self) -> &'static str {
        match self {
            Self::WorkgroupBarrier => "workgroup_barrier",
            Self::StorageBarrier => "storage_barrier",
            Self::Subgroup(name) => name,
        }
    }
}

/// Where an invocation stands when its turn is over.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// What it waits for; nothing where it has returned.
    operation: Option<&'static Operation>,
    /// The call that waits, or the early `return`.
    at: Option<&'static Location<'static>>,
}

impl Place {
    const END: Self = Self { operation: None, at: None };

    fn take() -> Self {
        Self { operation: OPERATION.take(), at: AT.take() }
    }

    fn waits_at(&self, at: &'static Location<'static>) -> bool {
        // Of one call there may be several `Location`s, but mostly there is one.
        self.operation.is_some() && self.at.is_some_and(|other| std::ptr::eq(other, at) || other == at)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.operation.is_some() { "waits" } else { "has returned" })?;
        self.at.map_or(Ok(()), |at| write!(f, " at {at}"))?;
        self.operation.map_or(Ok(()), |operation| write!(f, " for {}", operation.name()))
    }
}

thread_local! {
    static CURRENT: Cell<Invocation> = const { Cell::new(Invocation { workgroup: 0, lane: 0, workgroup_size: 1, subgroup_size: 1 }) };
    static OPERATION: Cell<Option<&'static Operation>> = const { Cell::new(None) };
    static AT: Cell<Option<&'static Location<'static>>> = const { Cell::new(None) };
    #[cfg(feature = "check")]
    static MOMENT: Cell<Moment> = const { Cell::new(Moment { workgroup: 0, phase: 0, storage_epoch: 0, workgroup_epoch: 0 }) };
}

/// The invocation that this thread is running.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// `workgroup_id`, folded to one dimension.
    pub workgroup: u32,
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

    pub(super) fn wait_at(operation: &'static Operation, at: &'static Location<'static>) {
        OPERATION.set(Some(operation));
        AT.set(Some(at));
    }
}

/// Notes where a kernel returns early; `#[kernel]` calls it before a `return`.
#[inline]
#[track_caller]
pub fn returns_here() {
    AT.set(Some(Location::caller()));
}

/// How far the workgroup that this thread runs has come.
#[cfg(feature = "check")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    workgroup: u32,
    phase: u32,
    storage_epoch: u32,
    workgroup_epoch: u32,
}

#[cfg(feature = "check")]
impl Moment {
    pub(crate) fn now() -> Self {
        MOMENT.get()
    }

    /// An access of the invocation that runs now.
    pub(crate) fn trace(self, space: AddressSpace, at: &'static Location<'static>) -> Trace {
        let epoch = match space {
            AddressSpace::Storage => self.storage_epoch,
            AddressSpace::Workgroup => self.workgroup_epoch,
        };
        Trace { at, workgroup: self.workgroup, invocation: Invocation::current().lane, phase: self.phase, epoch }
    }

    /// All invocations passed it: WGSL §17.11 says which memory each barrier orders.
    fn pass(operation: &Operation, at: &'static Location<'static>) {
        let mut moment = Self::now();
        match operation {
            Operation::WorkgroupBarrier => moment.workgroup_epoch += 1,
            Operation::StorageBarrier => moment.storage_epoch += 1,
            Operation::Subgroup(_) => return,
        }
        moment.phase += 1;
        MOMENT.set(moment);
        super::barrier::note_barrier(at);
    }
}

/// One workgroup while it runs.
#[derive(Debug)]
pub struct Phases<'k> {
    kernel: &'k str,
    workgroup: u32,
    workgroup_size: u32,
    subgroup_size: u32,
    #[cfg(feature = "check")]
    schedule: Option<Schedule>,
}

impl Phases<'_> {
    /// The workgroup's index.
    pub fn workgroup_id(&self) -> u32 {
        self.workgroup
    }

    fn enter(&self, lane: u32) {
        let &Self { workgroup, workgroup_size, subgroup_size, .. } = self;
        CURRENT.set(Invocation { workgroup, lane, workgroup_size, subgroup_size });
    }

    /// Workgroup memory for the kernel's argument `name`, of `len` elements.
    pub fn workgroup_memory<T: Stored>(&self, name: &'static str, len: u32) -> WorkgroupMemory<T> {
        #[cfg(feature = "check")]
        if self.schedule.is_some() {
            return WorkgroupMemory::watched(name, len);
        }
        let _ = name;
        WorkgroupMemory::new(len)
    }

    /// The order of turns, where it is not 0, 1, 2, …
    fn order(&self, phase: u32) -> Option<Vec<u32>> {
        let _ = phase;
        #[cfg(feature = "check")]
        if let Some(schedule) = self.schedule {
            return Some(schedule.order(self.workgroup_size, u64::from(self.workgroup) << 32 | u64::from(phase)));
        }
        None
    }

    /// Runs a kernel without barriers: one invocation after the other.
    ///
    /// # Errors
    /// None so far; what stops a kernel reaches [`run`].
    #[inline]
    pub fn run_plain(&self, mut invocation: impl FnMut(u32)) -> Result<(), CpuError> {
        let order = self.order(0);
        for turn in 0..self.workgroup_size {
            let lane = order.as_ref().map_or(turn, |order| order[turn as usize]);
            self.enter(lane);
            invocation(lane);
        }
        Ok(())
    }

    /// Runs a kernel with barriers in a workgroup of one invocation, which never waits for another.
    ///
    /// # Errors
    /// None so far; what stops a kernel reaches [`run`].
    #[inline]
    pub fn run_single(&self, invocation: impl Future<Output = ()>) -> Result<(), CpuError> {
        self.enter(0);
        let mut context = Context::from_waker(Waker::noop());
        let mut future = std::pin::pin!(invocation);
        while future.as_mut().poll(&mut context).is_pending() {}
        Ok(())
    }

    /// Runs a kernel with barriers: polls every invocation to its next barrier, then checks that they met.
    ///
    /// # Errors
    /// [`CpuError::Divergence`] where they did not.
    pub fn run<'f>(&self, invocation: &dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + 'f>>) -> Result<(), CpuError> {
        let mut context = Context::from_waker(Waker::noop());
        super::subgroup::start_workgroup();
        Place::take();
        let mut running: Vec<_> = (0..self.workgroup_size).map(|lane| Some(invocation(lane))).collect();
        let mut places = vec![Place::END; running.len()];
        let mut phase = 0;
        for round in 0.. {
            let order = self.order(round);
            for turn in 0..self.workgroup_size {
                let lane = order.as_ref().map_or(turn, |order| order[turn as usize]);
                let slot = &mut running[lane as usize];
                let Some(future) = slot else { continue };
                self.enter(lane);
                let place = &mut places[lane as usize];
                loop {
                    let ready = future.as_mut().poll(&mut context).is_ready();
                    *place = Place::take();
                    if ready {
                        *slot = None;
                        break;
                    }
                    if !self.leaves_out(place) {
                        break;
                    }
                }
            }
            match self.where_all_met(&places, phase)? {
                None => break,
                Some((operation, _at)) => {
                    phase += u32::from(!matches!(operation, Operation::Subgroup(_)));
                    #[cfg(feature = "check")]
                    if self.schedule.is_some() {
                        Moment::pass(operation, _at);
                    }
                }
            }
        }
        Ok(())
    }

    /// Whether a checked run does without this barrier.
    fn leaves_out(&self, place: &Place) -> bool {
        let _ = place;
        #[cfg(feature = "check")]
        if self.schedule.is_some()
            && let Place { operation: Some(Operation::WorkgroupBarrier | Operation::StorageBarrier), at: Some(at) } =
                place
        {
            return super::barrier::is_left_out(at);
        }
        false
    }

    /// What all invocations wait for and where, nothing where all have returned.
    fn where_all_met(
        &self,
        places: &[Place],
        phase: u32,
    ) -> Result<Option<(&'static Operation, &'static Location<'static>)>, CpuError> {
        let waiting = (0_u32..).zip(places).find_map(|(lane, place)| Some((lane, place.operation?, place.at?)));
        let Some((waiting, operation, at)) = waiting else { return Ok(None) };
        let subgroup = |lane: u32| lane / self.subgroup_size;
        let is_subgroup = matches!(operation, Operation::Subgroup(_));
        let elsewhere = (0_u32..).zip(places).filter(|(_, place)| !place.waits_at(at));
        let Some((other, place)) =
            elsewhere.min_by_key(|(lane, _)| (is_subgroup && subgroup(*lane) != subgroup(waiting), *lane))
        else {
            return Ok(Some((operation, at)));
        };
        let of = if is_subgroup && subgroup(other) == subgroup(waiting) { "of its subgroup " } else { "" };
        Err(CpuError::Divergence {
            kernel: self.kernel.to_owned(),
            workgroup: self.workgroup,
            phase,
            waiting,
            at: at.to_string(),
            operation: operation.name(),
            other,
            elsewhere: format!("{of}{place}"),
        })
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
    // Not generic: the walk over workgroups is compiled once, and not for each of a program's variants.
    body: &(dyn Fn(&Phases<'_>) -> Result<(), CpuError> + Sync),
) -> Result<(), CpuError> {
    let subgroup_size = options.subgroup_size.min(workgroup_size.next_power_of_two());
    let one = |workgroup: u32| {
        let phases = Phases {
            kernel,
            workgroup,
            workgroup_size,
            subgroup_size,
            #[cfg(feature = "check")]
            schedule: options.schedule,
        };
        catch_unwind(AssertUnwindSafe(|| body(&phases))).unwrap_or_else(|payload| {
            #[cfg(feature = "check")]
            let payload = match payload.downcast::<Problem>() {
                Ok(problem) => {
                    return Err(CpuError::Check(Box::new(Mistake { kernel: kernel.to_owned(), problem: *problem })));
                }
                Err(payload) => payload,
            };
            Err(CpuError::Kernel {
                kernel: kernel.to_owned(),
                workgroup,
                invocation: Invocation::current().lane,
                message: panic_message(&*payload),
            })
        })
    };
    let traced = Running::of(kernel, options.precision);
    #[cfg(feature = "check")]
    if let Some(schedule) = options.schedule {
        return run_checked(kernel, groups, schedule, one);
    }
    if traced.is_some() {
        // In order, and where the collector is.
        return (0..groups).try_for_each(one);
    }
    for_each_workgroup(groups, one)
}

#[cfg(feature = "check")]
fn run_checked(
    kernel: &str,
    groups: u32,
    schedule: Schedule,
    one: impl Fn(u32) -> Result<(), CpuError>,
) -> Result<(), CpuError> {
    let outcome = schedule.order(groups, 0).into_iter().try_for_each(|workgroup| {
        MOMENT.set(Moment { workgroup, phase: 0, storage_epoch: 0, workgroup_epoch: 0 });
        one(workgroup)
    });
    let is_race =
        |error: &CpuError| matches!(error, CpuError::Check(mistake) if matches!(mistake.problem, Problem::Race { .. }));
    // What an invocation did with a value that it should not have read explains nothing; a race does.
    match take_suspicion() {
        Some(problem) if !outcome.as_ref().is_err_and(is_race) => {
            Err(CpuError::Check(Box::new(Mistake { kernel: kernel.to_owned(), problem })))
        }
        _ => outcome,
    }
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
