//! A layer's attention and its gradient: in f32, or on matrix units where products with many vectors go there.

use kernel::types::{Vec4, f16};
use kernels_src::attention::backward::{AttendBackwardArgs, attend_backward};
use kernels_src::attention::kv::{KvF16, KvF32};
use kernels_src::attention::prefill::{AttendPrefillParams, attend_training};
use kernels_src::attention::steps;
use kernels_src::rope::{QkNormRopeParams, qk_norm_rope};
use kernels_src::rope_backward::qk_norm_rope_backward;

use super::buffers::MatrixBuffers;
use super::forward::Pass;
use crate::config::{Attention, Config, Kv, LayerConfig};
use crate::error::Error;
use crate::kernels::{Family, with_reduce};
use crate::session::ops::{head_dim_error, rope_of, with_head_dim};

/// A layer's attention over a batch of `rows` rows.
pub(super) fn attend_params(config: &Config, layer: &LayerConfig, rows: u32) -> AttendPrefillParams {
    let window = match layer.kind {
        Attention::Sliding => config.window,
        Attention::Full => 0,
    };
    AttendPrefillParams { rows, heads: layer.heads, kv_heads: layer.kv_heads, window, ring: rows }
}

impl MatrixBuffers {
    fn scratch(&mut self) -> steps::Scratch<'_> {
        let Self { q, d_out, scores, weights, parts, unit, scale } = self;
        steps::Scratch { q, d_out, scores, weights, parts, unit, scale }
    }
}

