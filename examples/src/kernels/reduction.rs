//! Many values into one: each workgroup combines its share in workgroup memory, and a second dispatch what they leave.

use kernel::prelude::*;

/// Invocations in a workgroup.
pub const WIDTH: u32 = 256;
const LEVELS: u32 = WIDTH.trailing_zeros();

/// How two values become one. A kernel that is generic over it is written once and emitted for each.
#[device]
pub trait Combine: 'static {
    /// What changes nothing.
    const IDENTITY: f32;
    /// The two values' result; their order must not matter.
    fn combine(a: f32, b: f32) -> f32;
}

/// Addition.
pub struct Sum;

#[device]
impl Combine for Sum {
    const IDENTITY: f32 = 0.0;
    fn combine(a: f32, b: f32) -> f32 {
        a + b
    }
}

/// The greater of two.
pub struct Greatest;

#[device]
impl Combine for Greatest {
    const IDENTITY: f32 = f32::MIN;
    fn combine(a: f32, b: f32) -> f32 {
        max(a, b)
    }
}

/// Combines one value of each invocation; every invocation gets the result. `scratch` holds [`WIDTH`] values and is free
/// again when the call returns.
#[device]
pub async fn over_workgroup<C: Combine>(own: f32, lane: u32, scratch: &mut Workgroup<f32>) -> f32 {
    scratch[lane] = own;
    workgroup_barrier().await;
    #[unroll]
    for level in 0..LEVELS {
        if lane < WIDTH >> (level + 1) {
            scratch[lane] = C::combine(scratch[lane], scratch[lane + (WIDTH >> (level + 1))]);
        }
        workgroup_barrier().await;
    }
    let result = scratch[0];
    workgroup_barrier().await;
    result
}

/// Shape of [`fn@reduce`].
#[params]
pub struct ReduceParams {
    /// Values in `x`.
    pub n: u32,
    /// Workgroups, and values in `y`.
    pub groups: u32,
}

/// `y[g]` is what workgroup `g` makes of its share of `x`.
#[kernel(workgroup = WIDTH, groups = params.groups, requires(x.len() >= params.n, y.len() >= params.groups))]
pub async fn reduce<C: Combine>(
    group: WorkgroupId,
    lane: LocalIndex,
    params: &ReduceParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = WIDTH] scratch: &mut Workgroup<f32>,
) {
    let mut own = C::IDENTITY;
    // Neighbours read neighbours, and workgroups take turns.
    for i in strided(group * WIDTH + lane, params.n, params.groups * WIDTH) {
        own = C::combine(own, x[i]);
    }
    let result = over_workgroup::<C>(own, lane, scratch).await;
    if lane == 0 {
        y[group] = result;
    }
}
