//! Training's memory on the device: what a pass keeps of each layer for the way back, and scratch for one layer at a
//! time. Sizes are worked out before anything is allocated, so that a run that cannot fit is refused with its reasons.

use kernel::dispatch::{Buffer, Device};
use kernel::types::{Vec2, Vec4, f16};
use kernels_src::attention::steps::{parts_len, scores_len};

use super::adapter::{AdapterBuffers, Projected};
use super::attention::attend_params;
use crate::config::{Attention, Config, Kv, LayerConfig};
use crate::error::Error;
use crate::kernels::Batches;
use crate::lora::{Layout, Target};
use crate::model::{Model, PleRows, RopeWeights};
use crate::session::ops::head_dim_error;

/// Rows of the head that a piece of the vocabulary has: `[rows, VOCABULARY_PIECE]` logits are there at a time.
pub(super) const VOCABULARY_PIECE: u32 = 8192;

/// Makes buffers and counts their bytes, or only counts.
struct Allocator<'d> {
    /// `None` counts.
    device: Option<&'d Device>,
    bytes: u64,
}

impl Allocator<'_> {
    fn create<T: kernel::layout::Element>(&mut self, len: usize, label: &str) -> Result<Buffer<T>, Error> {
        // No binding may be empty.
        let len = len.max(4).next_multiple_of(4);
        self.bytes += (len * size_of::<T>()) as u64;
        Ok(match self.device {
            Some(device) => device.create(len, label)?,
            None => Device::Cpu(kernel::cpu::CpuOptions::default()).create(0, label)?,
        })
    }
}

/// What the backward pass needs of a layer.
pub(super) struct Tape {
    /// Raw queries, keys and values `[rows, width]`.
    pub(super) qkv: Buffer<f32>,
    /// Attention's result `[rows, heads · head_dim]`.
    pub(super) a: Buffer<f32>,
    /// The log of each query's sum of exponentials `[rows, heads]`.
    pub(super) lse: Buffer<f32>,
    /// What attention adds to the stream, before its norm `[rows, hidden]`.
    pub(super) o_attention: Buffer<f32>,
    /// The gate before its activation, and what it multiplies `[rows, ffn]`.
    pub(super) gate: Buffer<f32>,
    pub(super) up: Buffer<f32>,
    /// What the feed-forward part adds, before its norm `[rows, hidden]`.
    pub(super) o_ffn: Buffer<f32>,
    /// The per-layer input's gate `[rows, width]`, and what it adds `[rows, hidden]`; of no use without one.
    pub(super) ple_gate: Buffer<f32>,
    pub(super) o_ple: Buffer<f32>,
    /// `A·x` of each target `[rows, rank]`.
    pub(super) z: Projected,
}

/// The greatest sizes of a tape that several layers may use in turn.
#[derive(Clone, Copy, Default)]
struct TapeLens {
    qkv: usize,
    a: usize,
    lse: usize,
    ffn: usize,
    ranks: [usize; Target::ALL.len()],
}

impl TapeLens {
    fn of(config: &Config, layout: &Layout, index: usize) -> Self {
        let layer = &config.layers[index];
        Self {
            qkv: projected(layer),
            a: (layer.heads * layer.head_dim) as usize,
            lse: layer.heads as usize,
            ffn: layer.ffn as usize,
            ranks: Target::ALL.map(|target| layout.site(index, target).map_or(0, |site| site.rank as usize)),
        }
    }

    fn max(self, other: Self) -> Self {
        Self {
            qkv: self.qkv.max(other.qkv),
            a: self.a.max(other.a),
            lse: self.lse.max(other.lse),
            ffn: self.ffn.max(other.ffn),
            ranks: std::array::from_fn(|at| self.ranks[at].max(other.ranks[at])),
        }
    }
}

