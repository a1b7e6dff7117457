//! The way through a layer that keeps what the way back needs. It is also how a layer's activations are computed again.

use kernel::types::Vec4;
use kernels_src::attention::kv::KvF32;
use kernels_src::attention::prefill::{AttendPrefillParams, attend_training};
use kernels_src::geglu::GegluParams;
use kernels_src::ple::ple_mix;
use kernels_src::rope::{QkNormRopeParams, qk_norm_rope};

use super::adapter::Adapted;
use super::buffers::Buffers;
use super::ops::{Addition, Ops, Output};
use crate::config::{Attention, Kv, LayerConfig};
use crate::error::Error;
use crate::kernels::{Family, with_reduce};
use crate::lora::Target;
use crate::model::LayerWeights;
use crate::session::ops::{Ids, gather, head_dim_error, mix_ple, rope_of, with_head_dim};

/// One pass over a batch.
pub(super) struct Pass<'a> {
    pub(super) ops: Ops<'a>,
    pub(super) adapted: Adapted<'a>,
    pub(super) buffers: &'a mut Buffers,
}

/// Whether a layer's result goes on, or only its activations are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Forward,
    Recompute,
}

impl<'a> Pass<'a> {
    pub(super) fn layer(&self, index: usize) -> (&'a LayerWeights, LayerConfig) {
        let model = self.ops.model;
        (&model.inner.weights.layers[index], model.config().layers[index])
    }

    /// The layer whose keys and values a layer reads: itself, or its donor.
    pub(super) fn donor(&self, index: usize) -> usize {
        match self.ops.model.config().layers[index].kv {
            Kv::Owned => index,
            Kv::SharedWith(donor) => donor,
        }
    }

    /// The batch's embeddings and per-layer inputs.
    pub(super) fn embed(&mut self) -> Result<(), Error> {
        let model = self.ops.model;
        let (weights, config) = (&model.inner.weights, model.config());
        let b = &mut *self.buffers;
        let count = self.ops.rows;
        let ids = Ids { buffer: &b.ids, at: 0, count };
        gather(self.ops.recorder, &weights.token_embd, ids, (config.hidden as f32).sqrt(), &mut b.streams[0])?;
        let (Some(ple), Some(width)) = (&weights.ple, config.ple) else { return Ok(()) };
        let (table, ids) = match (&ple.table, &b.ple_rows) {
            (Some(table), _) => (table, ids),
            (None, Some(rows)) => (&rows.tensor, Ids { buffer: &rows.numbers, ..ids }),
            (None, None) => return Ok(()),
        };
        gather(self.ops.recorder, table, ids, (width as f32).sqrt(), &mut b.ple_tok)?;
        self.ops.multiply(&ple.model_proj, &b.streams[0], &mut b.ple_ctx, Output::dense(&ple.model_proj))?;
        let args = ple_mix::Args { ctx: &b.ple_ctx, tok: &b.ple_tok, w: &ple.proj_norm, ple_in: &mut b.ple_in };
        mix_ple(self.ops.recorder, self.ops.choices, config, count, args)
    }

