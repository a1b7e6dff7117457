//! The way back through a layer: from the gradient of the stream after it to that of the stream before it, and on the way
//! the gradients of the adapter's factors.

use kernels_src::geglu::GegluParams;

use super::forward::{Pass, Purpose};
use super::ops::{Addition, Into, Output};
use crate::error::Error;
use crate::lora::Target;

impl Pass<'_> {
    /// Gradients of keys and values that other layers add to start at 0.
    pub(super) fn begin_backward(&mut self) -> Result<(), Error> {
        let config = self.ops.model.config();
        let donors: Vec<usize> = (0..config.layers.len()).map(|index| self.donor(index)).collect();
        let b = &mut *self.buffers;
        for (index, keys_values) in b.keys_values.iter_mut().enumerate() {
            let layer = &config.layers[index];
            let width = (layer.kv_heads * layer.head_dim) as usize;
            if let (Some(one), true) = (keys_values, donors.contains(&index)) {
                self.ops.copy(&b.zeros, &mut one.dk, width)?;
                self.ops.copy(&b.zeros, &mut one.dv, width)?;
            }
        }
        Ok(())
    }

    /// One layer back: `dh` is the gradient of the stream after it, and becomes that of the stream before it unless
    /// `first`, where nothing before it learns.
    pub(super) fn backward(&mut self, index: usize, first: bool) -> Result<(), Error> {
        if index < self.buffers.recomputed {
            self.forward(index, Purpose::Recompute)?;
        }
        let (layer, _) = self.layer(index);
        self.ops.scale(&mut self.buffers.dh, layer.scale)?;
        self.ple_backward(index)?;
        self.feed_forward_backward(index)?;
        self.attention_backward(index, first)
    }

    /// Through the per-layer input's gate and projection, and into the stream that the gate reads.
    fn ple_backward(&mut self, index: usize) -> Result<(), Error> {
        let (layer, _) = self.layer(index);
        let Some(ple) = &layer.ple else { return Ok(()) };
        let params = self.ops.ple_params(index);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        self.ops.norm_backward(&t.o_ple, &ple.post_norm, &b.dh, (&mut b.d_o, Into::Replace), &mut b.statistics)?;
        self.ops.geglu(params, &t.ple_gate, &b.ple_in, &mut b.act)?;
        let output = Output::dense(&ple.proj);
        self.ops.multiply_transposed(&ple.proj, (&b.d_o, output), (&mut b.d_act, Into::Replace))?;
        let (site, d_act) = ((index, Target::Proj), Some(&mut b.d_act));
        self.adapted.backward(&mut self.ops, site, &b.act, (&mut t.z, &b.d_o, output), d_act, &mut b.adapter)?;
        self.ops.geglu_backward(params, (&t.ple_gate, &b.ple_in, &b.d_act), (&mut b.d_gate, &mut b.d_up))?;
        let output = Output::dense(&ple.gate);
        self.ops.multiply_transposed(&ple.gate, (&b.d_gate, output), (&mut b.dh, Into::Add))?;
        let site = (index, Target::InpGate);
        if self.adapted.layout.site(index, Target::InpGate).is_some() {
            self.stream_after_attention(index)?;
            let b = &mut *self.buffers;
            let t = &mut b.tapes[tape];
            let addition = Addition { o: &t.o_ffn, w: &layer.post_ffw_norm, scale: 1.0 };
            self.ops.add_norm(addition, &mut b.h, None, &mut b.x)?;
            let dh = Some(&mut b.dh);
            self.adapted.backward(&mut self.ops, site, &b.h, (&mut t.z, &b.d_gate, output), dh, &mut b.adapter)?;
        }
        Ok(())
    }

    /// The stream between attention and the feed-forward part in `h`, and its norm in `x`.
    fn stream_after_attention(&mut self, index: usize) -> Result<(), Error> {
        let (layer, _) = self.layer(index);
        let hidden = self.ops.hidden() as usize;
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        self.ops.copy(&b.streams[index], &mut b.h, hidden)?;
        let addition = Addition { o: &b.tapes[tape].o_attention, w: &layer.post_attention_norm, scale: 1.0 };
        self.ops.add_norm(addition, &mut b.h, Some(&layer.ffn_norm), &mut b.x)
    }

    fn feed_forward_backward(&mut self, index: usize) -> Result<(), Error> {
        let (layer, _) = self.layer(index);
        let params = GegluParams::dense(self.ops.rows.0, layer.gate.rows);
        self.stream_after_attention(index)?;
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        self.ops.norm_backward(
            &t.o_ffn,
            &layer.post_ffw_norm,
            &b.dh,
            (&mut b.d_o, Into::Replace),
            &mut b.statistics,
        )?;
        let output = Output::dense(&layer.down);
        self.ops.multiply_transposed(&layer.down, (&b.d_o, output), (&mut b.d_act, Into::Replace))?;
        if self.adapted.layout.site(index, Target::Down).is_some() {
            self.ops.geglu(params, &t.gate, &t.up, &mut b.act)?;
            let (site, d_act) = ((index, Target::Down), Some(&mut b.d_act));
            self.adapted.backward(&mut self.ops, site, &b.act, (&mut t.z, &b.d_o, output), d_act, &mut b.adapter)?;
        }
        self.ops.geglu_backward(params, (&t.gate, &t.up, &b.d_act), (&mut b.d_gate, &mut b.d_up))?;
        let output = Output::dense(&layer.gate);
        self.ops.multiply_transposed(&layer.gate, (&b.d_gate, output), (&mut b.dx, Into::Replace))?;
        self.ops.multiply_transposed(&layer.up, (&b.d_up, output), (&mut b.dx, Into::Add))?;
        for (target, dy) in [(Target::Gate, &b.d_gate), (Target::Up, &b.d_up)] {
            let dx = Some(&mut b.dx);
            self.adapted.backward(&mut self.ops, (index, target), &b.x, (&mut t.z, dy, output), dx, &mut b.adapter)?;
        }
        self.ops.norm_backward(&b.h, &layer.ffn_norm, &b.dx, (&mut b.dh, Into::Add), &mut b.statistics)
    }

    fn attention_backward(&mut self, index: usize, first: bool) -> Result<(), Error> {
        let (layer, _) = self.layer(index);
        let tape = self.buffers.tape_of(index);
        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        let norm = &layer.post_attention_norm;
        self.ops.norm_backward(&t.o_attention, norm, &b.dh, (&mut b.d_o, Into::Replace), &mut b.statistics)?;
        let output = Output::dense(&layer.output);
        self.ops.multiply_transposed(&layer.output, (&b.d_o, output), (&mut b.da, Into::Replace))?;
        let (site, da) = ((index, Target::O), Some(&mut b.da));
        self.adapted.backward(&mut self.ops, site, &t.a, (&mut t.z, &b.d_o, output), da, &mut b.adapter)?;

        self.turn(index)?;
        self.scores_backward(index)?;
        self.turn_backward(index)?;

        let b = &mut *self.buffers;
        let t = &mut b.tapes[tape];
        let projections = &layer.projections;
        let (mut at, mut into) = (0, Into::Replace);
        for tensor in projections.tensors.iter().filter(|_| !first) {
            let output = Output { stride: projections.width, at };
            self.ops.multiply_transposed(tensor, (&b.d_qkv, output), (&mut b.dx, into))?;
            (at, into) = (at + tensor.rows, Into::Add);
        }
        self.ops.norm(&b.streams[index], &layer.attn_norm, &mut b.x)?;
        for (target, at) in [(Target::Q, 0), (Target::K, projections.k_at), (Target::V, projections.v_at)] {
            let output = Output { stride: projections.width, at };
            let dx = if first { None } else { Some(&mut b.dx) };
            let site = (index, target);
            self.adapted.backward(&mut self.ops, site, &b.x, (&mut t.z, &b.d_qkv, output), dx, &mut b.adapter)?;
        }
        if first {
            return Ok(());
        }
        let stream = &b.streams[index];
        self.ops.norm_backward(stream, &layer.attn_norm, &b.dx, (&mut b.dh, Into::Add), &mut b.statistics)
    }
}
