//! Activations of gated feed-forward layers; their derivatives are derived.

use kernel::prelude::*;

/// A differentiable function of one value.
#[device]
pub trait Activation: 'static {
    /// `act(u)`.
    #[differentiable]
    fn value(u: f32) -> f32;
}

/// GELU's tanh form, `u/2·(1 + tanh(√(2/π)·(u + 0.044715·u³)))` (Hendrycks and Gimpel, "Gaussian Error Linear Units").
pub struct GeluTanh;

/// GELU with the error function, `u·Φ(u)`, by Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7).
pub struct GeluErf;

/// SiLU, `u / (1 + e^-u)` (Elfwing et al., "Sigmoid-weighted linear units").
pub struct Silu;

/// `tanh(√(2/π)·(u + 0.044715·u³))`. Some drivers overflow in tanh past 40; at 10 it is 1 in f32.
#[differentiable]
#[device]
fn gelu_tanh(u: f32) -> f32 {
    tanh(clamp(0.797_884_6 * u * (1.0 + 0.044_715 * u * u), -10.0, 10.0))
}

/// `φ(u) = Φ′(u)`. It is 0 in f32 past |u| = 14; the bound keeps u² finite.
#[device]
fn normal_density(u: f32) -> f32 {
    let bounded = clamp(u, -14.0, 14.0);
    0.398_942_3 * exp(-0.5 * bounded * bounded)
}

/// `Φ(u) = (1 + erf(u/√2))/2`, by Abramowitz and Stegun 7.1.26. The derivative of what it approximates is simpler and more
/// precise than its own.
#[differentiable(derivative = normal_density)]
#[device]
fn normal_cdf(u: f32) -> f32 {
    let x = abs(u) * 0.707_106_77;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let polynomial = t * (0.254_829_6 + t * (-0.284_496_72 + t * (1.421_413_8 + t * (-1.453_152_1 + t * 1.061_405_4))));
    // Beyond x = 9 the tail is 0 in f32; the bound keeps x² finite.
    let bounded = min(x, 9.0);
    let tail = 0.5 * polynomial * exp(-(bounded * bounded));
    select(tail, 1.0 - tail, u >= 0.0)
}

#[device]
impl Activation for GeluTanh {
    #[differentiable]
    fn value(u: f32) -> f32 {
        0.5 * u * (1.0 + gelu_tanh(u))
    }
}

#[device]
impl Activation for GeluErf {
    #[differentiable]
    fn value(u: f32) -> f32 {
        u * normal_cdf(u)
    }
}

#[device]
impl Activation for Silu {
    #[differentiable]
    fn value(u: f32) -> f32 {
        // e^87 is finite in f32, and past it u·e^u is 0 to within 1e-36.
        u / (1.0 + exp(min(-u, 87.0)))
    }
}
