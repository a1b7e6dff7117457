//! One token: fused kernels, whose prologue is the residual addition and the norm before them. The stream moves
//! from one of two buffers to the other, because every workgroup of a fused kernel reads what the first one writes.

use kernel::dispatch::Buffer;
use kernel::types::Vec4;
use kernels_src::activation::GeluTanh;
use kernels_src::attention::decode::{AttendCombineParams, AttendDecodeParams, attend_combine, attend_decode};
use kernels_src::attention::kv::{KvF16, KvF32};
use kernels_src::geglu::{GegluParams, geglu};
use kernels_src::matvec::{
    GateUpParams, MatvecParams, PleGateParams, QkvParams, Softcap, gate_up, matvec, ple_gate, qkv,
};
use kernels_src::norm::{AddRmsNormParams, RmsNormParams, add_rms_norm, rms_norm};
use kernels_src::quant;

use super::matmul::{Output, ROWS, multiply};
use super::{Ops, Rows, SPLITS, WINDOW_SPLITS};
use crate::config::{Attention, Kv};
use crate::error::Error;
use crate::gguf::GgmlType;
use crate::kernels::{Family, Lanes, with_reduce};
use crate::lora::Target;
use crate::model::with_quant;
use crate::session::KvType;

/// Rows of the gate, and as many of the other projection, that a workgroup computes: more than elsewhere, because each
/// workgroup adds and norms the stream for itself.
const GATE_UP_ROWS: usize = 8;

/// The residual stream between two kernels: which buffer holds it, and what is still to be added to it.
#[derive(Clone, Copy)]
pub(in crate::session) struct Stream<'w> {
    pub(super) current: usize,
    pub(super) pending: Option<Pending<'w>>,
}

/// `h = (h + RMS(o) · w_post) · scale`, still to be done.
#[derive(Clone, Copy)]
pub(super) struct Pending<'w> {
    pub(super) w_post: &'w Buffer<f32>,
    pub(super) scale: f32,
}

impl<'w> Stream<'w> {
    /// As the embedding leaves it.
    pub(in crate::session) const EMBEDDED: Self = Self { current: 0, pending: None };
    /// As a prefill leaves its last row.
    pub(in crate::session) const KEPT_ROW: Self = Self { current: 1, pending: None };

    /// After a fused kernel: in the other buffer, with nothing pending.
    fn moved(self) -> Self {
        Self { current: 1 - self.current, pending: None }
    }

    fn plus(self, w_post: &'w Buffer<f32>, scale: f32) -> Self {
        Self { current: self.current, pending: Some(Pending { w_post, scale }) }
    }
}

impl<'a> Ops<'a> {
    /// Attention of the token over its layer's cache, appending the token's own key and value first.
    pub(in crate::session) fn token_attention(&mut self, index: usize) -> Result<(), Error> {
        let shape = self.model.config().layers[index];
        let (owns, cache) = (shape.kv == Kv::Owned, self.cache_of(index));
        let (layer, rope) = (self.layer(index), self.rope(index)?);
        let (lanes, eps) = (self.choices.lanes(Family::Attention), self.eps());
        let (window, splits) = match shape.kind {
            Attention::Sliding => (self.model.config().window, WINDOW_SPLITS),
            Attention::Full => (0, SPLITS),
        };
        // The CPU has nothing to gain from more workgroups than heads.
        let splits = if lanes == Lanes::Single { 1 } else { splits };
        let b = &mut *self.buffers;
        let kv = b.kv;
        let Some(cache) = &mut b.caches[cache] else { return Err(super::head_dim_error(shape.head_dim)) };
        let params = AttendDecodeParams {
            heads: shape.heads,
            kv_heads: shape.kv_heads,
            splits,
            window,
            ring: cache.ring,
            pairs: rope.pairs,
            k_at: layer.projections.k_at,
            v_at: layer.projections.v_at,
            eps,
        };
        let (mut k_cache, mut v_cache) = (cache.k.view::<Vec4<u32>>(), cache.v.view::<Vec4<u32>>());
        let mut partials = b.partials.view::<Vec4<f32>>();
        let mut out = b.a.view::<Vec4<f32>>();
        macro_rules! attend {
            ($K:ty, $R:ty, $HD:literal, $ACC:literal, $OWNS:literal) => {{
                let args = attend_decode::Args {
                    state: &b.state,
                    qkv: &b.qkv,
                    q_norm: &layer.q_norm,
                    k_norm: &layer.k_norm,
                    table: &rope.table,
                    k_cache: &mut k_cache,
                    v_cache: &mut v_cache,
                    out: if splits == 1 { &mut out } else { &mut partials },
                };
                attend_decode::Kernel::<$K, $R, $HD, $ACC, $OWNS>::dispatch(self.recorder, params, args)?;
            }};
            ($K:ty, $HD:literal, $SINGLE:literal) => {
                match (lanes, owns) {
                    (Lanes::Single, true) => attend!($K, kernels_src::reduce::Tree<1>, $HD, $SINGLE, true),
                    (Lanes::Single, false) => attend!($K, kernels_src::reduce::Tree<1>, $HD, $SINGLE, false),
                    (Lanes::Tree, true) => attend!($K, kernels_src::reduce::Tree<128>, $HD, 2, true),
                    (Lanes::Tree, false) => attend!($K, kernels_src::reduce::Tree<128>, $HD, 2, false),
                    (Lanes::Subgroups, true) => attend!($K, kernels_src::reduce::Subgroups<128>, $HD, 2, true),
                    (Lanes::Subgroups, false) => attend!($K, kernels_src::reduce::Subgroups<128>, $HD, 2, false),
                }
            };
            ($K:ty) => {
                match shape.head_dim {
                    32 => attend!($K, 32, 8),
                    64 => attend!($K, 64, 16),
                    128 => attend!($K, 128, 32),
                    256 => attend!($K, 256, 64),
                    512 => attend!($K, 512, 128),
                    other => return Err(super::head_dim_error(other)),
                }
            };
        }
        match kv {
            KvType::F16 => attend!(KvF16),
            KvType::F32 => attend!(KvF32),
        }
        if splits > 1 {
            let params = AttendCombineParams { heads: shape.heads, splits, head_dim: shape.head_dim };
            let args = attend_combine::Args { partials: &partials, out: &mut out };
            attend_combine::Kernel::<64>::dispatch(self.recorder, params, args)?;
        }
        Ok(())
    }

