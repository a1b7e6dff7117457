//! Each construct computes in f64 where it says f32, and as before where it does not.

use kernel::dispatch::{DispatchError, NoReference};
use kernel::layout::Scalar;
use kernel::prelude::*;
use kernel::trial::Trial;

use super::{double, in_f64, values};

/// A third is no f32 and no f64; the two differ in the ninth digit.
const THIRD: f64 = 1.0 / 3.0;

#[allow(clippy::unnecessary_cast, reason = "`as` is one of the constructs")]
#[kernel(workgroup = 1, groups = 1)]
fn statements(x: &Storage<f32>, y: &mut Storage<f32>) {
    let third: f32 = x[0] / 3.0f32;
    let mut sum = 0.0;
    for i in 0..3 {
        if i != 1 {
            sum += third;
        }
    }
    y[0] = third;
    y[1] = sum;
    y[2] = if third > 0.0 { -third } else { third };
    y[3] = f32(7u32) / f32(3i32);
    y[4] = 7u32 as f32 / 3.0;
    y[5] = f32(u32(x[1] / 3.0) * 2);
}

#[test]
fn operators_statements_and_conversions_are_those_of_f64() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32, 11.0])?;
        let mut y = trial.output("y", 6)?;
        statements::Kernel::dispatch(trial, (), statements::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    assert_eq!(y, [THIRD, THIRD + THIRD, -THIRD, 7.0 / 3.0, 7.0 / 3.0, 6.0]);
}

const TENTH: f32 = 0.1;

#[device]
trait Curve: 'static {
    const SLOPE: f32;
    fn at(x: f32) -> f32;
    fn twice(x: f32) -> f32 {
        Self::at(x) + Self::at(x)
    }
}

struct Line<const N: u32>;

#[device]
impl<const N: u32> Curve for Line<N> {
    const SLOPE: f32 = 0.25;
    fn at(x: f32) -> f32 {
        x * Self::SLOPE * N as f32 + TENTH
    }
}

#[device]
struct Interval {
    low: f32,
    high: Vec2<f32>,
    count: u32,
}

#[device]
fn interval(x: f32) -> Interval {
    let low = x / 3.0;
    Interval { low, high: vec2(x / 7.0, x), count: 2 }
}

#[device]
fn twice<T: Value + kernel::ops::Add<Output = T>>(value: T) -> T {
    value + value
}

#[device]
fn add_to(sum: &mut f32, values: &mut [f32; 2], x: &Storage<f32>) {
    values[1] = x[0] / 3.0;
    *sum += values[1];
}

#[kernel(workgroup = 1, groups = 1)]
fn helpers<C: Curve>(x: &Storage<f32>, y: &mut Storage<f32>) {
    let pair = interval(x[0]);
    y[0] = C::twice(x[0]);
    y[1] = pair.low;
    y[2] = pair.high.x;
    y[3] = f32(pair.count);
    y[4] = twice(x[0] / 3.0);
    y[5] = f32(twice::<u32>(3));
    let mut sum = 0.0f32;
    let mut two = [0.0f32; 2];
    add_to(&mut sum, &mut two, x);
    y[6] = sum + two[1];
}

#[test]
fn helpers_traits_structs_generics_and_pointers_have_references() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32])?;
        let mut y = trial.output("y", 7)?;
        helpers::Kernel::<Line<3>>::dispatch(trial, (), helpers::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    // A constant is an f32: its value is the same in both.
    let line = 0.75 + f64::from(0.1_f32);
    assert_eq!(y, [line + line, THIRD, 1.0 / 7.0, 2.0, THIRD + THIRD, 6.0, THIRD + THIRD]);
}

#[params]
struct SumParams {
    n: u32,
    scale: f32,
    shift: Vec2<f32>,
}

#[kernel(workgroup = 8, groups = 1)]
async fn through_memory(
    lane: LocalIndex,
    params: &SumParams,
    x: &Storage<f32>,
    y: &mut Storage<f32>,
    #[len = 8] scratch: &mut Workgroup<f32>,
) {
    let mut own = 0.0;
    for i in strided(lane, params.n, 8) {
        own += x[i] / 3.0;
    }
    scratch[lane] = own;
    workgroup_barrier().await;
    let mut sum = 0.0f32;
    for i in 0..8 {
        sum += scratch[i];
    }
    let whole = subgroup_add(own).await;
    if lane == 0 {
        y[0] = sum * params.scale + params.shift.y;
        y[1] = whole;
    }
}