/// Outputs of a layer's projections to queries, keys and values.
fn projected(layer: &LayerConfig) -> usize {
    let keys = if layer.kv == Kv::Owned { layer.kv_heads * layer.head_dim } else { 0 };
    let values = if layer.has_v { keys } else { 0 };
    (layer.heads * layer.head_dim + keys + values) as usize
}

impl Tape {
    fn new(allocator: &mut Allocator<'_>, config: &Config, rows: usize, lens: TapeLens) -> Result<Self, Error> {
        let (hidden, ple) = (config.hidden as usize, config.ple.unwrap_or(0) as usize);
        let ple_hidden = if config.ple.is_some() { hidden } else { 0 };
        let mut z = [const { None }; Target::ALL.len()];
        for (z, rank) in z.iter_mut().zip(lens.ranks) {
            if rank > 0 {
                *z = Some(allocator.create(rows * rank, "A·x")?);
            }
        }
        Ok(Self {
            qkv: allocator.create(rows * lens.qkv, "qkv")?,
            a: allocator.create(rows * lens.a, "attention")?,
            lse: allocator.create(rows * lens.lse, "lse")?,
            o_attention: allocator.create(rows * hidden, "o of attention")?,
            gate: allocator.create(rows * lens.ffn, "gate")?,
            up: allocator.create(rows * lens.ffn, "up")?,
            o_ffn: allocator.create(rows * hidden, "o of ffn")?,
            ple_gate: allocator.create(rows * ple, "ple_gate")?,
            o_ple: allocator.create(rows * ple_hidden, "o of ple")?,
            z,
        })
    }
}

/// Scratch of attention on matrix units, see [`Scratch`](kernels_src::attention::steps::Scratch).
pub(super) struct MatrixBuffers {
    pub(super) q: Buffer<Vec4<f16>>,
    pub(super) d_out: Buffer<Vec4<f16>>,
    pub(super) scores: Buffer<f32>,
    pub(super) weights: Buffer<Vec4<f16>>,
    pub(super) parts: Buffer<f32>,
    pub(super) unit: Buffer<f32>,
    pub(super) scale: Buffer<f32>,
}

impl MatrixBuffers {
    fn new(make: &mut Allocator<'_>, config: &Config, rows: usize) -> Result<Self, Error> {
        let most = |of: &dyn Fn(&LayerConfig) -> usize| config.layers.iter().map(of).max().unwrap_or(0);
        let queries = most(&|layer| rows * (layer.heads * layer.head_dim) as usize);
        let scores = most(&|layer| scores_len(attend_params(config, layer, rows as u32)));
        Ok(Self {
            q: make.create(queries / 4, "halves of queries")?,
            d_out: make.create(queries / 4, "halves of attention's gradient")?,
            scores: make.create(scores, "scores")?,
            weights: make.create(scores / 4, "weights")?,
            parts: make.create(parts_len(queries), "parts of the greatest")?,
            unit: make.create(1, "unit")?,
            scale: make.create(1, "scale of attention's gradient")?,
        })
    }
}

/// Cosines and sines of every row, for each kind of layer that there is. Rows count on from example to example: what
/// attention sees of two positions is their difference alone.
pub(super) struct Turns {
    pub(super) sliding: Option<Buffer<Vec2<f32>>>,
    pub(super) full: Option<Buffer<Vec2<f32>>>,
}

impl Turns {
    fn new(model: &Model, rows: usize) -> Result<Self, Error> {
        let weights = &model.inner.weights;
        let reaching = |rope: &Option<RopeWeights>| {
            rope.as_ref().map(|rope| rope.reaching(model.device(), rows as u32)).transpose()
        };
        Ok(Self { sliding: reaching(&weights.rope_sliding)?, full: reaching(&weights.rope_full)? })
    }

    /// Those of a layer.
    pub(super) fn of(&self, layer: &LayerConfig) -> Result<&Buffer<Vec2<f32>>, Error> {
        let turns = match layer.kind {
            Attention::Sliding => &self.sliding,
            Attention::Full => &self.full,
        };
        turns.as_ref().ok_or_else(|| head_dim_error(layer.head_dim))
    }
}

