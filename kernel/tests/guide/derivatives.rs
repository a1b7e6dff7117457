//! Derived gradients.

use kernel::cpu::CpuOptions;
use kernel::dispatch::{Device, DispatchError};
use kernel::prelude::*;
use kernel::trial::{Trial, random};

use crate::Shown;

/// `u·σ(u)`.
#[differentiable]
#[device]
pub fn silu(u: f32) -> f32 {
    u / (1.0 + exp(-u))
}

#[params]
pub struct SiluParams {
    /// Values in `u`.
    pub n: u32,
}

/// `du = dy · silu′(u)`.
#[kernel(workgroup = 64, groups = params.n.div_ceil(64), tolerance(rel = 1e-5))]
pub fn silu_backward(id: GlobalId, params: &SiluParams, u: &Storage<f32>, dy: &Storage<f32>, du: &mut Storage<f32>) {
    if id < params.n {
        du[id] = silu::gradient(u[id], dy[id]).u;
    }
}

#[test]
fn the_gradient_is_that_of_central_differences() -> Result<(), DispatchError> {
    let silu = |u: f64| u / (1.0 + (-u).exp());
    let (u, dy) = (random("u", 100, -4.0..4.0), random("dy", 100, -1.0..1.0));
    let outputs = Trial::describe(&Device::Cpu(CpuOptions::default()), |trial| {
        let (u, dy) = (trial.input("u", &u)?, trial.input("dy", &dy)?);
        let mut du = trial.output("du", 100)?;
        let args = silu_backward::Args { u: &u, dy: &dy, du: &mut du };
        silu_backward::Kernel::dispatch(trial, SiluParams { n: 100 }, args)?;
        Ok(())
    })?
    .run()?;
    for ((u, dy), du) in u.iter().zip(&dy).zip(outputs[0].values()) {
        let (u, dy) = (f64::from(*u), f64::from(*dy));
        let slope = (silu(u + 1e-5) - silu(u - 1e-5)) / 2e-5;
        assert!((du - dy * slope).abs() < 1e-5, "{u}: {du} instead of {}", dy * slope);
    }
    Ok(())
}

/// What the page shows.
pub fn shown() -> Shown {
    let wgsl = silu_backward::emit().wgsl;
    let first = wgsl.find("\nfn ").expect("the gradient is a function") + 1;
    let end = wgsl.find("\n@compute").expect("the entry point follows");
    vec![("gradient", wgsl[first..end].trim_end().to_owned())]
}