impl Pass<'_> {
    /// Queries of a layer's tape, normed and turned, in `q`; an owning layer's keys and values in their place.
    pub(super) fn turn(&mut self, index: usize) -> Result<(), Error> {
        let (layer, shape) = self.layer(index);
        let (lanes, params) = (self.ops.choices.lanes(Family::Attention), self.turn_params(index)?);
        let donor = self.donor(index);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let table = b.turns.of(&shape)?;
        let Some(cache) = &b.keys_values[donor] else { return Err(head_dim_error(0)) };
        let mut q = b.q.view::<Vec4<f32>>();
        let (mut k_cache, mut v_cache) = (cache.k.view::<Vec4<u32>>(), cache.v.view::<Vec4<u32>>());
        with_head_dim!(lanes, shape.head_dim, HD, W, ACC => {
            let args = qk_norm_rope::Args {
                state: &b.state,
                qkv: &b.tapes[tape].qkv,
                q_norm: &layer.q_norm,
                k_norm: &layer.k_norm,
                table,
                q: &mut q,
                k_cache: &mut k_cache,
                v_cache: &mut v_cache,
            };
            with_reduce!(lanes, 64, R => match b.matrix {
                Some(_) => { qk_norm_rope::Kernel::<KvF16, R, HD>::dispatch(self.ops.recorder, params, args)?; }
                None => { qk_norm_rope::Kernel::<KvF32, R, HD>::dispatch(self.ops.recorder, params, args)?; }
            });
        });
        Ok(())
    }

    fn turn_params(&self, index: usize) -> Result<QkNormRopeParams, Error> {
        let (layer, shape) = self.layer(index);
        Ok(QkNormRopeParams {
            rows: self.ops.rows.0,
            heads: shape.heads,
            kv_heads: if shape.kv == Kv::Owned { shape.kv_heads } else { 0 },
            pairs: rope_of(self.ops.model, index)?.pairs,
            ring: self.ops.rows.0,
            stride: layer.projections.width,
            k_at: layer.projections.k_at,
            v_at: layer.projections.v_at,
            eps: self.ops.model.config().rms_eps,
        })
    }

    /// From turned queries, and the keys and values that the layer reads, to attention's result in its tape.
    pub(super) fn scores(&mut self, index: usize) -> Result<(), Error> {
        let (_, shape) = self.layer(index);
        let params = attend_params(self.ops.model.config(), &shape, self.ops.rows.0);
        let (donor, tape) = (self.donor(index), self.buffers.tape_of(index));
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        let Some(cache) = &b.keys_values[donor] else { return Err(head_dim_error(0)) };
        let q = b.q.view::<Vec4<f32>>();
        if let Some(matrix) = &mut b.matrix {
            let (k, v) = (cache.k.view::<Vec4<f16>>(), cache.v.view::<Vec4<f16>>());
            let args = steps::AttendArgs { segments: &b.segments, q: &q, k: &k, v: &v, out: &mut t.a, lse: &mut t.lse };
            with_reduce!(self.ops.choices.lanes(Family::Norms), 256, R => {
                steps::attend::<R>(self.ops.recorder, params, shape.head_dim, args, matrix.scratch())?;
            });
            return Ok(());
        }
        let lanes = self.ops.choices.lanes(Family::Attention);
        let mut out = t.a.view::<Vec4<f32>>();
        let (k_cache, v_cache) = (cache.k.view::<Vec4<u32>>(), cache.v.view::<Vec4<u32>>());
        with_head_dim!(lanes, shape.head_dim, HD, W, ACC => {
            let args = attend_training::Args {
                segments: &b.segments,
                q: &q,
                k_cache: &k_cache,
                v_cache: &v_cache,
                out: &mut out,
                lse: &mut t.lse,
            };
            attend_training::Kernel::<KvF32, HD, W, ACC>::dispatch(self.ops.recorder, params, args)?;
        });
        Ok(())
    }

    /// From the gradient of attention's result to those of its queries, and of the donor's keys and values.
    pub(super) fn scores_backward(&mut self, index: usize) -> Result<(), Error> {
        let (_, shape) = self.layer(index);
        let lanes = self.ops.choices.lanes(Family::Attention);
        let params = attend_params(self.ops.model.config(), &shape, self.ops.rows.0);
        let (donor, tape) = (self.donor(index), self.buffers.tape_of(index));
        let b = &mut *self.buffers;
        let t = &b.tapes[tape];
        let Some(cache) = &b.keys_values[donor] else { return Err(head_dim_error(0)) };
        if let Some(matrix) = &mut b.matrix {
            let args = steps::AttendBackwardArgs {
                segments: &b.segments,
                q: &b.q.view(),
                k: &cache.k.view(),
                v: &cache.v.view(),
                out: &t.a.view(),
                d_out: &b.da.view(),
                lse: &t.lse,
                statistics: &mut b.of_scores,
                dk_heads: &mut b.dk_heads,
                dv_heads: &mut b.dv_heads,
                dq: &mut b.dq,
                dk: &mut cache.dk.view(),
                dv: &mut cache.dv.view(),
            };
            with_reduce!(lanes, 64, R => with_reduce!(self.ops.choices.lanes(Family::Norms), 256, S => {
                let scratch = matrix.scratch();
                steps::attend_backward::<R, S>(self.ops.recorder, params, shape.head_dim, args, scratch)?;
            }));
            return Ok(());
        }
        let args = AttendBackwardArgs {
            segments: &b.segments,
            q: &b.q.view(),
            k_cache: &cache.k.view(),
            v_cache: &cache.v.view(),
            out: &t.a.view(),
            d_out: &b.da.view(),
            lse: &t.lse,
            statistics: &mut b.of_scores,
            dk_heads: &mut b.dk_heads.view(),
            dv_heads: &mut b.dv_heads.view(),
            dq: &mut b.dq.view(),
            dk: &mut cache.dk.view(),
            dv: &mut cache.dv.view(),
        };
        with_head_dim!(lanes, shape.head_dim, HD, W, ACC => with_reduce!(lanes, 64, R => {
            attend_backward::<KvF32, R, HD, W, ACC>(self.ops.recorder, params, args)?;
        }));
        Ok(())
    }

    /// Back through rotation and head norms to the raw projections.
    pub(super) fn turn_backward(&mut self, index: usize) -> Result<(), Error> {
        let (layer, shape) = self.layer(index);
        let (lanes, params) = (self.ops.choices.lanes(Family::Attention), self.turn_params(index)?);
        let (donor, tape) = (self.donor(index), self.buffers.tape_of(index));
        debug_assert!(shape.kv != Kv::Owned || donor == index);
        let b = &mut *self.buffers;
        let table = b.turns.of(&shape)?;
        let Some(cache) = &b.keys_values[donor] else { return Err(head_dim_error(0)) };
        with_head_dim!(lanes, shape.head_dim, HD, W, ACC => with_reduce!(lanes, 64, R => {
            let args = qk_norm_rope_backward::Args {
                qkv: &b.tapes[tape].qkv,
                q_norm: &layer.q_norm,
                k_norm: &layer.k_norm,
                table,
                dq: &b.dq,
                dk: &cache.dk,
                dv: &cache.dv,
                d_qkv: &mut b.d_qkv,
            };
            qk_norm_rope_backward::Kernel::<R, HD>::dispatch(self.ops.recorder, params, args)?;
        }));
        Ok(())
    }
}