/// Keys and values of an owning layer `[rows, kv_heads, head_dim]`, in f16 where attention is on matrix units, and their
/// gradients, to which every layer that reads them adds.
pub(super) struct KeysValues {
    pub(super) k: Buffer<u32>,
    pub(super) v: Buffer<u32>,
    pub(super) dk: Buffer<f32>,
    pub(super) dv: Buffer<f32>,
}

/// Everything that training keeps on the device beside the model.
pub(super) struct Buffers {
    /// The adapter's factors, flat, in its layout's order; their gradients, and AdamW's moments.
    pub(super) parameters: Buffer<f32>,
    pub(super) gradients: Buffer<f32>,
    pub(super) first_moment: Buffer<f32>,
    pub(super) second_moment: Buffer<f32>,
    /// Sums of squares of blocks of the gradients; the factor that clips them, and their norm.
    pub(super) squares: Buffer<f32>,
    pub(super) clip: Buffer<f32>,

    /// Position 0: rows are positions.
    pub(super) state: Buffer<u32>,
    pub(super) ids: Buffer<u32>,
    pub(super) segments: Buffer<u32>,
    /// Rows from which something is learned, the tokens that follow them, and each one's share of the mean.
    pub(super) learned: Buffer<u32>,
    pub(super) targets: Buffer<u32>,
    pub(super) weights: Buffer<f32>,
    /// Which learned row a row is, or `u32::MAX`.
    pub(super) learned_of: Buffer<u32>,
    pub(super) zeros: Buffer<f32>,
    pub(super) turns: Turns,

    /// The stream before each layer and after the last `[rows, hidden]`.
    pub(super) streams: Vec<Buffer<f32>>,
    pub(super) keys_values: Vec<Option<KeysValues>>,
    /// There where attention is on matrix units.
    pub(super) matrix: Option<MatrixBuffers>,
    /// One a layer from `recomputed` on; the layers before it share the first.
    pub(super) tapes: Vec<Tape>,
    pub(super) recomputed: usize,

    pub(super) ple_ctx: Buffer<f32>,
    pub(super) ple_tok: Buffer<f32>,
    pub(super) ple_in: Buffer<f32>,
    pub(super) ple_rows: Option<PleRows>,

    /// The stream's gradient, the stream at some place within a layer, and its norm.
    pub(super) dh: Buffer<f32>,
    pub(super) h: Buffer<f32>,
    pub(super) x: Buffer<f32>,
    pub(super) dx: Buffer<f32>,
    pub(super) d_o: Buffer<f32>,
    pub(super) statistics: Buffer<Vec2<f32>>,
    pub(super) q: Buffer<f32>,
    pub(super) dq: Buffer<f32>,
    pub(super) da: Buffer<f32>,
    /// Each query's log of its sum, and what its scores' gradients have in common.
    pub(super) of_scores: Buffer<Vec2<f32>>,
    /// Each query head's part of the gradients of keys and values.
    pub(super) dk_heads: Buffer<f32>,
    pub(super) dv_heads: Buffer<f32>,
    pub(super) d_qkv: Buffer<f32>,
    pub(super) act: Buffer<f32>,
    pub(super) d_act: Buffer<f32>,
    pub(super) d_gate: Buffer<f32>,
    pub(super) d_up: Buffer<f32>,
    pub(super) adapter: AdapterBuffers,
    pub(super) loss: LossBuffers,
    pub(super) bytes: u64,
}

