//! A histogram: counted in workgroup memory first, where atomics are cheap, then added to what all workgroups share.

use kernel::prelude::*;

/// Values that are counted: those below.
pub const BINS: u32 = 256;

/// Shape of [`fn@histogram`].
#[params]
pub struct HistogramParams {
    /// Values in `x`.
    pub n: u32,
    /// Workgroups that share them.
    pub groups: u32,
}

/// Adds to `counts[v]` how often `v` occurs in `x`; values of [`BINS`] and more are left out.
#[kernel(
    workgroup = BINS,
    groups = params.groups,
    requires(x.len() >= params.n, counts.len() >= BINS)
)]
pub async fn histogram(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &HistogramParams,
    x: &Storage<u32>,
    counts: &mut Storage<Atomic<u32>>,
    #[len = BINS] own: &mut Workgroup<Atomic<u32>>,
) {
    atomic_store(&own[lane], 0);
    workgroup_barrier().await;
    for i in strided(group * BINS + lane, params.n, params.groups * BINS) {
        let value = x[i];
        if value < BINS {
            atomic_add(&own[value], 1);
        }
    }
    workgroup_barrier().await;
    let count = atomic_load(&own[lane]);
    if count > 0 {
        atomic_add(&counts[lane], count);
    }
}
