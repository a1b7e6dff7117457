//! The shape that every tensor must have, derived from the configuration, and the check of a file against it.
use super::{Config, ConfigError, Kv, LayerConfig, names};
use crate::{
    error::Error,
    gguf::{GgmlType, Gguf},
};

/// Checks that every tensor that text needs is there and has the shape that the metadata promise.
pub(super) fn check(config: &Config, gguf: &Gguf) -> Result<(), Error> {
    let expect = Expect { gguf };
    let (hidden, vocab) = (u64::from(config.hidden), u64::from(config.vocab));
    expect.shape(names::TOKEN_EMBD, &[hidden, vocab], "hidden, vocab")?;
    expect.shape(names::OUTPUT_NORM, &[hidden], "hidden")?;
    if !config.tied {
        expect.shape(names::OUTPUT, &[hidden, vocab], "hidden, vocab")?;
    }
    if let Some(layer) = config.layers.iter().find(|layer| layer.rope.factors) {
        expect.shape(names::ROPE_FREQS, &[u64::from(layer.rope.dims) / 2], "rotated pairs of a full layer's head")?;
        expect.f32(names::ROPE_FREQS)?;
    }
    if let Some(width) = config.ple {
        let width = u64::from(width);
        let all = width * config.layers.len() as u64;
        expect.shape(names::PER_LAYER_TOKEN_EMBD, &[all, vocab], "per-layer width · layers, vocab")?;
        expect.shape(names::PER_LAYER_MODEL_PROJ, &[hidden, all], "hidden, per-layer width · layers")?;
        expect.shape(names::PER_LAYER_PROJ_NORM, &[width], "per-layer width")?;
    }
    for (index, layer) in config.layers.iter().enumerate() {
        check_layer(&expect, config, index, layer)?;
    }
    Ok(())
}

fn check_layer(expect: &Expect<'_>, config: &Config, index: usize, layer: &LayerConfig) -> Result<(), Error> {
    let hidden = u64::from(config.hidden);
    let (head_dim, ffn) = (u64::from(layer.head_dim), u64::from(layer.ffn));
    let queries = head_dim * u64::from(layer.heads);
    let keys = head_dim * u64::from(layer.kv_heads);
    expect.shape(&names::attn_norm(index), &[hidden], "hidden")?;
    expect.shape(&names::attn_q(index), &[hidden, queries], "hidden, head_dim · heads")?;
    expect.shape(&names::attn_q_norm(index), &[head_dim], "head_dim")?;
    // A layer that shares may carry a dead attn_k, attn_k_norm and attn_v; nobody looks at them.
    if layer.kv == Kv::Owned {
        expect.shape(&names::attn_k(index), &[hidden, keys], "hidden, head_dim · kv_heads")?;
        expect.shape(&names::attn_k_norm(index), &[head_dim], "head_dim")?;
    }
    if layer.has_v {
        expect.shape(&names::attn_v(index), &[hidden, keys], "hidden, head_dim · kv_heads")?;
    }
    expect.shape(&names::attn_output(index), &[queries, hidden], "head_dim · heads, hidden")?;
    expect.shape(&names::post_attention_norm(index), &[hidden], "hidden")?;
    expect.shape(&names::ffn_norm(index), &[hidden], "hidden")?;
    expect.shape(&names::ffn_gate(index), &[hidden, ffn], "hidden, ffn")?;
    expect.shape(&names::ffn_up(index), &[hidden, ffn], "hidden, ffn")?;
    expect.shape(&names::ffn_down(index), &[ffn, hidden], "ffn, hidden")?;
    expect.shape(&names::post_ffw_norm(index), &[hidden], "hidden")?;
    if let Some(width) = config.ple {
        let width = u64::from(width);
        expect.shape(&names::inp_gate(index), &[hidden, width], "hidden, per-layer width")?;
        expect.shape(&names::proj(index), &[width, hidden], "per-layer width, hidden")?;
        expect.shape(&names::post_norm(index), &[hidden], "hidden")?;
    }
    expect.shape(&names::layer_output_scale(index), &[1], "one number")
}

struct Expect<'g> {
    gguf: &'g Gguf,
}

impl Expect<'_> {
    /// The tensor must be there and have this shape; axes of length 1 at the end do not count.
    fn shape(&self, name: &str, expected: &[u64], meaning: &'static str) -> Result<(), Error> {
        let tensor = self.gguf.tensor(name)?;
        match significant(&tensor.dims) == significant(expected) {
            true => Ok(()),
            false => {
                let (tensor, found) = (name.to_owned(), tensor.dims.clone());
                Err(ConfigError::WrongShape { tensor, expected: expected.to_vec(), found, meaning }.into())
            }
        }
    }

    fn f32(&self, name: &str) -> Result<(), Error> {
        match self.gguf.tensor(name)?.ty {
            GgmlType::F32 => Ok(()),
            found => Err(ConfigError::WrongType { tensor: name.to_owned(), expected: "F32", found }.into()),
        }
    }
}

/// A shape without the axes of length 1 at its end.
fn significant(dims: &[u64]) -> &[u64] {
    let len = dims.iter().rposition(|&dim| dim != 1).map_or(0, |last| last + 1);
    &dims[..len]
}
