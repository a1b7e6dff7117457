//! Metadata to [`Config`]: every number is looked at before it is believed.
use super::{
    Attention, Config, ConfigError, Kv, LayerConfig, Rope,
    names::{self, keys},
};
use crate::{
    error::Error,
    gguf::{Gguf, Metadata},
};

/// Layers at most: a bound for memory, far above any model.
const MAX_LAYERS: u32 = 4_096;

/// RoPE's base on sliding layers where the file does not say (llama.cpp's default for this family).
const DEFAULT_BASE_SWA: f32 = 10_000.0;

fn invalid(key: &'static str, value: impl ToString, rule: impl Into<String>) -> ConfigError {
    ConfigError::Value { key, value: value.to_string(), rule: rule.into() }
}

fn positive(key: &'static str, value: u32) -> Result<u32, ConfigError> {
    match value {
        0 => Err(invalid(key, value, "it must be at least 1")),
        value => Ok(value),
    }
}

fn positive_float(key: &'static str, value: f32) -> Result<f32, ConfigError> {
    match value.is_finite() && value > 0.0 {
        true => Ok(value),
        false => Err(invalid(key, value, "it must be a positive number")),
    }
}

/// What is the same for all layers of a kind.
#[derive(Clone, Copy)]
struct Head {
    dim: u32,
    rope: Rope,
}

/// The four keys that describe the heads of a kind of layer.
struct HeadKeys {
    key_length: &'static str,
    value_length: &'static str,
    rope_dims: &'static str,
    rope_base: &'static str,
}

const FULL: HeadKeys = HeadKeys {
    key_length: keys::KEY_LENGTH,
    value_length: keys::VALUE_LENGTH,
    rope_dims: keys::ROPE_DIMS,
    rope_base: keys::ROPE_BASE,
};

const SLIDING: HeadKeys = HeadKeys {
    key_length: keys::KEY_LENGTH_SWA,
    value_length: keys::VALUE_LENGTH_SWA,
    rope_dims: keys::ROPE_DIMS_SWA,
    rope_base: keys::ROPE_BASE_SWA,
};

/// The heads of one kind of layer. Sliding layers have the full layers' width where the file gives no other.
fn head(metadata: &Metadata, names: &HeadKeys, default_base: Option<f32>, factors: bool) -> Result<Head, Error> {
    let dim = match metadata.opt_u32(names.key_length)? {
        Some(dim) => positive(names.key_length, dim)?,
        None => positive(keys::KEY_LENGTH, metadata.u32(keys::KEY_LENGTH)?)?,
    };
    let value_dim = metadata.opt_u32(names.value_length)?.unwrap_or(dim);
    if value_dim != dim {
        return Err(invalid(names.value_length, value_dim, format!("`{}` is {dim}", names.key_length)).into());
    }
    let dims = metadata.opt_u32(names.rope_dims)?.unwrap_or(dim);
    if dims == 0 || dims > dim || !dims.is_multiple_of(2) {
        return Err(invalid(names.rope_dims, dims, format!("it must be even and at most the head's {dim}")).into());
    }
    let base = match (metadata.opt_f32(names.rope_base)?, default_base) {
        (Some(base), _) | (None, Some(base)) => base,
        (None, None) => metadata.f32(names.rope_base)?,
    };
    Ok(Head { dim, rope: Rope { base: positive_float(names.rope_base, base)?, dims, factors } })
}

/// The configuration that the metadata describe. Tensors are consulted for what only they tell: the vocabulary's
/// size, whether the head is tied, and which layers have a value projection.
pub(super) fn read(gguf: &Gguf) -> Result<Config, Error> {
    let metadata = gguf.metadata();
    let architecture = metadata.str(keys::ARCHITECTURE)?;
    if architecture != "gemma4" {
        return Err(ConfigError::Architecture { found: architecture.to_owned() }.into());
    }
    if let Some(count @ 1..) = metadata.opt_u32(keys::EXPERT_COUNT)? {
        return Err(ConfigError::MixtureOfExperts { key: keys::EXPERT_COUNT, count }.into());
    }
    let rms_eps = metadata.f32(keys::RMS_EPSILON)?;
    let softcap = match metadata.opt_f32(keys::SOFTCAP)? {
        None | Some(0.0) => None,
        Some(cap) => Some(positive_float(keys::SOFTCAP, cap)?),
    };
    let layers = layers(gguf)?;
    let window = match layers.iter().any(|layer| layer.kind == Attention::Sliding) {
        true => positive(keys::SLIDING_WINDOW, metadata.u32(keys::SLIDING_WINDOW)?)?,
        false => metadata.opt_u32(keys::SLIDING_WINDOW)?.unwrap_or(0),
    };
    Ok(Config {
        layers,
        hidden: positive(keys::EMBEDDING_LENGTH, metadata.u32(keys::EMBEDDING_LENGTH)?)?,
        vocab: vocabulary(gguf)?,
        context: positive(keys::CONTEXT_LENGTH, metadata.u32(keys::CONTEXT_LENGTH)?)?,
        window,
        rms_eps: positive_float(keys::RMS_EPSILON, rms_eps)?,
        softcap,
        ple: metadata.opt_u32(keys::PER_LAYER_INPUT)?.filter(|&width| width > 0),
        tied: gguf.find(names::OUTPUT).is_none(),
    })
}

