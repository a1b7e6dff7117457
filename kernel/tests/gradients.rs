//! `#[differentiable]` over every construct of the language that it takes: the derived gradients, on the CPU and on a
//! GPU where there is one, against central differences of the same formula in f64.
#![allow(
    dead_code,
    unused_assignments,
    clippy::approx_constant,
    clippy::manual_range_contains,
    reason = "the functions show every shape that an author may write; what is called are their gradients"
)]

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, Recorder};
use kernel::gpu::{AdapterSelection, Gpu, GpuOptions};
use kernel::prelude::*;

/// A function of two values.
#[device]
pub trait Sample: 'static {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32;
}

/// The same formula in f64.
trait Exact: Sample {
    fn exact(a: f64, b: f64) -> f64;
}

/// How many pairs.
#[params]
pub struct GradientParams {
    pub n: u32,
}

#[kernel(workgroup = 64, groups = params.n.div_ceil(64))]
pub fn gradients<F: Sample>(
    at: GlobalId,
    params: &GradientParams,
    a: &Storage<f32>,
    b: &Storage<f32>,
    by_a: &mut Storage<f32>,
    by_b: &mut Storage<f32>,
) {
    if at < params.n {
        let gradient = F::value_gradient(a[at], b[at], 2.0);
        by_a[at] = gradient.a;
        by_b[at] = gradient.b;
    }
}

kernel::variants! {
    fn samples;
    for F in [Arithmetic, Functions, Bounds, Reassigned, Chosen, Changed, Nested, Unrolled, Calls, Vectors, Stopped] {
        gradients::<F>;
    }
    gradients::<Constant<true>>;
    gradients::<Constant<false>>;
}

fn devices() -> Vec<Device> {
    let mut devices = vec![Device::Cpu(CpuOptions::default())];
    let table = kernel::emit::table(samples());
    match pollster::block_on(Gpu::request(&AdapterSelection::Default, table, GpuOptions::default())) {
        Ok(gpu) => devices.push(Device::Gpu(gpu)),
        Err(error) => {
            let required = std::env::var_os("GEMMULE_REQUIRE_GPU").is_some_and(|value| value == "1");
            assert!(!required, "GEMMULE_REQUIRE_GPU=1, but: {error}");
            eprintln!("SKIPPED on a GPU, run on the CPU executor alone: {error}");
        }
    }
    devices
}

/// Pairs on both sides of every condition of the samples, none on a bend.
fn pairs() -> (Vec<f32>, Vec<f32>) {
    let a = [-2.3, -0.7, -0.2, 0.1, 0.4, 0.9, 1.6, 3.1];
    let b = [0.15, 0.35, 0.8, 1.4, 2.6];
    a.iter().flat_map(|a| b.iter().map(move |b| (*a, *b))).unzip()
}

fn check<F: Exact>() {
    let (a, b) = pairs();
    for device in devices() {
        let upload = |values: &[f32]| device.upload(values, "pairs").expect("the buffers are small");
        let (a_values, b_values) = (upload(&a), upload(&b));
        let (mut by_a, mut by_b) = (upload(&vec![f32::NAN; a.len()]), upload(&vec![f32::NAN; a.len()]));
        let mut recorder = Recorder::new(&device, "gradients");
        let args = gradients::Args { a: &a_values, b: &b_values, by_a: &mut by_a, by_b: &mut by_b };
        gradients::Kernel::<F>::dispatch(&mut recorder, GradientParams { n: a.len() as u32 }, args).expect("it fits");
        recorder.run().expect("it runs");
        let by_a = pollster::block_on(device.read(&by_a, 0..a.len())).expect("the range is the buffer's");
        let by_b = pollster::block_on(device.read(&by_b, 0..a.len())).expect("the range is the buffer's");
        for i in 0..a.len() {
            let (x, y, step) = (f64::from(a[i]), f64::from(b[i]), 1e-5);
            let expected = [
                (F::exact(x + step, y) - F::exact(x - step, y)) / step,
                (F::exact(x, y + step) - F::exact(x, y - step)) / step,
            ];
            for (actual, expected) in [by_a[i], by_b[i]].into_iter().zip(expected) {
                let error = (f64::from(actual) - expected).abs();
                let name = std::any::type_name::<F>();
                assert!(error <= 3e-5 * expected.abs().max(1.0), "{name} at ({x}, {y}): {actual}, expected {expected}");
            }
        }
    }
}

struct Arithmetic;
#[device]
impl Sample for Arithmetic {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let product = a * b;
        -product / (b + 3.0) - 2.0 * a + product * product
    }
}
impl Exact for Arithmetic {
    fn exact(a: f64, b: f64) -> f64 {
        -a * b / (b + 3.0) - 2.0 * a + a * b * a * b
    }
}

#[test]
fn operators_pass_gradients_to_both_sides() {
    check::<Arithmetic>();
}