    /// `o = attn_output · a`.
    pub(in crate::session) fn token_output(&mut self, index: usize) -> Result<(), Error> {
        self.output(index, Rows(1))
    }

    /// Queries, keys and values of RMS(h) · attn_norm.
    pub(in crate::session) fn token_projections(
        &mut self,
        index: usize,
        stream: Stream<'a>,
    ) -> Result<Stream<'a>, Error> {
        let layer = self.layer(index);
        if let Some(fused) = self.fused_projections(index, stream)? {
            return Ok(fused);
        }
        let stream = self.settle(stream, Some(&layer.attn_norm))?;
        self.projections(index, Rows(1))?;
        Ok(stream)
    }

    /// `None` where no fused variant reads the layer's tensors: split ones, rare mixtures of formats, and those that an
    /// adapter changes, which needs the norm by itself.
    fn fused_projections(&mut self, index: usize, stream: Stream<'a>) -> Result<Option<Stream<'a>>, Error> {
        let layer = self.layer(index);
        if self.buffers.adapters.change(index, &[Target::Q, Target::K, Target::V]) {
            return Ok(None);
        }
        let (first, second) = match layer.projections.tensors.as_slice() {
            [all] => (all, None),
            [queries_keys, values] => (queries_keys, Some(values)),
            _ => return Ok(None),
        };
        let (Some(wa), Some(wb)) = (first.whole(), second.unwrap_or(first).whole()) else { return Ok(None) };
        let params = QkvParams {
            rows_a: first.rows,
            rows_b: second.map_or(0, |tensor| tensor.rows),
            k: first.k,
            eps: self.eps(),
            scale: stream.pending.map_or(1.0, |pending| pending.scale),
        };
        let lanes = self.choices.lanes(Family::Products);
        let b = &mut *self.buffers;
        let (h, mut h_out) = halves(&mut b.h, stream.current);
        let (o, w_next) = (b.o.view::<Vec4<f32>>(), layer.attn_norm.view::<Vec4<f32>>());
        let w_post = stream.pending.map_or(&layer.attn_norm, |pending| pending.w_post).view::<Vec4<f32>>();
        let recorder = &mut *self.recorder;
        let args =
            qkv::Args { h: &h, o: &o, w_post: &w_post, w_next: &w_next, h_out: &mut h_out, wa, wb, y: &mut b.qkv };
        macro_rules! dispatch {
            ($QA:ident, $QB:ident) => {
                with_reduce!(lanes, 64, R => match stream.pending {
                    Some(_) => { qkv::Kernel::<quant::$QA, quant::$QB, R, ROWS, true>::dispatch(recorder, params, args)?; }
                    None => { qkv::Kernel::<quant::$QA, quant::$QB, R, ROWS, false>::dispatch(recorder, params, args)?; }
                })
            };
        }
        match (first.ty, second.unwrap_or(first).ty) {
            (GgmlType::F32, GgmlType::F32) => dispatch!(F32, F32),
            (GgmlType::F16, GgmlType::F16) => dispatch!(F16, F16),
            (GgmlType::BF16, GgmlType::BF16) => dispatch!(BF16, BF16),
            (GgmlType::Q4_0, GgmlType::Q4_0) => dispatch!(Q4_0, Q4_0),
            (GgmlType::Q5_0, GgmlType::Q5_0) => dispatch!(Q5_0, Q5_0),
            (GgmlType::Q8_0, GgmlType::Q8_0) => dispatch!(Q8_0, Q8_0),
            (GgmlType::Q4_K, GgmlType::Q4_K) => dispatch!(Q4_K, Q4_K),
            (GgmlType::Q4_K, GgmlType::Q6_K) => dispatch!(Q4_K, Q6_K),
            (GgmlType::Q5_K, GgmlType::Q5_K) => dispatch!(Q5_K, Q5_K),
            (GgmlType::Q5_K, GgmlType::Q6_K) => dispatch!(Q5_K, Q6_K),
            (GgmlType::Q6_K, GgmlType::Q6_K) => dispatch!(Q6_K, Q6_K),
            _ => return Ok(None),
        }
        Ok(Some(stream.moved()))
    }

    /// The addition after attention, and the feed-forward part.
    pub(in crate::session) fn token_feed_forward(
        &mut self,
        index: usize,
        stream: Stream<'a>,
    ) -> Result<Stream<'a>, Error> {
        let layer = self.layer(index);
        let adapted = self.buffers.adapters.change(index, &[Target::Gate, Target::Up, Target::Down]);
        let alike = layer.gate.ty == layer.up.ty && !adapted;
        let (Some(w_gate), Some(w_up), true) = (layer.gate.whole(), layer.up.whole(), alike) else {
            let stream = self.settle(stream.plus(&layer.post_attention_norm, 1.0), Some(&layer.ffn_norm))?;
            self.feed_forward(index, Rows(1))?;
            return Ok(stream);
        };
        let params = GateUpParams { rows: layer.gate.rows, k: layer.gate.k, eps: self.eps(), scale: 1.0 };
        let lanes = self.choices.lanes(Family::Products);
        let b = &mut *self.buffers;
        let (h, mut h_out) = halves(&mut b.h, stream.current);
        let (o, w_next) = (b.o.view::<Vec4<f32>>(), layer.ffn_norm.view::<Vec4<f32>>());
        let w_post = layer.post_attention_norm.view::<Vec4<f32>>();
        let recorder = &mut *self.recorder;
        let args = gate_up::Args {
            h: &h,
            o: &o,
            w_post: &w_post,
            w_next: &w_next,
            h_out: &mut h_out,
            w_gate,
            w_up,
            y: &mut b.act,
        };
        with_quant!(layer.gate.ty, Q => with_reduce!(lanes, 64, R => {
            gate_up::Kernel::<Q, R, GeluTanh, GATE_UP_ROWS>::dispatch(recorder, params, args)?;
        }));
        multiply(recorder, lanes, &layer.down, &b.act, &mut b.o, Rows(1), Output::dense(&layer.down))?;
        Ok(stream.moved())
    }

    /// The addition after the feed-forward part, and the per-layer embedding's part; its addition stays pending.
    pub(in crate::session) fn token_end_layer(
        &mut self,
        index: usize,
        stream: Stream<'a>,
    ) -> Result<Stream<'a>, Error> {
        let layer = self.layer(index);
        let (Some(ple), Some(width)) = (&layer.ple, self.model.config().ple) else {
            return Ok(stream.plus(&layer.post_ffw_norm, layer.scale));
        };
        let (lanes, ple_at) = (self.choices.lanes(Family::Products), index as u32 * width);
        let adapted = self.buffers.adapters.change(index, &[Target::InpGate, Target::Proj]);
        let Some(w) = ple.gate.whole().filter(|_| !adapted) else {
            let stream = self.settle(stream.plus(&layer.post_ffw_norm, 1.0), None)?;
            let b = &mut *self.buffers;
            let h = &b.h[stream.current];
            multiply(self.recorder, lanes, &ple.gate, h, &mut b.ple_gate, Rows(1), Output::dense(&ple.gate))?;
            let y = (&mut b.ple_gate, Output::dense(&ple.gate));
            b.adapters.add(self.recorder, lanes, (index, Target::InpGate), h, y, Rows(1))?;
            let params = GegluParams { up_at: ple_at, ..GegluParams::dense(1, width) };
            let args = geglu::Args { gate: &b.ple_gate, up: &b.ple_one, y: &mut b.ple_act };
            geglu::Kernel::<GeluTanh, 256>::dispatch(self.recorder, params, args)?;
            multiply(self.recorder, lanes, &ple.proj, &b.ple_act, &mut b.o, Rows(1), Output::dense(&ple.proj))?;
            let y = (&mut b.o, Output::dense(&ple.proj));
            b.adapters.add(self.recorder, lanes, (index, Target::Proj), &b.ple_act, y, Rows(1))?;
            return Ok(stream.plus(&ple.post_norm, layer.scale));
        };
        let params = PleGateParams { rows: width, k: ple.gate.k, eps: self.eps(), scale: 1.0, ple_at };
        let b = &mut *self.buffers;
        let (h, mut h_out) = halves(&mut b.h, stream.current);
        let (o, w_post) = (b.o.view::<Vec4<f32>>(), layer.post_ffw_norm.view::<Vec4<f32>>());
        let recorder = &mut *self.recorder;
        let args = ple_gate::Args {
            h: &h,
            o: &o,
            w_post: &w_post,
            h_out: &mut h_out,
            w,
            ple_in: &b.ple_one,
            y: &mut b.ple_act,
        };
        with_quant!(ple.gate.ty, Q => with_reduce!(lanes, 64, R => {
            ple_gate::Kernel::<Q, R, GeluTanh, ROWS>::dispatch(recorder, params, args)?;
        }));
        multiply(recorder, lanes, &ple.proj, &b.ple_act, &mut b.o, Rows(1), Output::dense(&ple.proj))?;
        Ok(stream.moved().plus(&ple.post_norm, layer.scale))
    }

    /// Logits of the stream.
    pub(in crate::session) fn head(&mut self, stream: Stream<'a>) -> Result<(), Error> {
        let weights = &self.model.inner.weights;
        let (table, lanes) = (weights.head(), self.choices.lanes(Family::Products));
        self.settle(stream, Some(&weights.output_norm))?;
        let b = &mut *self.buffers;
        let Some(cap) = self.model.config().softcap else {
            return multiply(self.recorder, lanes, table, &b.x, &mut b.logits, Rows(1), Output::dense(table));
        };
        let x = b.x.view::<Vec4<f32>>();
        for part in &table.parts {
            let params = MatvecParams { rows: part.rows, k: table.k, y_at: part.first_row, cap };
            let args = matvec::Args { w: &part.buffer, x: &x, y: &mut b.logits };
            let recorder = &mut *self.recorder;
            with_quant!(table.ty, Q => with_reduce!(lanes, 64, R => {
                matvec::Kernel::<Q, R, Softcap, ROWS>::dispatch(recorder, params, args)?;
            }));
        }
        Ok(())
    }

    /// Adds what is pending to the stream and norms it into `x`, each in its own dispatch: what fused kernels do in
    /// their prologue, for tensors that no fused variant reads.
    fn settle(&mut self, stream: Stream<'a>, w_next: Option<&Buffer<f32>>) -> Result<Stream<'a>, Error> {
        let (hidden, eps, lanes) = (self.hidden(), self.eps(), self.choices.lanes(Family::Norms));
        let b = &mut *self.buffers;
        let h = &mut b.h[stream.current];
        match (stream.pending, w_next) {
            (Some(pending), _) => {
                let params = AddRmsNormParams { rows: 1, n: hidden, eps, scale: pending.scale };
                let w_post = pending.w_post;
                let args = add_rms_norm::Args { o: &b.o, w_post, w_next: w_next.unwrap_or(w_post), h, x: &mut b.x };
                with_reduce!(lanes, 256, R => match w_next {
                    Some(_) => { add_rms_norm::Kernel::<R, true>::dispatch(self.recorder, params, args)?; }
                    None => { add_rms_norm::Kernel::<R, false>::dispatch(self.recorder, params, args)?; }
                });
            }
            (None, Some(w)) => {
                let params = RmsNormParams { rows: 1, n: hidden, eps };
                let args = rms_norm::Args { x: h, w, y: &mut b.x };
                with_reduce!(lanes, 256, R => {
                    rms_norm::Kernel::<R, true>::dispatch(self.recorder, params, args)?;
                });
            }
            (None, None) => {}
        }
        Ok(Stream { current: stream.current, pending: None })
    }
}

/// The buffer that holds the stream, and the other one.
fn halves(h: &mut [Buffer<f32>; 2], current: usize) -> (Buffer<Vec4<f32>>, Buffer<Vec4<f32>>) {
    (h[current].view(), h[1 - current].view())
}