#[test]
fn workgroup_memory_subgroups_and_params_are_wide() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32; 16])?;
        let mut y = trial.output("y", 2)?;
        let params = SumParams { n: 16, scale: 0.1, shift: Vec2::new(0.0, 0.5) };
        through_memory::Kernel::dispatch(trial, params, through_memory::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let sum = 16.0 / 3.0;
    assert!((y[0] - (sum * f64::from(0.1_f32) + 0.5)).abs() < 1e-15 && (y[1] - sum).abs() < 1e-15, "{y:?}");
}

#[kernel(workgroup = 1, groups = 1)]
fn bits(x: &Storage<f32>, words: &Storage<u32>, y: &mut Storage<Vec2<f32>>, packed: &mut Storage<u32>) {
    y[0] = unpack2x16float(words[0]);
    y[1] = vec2(bitcast::<f32, u32>(words[1]), x[0] / 3.0);
    packed[0] = bitcast::<u32, f32>(x[0] / 3.0);
    packed[1] = pack2x16float(vec2(x[0] / 3.0, 1.0));
}

#[test]
fn bit_patterns_round_to_their_format_and_widen_from_it() {
    let outputs = in_f64(|trial| {
        let x = trial.input("x", &[1.0_f32])?;
        let words = trial.input("words", &[0x3c00_4200, 0.1_f32.to_bits()])?;
        let mut y = trial.output("y", 2)?;
        let mut packed = trial.output("packed", 2)?;
        let args = bits::Args { x: &x, words: &words, y: &mut y, packed: &mut packed };
        bits::Kernel::dispatch(trial, (), args)?;
        Ok(())
    });
    assert_eq!(outputs[0].values(), [3.0, 1.0, f64::from(0.1_f32), THIRD]);
    assert_eq!(outputs[0].scalar, Scalar::F64);
    assert_eq!(outputs[1].values(), [f64::from((1.0_f32 / 3.0).to_bits()), f64::from(0x3c00_3555_u32)]);
}

#[kernel(workgroup = 1, groups = 1)]
fn builtins(x: &Storage<f32>, y: &mut Storage<f32>) {
    let third = x[0] / 3.0;
    y[0] = exp(third);
    y[1] = fma(third, third, 1.0);
    y[2] = inverse_sqrt(third);
    y[3] = max(third, 0.0) + clamp(third, 0.5, 1.0);
    y[4] = dot(vec4(third, 1.0, 0.0, 0.0), splat4(third));
    y[5] = select(0.0, tanh(third), third < 1.0);
    y[6] = vec4f(unpack4x_u8(0x0403_0201)).w / 3.0;
    y[7] = pow(third, 2.0) + sin(third);
}

#[test]
fn builtins_are_those_of_f64() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32])?;
        let mut y = trial.output("y", 8)?;
        builtins::Kernel::dispatch(trial, (), builtins::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    let expected = [
        THIRD.exp(),
        THIRD * THIRD + 1.0,
        1.0 / THIRD.sqrt(),
        THIRD + 0.5,
        THIRD * THIRD + THIRD,
        THIRD.tanh(),
        4.0 / 3.0,
        THIRD.powi(2) + THIRD.sin(),
    ];
    for (y, expected) in y.iter().zip(expected) {
        assert!((y - expected).abs() <= 1e-15 * expected.abs(), "{y} {expected}");
    }
}

#[kernel(workgroup = 1, groups = 1)]
fn greatest(x: &Storage<f32>, y: &mut Storage<u32>) {
    let mut best = 0u32;
    for i in 1..3 {
        if x[i] > x[best] {
            best = i;
        }
    }
    y[0] = best;
}

#[allow(clippy::multiple_bound_locations, reason = "bounds may stand in both places")]
#[kernel(workgroup = 1, groups = 1)]
fn generic<T: Value>(x: &Storage<T>, y: &mut Storage<T>)
where
    T: Element,
{
    y[0] = x[0];
}

