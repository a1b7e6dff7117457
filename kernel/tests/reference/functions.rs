//! Kernels and device functions: builtins, params, bindings, pointers, generics, traits.

use kernel::prelude::*;

#[kernel(workgroup = 2, groups = 3)]
fn builtin_values(group: WorkgroupId, lane: LocalIndex, id: GlobalId, x: &Storage<u32>, y: &mut Storage<u32>) {
    y[id] = group * 100 + lane * 10 + x[0];
}

#[params]
struct Scale {
    n: u32,
    factor: f32,
    offset: Vec2<f32>,
}

#[kernel(workgroup = 4, groups = params.n.div_ceil(4))]
fn with_params(id: GlobalId, params: &Scale, x: &Storage<f32>, y: &mut Storage<f32>) {
    if id < params.n {
        y[id] = x[id] * params.factor + params.offset.y;
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn lengths(x: &Storage<u32>, y: &mut Storage<u32>) {
    for i in 0..x[0] {
        y[i] = x[0] - i;
    }
}

#[device]
fn weight(x: f32) -> f32 {
    x * x
}

#[device]
fn weighted_pair(x: &Storage<f32>, i: u32) -> f32 {
    weight(x[i]) + weight(x[i + 1])
}

#[kernel(workgroup = 1, groups = 1)]
fn device_function(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = weighted_pair(x, 0);
    y[1] = weighted_pair(x, 1);
}

#[device]
fn accumulate(sum: &mut f32, last: &mut [f32; 2], value: f32) {
    *sum += value;
    last[1] = *sum;
}

#[kernel(workgroup = 1, groups = 1)]
fn pointers(x: &Storage<f32>, y: &mut Storage<f32>) {
    let mut sum = 1.0f32;
    let mut last = [0.0f32; 2];
    accumulate(&mut sum, &mut last, x[0]);
    accumulate(&mut sum, &mut last, x[1]);
    y[0] = sum + last[1];
}

#[device]
trait Activation {
    const SLOPE: f32;
    fn apply(x: f32) -> f32;
    fn twice(x: f32) -> f32 {
        Self::apply(Self::apply(x))
    }
}

struct Leaky;

#[device]
impl Activation for Leaky {
    const SLOPE: f32 = 0.25;
    fn apply(x: f32) -> f32 {
        if x < 0.0 { x * Self::SLOPE } else { x }
    }
}

#[device]
fn activated<A: Activation, const TIMES: u32>(x: f32) -> f32 {
    if TIMES == 2 { A::twice(x) } else { A::apply(x) * A::SLOPE }
}

#[kernel(workgroup = 1, groups = 1)]
fn traits_and_generics(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = activated::<Leaky, 2>(x[0]);
    y[1] = activated::<Leaky, 1>(x[0]);
}

#[device]
fn doubled<T: Value + kernel::ops::Add<Output = T>>(x: T) -> T {
    x + x
}

#[kernel(workgroup = 1, groups = 1)]
fn generic_values(x: &Storage<f32>, y: &mut Storage<f32>) {
    y[0] = doubled(x[0]);
    y[1] = doubled(vec2(x[0], x[1])).y;
}

#[kernel(workgroup = 4, groups = 1)]
async fn barrier(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>, #[len = 4] shared: &mut Workgroup<u32>) {
    shared[lane] = x[lane];
    workgroup_barrier().await;
    y[lane] = shared[3 - lane];
}

#[kernel(workgroup = 4, groups = 1)]
async fn storage_phases(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>) {
    y[lane] = x[lane];
    storage_barrier().await;
    let other = y[lane ^ 1];
    storage_barrier().await;
    y[lane] += other;
}

#[kernel(workgroup = 4, groups = 1)]
async fn uniform_load(lane: LocalIndex, x: &Storage<u32>, y: &mut Storage<u32>, #[len = 1] bound: &mut Workgroup<u32>) {
    if lane == 2 {
        bound[0] = x[0];
    }
    let end = workgroup_uniform_load(&bound[0]).await;
    if lane == 1 {
        bound[0] = 7;
    }
    for i in 0..end {
        workgroup_barrier().await;
        y[lane] += i + lane;
    }
}

crate::rows! { "functions.rs":
    builtin_values "builtin values", [5u32] => [5u32, 15, 105, 115, 205, 215],
        "The grid has one dimension of any length; WGSL's is folded past 65,535 workgroups.";
    with_params (Scale { n: 3, factor: 2.0, offset: Vec2::new(9.0, 0.5) }) "params", [1.0f32, 2.0, 3.0, 4.0]
            => [2.5f32, 4.5, 6.5, 0.0],
        "A struct by value with each dispatch, laid out as WGSL's uniform address space asks.";
    lengths "storage buffers", [3u32] => [3u32, 2, 1],
        "`&Storage` is `read`, `&mut Storage` is `read_write`. An index out of bounds stops the kernel with its line.";
    device_function "`#[device]` functions", [1.0f32, 2.0, 3.0] => [5.0f32, 13.0],
        "The function itself. WGSL gets one for each set of bindings and generics.";
    pointers "pointers to variables", [2.0f32, 3.0] => [12.0f32], "References, as in Rust.";
    traits_and_generics "traits and const generics", [-8.0f32] => [-0.5f32, -0.5],
        "As in Rust; an `if` on a constant is decided when the variant is emitted.";
    generic_values "generic values", [1.5f32, 2.5] => [3.0f32, 5.0], "As in Rust.";
    barrier "`workgroup_barrier`", [1u32, 2, 3, 4] => [4u32, 3, 2, 1],
        "All invocations of the workgroup are run up to it; one that is missing is an error that names both.";
    storage_phases "`storage_barrier`", [1u32, 2, 3, 4] => [3u32, 3, 7, 7], "As `workgroup_barrier`.";
    uniform_load "`workgroup_uniform_load`", [2u32] => [1u32, 3, 5, 7],
        "Two barriers with a read between; the value is uniform, so it may bound a loop with barriers.";
}
