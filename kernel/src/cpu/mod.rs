//! Kernels on the CPU: the author's own function, called for every invocation. Barriers are awaits, so the invocations
//! of a workgroup take turns phase by phase on one thread; workgroups spread over the cores.

mod barrier;
mod executor;
mod memory;
mod subgroup;
mod uniform_load;

pub use barrier::{Barrier, storage_barrier, workgroup_barrier};
#[cfg(feature = "check")]
pub(crate) use barrier::{leave_out, take_barriers};
#[cfg(feature = "check")]
pub(crate) use executor::Moment;
pub use executor::{CpuError, CpuOptions, Invocation, Phases, Precision, returns_here, run};
pub(crate) use memory::wide_bytes;
pub use memory::{Binding, Memory, WorkgroupMemory};
#[cfg(feature = "check")]
pub(crate) use subgroup::take_widest_use;
pub use subgroup::{
    Collective, CollectiveBits, SubgroupOp, subgroup_add, subgroup_all, subgroup_and, subgroup_any, subgroup_ballot,
    subgroup_broadcast, subgroup_broadcast_first, subgroup_exclusive_add, subgroup_exclusive_mul,
    subgroup_inclusive_add, subgroup_inclusive_mul, subgroup_invocation_id, subgroup_max, subgroup_min, subgroup_mul,
    subgroup_or, subgroup_shuffle, subgroup_shuffle_down, subgroup_shuffle_up, subgroup_shuffle_xor, subgroup_size,
    subgroup_xor,
};

pub use uniform_load::workgroup_uniform_load;

/// Reports an index outside of its array; the executor turns it into [`CpuError::Kernel`].
#[cold]
#[inline(never)]
#[allow(clippy::panic, reason = "caught by the executor, which names the kernel and the line")]
pub(crate) fn out_of_bounds(what: &str, index: usize, len: usize, at: &std::panic::Location<'_>) -> ! {
    panic!("index {index} is outside of a {what} of {len} elements, at {}:{}", at.file(), at.line())
}
