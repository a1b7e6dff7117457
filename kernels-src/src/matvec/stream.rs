//! The residual stream as a product's input: `h' = (h + o·w_post·s1)·scale` with `s1 = rsqrt(mean(o²) + eps)`, and where
//! it is normed `h'·w_next·s2` with `s2 = rsqrt(mean(h'²) + eps)`. `s2` is left to the sums: a product is linear.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// What turns the stream into a product's input: `s1·scale` and `scale`.
#[device]
pub struct Prologue {
    /// `scale·rsqrt(mean(o²) + eps)`.
    pub post: f32,
    /// The layer's output scale.
    pub scale: f32,
}

/// Element `i` of `h'`.
#[device]
pub(super) fn stream<const ADD: bool>(
    i: u32,
    prologue: Prologue,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
) -> Vec4<f32> {
    if ADD { fma(o[i] * w_post[i], splat4(prologue.post), h[i] * prologue.scale) } else { h[i] * prologue.scale }
}

/// Element `i` of the product's input, without `s2`.
#[device]
pub(super) fn input<const ADD: bool, const NORM: bool>(
    i: u32,
    prologue: Prologue,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    w_next: &Storage<Vec4<f32>>,
) -> Vec4<f32> {
    if NORM { stream::<ADD>(i, prologue, h, o, w_post) * w_next[i] } else { stream::<ADD>(i, prologue, h, o, w_post) }
}

/// `scale` and `s1·scale` of a stream of `n` values.
#[device]
pub(super) async fn prologue<R: Reduce, const ADD: bool>(
    lane: u32,
    n: u32,
    eps: f32,
    scale: f32,
    o: &Storage<Vec4<f32>>,
    scratch: &mut Workgroup<f32>,
) -> Prologue {
    let mut post = 0.0f32;
    if ADD {
        let mut squares = splat4(0.0f32);
        for i in strided(lane, n / 4, R::WIDTH) {
            squares = fma(o[i], o[i], squares);
        }
        let sum = R::sum(dot(squares, splat4(1.0)), lane, scratch).await;
        post = scale * inverse_sqrt(sum / f32(n) + eps);
    }
    Prologue { post, scale }
}

/// `s2` of the stream.
#[device]
pub(super) async fn next_norm<R: Reduce, const ADD: bool>(
    lane: u32,
    n: u32,
    eps: f32,
    prologue: Prologue,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    scratch: &mut Workgroup<f32>,
) -> f32 {
    let mut squares = splat4(0.0f32);
    for i in strided(lane, n / 4, R::WIDTH) {
        let value = stream::<ADD>(i, prologue, h, o, w_post);
        squares = fma(value, value, squares);
    }
    let sum = R::sum(dot(squares, splat4(1.0)), lane, scratch).await;
    inverse_sqrt(sum / f32(n) + eps)
}

/// The stream itself, for the next block; one workgroup of the dispatch writes it.
#[device]
pub(super) fn store_stream<R: Reduce, const ADD: bool>(
    lane: u32,
    n: u32,
    prologue: Prologue,
    h: &Storage<Vec4<f32>>,
    o: &Storage<Vec4<f32>>,
    w_post: &Storage<Vec4<f32>>,
    h_out: &mut Storage<Vec4<f32>>,
) {
    for i in strided(lane, n / 4, R::WIDTH) {
        h_out[i] = stream::<ADD>(i, prologue, h, o, w_post);
    }
}
