//! Gemma 4's shape, taken from a file's metadata and checked against its tensors, so that what follows never has to
//! ask again. Both llama.cpp's and Ollama's files are understood: tensors that text does not need are ignored.
pub mod names;
mod read;
mod shapes;

use crate::{
    error::Error,
    gguf::{GgmlType, Gguf, GgufError},
    source::Source,
};

/// Why a well-formed GGUF is not a model that this engine runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs)] // The fields are what the messages say they are.
pub enum ConfigError {
    /// Another model family.
    #[error("the file's `general.architecture` is `{found}`; only `gemma4` is supported")]
    Architecture { found: String },
    /// A mixture of experts.
    #[error("not supported yet: mixture of experts (key `{key}` is {count})")]
    MixtureOfExperts { key: &'static str, count: u32 },
    /// A value that cannot be right.
    #[error("key `{key}` has the value {value}, but {rule}")]
    Value { key: &'static str, value: String, rule: String },
    /// A shared layer without a layer to share with.
    #[error("layer {layer} shares keys and values (key `{key}`), but no layer of its kind before {owners} owns any")]
    NoOwner { key: &'static str, layer: usize, owners: usize },
    /// A tensor's shape does not follow from the metadata.
    #[error("tensor `{tensor}` has the wrong shape: expected {expected:?} ({meaning}), found {found:?}")]
    WrongShape { tensor: String, expected: Vec<u64>, found: Vec<u64>, meaning: &'static str },
    /// A tensor's type is not one that can be used there.
    #[error("tensor `{tensor}` is {found}, but must be {expected}")]
    WrongType { tensor: String, expected: &'static str, found: GgmlType },
}

/// Which positions a layer attends to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attention {
    /// The last [`Config::window`] positions.
    Sliding,
    /// All positions.
    Full,
}

/// Where a layer's keys and values come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kv {
    /// It computes and caches its own.
    Owned,
    /// It reads the cache of this earlier layer, which is of the same kind.
    SharedWith(usize),
}

/// A layer's rotary position embedding, in NeoX order: element j turns with element j + dims / 2.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rope {
    /// Pair j turns by `position / base^(2j / dims)`, divided by its factor where there are factors.
    pub base: f32,
    /// Elements of a head that belong to pairs, from the first on.
    pub dims: u32,
    /// Whether `rope_freqs.weight` divides the frequencies: on full layers.
    pub factors: bool,
}

/// One layer's shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LayerConfig {
    /// Sliding or full.
    pub kind: Attention,
    /// Elements of a query, key or value head.
    pub head_dim: u32,
    /// Query heads.
    pub heads: u32,
    /// Key and value heads; query head h reads key head `h / (heads / kv_heads)`.
    pub kv_heads: u32,
    /// Width of the feed-forward part.
    pub ffn: u32,
    /// Whose keys and values it reads.
    pub kv: Kv,
    /// Whether it has a value projection. Where an owning layer has none, values are its keys before norm and
    /// rotation. Always false on layers that share.
    pub has_v: bool,
    /// Its rotary embedding.
    pub rope: Rope,
}

/// The model's shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// All layers, in order.
    pub layers: Vec<LayerConfig>,
    /// Width of the residual stream.
    pub hidden: u32,
    /// Rows of the embedding table, and logits.
    pub vocab: u32,
    /// Positions the model was trained for.
    pub context: u32,
    /// Positions that a sliding layer sees, its own included: `0 <= q - k < window`.
    pub window: u32,
    /// The epsilon of every RMS norm.
    pub rms_eps: f32,
    /// `cap · tanh(logit / cap)` where there is a cap.
    pub softcap: Option<f32>,
    /// Width of one layer's share of the per-layer embeddings, where there are any.
    pub ple: Option<u32>,
    /// Whether the head is the embedding table; otherwise it is [`names::OUTPUT`].
    pub tied: bool,
}

/// What the frequencies of full layers are divided by.
#[derive(Clone, Debug, PartialEq)]
pub struct RopeFactors {
    /// One a pair.
    pub factors: Vec<f32>,
    /// Pairs from the first on that turn at all: the rest have factors so large that no position moves them.
    pub rotated_pairs: u32,
}

impl Config {
    /// Takes the shape from a file's metadata and checks every tensor that text needs.
    pub fn from_gguf(gguf: &Gguf) -> Result<Config, Error> {
        let config = read::read(gguf)?;
        shapes::check(&config, gguf)?;
        Ok(config)
    }

    /// The tensor that turns the stream into logits.
    pub fn head_tensor(&self) -> &'static str {
        match self.tied {
            true => names::TOKEN_EMBD,
            false => names::OUTPUT,
        }
    }

    /// Layers that compute and cache keys and values: all others come after them.
    pub fn owning_layers(&self) -> usize {
        self.layers.iter().take_while(|layer| layer.kv == Kv::Owned).count()
    }

    /// Reads the factors of full layers, or `None` where the model has only sliding layers.
    pub fn rope_factors(&self, gguf: &Gguf, source: &dyn Source) -> Result<Option<RopeFactors>, Error> {
        if !self.layers.iter().any(|layer| layer.rope.factors) {
            return Ok(None);
        }
        let tensor = gguf.tensor(names::ROPE_FREQS)?;
        let bytes = tensor.read(source)?;
        let factors: Vec<f32> = bytes.as_chunks().0.iter().map(|&chunk| f32::from_le_bytes(chunk)).collect();
        if let Some(factor) = factors.iter().find(|factor| !(factor.is_finite() && **factor > 0.0)) {
            return Err(GgufError::Range {
                key: names::ROPE_FREQS.to_owned(),
                value: factor.to_string(),
                expected: "a positive number, as every factor of a frequency must be",
            }
            .into());
        }
        // A pair turns by at most position / factor radians.
        let turns = |factor: &f32| f64::from(self.context) / f64::from(*factor) > 1e-9;
        let rotated_pairs = factors.iter().rposition(turns).map_or(0, |last| last + 1) as u32;
        Ok(Some(RopeFactors { factors, rotated_pairs }))
    }
}
