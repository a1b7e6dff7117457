//! AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", algorithm 2) and the norm that clips gradients.

use kernel::prelude::*;

use crate::reduce::Reduce;

/// Elements of a workgroup of [`fn@sum_of_squares`].
pub const BLOCK: u32 = 4096;

/// What an update needs; [`AdamWParams::new`] works it out.
#[params]
pub struct AdamWParams {
    /// Elements.
    pub n: u32,
    /// Learning rate.
    pub lr: f32,
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// `1 - beta1`, rounded once.
    pub rest1: f32,
    /// `1 - beta2`, rounded once.
    pub rest2: f32,
    /// `1 / (1 - beta1^step)`.
    pub correction1: f32,
    /// `1 / (1 - beta2^step)`.
    pub correction2: f32,
    /// Added to the root of the second moment.
    pub eps: f32,
    /// Decoupled weight decay.
    pub decay: f32,
}

/// The hyperparameters of AdamW, in the precision that they are given in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub eps: f64,
    /// Decoupled weight decay λ.
    pub decay: f64,
}

impl Default for AdamW {
    /// As PyTorch: β = (0.9, 0.999), ε = 1e-8, λ = 0.01.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, decay: 0.01 }
    }
}

impl AdamWParams {
    /// The update of `n` elements at the 1-based `step`; the bias corrections are worked out in f64, for
    /// `1 - beta2^step` cancels in f32.
    pub fn new(n: u32, step: u32, lr: f64, adamw: AdamW) -> Self {
        let AdamW { beta1, beta2, eps, decay } = adamw;
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(f64::from(step.max(1))))) as f32;
        Self {
            n,
            lr: lr as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            rest1: (1.0 - beta1) as f32,
            rest2: (1.0 - beta2) as f32,
            correction1: correction(beta1),
            correction2: correction(beta2),
            eps: eps as f32,
            decay: decay as f32,
        }
    }
}

/// One step of AdamW in place:
/// `g = gradient · clip[0]`, `m = β₁·m + (1-β₁)·g`, `v = β₂·v + (1-β₂)·g²`, `p −= lr · (m̂/(√v̂ + ε) + λ·p)`.
///
/// `gradient`, `parameter`, `m`, `v` `[n]`; `clip` `[1]` is [`fn@clip_factor`]'s, or a buffer with a 1.
#[kernel(
    workgroup = W, groups = params.n.div_ceil(W), tolerance(rel = 1e-5),
    requires(
        gradient.len() >= params.n,
        clip.len() >= 1,
        parameter.len() >= params.n,
        m.len() >= params.n,
        v.len() >= params.n,
    )
)]
pub fn adamw<const W: u32>(
    at: GlobalId,
    params: &AdamWParams,
    gradient: &Storage<f32>,
    clip: &Storage<f32>,
    parameter: &mut Storage<f32>,
    m: &mut Storage<f32>,
    v: &mut Storage<f32>,
) {
    if at >= params.n {
        return;
    }
    let g = gradient[at] * clip[0];
    let first = params.beta1 * m[at] + params.rest1 * g;
    let second = params.beta2 * v[at] + params.rest2 * g * g;
    let step = first * params.correction1 / (sqrt(second * params.correction2) + params.eps);
    let before = parameter[at];
    m[at] = first;
    v[at] = second;
    parameter[at] = before - params.lr * (step + params.decay * before);
}

/// Shape of [`fn@sum_of_squares`].
#[params]
pub struct SumOfSquaresParams {
    /// Elements of `x`.
    pub n: u32,
    /// First of this buffer's sums in `sums`, so that several buffers fill one.
    pub at: u32,
}

/// Sums that [`fn@sum_of_squares`] writes for `n` elements.
pub const fn blocks(n: u32) -> u32 {
    n.div_ceil(BLOCK)
}

/// `sums[at + b] = Σ x²` over the `b`-th block of [`BLOCK`] elements, one workgroup a block. `x` `[n]`.
#[kernel(
    workgroup = R::WIDTH, groups = params.n.div_ceil(BLOCK), tolerance(rel = 1e-5),
    requires(
        x.len() >= params.n,
        sums.len() >= params.at + params.n.div_ceil(BLOCK),
    )
)]
pub async fn sum_of_squares<R: Reduce>(
    block: WorkgroupId,
    lane: LocalIndex,
    params: &SumOfSquaresParams,
    x: &Storage<f32>,
    sums: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let first = block * BLOCK;
    let mut own = 0.0;
    for i in strided(first + lane, min(first + BLOCK, params.n), R::WIDTH) {
        own = fma(x[i], x[i], own);
    }
    let sum = R::sum(own, lane, scratch).await;
    if lane == 0 {
        sums[params.at + block] = sum;
    }
}

/// Shape of [`fn@clip_factor`].
#[params]
pub struct ClipFactorParams {
    /// Elements of `sums`.
    pub n: u32,
    /// The norm above which gradients are scaled down.
    pub max_norm: f32,
}

/// `clip[0] = min(1, max_norm / (norm + 1e-6))` as PyTorch's `clip_grad_norm_`, `clip[1] = norm = √Σ sums`. One
/// workgroup; `sums` `[n]`, `clip` `[2]`.
#[kernel(
    workgroup = R::WIDTH, groups = 1, tolerance(rel = 1e-5),
    requires(
        sums.len() >= params.n,
        clip.len() >= 2,
    )
)]
pub async fn clip_factor<R: Reduce>(
    lane: LocalIndex,
    params: &ClipFactorParams,
    sums: &Storage<f32>,
    clip: &mut Storage<f32>,
    #[len = R::SCRATCH] scratch: &mut Workgroup<f32>,
) {
    let mut own = 0.0;
    for i in strided(lane, params.n, R::WIDTH) {
        own += sums[i];
    }
    let norm = sqrt(R::sum(own, lane, scratch).await);
    if lane == 0 {
        clip[0] = min(1.0, params.max_norm / (norm + 1e-6));
        clip[1] = norm;
    }
}
