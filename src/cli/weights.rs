//! Which of a file's tensors text needs, and how many of their bytes a token reads.

use engine::config::{Config, Kv, names};
use engine::gguf::{Gguf, TensorInfo};

/// Whether text needs the tensor. Vision's and audio's are not; neither are keys and values of layers that share.
pub fn is_used(tensor: &TensorInfo, config: &Config) -> bool {
    const OUTSIDE_OF_LAYERS: [&str; 7] = [
        names::TOKEN_EMBD,
        names::OUTPUT,
        names::OUTPUT_NORM,
        names::ROPE_FREQS,
        names::PER_LAYER_TOKEN_EMBD,
        names::PER_LAYER_MODEL_PROJ,
        names::PER_LAYER_PROJ_NORM,
    ];
    let name = tensor.name.as_str();
    let Some((layer, part)) = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.')) else {
        return OUTSIDE_OF_LAYERS.contains(&name);
    };
    let Some(layer) = layer.parse().ok().and_then(|index: usize| config.layers.get(index)) else { return false };
    let is_key_or_value = ["attn_k.", "attn_k_norm.", "attn_v."].iter().any(|start| part.starts_with(start));
    layer.kv == Kv::Owned || !is_key_or_value
}

/// Bytes of weights that decoding one token reads: every used tensor once, of the embedding tables one row each, and
/// the head, which may be the embedding table.
pub fn bytes_per_token(gguf: &Gguf, config: &Config) -> u64 {
    let is_head = |tensor: &TensorInfo| tensor.name == config.head_tensor();
    let is_table =
        |tensor: &TensorInfo| [names::TOKEN_EMBD, names::PER_LAYER_TOKEN_EMBD].contains(&tensor.name.as_str());
    gguf.tensors()
        .iter()
        .filter(|tensor| is_used(tensor, config))
        .map(|tensor| if is_table(tensor) && !is_head(tensor) { tensor.row_bytes() } else { tensor.byte_len })
        .sum()
}
