//! One kernel, many variants.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::Trial;

use crate::{Shown, excerpt};

/// What happens to a value last.
#[device]
pub trait Activation: 'static {
    /// The function.
    fn apply(x: f32) -> f32;
}

/// Nothing.
pub struct Identity;

#[device]
impl Activation for Identity {
    fn apply(x: f32) -> f32 {
        x
    }
}

/// 0 for what is negative.
pub struct Relu;

#[device]
impl Activation for Relu {
    fn apply(x: f32) -> f32 {
        max(x, 0.0)
    }
}

#[params]
pub struct BiasParams {
    /// Values in `y`.
    pub n: u32,
    /// Values in `b`, which repeats.
    pub width: u32,
}

/// `y = A(x + b)`; without `b` where the variant has no bias.
#[kernel(workgroup = W, groups = params.n.div_ceil(W))]
pub fn finish<A: Activation, const BIAS: bool, const W: u32>(
    id: GlobalId,
    params: &BiasParams,
    x: &Storage<f32>,
    b: &Storage<f32>,
    y: &mut Storage<f32>,
) {
    if id < params.n {
        let mut value = x[id];
        if BIAS {
            value += b[id % params.width];
        }
        y[id] = A::apply(value);
    }
}

kernel::variants! {
    /// Every variant that the program uses.
    pub fn variants;
    for A in [Identity, Relu] {
        finish::<A, true, 64>;
    }
    finish::<Relu, false, 256>;
}

fn relu_with_bias(trial: &mut Trial) -> Result<(), DispatchError> {
    let (x, b) = (trial.input("x", &[1.0f32, 2.0, 3.0, 4.0])?, trial.input("b", &[1.0f32, -3.0])?);
    let mut y = trial.output("y", 4)?;
    let args = finish::Args { x: &x, b: &b, y: &mut y };
    finish::Kernel::<Relu, true, 64>::dispatch(trial, BiasParams { n: 4, width: 2 }, args)?;
    Ok(())
}

#[test]
fn the_activation_and_the_bias_are_the_variants() {
    let device = Device::Cpu(CpuOptions::default());
    let outputs = Trial::describe(&device, relu_with_bias).and_then(Trial::run).unwrap();
    assert_eq!(outputs[0].values(), [2.0, 0.0, 4.0, 1.0]);
}

/// What the page shows.
pub fn shown() -> Shown {
    let variants = variants();
    let keys: Vec<&str> = variants.iter().map(|variant| variant.key.as_str()).collect();
    let without =
        &variants.iter().find(|variant| variant.key == "finish<Relu, false, 256>").expect("it is listed").wgsl;
    vec![
        ("keys", keys.join("\n")),
        ("without", excerpt(without, "fn Relu_apply", "}") + "\n\n" + &excerpt(without, "var value", ";")),
    ]
}
