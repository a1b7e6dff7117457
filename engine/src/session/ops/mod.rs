//! The model's computations as dispatches: which kernel variant a device, a format and a shape call for, and which
//! buffers it reads and writes. Nothing else in the engine names a kernel.

mod batch;
mod embed;
pub(crate) mod matmul;
pub(crate) mod pointwise;
mod sample;
mod token;

use kernel::dispatch::Recorder;

pub(crate) use embed::{Ids, gather, mix_ple};
pub(super) use token::Stream;

use super::buffers::Buffers;
use crate::config::{ConfigError, Kv};
use crate::error::Error;
use crate::kernels::Choices;
use crate::model::{LayerWeights, Model, RopeWeights};

/// Parts that a decoded token's keys are split into on full layers.
pub(super) const SPLITS: u32 = 32;

/// The same on sliding layers, whose keys are few.
pub(super) const WINDOW_SPLITS: u32 = 4;

/// Positions of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rows(pub(crate) u32);

/// Records computations of one model on one session's buffers.
pub(super) struct Ops<'a> {
    model: &'a Model,
    buffers: &'a mut Buffers,
    recorder: &'a mut Recorder,
    choices: Choices,
}

impl<'a> Ops<'a> {
    pub(super) fn new(model: &'a Model, buffers: &'a mut Buffers, recorder: &'a mut Recorder) -> Self {
        let choices = model.device().choices();
        Self { model, buffers, recorder, choices }
    }

    fn hidden(&self) -> u32 {
        self.model.config().hidden
    }

    fn eps(&self) -> f32 {
        self.model.config().rms_eps
    }

    fn layer(&self, index: usize) -> &'a LayerWeights {
        &self.model.inner.weights.layers[index]
    }

    /// The layer whose cache a layer reads: itself, or its donor.
    fn cache_of(&self, index: usize) -> usize {
        match self.model.config().layers[index].kv {
            Kv::Owned => index,
            Kv::SharedWith(donor) => donor,
        }
    }

    fn rope(&self, index: usize) -> Result<&'a RopeWeights, Error> {
        rope_of(self.model, index)
    }
}

/// The rotation of a layer's kind.
pub(crate) fn rope_of(model: &Model, index: usize) -> Result<&RopeWeights, Error> {
    let weights = &model.inner.weights;
    let shape = &model.config().layers[index];
    let table = match shape.kind {
        crate::config::Attention::Sliding => &weights.rope_sliding,
        crate::config::Attention::Full => &weights.rope_full,
    };
    table.as_ref().ok_or_else(|| head_dim_error(shape.head_dim))
}

/// No kernel variant has this head dimension.
pub(crate) fn head_dim_error(head_dim: u32) -> Error {
    ConfigError::Value {
        key: crate::config::names::keys::KEY_LENGTH,
        value: head_dim.to_string(),
        rule: "kernels exist for heads of 32, 64, 128, 256 and 512 values".to_owned(),
    }
    .into()
}

/// Runs `$body` with the constants `HD`, `W` and `ACC` of prefill attention for a head dimension and a device.
macro_rules! with_head_dim {
    ($lanes:expr, $head_dim:expr, $HD:ident, $W:ident, $ACC:ident => $body:expr) => {
        $crate::session::ops::with_head_dim!(@each $lanes, $head_dim, $HD, $W, $ACC, $body, 32 32 8 128, 64 32 8 256, 128 64 8 512, 256 128 8 1024, 512 256 8 2048)
    };
    (@each $lanes:expr, $head_dim:expr, $HD:ident, $W:ident, $ACC:ident, $body:expr, $($hd:literal $w:literal $acc:literal $single:literal),*) => {
        match ($lanes == $crate::kernels::Lanes::Single, $head_dim) {
            $((false, $hd) => {
                const $HD: u32 = $hd;
                #[allow(dead_code)] const $W: u32 = $w;
                #[allow(dead_code)] const $ACC: usize = $acc;
                $body
            })*
            $((true, $hd) => {
                const $HD: u32 = $hd;
                #[allow(dead_code)] const $W: u32 = 1;
                #[allow(dead_code)] const $ACC: usize = $single;
                $body
            })*
            (_, other) => return Err($crate::session::ops::head_dim_error(other)),
        }
    };
}
pub(crate) use with_head_dim;
