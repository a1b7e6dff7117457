//! Prefix sums of any length: blocks are scanned, their totals are scanned the same way, and added.

use kernel::prelude::*;

/// Invocations in a workgroup.
const WIDTH: u32 = 256;
const LEVELS: u32 = WIDTH.trailing_zeros();
/// Values of an invocation.
const OWN: usize = 8;
/// Values that a workgroup scans.
pub const BLOCK: u32 = WIDTH * OWN as u32;

/// Shape of [`fn@scan_blocks`] and [`fn@add_totals`].
#[params]
pub struct ScanParams {
    /// Values.
    pub n: u32,
}

/// `y[i]` is the sum of `x` from its block's start up to and with `x[i]`, modulo 2³²; `totals[b]` is the sum of block `b`.
#[kernel(
    workgroup = WIDTH,
    groups = params.n.div_ceil(BLOCK),
    requires(x.len() >= params.n, y.len() >= params.n, totals.len() * BLOCK >= params.n)
)]
pub async fn scan_blocks(
    block: WorkgroupId,
    lane: LocalIndex,
    params: &ScanParams,
    x: &Storage<u32>,
    y: &mut Storage<u32>,
    totals: &mut Storage<u32>,
    #[len = BLOCK] values: &mut Workgroup<u32>,
    #[len = WIDTH] sums: &mut Workgroup<u32>,
) {
    // Storage is read and written by neighbours side by side; in between each invocation sums values in a row.
    #[unroll]
    for i in 0..OWN {
        let at = i as u32 * WIDTH + lane;
        if block * BLOCK + at < params.n {
            values[at] = x[block * BLOCK + at];
        } else {
            values[at] = 0;
        }
    }
    workgroup_barrier().await;
    let mut own = [0u32; OWN];
    let mut sum = 0u32;
    #[unroll]
    for i in 0..OWN {
        sum += values[lane * OWN as u32 + i as u32];
        own[i] = sum;
    }
    sums[lane] = sum;
    workgroup_barrier().await;
    #[unroll]
    for level in 0..LEVELS {
        let mut before = 0u32;
        if lane >= 1 << level {
            before = sums[lane - (1 << level)];
        }
        workgroup_barrier().await;
        sums[lane] += before;
        workgroup_barrier().await;
    }
    let before = sums[lane] - sum;
    #[unroll]
    for i in 0..OWN {
        values[lane * OWN as u32 + i as u32] = before + own[i];
    }
    workgroup_barrier().await;
    #[unroll]
    for i in 0..OWN {
        let at = i as u32 * WIDTH + lane;
        if block * BLOCK + at < params.n {
            y[block * BLOCK + at] = values[at];
        }
    }
    if lane == 0 {
        totals[block] = sums[WIDTH - 1];
    }
}

/// Adds to every block of `y` the total of all blocks before it; `totals` holds their prefix sums.
#[kernel(
    workgroup = WIDTH,
    groups = params.n.div_ceil(BLOCK),
    requires(y.len() >= params.n, totals.len() * BLOCK >= params.n)
)]
pub fn add_totals(
    block: WorkgroupId,
    lane: LocalIndex,
    params: &ScanParams,
    totals: &Storage<u32>,
    y: &mut Storage<u32>,
) {
    if block > 0 {
        for i in strided(block * BLOCK + lane, min((block + 1) * BLOCK, params.n), WIDTH) {
            y[i] += totals[block - 1];
        }
    }
}