/// Why a case has no reference.
fn reason(case: impl FnOnce(&mut Trial) -> Result<(), DispatchError>) -> NoReference {
    match Trial::describe(&double(), case) {
        Err(DispatchError::NoReference { reason, .. }) => reason,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("the case has a reference"),
    }
}

#[test]
fn floats_read_as_bits_have_no_reference() {
    let reason = reason(|trial| {
        let x = trial.random("x", 4)?.cast::<u32>();
        let words = trial.input("words", &[0_u32; 2])?;
        let mut y = trial.output("y", 2)?;
        let mut packed = x;
        let x = words.view::<f32>();
        let args = bits::Args { x: &x, words: &words, y: &mut y, packed: &mut packed };
        bits::Kernel::dispatch(trial, (), args)?;
        Ok(())
    });
    assert_eq!(reason, NoReference::Reinterpreted { binding: "x", holds: Scalar::U32, reads: Scalar::F32 });
    assert_eq!(reason.to_string(), "`x` is `f32`, but its buffer was made of `u32`: in f64 they differ in width");
}

#[test]
fn a_kernel_generic_over_its_values_has_no_reference() {
    let reason = reason(|trial| {
        let x = trial.random("x", 4)?;
        let mut y = trial.output("y", 4)?;
        generic::Kernel::<f32>::dispatch(trial, (), generic::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    assert_eq!(reason, NoReference::GenericValues);
}

#[test]
fn copies_between_buffers_are_wide() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32, 2.0, 3.0])?;
        let mut y = trial.changed("y", &[0.0_f32; 3])?;
        trial.copy(&x, 1, &mut y, 0, 2)
    });
    assert_eq!(y, [2.0, 3.0, 0.0]);
}

#[test]
fn integers_are_found_as_before() {
    let y = values(|trial| {
        let x = trial.input("x", &[1.0_f32, 3.0, 2.0])?;
        let mut y = trial.output("y", 1)?;
        greatest::Kernel::dispatch(trial, (), greatest::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    assert_eq!(y, [1.0]);
}

#[kernel(workgroup = 4, groups = 1)]
fn counted(lane: LocalIndex, x: &Storage<f32>, bins: &mut Storage<Atomic<u32>>) {
    atomic_add(&bins[u32(x[lane] * 2.0)], lane + 1);
}

#[test]
fn atomics_stay_integers() {
    let bins = values(|trial| {
        let x = trial.input("x", &[0.1_f32, 0.6, 0.2, 0.9])?;
        let mut bins = trial.changed("bins", &[0_u32; 2])?;
        counted::Kernel::dispatch(trial, (), counted::Args { x: &x, bins: &mut bins })?;
        Ok(())
    });
    assert_eq!(bins, [4.0, 6.0]);
}

#[kernel(workgroup = 1, groups = 1)]
fn halves(x: &Storage<Vec2<f16>>, y: &mut Storage<f16>, z: &mut Storage<f32>) {
    let pair = x[0] / f16(3.0);
    y[0] = pair.x;
    z[0] = f32(sqrt(pair.y));
}

#[test]
fn halves_are_wide_too() {
    let outputs = in_f64(|trial| {
        let half = kernel::types::f16::from_f32;
        let x = trial.input("x", &[Vec2::new(half(1.0), half(3.0))])?;
        let mut y = trial.output("y", 1)?;
        let mut z = trial.output("z", 1)?;
        halves::Kernel::dispatch(trial, (), halves::Args { x: &x, y: &mut y, z: &mut z })?;
        Ok(())
    });
    assert_eq!((outputs[0].values(), outputs[1].values()), (vec![THIRD], vec![1.0]));
}

#[kernel(workgroup = 32, groups = 1)]
async fn cooperative(x: &Storage<f32>, y: &mut Storage<f32>) {
    let tile = coop_load::<CoopMat8x8<f32, role::C>>(&x[0], 8);
    coop_store(tile, &y[0], 8);
}

#[test]
fn cooperative_matrices_have_no_reference() {
    let reason = reason(|trial| {
        let x = trial.random("x", 64)?;
        let mut y = trial.output("y", 64)?;
        cooperative::Kernel::dispatch(trial, (), cooperative::Args { x: &x, y: &mut y })?;
        Ok(())
    });
    assert_eq!(reason, NoReference::Cooperative);
}