struct Functions;
#[device]
impl Sample for Functions {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let waves = exp(sin(a)) * cos(b) + tanh(a * b);
        let roots = sqrt(b) + inverse_sqrt(b + a * a) + abs(a);
        let logarithms = log(b) + log2(b) * exp2(a * 0.5);
        fma(waves, roots, logarithms) + pow(b, 1.5 + a * 0.1) + floor(a) * 1e-3
    }
}
impl Exact for Functions {
    fn exact(a: f64, b: f64) -> f64 {
        let waves = a.sin().exp() * b.cos() + (a * b).tanh();
        let roots = b.sqrt() + 1.0 / (b + a * a).sqrt() + a.abs();
        let logarithms = b.ln() + b.log2() * (a * 0.5).exp2();
        waves * roots + logarithms + b.powf(1.5 + a * 0.1) + a.floor() * 1e-3
    }
}

#[test]
fn builtins_have_their_derivatives() {
    check::<Functions>();
}

struct Bounds;
#[device]
impl Sample for Bounds {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let between = clamp(a, -1.0, b) * 3.0;
        max(a, b) * min(a * b, 0.5) + between + select(a, b * b, a > 1.0)
    }
}
impl Exact for Bounds {
    fn exact(a: f64, b: f64) -> f64 {
        let between = a.max(-1.0).min(b) * 3.0;
        a.max(b) * (a * b).min(0.5) + between + if a > 1.0 { b * b } else { a }
    }
}

#[test]
fn bounds_pass_the_gradient_to_the_side_that_is_taken() {
    check::<Bounds>();
}

#[differentiable]
#[device]
fn greater(a: f32, b: f32) -> f32 {
    max(a, b)
}

#[differentiable]
#[device]
fn bounded(a: f32) -> f32 {
    clamp(a, -1.0, 1.0)
}

#[differentiable]
#[device]
fn distance(a: f32) -> f32 {
    abs(a)
}

#[test]
fn ties_pass_to_the_first_and_bounds_pass() {
    let tie = greater::gradient(0.5, 0.5, 3.0);
    assert_eq!((tie.a, tie.b), (3.0, 0.0));
    assert_eq!([-1.0, 1.0, 1.5].map(|a| bounded::gradient(a, 3.0).a), [3.0, 3.0, 0.0]);
    assert_eq!([0.0, -0.0, -2.0].map(|a| distance::gradient(a, 3.0).a), [0.0, 0.0, -3.0]);
}

struct Reassigned;
#[device]
impl Sample for Reassigned {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let mut sum = 0.0;
        sum += a;
        sum *= b;
        let a = sum * a;
        sum = sum - a / b;
        {
            let b = a * 0.5;
            sum += b * b;
        }
        sum * b
    }
}
impl Exact for Reassigned {
    fn exact(a: f64, b: f64) -> f64 {
        let first = a * b;
        let second = first * a;
        (first - second / b + second * 0.5 * second * 0.5) * b
    }
}

#[test]
fn a_name_may_be_assigned_again_and_hidden() {
    check::<Reassigned>();
}

struct Chosen;
#[device]
impl Sample for Chosen {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let half = 0.5 * if a > b { a } else { a * b };
        if a > 0.2 {
            let scale = f32(3u32) * 0.5;
            let square = a * a * scale;
            square * square * half
        } else if b > 0.5 {
            exp(a) * b
        } else {
            b * half
        }
    }
}
impl Exact for Chosen {
    fn exact(a: f64, b: f64) -> f64 {
        let half = 0.5 * if a > b { a } else { a * b };
        if a > 0.2 {
            (a * a * 1.5).powi(2) * half
        } else if b > 0.5 {
            a.exp() * b
        } else {
            b * half
        }
    }
}

#[test]
fn a_choice_has_the_gradient_of_the_side_that_is_taken() {
    check::<Chosen>();
}

struct Changed;
#[device]
impl Sample for Changed {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let mut x = a;
        let mut y = 1.0;
        if a > 0.2 && b < 2.0 {
            x = a * b;
            y = x * x;
        } else {
            y *= b;
        }
        if x < 0.0 {
            x *= 3.0;
        }
        x * y + y * y
    }
}
impl Exact for Changed {
    fn exact(a: f64, b: f64) -> f64 {
        let (mut x, y) = if a > 0.2 && b < 2.0 { (a * b, a * b * a * b) } else { (a, b) };
        if x < 0.0 {
            x *= 3.0;
        }
        x * y + y * y
    }
}

#[test]
fn variables_may_change_in_a_branch() {
    check::<Changed>();
}

struct Nested;
#[device]
impl Sample for Nested {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let mut y = b;
        if a < 1.0 {
            let inner = a * b;
            if inner > 0.0 {
                let deep = inner * a;
                y = deep * deep + inner;
            } else {
                y = inner * inner * b;
            }
            y = y * inner;
        }
        y
    }
}
impl Exact for Nested {
    fn exact(a: f64, b: f64) -> f64 {
        let inner = a * b;
        match (a < 1.0, inner > 0.0) {
            (false, _) => b,
            (true, true) => ((inner * a).powi(2) + inner) * inner,
            (true, false) => inner * inner * b * inner,
        }
    }
}

