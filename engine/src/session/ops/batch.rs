//! Many positions at once: one dispatch a computation.

use kernel::dispatch::Buffer;
use kernel::types::Vec4;
use kernels_src::attention::kv::{KvF16, KvF32};
use kernels_src::attention::prefill::{AttendPrefillParams, attend_prefill};
use kernels_src::elementwise::{ElementwiseParams, Softcap, map};
use kernels_src::geglu::GegluParams;
use kernels_src::norm::RmsNormParams;
use kernels_src::rope::{QkNormRopeParams, qk_norm_rope};

use super::matmul::{Output, Vectors, multiply, multiply_vectors};
use super::pointwise::{Addition, add_rows, gated, norm_rows};
use super::{Ops, Rows, with_head_dim};
use crate::config::{Attention, Kv};
use crate::error::Error;
use crate::kernels::{Family, with_reduce};
use crate::lora::Target;
use crate::session::KvType;

impl Ops<'_> {
    /// `x = RMS(h) · attn_norm` of the first layer.
    pub(in crate::session) fn first_norm(&mut self, rows: Rows) -> Result<(), Error> {
        let weights = &self.model.inner.weights;
        self.norm_stream(rows, &weights.layers[0].attn_norm)
    }

    fn norm_stream(&mut self, rows: Rows, w: &Buffer<f32>) -> Result<(), Error> {
        let params = RmsNormParams { rows: rows.0, n: self.hidden(), eps: self.eps() };
        let b = &mut *self.buffers;
        norm_rows(self.recorder, self.choices, params, (&b.h[0], w), &mut b.x)
    }

    /// Queries, keys and values of `x`.
    pub(in crate::session) fn projections(&mut self, index: usize, rows: Rows) -> Result<(), Error> {
        let (layer, lanes) = (self.layer(index), self.choices.lanes(Family::Products));
        let mut at = 0;
        let b = &mut *self.buffers;
        let mut x = Vectors::new(&b.x);
        for tensor in &layer.projections.tensors {
            let output = Output { stride: layer.projections.width, at };
            multiply_vectors(self.recorder, lanes, tensor, &mut x, &mut b.qkv, rows, output)?;
            at += tensor.rows;
        }
        let (stride, k_at, v_at) = (layer.projections.width, layer.projections.k_at, layer.projections.v_at);
        for (target, at) in [(Target::Q, 0), (Target::K, k_at), (Target::V, v_at)] {
            let b = &mut *self.buffers;
            let y = (&mut b.qkv, Output { stride, at });
            b.adapters.add(self.recorder, lanes, (index, target), &b.x, y, rows)?;
        }
        Ok(())
    }

    /// Norm, rotation and cache append, then attention over the cache.
    pub(in crate::session) fn attention(&mut self, index: usize, rows: Rows) -> Result<(), Error> {
        let shape = self.model.config().layers[index];
        let (owns, cache) = (shape.kv == Kv::Owned, self.cache_of(index));
        let (layer, rope) = (self.layer(index), self.rope(index)?);
        let (lanes, eps) = (self.choices.lanes(Family::Attention), self.eps());
        let window = match shape.kind {
            Attention::Sliding => self.model.config().window,
            Attention::Full => 0,
        };
        let b = &mut *self.buffers;
        let kv = b.kv;
        let Some(cache) = &mut b.caches[cache] else { return Err(super::head_dim_error(0)) };
        let norm = QkNormRopeParams {
            rows: rows.0,
            heads: shape.heads,
            kv_heads: if owns { shape.kv_heads } else { 0 },
            pairs: rope.pairs,
            ring: cache.ring,
            stride: layer.projections.width,
            k_at: layer.projections.k_at,
            v_at: layer.projections.v_at,
            eps,
        };
        let attend = AttendPrefillParams {
            rows: rows.0,
            heads: shape.heads,
            kv_heads: shape.kv_heads,
            window,
            ring: cache.ring,
        };
        let mut q = b.q.view::<Vec4<f32>>();
        let (mut k_cache, mut v_cache) = (cache.k.view::<Vec4<u32>>(), cache.v.view::<Vec4<u32>>());
        let mut out = b.a.view::<Vec4<f32>>();
        macro_rules! attend {
            ($K:ty) => {
                with_head_dim!(lanes, shape.head_dim, HD, W, ACC => {
                    let args = qk_norm_rope::Args {
                        state: &b.state,
                        qkv: &b.qkv,
                        q_norm: &layer.q_norm,
                        k_norm: &layer.k_norm,
                        table: &rope.table,
                        q: &mut q,
                        k_cache: &mut k_cache,
                        v_cache: &mut v_cache,
                    };
                    with_reduce!(lanes, 64, R => {
                        qk_norm_rope::Kernel::<$K, R, HD>::dispatch(self.recorder, norm, args)?;
                    });
                    let args = attend_prefill::Args {
                        state: &b.state,
                        q: &q,
                        k_cache: &k_cache,
                        v_cache: &v_cache,
                        out: &mut out,
                    };
                    attend_prefill::Kernel::<$K, HD, W, ACC>::dispatch(self.recorder, attend, args)?;
                })
            };
        }
        match kv {
            KvType::F16 => attend!(KvF16),
            KvType::F32 => attend!(KvF32),
        }
        Ok(())
    }

    /// `o = attn_output · a`.
    pub(in crate::session) fn output(&mut self, index: usize, rows: Rows) -> Result<(), Error> {
        let (tensor, lanes) = (&self.layer(index).output, self.choices.lanes(Family::Products));
        let b = &mut *self.buffers;
        multiply(self.recorder, lanes, tensor, &b.a, &mut b.o, rows, Output::dense(tensor))?;
        let y = (&mut b.o, Output::dense(tensor));
        b.adapters.add(self.recorder, lanes, (index, Target::O), &b.a, y, rows)
    }

    /// The residual addition after attention, and the norm before the feed-forward part.
    pub(in crate::session) fn add_attention(&mut self, index: usize, rows: Rows) -> Result<(), Error> {
        let layer = self.layer(index);
        self.add(rows, (&layer.post_attention_norm, 1.0), Some(&layer.ffn_norm))
    }

    /// `o = ffn_down · (gelu(ffn_gate · x) · (ffn_up · x))`.
    pub(in crate::session) fn feed_forward(&mut self, index: usize, rows: Rows) -> Result<(), Error> {
        let (layer, lanes) = (self.layer(index), self.choices.lanes(Family::Products));
        let b = &mut *self.buffers;
        let mut x = Vectors::new(&b.x);
        multiply_vectors(self.recorder, lanes, &layer.gate, &mut x, &mut b.gate, rows, Output::dense(&layer.gate))?;
        multiply_vectors(self.recorder, lanes, &layer.up, &mut x, &mut b.up, rows, Output::dense(&layer.up))?;
        for (target, y) in [(Target::Gate, &mut b.gate), (Target::Up, &mut b.up)] {
            let y = (y, Output::dense(&layer.gate));
            b.adapters.add(self.recorder, lanes, (index, target), &b.x, y, rows)?;
        }
        let params = GegluParams::dense(rows.0, layer.gate.rows);
        gated(self.recorder, params, (&b.gate, &b.up), &mut b.act)?;
        multiply(self.recorder, lanes, &layer.down, &b.act, &mut b.o, rows, Output::dense(&layer.down))?;
        let y = (&mut b.o, Output::dense(&layer.down));
        b.adapters.add(self.recorder, lanes, (index, Target::Down), &b.act, y, rows)
    }

    /// The layer's last additions: the feed-forward part's, the per-layer embedding's, and the output scale; then the
    /// norm before the next layer's attention unless this layer is the last.
    pub(in crate::session) fn end_layer(&mut self, index: usize, rows: Rows, last: bool) -> Result<(), Error> {
        let (layer, lanes) = (self.layer(index), self.choices.lanes(Family::Products));
        let next = (!last).then(|| &self.layer(index + 1).attn_norm);
        let (Some(ple), Some(width)) = (&layer.ple, self.model.config().ple) else {
            return self.add(rows, (&layer.post_ffw_norm, layer.scale), next);
        };
        self.add(rows, (&layer.post_ffw_norm, 1.0), None)?;
        let layers = self.model.config().layers.len() as u32;
        let b = &mut *self.buffers;
        multiply(self.recorder, lanes, &ple.gate, &b.h[0], &mut b.ple_gate, rows, Output::dense(&ple.gate))?;
        let y = (&mut b.ple_gate, Output::dense(&ple.gate));
        b.adapters.add(self.recorder, lanes, (index, Target::InpGate), &b.h[0], y, rows)?;
        let params = GegluParams {
            rows: rows.0,
            n: width,
            gate_at: 0,
            gate_stride: width,
            up_at: index as u32 * width,
            up_stride: layers * width,
        };
        gated(self.recorder, params, (&b.ple_gate, &b.ple_in), &mut b.ple_act)?;
        multiply(self.recorder, lanes, &ple.proj, &b.ple_act, &mut b.o, rows, Output::dense(&ple.proj))?;
        let y = (&mut b.o, Output::dense(&ple.proj));
        b.adapters.add(self.recorder, lanes, (index, Target::Proj), &b.ple_act, y, rows)?;
        self.add(rows, (&ple.post_norm, layer.scale), next)
    }

    /// `h = (h + RMS(o) · w) · scale`, then `x = RMS(h) · w_next` where there is one.
    fn add(&mut self, rows: Rows, (w, scale): (&Buffer<f32>, f32), w_next: Option<&Buffer<f32>>) -> Result<(), Error> {
        let params = RmsNormParams { rows: rows.0, n: self.hidden(), eps: self.eps() };
        let b = &mut *self.buffers;
        let addition = Addition { o: &b.o, w, scale };
        add_rows(self.recorder, self.choices, params, addition, &mut b.h[0], w_next, &mut b.x)
    }

    /// The logits of every row.
    pub(in crate::session) fn head_rows(&mut self, rows: Rows, logits: &mut Buffer<f32>) -> Result<(), Error> {
        let weights = &self.model.inner.weights;
        self.norm_stream(rows, &weights.output_norm)?;
        let (head, lanes) = (weights.head(), self.choices.lanes(Family::Products));
        multiply(self.recorder, lanes, head, &self.buffers.x, logits, rows, Output::dense(head))?;
        if let Some(factor) = self.model.config().softcap {
            let params = ElementwiseParams { n: rows.0 * head.rows, factor };
            let args = map::Args { x: logits };
            map::Kernel::<Softcap, 256>::dispatch(self.recorder, params, args)?;
        }
        Ok(())
    }
}
