//! Reductions over the invocations of a workgroup: a tree through workgroup memory, and its twin over subgroups.

use kernel::prelude::*;

/// How a workgroup of `WIDTH` invocations combines one value of each; every invocation gets the result.
///
/// `scratch` holds at least [`SCRATCH`](Reduce::SCRATCH) values and may be reused as soon as the call returns.
#[device]
pub trait Reduce: 'static {
    /// Invocations in the workgroup, a power of two.
    const WIDTH: u32;
    /// Values of workgroup memory that a reduction needs.
    const SCRATCH: u32;
    /// The sum over the workgroup.
    async fn sum(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32;
    /// The greatest value of the workgroup.
    async fn max(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32;
    /// The sums of `N` values of each invocation, in place, between one pair of barriers; `scratch` holds `N·SCRATCH`.
    async fn sums<const N: usize>(values: &mut [f32; N], lane: u32, scratch: &mut Workgroup<f32>);
}

/// A tree: log2(W) steps, each half as wide as the one before. Works on every device.
pub struct Tree<const W: u32>;

/// Each subgroup reduces its own values, then every invocation combines the subgroups' results. Needs `subgroups`.
pub struct Subgroups<const W: u32>;

impl<const W: u32> Tree<W> {
    const LEVELS: u32 = W.trailing_zeros();
}

#[device]
impl<const W: u32> Reduce for Tree<W> {
    const WIDTH: u32 = W;
    const SCRATCH: u32 = W;

    async fn sum(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
        if W == 1 {
            value
        } else {
            scratch[lane] = value;
            workgroup_barrier().await;
            #[unroll]
            for level in 0..Self::LEVELS {
                if lane < W >> (level + 1) {
                    scratch[lane] += scratch[lane + (W >> (level + 1))];
                }
                workgroup_barrier().await;
            }
            let total = scratch[0];
            workgroup_barrier().await;
            total
        }
    }

    async fn max(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
        if W == 1 {
            value
        } else {
            scratch[lane] = value;
            workgroup_barrier().await;
            #[unroll]
            for level in 0..Self::LEVELS {
                if lane < W >> (level + 1) {
                    scratch[lane] = max(scratch[lane], scratch[lane + (W >> (level + 1))]);
                }
                workgroup_barrier().await;
            }
            let greatest = scratch[0];
            workgroup_barrier().await;
            greatest
        }
    }

    async fn sums<const N: usize>(values: &mut [f32; N], lane: u32, scratch: &mut Workgroup<f32>) {
        if W != 1 {
            #[unroll]
            for n in 0..N {
                scratch[n as u32 * W + lane] = values[n];
            }
            workgroup_barrier().await;
            #[unroll]
            for level in 0..Self::LEVELS {
                if lane < W >> (level + 1) {
                    #[unroll]
                    for n in 0..N {
                        scratch[n as u32 * W + lane] += scratch[n as u32 * W + lane + (W >> (level + 1))];
                    }
                }
                workgroup_barrier().await;
            }
            #[unroll]
            for n in 0..N {
                values[n] = scratch[n as u32 * W];
            }
            workgroup_barrier().await;
        }
    }
}

#[device]
impl<const W: u32> Reduce for Subgroups<W> {
    const WIDTH: u32 = W;
    // Subgroups have 4 invocations or more (WebGPU's subgroupMinSize).
    const SCRATCH: u32 = W.div_ceil(4);

    async fn sum(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
        let own = subgroup_add(value).await;
        if subgroup_invocation_id() == 0 {
            scratch[lane / subgroup_size()] = own;
        }
        workgroup_barrier().await;
        let mut total = 0.0f32;
        for subgroup in 0..W / subgroup_size() + u32(W % subgroup_size() != 0) {
            total += scratch[subgroup];
        }
        workgroup_barrier().await;
        total
    }

    async fn max(value: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
        let own = subgroup_max(value).await;
        if subgroup_invocation_id() == 0 {
            scratch[lane / subgroup_size()] = own;
        }
        workgroup_barrier().await;
        let mut greatest = scratch[0];
        for subgroup in 1..W / subgroup_size() + u32(W % subgroup_size() != 0) {
            greatest = max(greatest, scratch[subgroup]);
        }
        workgroup_barrier().await;
        greatest
    }

    async fn sums<const N: usize>(values: &mut [f32; N], lane: u32, scratch: &mut Workgroup<f32>) {
        #[unroll]
        for n in 0..N {
            let own = subgroup_add(values[n]).await;
            if subgroup_invocation_id() == 0 {
                scratch[n as u32 * Self::SCRATCH + lane / subgroup_size()] = own;
            }
        }
        workgroup_barrier().await;
        let subgroups = W / subgroup_size() + u32(W % subgroup_size() != 0);
        #[unroll]
        for n in 0..N {
            let mut total = 0.0f32;
            for subgroup in 0..subgroups {
                total += scratch[n as u32 * Self::SCRATCH + subgroup];
            }
            values[n] = total;
        }
        workgroup_barrier().await;
    }
}