#[test]
fn branches_nest() {
    check::<Nested>();
}

struct Unrolled;
#[device]
impl Sample for Unrolled {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let mut power = 1.0;
        let mut sum = 0.0;
        #[unroll]
        for i in 0u32..4 {
            power *= a;
            sum += power * f32(i) * b;
        }
        sum
    }
}
impl Exact for Unrolled {
    fn exact(a: f64, b: f64) -> f64 {
        (0..4).map(|i| a.powi(i + 1) * f64::from(i) * b).sum()
    }
}

#[test]
fn an_unrolled_loop_is_its_steps() {
    check::<Unrolled>();
}

#[differentiable]
#[device]
fn weighted<const W: u32>(x: f32, #[constant] factor: f32, y: f32) -> f32 {
    x * y * factor * f32(W)
}

#[device]
fn cosine(x: f32) -> f32 {
    cos(x)
}

#[differentiable(derivative = cosine)]
#[device]
fn nearly_sine(x: f32) -> f32 {
    // Bhaskara's approximation would be here; the derivative is that of what it approximates.
    sin(x)
}

struct Calls;
#[device]
impl Sample for Calls {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let both = weighted::<2>(a, 0.25, b * a);
        Arithmetic::value(both, b) + nearly_sine(a)
    }
}
impl Exact for Calls {
    fn exact(a: f64, b: f64) -> f64 {
        Arithmetic::exact(a * b * a * 0.5, b) + a.sin()
    }
}

#[test]
fn calls_pass_through_the_gradients_of_their_functions() {
    check::<Calls>();
}

#[differentiable]
#[device]
fn swapped(v: Vec2<f32>, by: f32) -> Vec2<f32> {
    vec2(v.y, v.x * by)
}

struct Vectors;
#[device]
impl Sample for Vectors {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let four = vec4(a, b, a * b, 1.0) * b + splat4(a);
        let turned: Vec2<f32> = swapped(vec2(a, b), a);
        let sum = dot(four, four / vec4(2.0, 4.0, 8.0, 1.0)) + turned.x * turned.y;
        let bent = tanh(-turned);
        sum + four.z + dot(a * bent, vec2(1.0, 3.0))
    }
}
impl Exact for Vectors {
    fn exact(a: f64, b: f64) -> f64 {
        let four = [a * b + a, b * b + a, a * b * b + a, b + a];
        let squares: f64 = four.iter().zip([2.0, 4.0, 8.0, 1.0]).map(|(v, by)| v * v / by).sum();
        squares + b * a * a + four[2] + a * (-b).tanh() + 3.0 * a * (-a * a).tanh()
    }
}

#[test]
fn vectors_pass_gradients_component_by_component() {
    check::<Vectors>();
}

struct Stopped;
#[device]
impl Sample for Stopped {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let held = stop_gradient(a * 2.0);
        held * 0.0 + a * b
    }
}
impl Exact for Stopped {
    fn exact(a: f64, b: f64) -> f64 {
        a * b
    }
}

#[differentiable]
#[device]
fn held(a: f32) -> f32 {
    stop_gradient(a) * a
}

#[test]
fn a_stopped_gradient_goes_no_further() {
    check::<Stopped>();
    assert_eq!(held::gradient(3.0, 1.0).a, 3.0, "a constant 3 times a");
}

struct Constant<const SQUARED: bool>;
#[device]
impl<const SQUARED: bool> Sample for Constant<SQUARED> {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        if SQUARED {
            let square = a * a;
            square * b
        } else {
            a + b
        }
    }
}
impl<const SQUARED: bool> Exact for Constant<SQUARED> {
    fn exact(a: f64, b: f64) -> f64 {
        if SQUARED { a * a * b } else { a + b }
    }
}

#[test]
fn a_constant_chooses_when_the_variant_is_emitted() {
    check::<Constant<true>>();
    check::<Constant<false>>();
    let straight = gradients::emit::<Constant<false>>().wgsl;
    let (_, function) = straight.split_once("value_gradient").expect("the module has the gradient");
    assert!(!function.contains("if (false)") && !function.contains("square = "), "{function}");
}

#[test]
fn a_gradient_computes_what_it_needs_and_no_more() {
    let wgsl = gradients::emit::<Unneeded>().wgsl;
    assert!(!wgsl.contains("tanh"), "the value is not part of the gradient:\n{wgsl}");
}

struct Unneeded;
#[device]
impl Sample for Unneeded {
    #[differentiable]
    fn value(a: f32, b: f32) -> f32 {
        let bent = tanh(stop_gradient(a));
        a * 2.0 + b + bent
    }
}
