//! The way through a layer that keeps what the way back needs. It is also how a layer's activations are computed again.

use kernels_src::geglu::GegluParams;
use kernels_src::ple::ple_mix;

use super::adapter::Adapted;
use super::buffers::Buffers;
use super::ops::{Addition, Ops, Output, Vectors};
use crate::config::{Kv, LayerConfig};
use crate::error::Error;
use crate::lora::Target;
use crate::model::LayerWeights;
use crate::session::ops::{Ids, gather, mix_ple};

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
        let mut x = Vectors::new(&b.x);
        self.ops.multiply_vectors(&layer.gate, &mut x, &mut t.gate, output)?;
        self.ops.multiply_vectors(&layer.up, &mut x, &mut t.up, output)?;
        self.adapted.forward(
            &mut self.ops,
            (index, Target::Gate),
            &b.x,
            (&mut t.z, &mut t.gate, output),
            &mut b.adapter,
        )?;
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
        let (layer, _) = self.layer(index);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        self.ops.norm(&b.streams[index], &layer.attn_norm, &mut b.x)?;
        let (projections, mut at) = (&layer.projections, 0);
        let mut x = Vectors::new(&b.x);
        for tensor in &projections.tensors {
            self.ops.multiply_vectors(tensor, &mut x, &mut t.qkv, Output { stride: projections.width, at })?;
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
        self.scores(index)?;
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
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
}