/// Scratch of the head and the loss, for the rows from which something is learned.
pub(super) struct LossBuffers {
    /// The stream, its norm, and the norm's gradient `[learned, hidden]`.
    pub(super) h: Buffer<f32>,
    pub(super) x: Buffer<f32>,
    pub(super) dx: Buffer<f32>,
    pub(super) dh: Buffer<f32>,
    /// The targets' rows of the head.
    pub(super) target_rows: Buffer<f32>,
    /// One piece of the vocabulary `[learned, VOCABULARY_PIECE]`.
    pub(super) logits: Buffer<f32>,
    /// Weighted sum of the head's rows `[learned, hidden]`.
    pub(super) sums: Buffer<f32>,
    /// Greatest logit and sum of exponentials so far `[learned]`.
    pub(super) running: Buffer<Vec2<f32>>,
    pub(super) faded: Buffer<f32>,
    /// The head's product of the target's row.
    pub(super) target_products: Buffer<f32>,
    /// The weighted loss, and whether no logit is above the target's.
    pub(super) losses: Buffer<Vec2<f32>>,
}

/// What a trainer is sized for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capacity {
    /// Rows of a pass.
    pub(super) rows: usize,
    /// Layers, from the first on, whose activations are computed again on the way back instead of kept.
    pub(super) recomputed: usize,
    /// Whether inputs of adapters drop out.
    pub(super) dropout: bool,
}

impl Buffers {
    /// Bytes that [`Buffers::new`] would take.
    pub(super) fn bytes(model: &Model, layout: &Layout, capacity: Capacity) -> Result<u64, Error> {
        Ok(Self::build(model, layout, capacity, None)?.bytes)
    }

    pub(super) fn new(model: &Model, layout: &Layout, capacity: Capacity) -> Result<Self, Error> {
        Self::build(model, layout, capacity, Some(model.device().dispatch()))
    }