/// The embedding table's rows; there may be more of them than tokens, but not fewer.
fn vocabulary(gguf: &Gguf) -> Result<u32, Error> {
    let table = gguf.tensor(names::TOKEN_EMBD)?;
    let rows = table.rows();
    let tokens = match gguf.metadata().get(keys::TOKENS) {
        Some(_) => gguf.metadata().strings(keys::TOKENS)?.len(),
        None => 0,
    };
    let rule = match u32::try_from(rows) {
        Ok(vocab) if vocab as usize >= tokens => return Ok(vocab),
        Ok(_) => format!("tensor `{}` has only {rows} rows for these tokens", names::TOKEN_EMBD),
        Err(_) => format!("tensor `{}` has {rows} rows, more than 32-bit ids can name", names::TOKEN_EMBD),
    };
    Err(invalid(keys::TOKENS, format!("of {tokens} tokens"), rule).into())
}

fn layers(gguf: &Gguf) -> Result<Vec<LayerConfig>, Error> {
    let metadata = gguf.metadata();
    let count = match positive(keys::BLOCK_COUNT, metadata.u32(keys::BLOCK_COUNT)?)? {
        count if count <= MAX_LAYERS => count as usize,
        count => return Err(invalid(keys::BLOCK_COUNT, count, format!("at most {MAX_LAYERS} are supported")).into()),
    };
    let shared = metadata.opt_u32(keys::SHARED_KV_LAYERS)?.unwrap_or(0);
    let owners = match count.checked_sub(shared as usize) {
        Some(owners @ 1..) => owners,
        _ => return Err(invalid(keys::SHARED_KV_LAYERS, shared, format!("there are only {count} layers")).into()),
    };
    let sliding = metadata.bool_each(keys::SLIDING_WINDOW_PATTERN, count)?;
    let ffn = metadata.u32_each(keys::FEED_FORWARD_LENGTH, count)?;
    let heads = metadata.u32_each(keys::HEAD_COUNT, count)?;
    let kv_heads = metadata.u32_each(keys::HEAD_COUNT_KV, count)?;
    let full_head = head(metadata, &FULL, None, true)?;
    let sliding_head = head(metadata, &SLIDING, Some(DEFAULT_BASE_SWA), false)?;

    let mut layers: Vec<LayerConfig> = Vec::with_capacity(count);
    for layer in 0..count {
        let kind = match sliding.of(layer) {
            Some(true) => Attention::Sliding,
            _ => Attention::Full,
        };
        let kv = match layer < owners {
            true => Kv::Owned,
            false => match layers[..owners].iter().rposition(|owner| owner.kind == kind) {
                Some(owner) => Kv::SharedWith(owner),
                None => return Err(ConfigError::NoOwner { key: keys::SHARED_KV_LAYERS, layer, owners }.into()),
            },
        };
        let head = match kind {
            Attention::Sliding => sliding_head,
            Attention::Full => full_head,
        };
        let heads = positive(keys::HEAD_COUNT, heads.of(layer).unwrap_or(0))?;
        let kv_heads = positive(keys::HEAD_COUNT_KV, kv_heads.of(layer).unwrap_or(0))?;
        if !heads.is_multiple_of(kv_heads) {
            let rule = format!("layer {layer}'s {heads} query heads cannot be shared among them evenly");
            return Err(invalid(keys::HEAD_COUNT_KV, kv_heads, rule).into());
        }
        if let Kv::SharedWith(owner) = kv
            && layers[owner].kv_heads != kv_heads
        {
            let rule = format!("layer {layer} reads those of layer {owner}, which has {}", layers[owner].kv_heads);
            return Err(invalid(keys::HEAD_COUNT_KV, kv_heads, rule).into());
        }
        layers.push(LayerConfig {
            kind,
            head_dim: head.dim,
            heads,
            kv_heads,
            ffn: positive(keys::FEED_FORWARD_LENGTH, ffn.of(layer).unwrap_or(0))?,
            kv,
            has_v: kv == Kv::Owned && gguf.find(&names::attn_v(layer)).is_some(),
            rope: head.rope,
        });
    }
    Ok(layers)
}
