//! What [`trace!`](crate::trace!) in a kernel shows. On the CPU executor it is an event of the crate `tracing`, at its
//! level `TRACE` and with the target `kernel::trace`, or it is handed to [`collect`]. Dispatches that someone follows
//! run workgroup by workgroup on the calling thread, so that the lines are in order.

use std::cell::RefCell;
use std::fmt::{self, Debug, Display};
use std::panic::Location;

use crate::cpu::{Invocation, Precision};

/// The target of the events.
const TARGET: &str = "kernel::trace";

/// What one invocation showed at one `trace!`.
///
/// Its `Display` is a line: `` `scale`, workgroup 0, invocation 2, at src/kernels.rs:12:5: id = 2, x[id] = 0.5 ``.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// The kernel's variant; empty where a device function was called by itself, in no dispatch.
    pub kernel: String,
    /// What its `f32` is: `Double` in the f64 reference.
    pub precision: Precision,
    /// `workgroup_id`, folded to one dimension.
    pub workgroup: u32,
    /// `local_invocation_index`.
    pub invocation: u32,
    /// The `trace!`.
    pub at: &'static Location<'static>,
    /// Each value as it is written there, and as its `Debug` shows it.
    pub values: Vec<(&'static str, String)>,
}

impl Traced {
    /// The value that is written so at the `trace!`, as its `Debug` shows it: `traced.value("x[id]") == Some("0.5")`.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

impl Display for Traced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kernel, precision, workgroup, invocation, at, values } = self;
        if !kernel.is_empty() {
            let over = if *precision == Precision::Double { " over f64" } else { "" };
            write!(f, "`{kernel}`{over}, workgroup {workgroup}, invocation {invocation}, at ")?;
        }
        write!(f, "{at}{}", if values.is_empty() { "" } else { ": " })?;
        Listed(values).fmt(f)
    }
}

struct Listed<'v>(&'v [(&'static str, String)]);

impl Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name} = {value}", if index == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

thread_local! {
    static COLLECTED: RefCell<Option<Vec<Traced>>> = const { RefCell::new(None) };
    static RUNNING: RefCell<Option<(String, Precision)>> = const { RefCell::new(None) };
}

/// Runs a function, and gives what the kernels and device functions that it runs on the CPU executor traced, in the
/// order in which it happened. `tracing` gets nothing of it.
///
/// ```
/// # use kernel::prelude::*;
/// # use kernel::dispatch::{Device, DispatchError, Recorder};
/// #[kernel(workgroup = 4, groups = 1)]
/// fn square(id: GlobalId, x: &Storage<f32>, y: &mut Storage<f32>) {
///     y[id] = x[id] * x[id];
///     if id == 2 {
///         trace!(id, y[id]);
///     }
/// }
///
/// # fn main() -> Result<(), DispatchError> {
/// let device = Device::Cpu(Default::default());
/// let x = device.upload(&[1.0f32, 2.0, 3.0, 4.0], "x")?;
/// let mut y = device.create(4, "y")?;
/// let mut recorder = Recorder::new(&device, "squares");
/// square::Kernel::dispatch(&mut recorder, (), square::Args { x: &x, y: &mut y })?;
/// let (outcome, traced) = kernel::trace::collect(|| recorder.run());
/// outcome?;
/// assert_eq!(traced.len(), 1);
/// assert_eq!(traced[0].value("y[id]"), Some("9.0"));
/// # Ok(())
/// # }
/// ```
pub fn collect<R>(run: impl FnOnce() -> R) -> (R, Vec<Traced>) {
    /// Puts an outer collector back, also where `run` panics.
    struct Outer(Option<Vec<Traced>>);
    impl Drop for Outer {
        fn drop(&mut self) {
            COLLECTED.set(self.0.take());
        }
    }
    let _outer = Outer(COLLECTED.replace(Some(Vec::new())));
    let result = run();
    (result, COLLECTED.take().unwrap_or_default())
}

/// Whether anyone follows what is traced; `trace!` asks before it looks at its values.
#[doc(hidden)]
#[inline]
pub fn is_wanted() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::TRACE) || COLLECTED.with_borrow(Option::is_some)
}

/// A value as it is shown.
#[doc(hidden)]
pub fn text(value: impl Debug) -> String {
    format!("{value:?}")
}

/// Hands values on to who follows them.
#[doc(hidden)]
#[cold]
#[track_caller]
pub fn note(values: &[(&'static str, String)]) {
    let Invocation { workgroup, lane, .. } = Invocation::current();
    let (kernel, precision) = RUNNING.with_borrow(Clone::clone).unwrap_or_default();
    let (workgroup, invocation) = if kernel.is_empty() { (0, 0) } else { (workgroup, lane) };
    let at = Location::caller();
    let traced = Traced { kernel, precision, workgroup, invocation, at, values: values.to_vec() };
    let Some(traced) = COLLECTED.with_borrow_mut(|collected| match collected {
        Some(collected) => {
            collected.push(traced);
            None
        }
        None => Some(traced),
    }) else {
        return;
    };
    tracing::trace!(target: TARGET, kernel = traced.kernel, workgroup, invocation, %at, "{}", Listed(values));
}

/// A dispatch on this thread whose traces someone follows.
pub(crate) struct Running;

impl Running {
    /// The dispatch of this kernel; `None` where nobody follows.
    pub fn of(kernel: &str, precision: Precision) -> Option<Self> {
        is_wanted().then(|| {
            RUNNING.set(Some((kernel.to_owned(), precision)));
            Self
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.set(None);
    }
}