    fn build(model: &Model, layout: &Layout, capacity: Capacity, device: Option<&Device>) -> Result<Self, Error> {
        let config = model.config();
        let rows = capacity.rows;
        let mut all = Allocator { device, bytes: 0 };
        let make = &mut all;
        let hidden = config.hidden as usize;
        let layers = config.layers.len();
        let most = |of: fn(&LayerConfig) -> usize| config.layers.iter().map(of).max().unwrap_or(1);
        let heads = most(|layer| (layer.heads * layer.head_dim) as usize);
        let width = most(projected);
        let ffn = most(|layer| layer.ffn as usize).max(config.ple.unwrap_or(0) as usize);
        let head_count = most(|layer| layer.heads as usize);
        let ple = config.ple.unwrap_or(0) as usize * layers;
        let rank = layout.max_rank().max(1) as usize;
        let widest = [hidden, heads, ffn].into_iter().max().unwrap_or(hidden);
        let n = layout.len();

        let lens = |index: usize| TapeLens::of(config, layout, index);
        let recomputed = capacity.recomputed.min(layers);
        let mut tapes = Vec::new();
        if recomputed > 0 {
            let shared = (0..recomputed).map(lens).fold(TapeLens::default(), TapeLens::max);
            tapes.push(Tape::new(make, config, rows, shared)?);
        }
        for index in recomputed..layers {
            tapes.push(Tape::new(make, config, rows, lens(index))?);
        }
        let on_matrix_units = model.device().choices().batches() == Batches::MatrixUnits;
        let matrix = if on_matrix_units { Some(MatrixBuffers::new(make, config, rows)?) } else { None };
        let mut keys_values = Vec::with_capacity(layers);
        for layer in &config.layers {
            let len = rows * (layer.kv_heads * layer.head_dim) as usize;
            let words = if on_matrix_units { len / 2 } else { len };
            keys_values.push(match layer.kv {
                Kv::SharedWith(_) => None,
                Kv::Owned => Some(KeysValues {
                    k: make.create(words, "keys")?,
                    v: make.create(words, "values")?,
                    dk: make.create(len, "gradient of keys")?,
                    dv: make.create(len, "gradient of values")?,
                }),
            });
        }
        let streams = (0..=layers).map(|_| make.create(rows * hidden, "stream")).collect::<Result<Vec<_>, _>>()?;
        let ple_rows = match device {
            Some(_) => PleRows::new(model, rows)?,
            None => None,
        };
        let dropped = match capacity.dropout {
            true => Some([make.create(rows * widest, "dropped")?, make.create(rows * widest, "d_dropped")?]),
            false => None,
        };
        let adapter = AdapterBuffers {
            dz: make.create(rows * rank, "dz")?,
            partials: make.create(super::ops::partials(widest.max(width).max(rows), rank), "partials")?,
            dropped,
        };
        let piece = VOCABULARY_PIECE.min(config.vocab) as usize;
        let loss = LossBuffers {
            h: make.create(rows * hidden, "learned h")?,
            x: make.create(rows * hidden, "learned x")?,
            dx: make.create(rows * hidden, "learned dx")?,
            dh: make.create(rows * hidden, "learned dh")?,
            target_rows: make.create(rows * hidden, "targets' rows")?,
            logits: make.create(rows * piece, "logits")?,
            sums: make.create(rows * hidden, "weighted rows")?,
            running: make.create(rows, "running")?,
            faded: make.create(rows, "faded")?,
            target_products: make.create(rows, "targets' products")?,
            losses: make.create(rows, "losses")?,
        };
        let zeros =
            rows * config.layers.iter().map(|l| (l.kv_heads * l.head_dim) as usize).max().unwrap_or(0).max(hidden);
        let mut buffers = Self {
            parameters: make.create(n, "parameters")?,
            gradients: make.create(n, "gradients")?,
            first_moment: make.create(n, "first moment")?,
            second_moment: make.create(n, "second moment")?,
            squares: make.create(kernels_src::adamw::blocks(n as u32) as usize, "squares")?,
            clip: make.create(2, "clip")?,
            state: make.create(2, "state")?,
            ids: make.create(rows, "ids")?,
            segments: make.create(rows, "segments")?,
            learned: make.create(rows, "learned")?,
            targets: make.create(rows, "targets")?,
            weights: make.create(rows, "weights")?,
            learned_of: make.create(rows, "learned of")?,
            zeros: make.create(zeros, "zeros")?,
            turns: Turns::new(model, rows)?,
            streams,
            keys_values,
            matrix,
            tapes,
            recomputed,
            ple_ctx: make.create(rows * ple, "ple_ctx")?,
            ple_tok: make.create(rows * ple, "ple_tok")?,
            ple_in: make.create(rows * ple, "ple_in")?,
            ple_rows,
            dh: make.create(rows * hidden, "dh")?,
            h: make.create(rows * hidden, "h")?,
            x: make.create(rows * hidden, "x")?,
            dx: make.create(rows * hidden, "dx")?,
            d_o: make.create(rows * hidden, "d_o")?,
            statistics: make.create(rows, "statistics")?,
            q: make.create(rows * heads, "q")?,
            dq: make.create(rows * heads, "dq")?,
            da: make.create(rows * heads, "da")?,
            of_scores: make.create(rows * head_count, "of scores")?,
            dk_heads: make.create(rows * heads, "dk of heads")?,
            dv_heads: make.create(rows * heads, "dv of heads")?,
            d_qkv: make.create(rows * width, "d_qkv")?,
            act: make.create(rows * ffn, "act")?,
            d_act: make.create(rows * ffn, "d_act")?,
            d_gate: make.create(rows * ffn, "d_gate")?,
            d_up: make.create(rows * ffn, "d_up")?,
            adapter,
            loss,
            bytes: 0,
        };
        buffers.bytes = all.bytes;
        Ok(buffers)
    }

    /// The tape of a layer.
    pub(super) fn tape_of(&self, layer: usize) -> usize {
        match layer.checked_sub(self.recomputed) {
            Some(kept) => kept + usize::from(self.recomputed > 0),
            None => 0,
        }
    }
}
