//! Checks of a kernel by running its own Rust on the CPU with shadow memory: data races, barriers and subgroup
//! operations that only some invocations reach, indices out of bounds, and reads of what nobody wrote. The same trial is
//! run under several schedules and subgroup sizes, and its outputs must be the same bits in each.

mod mistake;
mod schedule;
mod shadow;
mod watched;

use std::fmt;
use std::panic::Location;

pub use crate::storage::AccessKind;
pub use mistake::{AddressSpace, Event, Index, Mistake, Problem};
pub use schedule::Schedule;
pub(crate) use shadow::{Shadow, Trace};
pub(crate) use watched::{SharedShadow, Watched, lock, take_suspicion};

use crate::cpu::{CpuOptions, leave_out, take_barriers, take_widest_use};
use crate::dispatch::{Device, DispatchError};
use crate::trial::{Output, Trial};

/// Checks a trial with the default [`Check`].
///
/// ```
/// # use kernel::prelude::*;
/// #[kernel(workgroup = 64, groups = 1)]
/// async fn reverse(lane: LocalIndex, x: &mut Storage<f32>, #[len = 64] row: &mut Workgroup<f32>) {
///     row[lane] = x[lane];
///     workgroup_barrier().await;
///     x[lane] = row[63 - lane];
/// }
///
/// # fn main() -> Result<(), kernel::check::CheckError> {
/// kernel::check(|trial| {
///     let mut x = trial.changed("x", &[1.0; 64])?;
///     reverse::Kernel::dispatch(trial, (), reverse::Args { x: &mut x })?;
///     Ok(())
/// })
/// # }
/// ```
///
/// # Errors
/// The first mistake that a schedule brings to light.
pub fn check(case: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> Result<(), CheckError> {
    Check::new().run(case)
}

/// How thoroughly a trial is checked.
#[derive(Clone, Debug)]
pub struct Check {
    subgroup_sizes: Vec<u32>,
    schedules: u32,
    without: Option<&'static Location<'static>>,
}

impl Default for Check {
    fn default() -> Self {
        Self { subgroup_sizes: vec![4, 8, 16, 32, 64, 128], schedules: 4, without: None }
    }
}

impl Check {
    /// Every subgroup size that WebGPU allows, and four schedules: forward, reverse and two shuffled ones.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only these subgroup sizes, powers of two. A trial that uses no subgroups is run with the first alone, and none
    /// is run twice because its workgroups are smaller than a subgroup.
    pub fn subgroup_sizes(self, sizes: impl IntoIterator<Item = u32>) -> Self {
        Self { subgroup_sizes: sizes.into_iter().collect(), ..self }
    }

    /// The first `count` of the schedules: forward, reverse, then shuffled.
    pub fn schedules(self, count: u32) -> Self {
        Self { schedules: count, ..self }
    }

    /// As if the barrier that is called at this place were not there: how a test shows that it is needed.
    pub fn without_barrier(self, at: &'static Location<'static>) -> Self {
        Self { without: Some(at), ..self }
    }

    /// Where the trial's workgroups meet at barriers, in all its runs.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub fn barriers(
        &self,
        case: impl Fn(&mut Trial) -> Result<(), DispatchError>,
    ) -> Result<Vec<&'static Location<'static>>, CheckError> {
        take_barriers();
        self.run(case)?;
        Ok(take_barriers())
    }

    /// Runs the trial under every schedule and subgroup size.
    ///
    /// # Errors
    /// The first mistake found, or what the trial itself reports.
    pub fn run(&self, case: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> Result<(), CheckError> {
        leave_out(self.without);
        let outcome = self.run_all(case);
        leave_out(None);
        outcome
    }

    fn run_all(&self, case: impl Fn(&mut Trial) -> Result<(), DispatchError>) -> Result<(), CheckError> {
        let mut tried = Vec::new();
        let mut widest = u32::MAX;
        for size in &self.subgroup_sizes {
            let size = (*size).min(widest);
            if tried.contains(&size) || widest == 0 {
                continue;
            }
            tried.push(size);
            take_widest_use();
            let mut first: Option<(Circumstances, Vec<Output>)> = None;
            for schedule in Schedule::first(self.schedules) {
                let device = Device::Cpu(CpuOptions::with_subgroups_of(size).checked(schedule));
                let outcome = Trial::describe(&device, &case).and_then(Trial::run);
                let used = take_widest_use();
                widest = if used == 0 { 0 } else { used.next_power_of_two() };
                let under = Circumstances { schedule, subgroup_size: size };
                let outputs = outcome.map_err(|error| CheckError::Run { error: Box::new(error), under })?;
                match &first {
                    None => first = Some((under, outputs)),
                    Some((before, expected)) => same(*before, expected, under, &outputs)?,
                }
            }
        }
        Ok(())
    }
}

fn same(
    before: Circumstances,
    expected: &[Output],
    under: Circumstances,
    outputs: &[Output],
) -> Result<(), CheckError> {
    for (expected, output) in expected.iter().zip(outputs) {
        if expected.bytes == output.bytes {
            continue;
        }
        let (a, b) = (expected.values(), output.values());
        let differs = |(a, b): (&f64, &f64)| a.to_bits() != b.to_bits();
        let element = a.iter().zip(&b).position(differs).unwrap_or_default();
        let value = |values: &[f64]| values.get(element).map_or_else(String::new, f64::to_string);
        return Err(CheckError::OutputsDiffer(Box::new(Difference {
            output: output.name.clone(),
            element,
            values: [value(&a), value(&b)],
            under: [before, under],
        })));
    }
    Ok(())
}

/// What a device may choose, as it was in one run of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// The order of turns.
    pub schedule: Schedule,
    /// Invocations in a subgroup.
    pub subgroup_size: u32,
}

impl fmt::Display for Circumstances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invocations {}, subgroups of {}", self.schedule, self.subgroup_size)
    }
}

/// A checked trial failed. Its `Debug` is its `Display`, which is what a test shows that returns it.
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum CheckError {
    /// A kernel made a mistake, [`CpuError::Check`](crate::cpu::CpuError::Check) and its like, or the trial could not be
    /// run.
    #[error("{error} [{under}]")]
    Run {
        /// What happened.
        error: Box<DispatchError>,
        /// Where.
        under: Circumstances,
    },
    /// The outputs depend on the order of turns, though no race was seen.
    #[error(transparent)]
    OutputsDiffer(Box<Difference>),
}

/// An output that is not the same in two schedules.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "output `{output}` depends on the order of invocations: its number {element} is {} [{}], but {} [{}]",
    values[0], under[0], values[1], under[1]
)]
pub struct Difference {
    /// The output's name in the trial.
    pub output: String,
    /// The first scalar that differs.
    pub element: usize,
    /// Its values.
    pub values: [String; 2],
    /// The two runs.
    pub under: [Circumstances; 2],
}

impl fmt::Debug for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
