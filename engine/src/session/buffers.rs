//! A session's memory on its device: caches, the stream, and scratch for one chunk of positions.

use kernel::dispatch::Buffer;
use kernel::types::Vec2;
use kernels_src::attention::decode::partial_vectors;

use super::KvType;
use super::adapters::Adapters;
use crate::config::{Attention, Kv};
use crate::error::Error;
use crate::model::{Model, PleRows};

/// Words of the state that kernels share: `[0]` the first position of a run, `[1]` the token to decode, `[2]` the
/// tokens generated so far.
pub(super) const STATE_WORDS: usize = 8;

/// Tokens that the repeat penalty looks back on.
pub(super) const HISTORY: usize = 64;

/// One owning layer's cache: `[slots, kv_heads, head_dim]` each.
pub(super) struct Cache {
    pub(super) k: Buffer<u32>,
    pub(super) v: Buffer<u32>,
    /// Slots: position p lies in slot p % ring.
    pub(super) ring: u32,
}

pub(super) struct Buffers {
    pub(super) kv: KvType,
    pub(super) adapters: Adapters,
    /// One a layer; layers that share have none.
    pub(super) caches: Vec<Option<Cache>>,
    /// Slots of sliding layers' rings where they are shorter than the context.
    pub(super) ring: Option<usize>,
    pub(super) state: Buffer<u32>,
    /// Tokens of a prefill.
    pub(super) ids: Buffer<u32>,
    /// The sampled token.
    pub(super) sampled: Buffer<u32>,
    /// Recent tokens, for the repeat penalty.
    pub(super) history: Buffer<u32>,
    /// The residual stream, twice: a fused kernel reads one and writes the other.
    pub(super) h: [Buffer<f32>; 2],
    /// What is added to the stream next.
    pub(super) o: Buffer<f32>,
    /// The stream, normed.
    pub(super) x: Buffer<f32>,
    /// Raw queries, keys and values.
    pub(super) qkv: Buffer<f32>,
    /// Queries, normed and turned.
    pub(super) q: Buffer<f32>,
    /// Attention's output.
    pub(super) a: Buffer<f32>,
    /// Attention's partial outputs of splits over keys.
    pub(super) partials: Buffer<f32>,
    pub(super) gate: Buffer<f32>,
    pub(super) up: Buffer<f32>,
    pub(super) act: Buffer<f32>,
    /// The stream's projection to per-layer inputs, `[n, layers · width]`.
    pub(super) ple_ctx: Buffer<f32>,
    /// Rows of the per-layer embedding table.
    pub(super) ple_tok: Buffer<f32>,
    /// The per-layer inputs.
    pub(super) ple_in: Buffer<f32>,
    /// The per-layer inputs of one position.
    pub(super) ple_one: Buffer<f32>,
    /// Rows of the table where it stays in the source.
    pub(super) ple_rows: Option<PleRows>,
    pub(super) ple_gate: Buffer<f32>,
    pub(super) ple_act: Buffer<f32>,
    /// The last position's logits.
    pub(super) logits: Buffer<f32>,
    /// Greatest logit and mass of each chunk of the vocabulary.
    pub(super) peaks: Buffer<Vec2<f32>>,
    /// Sampling's scratch.
    pub(super) candidates: Buffer<Vec2<u32>>,
    pub(super) bytes: u64,
}

impl Buffers {
    pub(super) fn new(model: &Model, context: usize, chunk: usize, kv: KvType) -> Result<Self, Error> {
        let config = model.config();
        let device = model.device().dispatch();
        let layers = config.layers.len();
        let bytes = std::cell::Cell::new(0u64);
        let floats = |len: usize, label: &str| -> Result<Buffer<f32>, Error> {
            bytes.set(bytes.get() + 4 * len as u64);
            Ok(device.create(len, label)?)
        };
        let words = |len: usize, label: &str| -> Result<Buffer<u32>, Error> {
            bytes.set(bytes.get() + 4 * len as u64);
            Ok(device.create(len, label)?)
        };
        // A chunk's first query still needs the window before it while the chunk's last key is written; a few more
        // slots take the steps that decoding runs ahead.
        let ring = (config.window as usize + chunk + 8).next_multiple_of(16).min(context);
        let mut caches = Vec::with_capacity(layers);
        for layer in &config.layers {
            if layer.kv != Kv::Owned {
                caches.push(None);
                continue;
            }
            let slots = match layer.kind {
                Attention::Sliding => ring,
                Attention::Full => context,
            };
            let elements = slots * (layer.kv_heads * layer.head_dim) as usize;
            let len = match kv {
                KvType::F32 => elements,
                KvType::F16 => elements / 2,
            };
            caches.push(Some(Cache { k: words(len, "keys")?, v: words(len, "values")?, ring: slots as u32 }));
        }
        let most =
            |of: fn(&crate::config::LayerConfig) -> u32| config.layers.iter().map(of).max().unwrap_or(1) as usize;
        let heads = most(|layer| layer.head_dim * layer.heads);
        let keys = most(|layer| layer.head_dim * layer.kv_heads);
        let ffn = most(|layer| layer.ffn);
        let hidden = config.hidden as usize;
        let ple = config.ple.unwrap_or(0) as usize;
        let head_rows = most(|layer| layer.heads);
        let head_dim = most(|layer| layer.head_dim);
        let ple_rows = PleRows::new(model, chunk)?;
        if let Some(rows) = &ple_rows {
            bytes.set(bytes.get() + rows.bytes());
        }
        Ok(Self {
            kv,
            adapters: Adapters::new(model, Vec::new(), chunk)?,
            caches,
            ring: (ring < context).then_some(ring),
            state: words(STATE_WORDS, "state")?,
            ids: words(chunk, "ids")?,
            sampled: words(1, "sampled")?,
            history: words(HISTORY, "history")?,
            h: [floats(chunk * hidden, "stream")?, floats(chunk * hidden, "stream")?],
            o: floats(chunk * hidden, "o")?,
            x: floats(chunk * hidden, "x")?,
            qkv: floats(chunk * (heads + 2 * keys), "qkv")?,
            q: floats(chunk * heads, "q")?,
            a: floats(chunk * heads, "attention")?,
            partials: floats(4 * partial_vectors(head_rows as u32, super::ops::SPLITS, head_dim as u32), "partials")?,
            gate: floats(chunk * ffn, "gate")?,
            up: floats(chunk * ffn, "up")?,
            act: floats(chunk * ffn, "act")?,
            ple_ctx: floats(chunk * ple * layers, "ple_ctx")?,
            ple_tok: floats(chunk * ple * layers, "ple_tok")?,
            ple_in: floats(chunk * ple * layers, "ple_in")?,
            ple_one: floats(ple * layers, "ple_one")?,
            ple_rows,
            ple_gate: floats(chunk * ple, "ple_gate")?,
            ple_act: floats(chunk * ple, "ple_act")?,
            logits: floats(config.vocab as usize, "logits")?,
            peaks: device.create(kernels_src::sampling::chunks(config.vocab) as usize, "peaks")?,
            candidates: device.create(config.vocab as usize, "candidates")?,
            bytes: bytes.get(),
        })
    }
}
