//! Activations of gated feed-forward layers and their derivatives.

use kernel::prelude::*;

/// A function of one value, with its derivative for the backward pass.
#[device]
pub trait Activation: 'static {
    /// `act(u)`.
    fn value(u: f32) -> f32;
    /// `act'(u)`.
    fn derivative(u: f32) -> f32;
}

/// GELU's tanh form, `u/2·(1 + tanh(√(2/π)·(u + 0.044715·u³)))` (Hendrycks and Gimpel, "Gaussian Error Linear Units").
pub struct GeluTanh;

/// GELU with the error function, `u·Φ(u)`, by Abramowitz and Stegun 7.1.26 (absolute error below 1.5e-7).
pub struct GeluErf;

/// `tanh(√(2/π)·(u + 0.044715·u³))`. Some drivers overflow in tanh past 40; at 10 it is 1 in f32.
#[device]
fn gelu_tanh(u: f32) -> f32 {
    tanh(clamp(0.797_884_6 * u * (1.0 + 0.044_715 * u * u), -10.0, 10.0))
}

/// `Φ(u) = (1 + erf(u/√2))/2`, by Abramowitz and Stegun 7.1.26.
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
    fn value(u: f32) -> f32 {
        0.5 * u * (1.0 + gelu_tanh(u))
    }

    fn derivative(u: f32) -> f32 {
        let t = gelu_tanh(u);
        0.5 * (1.0 + t) + 0.5 * u * (1.0 - t * t) * 0.797_884_6 * (1.0 + 0.134_145 * u * u)
    }
}

#[device]
impl Activation for GeluErf {
    fn value(u: f32) -> f32 {
        u * normal_cdf(u)
    }

    fn derivative(u: f32) -> f32 {
        // φ(u) is 0 in f32 past |u| = 14; the bound keeps u² finite.
        let bounded = clamp(u, -14.0, 14.0);
        normal_cdf(u) + u * 0.398_942_3 * exp(-0.5 * bounded * bounded)
    }
}