    /// One layer: `streams[index]` to `streams[index + 1]`, and its tape.
    pub(super) fn forward(&mut self, index: usize, purpose: Purpose) -> Result<(), Error> {
        self.attend(index)?;
        let (layer, _) = self.layer(index);
        let hidden = self.ops.hidden() as usize;
        let tape = self.buffers.tape_of(index);
        // The stream after attention and its norm; what is computed again keeps the stream that was there.
        let b = &mut *self.buffers;
        let mut h = match purpose {
            Purpose::Forward => b.streams[index + 1].view::<f32>(),
            Purpose::Recompute => b.h.view::<f32>(),
        };
        self.ops.copy(&b.streams[index], &mut h, hidden)?;
        let addition = Addition { o: &b.tapes[tape].o_attention, w: &layer.post_attention_norm, scale: 1.0 };
        self.ops.add_norm(addition, &mut h, Some(&layer.ffn_norm), &mut b.x)?;

        let t = &mut b.tapes[tape];
        let output = Output::dense(&layer.gate);
        self.ops.multiply(&layer.gate, &b.x, &mut t.gate, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::Gate),
            &b.x,
            (&mut t.z, &mut t.gate, output),
            &mut b.adapter,
        )?;
        self.ops.multiply(&layer.up, &b.x, &mut t.up, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::Up),
            &b.x,
            (&mut t.z, &mut t.up, output),
            &mut b.adapter,
        )?;
        let params = GegluParams::dense(self.ops.rows.0, layer.gate.rows);
        self.ops.geglu(params, &t.gate, &t.up, &mut b.act)?;
        let output = Output::dense(&layer.down);
        self.ops.multiply(&layer.down, &b.act, &mut t.o_ffn, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::Down),
            &b.act,
            (&mut t.z, &mut t.o_ffn, output),
            &mut b.adapter,
        )?;

        let scale = if layer.ple.is_some() { 1.0 } else { layer.scale };
        let addition = Addition { o: &t.o_ffn, w: &layer.post_ffw_norm, scale };
        self.ops.add_norm(addition, &mut h, None, &mut b.x)?;
        let Some(ple) = &layer.ple else { return Ok(()) };
        let output = Output::dense(&ple.gate);
        self.ops.multiply(&ple.gate, &h, &mut t.ple_gate, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::InpGate),
            &h,
            (&mut t.z, &mut t.ple_gate, output),
            &mut b.adapter,
        )?;
        let params = self.ops.ple_params(index);
        self.ops.geglu(params, &t.ple_gate, &b.ple_in, &mut b.act)?;
        let output = Output::dense(&ple.proj);
        self.ops.multiply(&ple.proj, &b.act, &mut t.o_ple, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::Proj),
            &b.act,
            (&mut t.z, &mut t.o_ple, output),
            &mut b.adapter,
        )?;
        if purpose == Purpose::Forward {
            let addition = Addition { o: &t.o_ple, w: &ple.post_norm, scale: layer.scale };
            self.ops.add_norm(addition, &mut h, None, &mut b.x)?;
        }
        Ok(())
    }

    /// Attention up to what it adds to the stream.
    fn attend(&mut self, index: usize) -> Result<(), Error> {
        let (layer, shape) = self.layer(index);
        let lanes = self.ops.choices.lanes(Family::Attention);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        self.ops.norm(&b.streams[index], &layer.attn_norm, &mut b.x)?;
        let (projections, mut at) = (&layer.projections, 0);
        for tensor in &projections.tensors {
            self.ops.multiply(tensor, &b.x, &mut t.qkv, Output { stride: projections.width, at })?;
            at += tensor.rows;
        }
        for (target, at) in [(Target::Q, 0), (Target::K, projections.k_at), (Target::V, projections.v_at)] {
            let output = Output { stride: projections.width, at };
            self.adapted.forward(
                &mut self.ops,
                (index, target),
                &b.x,
                (&mut t.z, &mut t.qkv, output),
                &mut b.adapter,
            )?;
        }
        self.turn(index)?;

        let (donor, params) = (self.donor(index), self.attend_params(&shape));
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        let Some(cache) = &b.keys_values[donor] else { return Err(head_dim_error(0)) };
        let (q, mut out) = (b.q.view::<Vec4<f32>>(), t.a.view::<Vec4<f32>>());
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
        let output = Output::dense(&layer.output);
        self.ops.multiply(&layer.output, &t.a, &mut t.o_attention, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::O),
            &t.a,
            (&mut t.z, &mut t.o_attention, output),
            &mut b.adapter,
        )
    }

    /// Queries of a layer's tape, normed and turned, in `q`; an owning layer's keys and values in their place.
    pub(super) fn turn(&mut self, index: usize) -> Result<(), Error> {
        let (layer, shape) = self.layer(index);
        let (lanes, params) = (self.ops.choices.lanes(Family::Attention), self.turn_params(index)?);
        let table = &rope_of(self.ops.model, index)?.table;
        let donor = self.donor(index);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
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
            with_reduce!(lanes, 64, R => {
                qk_norm_rope::Kernel::<KvF32, R, HD>::dispatch(self.ops.recorder, params, args)?;
            });
        });
        Ok(())
    }

    pub(super) fn turn_params(&self, index: usize) -> Result<QkNormRopeParams, Error> {
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

    pub(super) fn attend_params(&self, shape: &LayerConfig) -> AttendPrefillParams {
        let window = match shape.kind {
            Attention::Sliding => self.ops.model.config().window,
            Attention::Full => 0,
        };
        let rows = self.ops.rows.0;
        AttendPrefillParams { rows, heads: shape.heads, kv_heads: shape.kv_heads, window, ring: rows }
    }
}
