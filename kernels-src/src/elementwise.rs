//! Elementwise maps in place: scale, softcap, residual addition. One description for maps of one operand and one for
//! maps of two; the expression is a type, and its gradient is derived.

use std::marker::PhantomData;

use kernel::prelude::*;

use crate::activation::Activation;

/// An expression of one element and a factor.
#[device]
pub trait Map: 'static {
    /// The new value of `x`.
    #[differentiable]
    fn value(x: f32, #[constant] factor: f32) -> f32;
}

/// An expression of two elements and a factor.
#[device]
pub trait Zip: 'static {
    /// The new value of `x`.
    fn value(x: f32, other: f32, factor: f32) -> f32;
}

/// `x · factor`.
pub struct Scale;

/// `factor · tanh(x / factor)`: the logits' softcap.
pub struct Softcap;

/// An activation alone, without its gate; the factor is left aside.
pub struct Activated<A>(PhantomData<A>);

/// `(x + other) · factor`: a residual addition and a layer's output scale.
pub struct AddThenScale;

/// `x + factor · other`.
pub struct AddScaled;

#[device]
impl Map for Scale {
    #[differentiable]
    fn value(x: f32, #[constant] factor: f32) -> f32 {
        x * factor
    }
}

#[device]
impl Map for Softcap {
    #[differentiable]
    fn value(x: f32, #[constant] factor: f32) -> f32 {
        // Beyond ±10 the hyperbolic tangent is ±1 in f32, and some drivers overflow on greater arguments.
        factor * tanh(clamp(x / factor, -10.0, 10.0))
    }
}

#[device]
impl<A: Activation> Map for Activated<A> {
    #[differentiable]
    fn value(x: f32, #[constant] _factor: f32) -> f32 {
        A::value(x)
    }
}

#[device]
impl Zip for AddThenScale {
    fn value(x: f32, other: f32, factor: f32) -> f32 {
        (x + other) * factor
    }
}

#[device]
impl Zip for AddScaled {
    fn value(x: f32, other: f32, factor: f32) -> f32 {
        fma(factor, other, x)
    }
}

/// Shape of [`fn@map`] and [`fn@zip`].
#[params]
pub struct ElementwiseParams {
    /// Elements.
    pub n: u32,
    /// The expression's factor.
    pub factor: f32,
}

/// `x[i] = M(x[i], factor)` in place for `n` elements.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-5),
    requires(
        x.len() >= params.n,
    )
)]
pub fn map<M: Map, const W: u32>(at: GlobalId, params: &ElementwiseParams, x: &mut Storage<f32>) {
    if at >= params.n {
        return;
    }
    x[at] = M::value(x[at], params.factor);
}

/// The gradient of [`fn@map`] in place: `d[i] = d[i] · M′(x[i], factor)` for `n` elements, where `x` is what the map took.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-5),
    requires(
        x.len() >= params.n,
        d.len() >= params.n,
    )
)]
pub fn map_backward<M: Map, const W: u32>(
    at: GlobalId,
    params: &ElementwiseParams,
    x: &Storage<f32>,
    d: &mut Storage<f32>,
) {
    if at >= params.n {
        return;
    }
    d[at] = M::value_gradient(x[at], params.factor, d[at]).x;
}

/// `x[i] = Z(x[i], other[i], factor)` in place for `n` elements.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-6),
    requires(
        x.len() >= params.n,
        other.len() >= params.n,
    )
)]
pub fn zip<Z: Zip, const W: u32>(at: GlobalId, params: &ElementwiseParams, other: &Storage<f32>, x: &mut Storage<f32>) {
    if at >= params.n {
        return;
    }
    x[at] = Z::value(x[at], other[at], params.factor);
}
