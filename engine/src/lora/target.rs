//! The matrices that an adapter may change, and what they are called: by PEFT, in a GGUF, on the command line.
use super::LoraError;
use crate::config::names;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A matrix of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Queries.
    Q,
    /// Keys, on layers that own theirs.
    K,
    /// Values, on layers that own theirs and have a projection for them.
    V,
    /// Attention's output.
    O,
    /// The feed-forward part's gate.
    Gate,
    /// What the gate multiplies.
    Up,
    /// Back to the stream.
    Down,
    /// The gate of the per-layer input.
    InpGate,
    /// The per-layer input back to the stream.
    Proj,
}

impl Target {
    /// Every target, in the order in which a layer's parameters lie.
    pub const ALL: [Target; 9] = [
        Target::Q,
        Target::K,
        Target::V,
        Target::O,
        Target::Gate,
        Target::Up,
        Target::Down,
        Target::InpGate,
        Target::Proj,
    ];

    /// The seven projections of attention and of the feed-forward part: what adapters usually change.
    pub const PROJECTIONS: [Target; 7] =
        [Target::Q, Target::K, Target::V, Target::O, Target::Gate, Target::Up, Target::Down];

    /// The one table: name on the command line, module of transformers' `Gemma4TextDecoderLayer`, tensor of a GGUF.
    fn names(self) -> (&'static str, &'static str, fn(usize) -> String) {
        match self {
            Target::Q => ("q", "self_attn.q_proj", names::attn_q),
            Target::K => ("k", "self_attn.k_proj", names::attn_k),
            Target::V => ("v", "self_attn.v_proj", names::attn_v),
            Target::O => ("o", "self_attn.o_proj", names::attn_output),
            Target::Gate => ("gate", "mlp.gate_proj", names::ffn_gate),
            Target::Up => ("up", "mlp.up_proj", names::ffn_up),
            Target::Down => ("down", "mlp.down_proj", names::ffn_down),
            Target::InpGate => ("inp_gate", "per_layer_input_gate", names::inp_gate),
            Target::Proj => ("proj", "per_layer_projection", names::proj),
        }
    }

    /// Its name on the command line, such as `q`.
    pub fn name(self) -> &'static str {
        self.names().0
    }

    /// Its path inside a layer in transformers, such as `self_attn.q_proj`.
    pub fn module(self) -> &'static str {
        self.names().1
    }

    /// The GGUF tensor that it is in a layer, such as `blk.0.attn_q.weight`.
    pub fn tensor(self, layer: usize) -> String {
        (self.names().2)(layer)
    }

    /// The target with this path inside a layer.
    pub fn from_module(module: &str) -> Option<Target> {
        Target::ALL.into_iter().find(|target| target.module() == module)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Target {
    type Err = LoraError;

    fn from_str(name: &str) -> Result<Target, LoraError> {
        let found = Target::ALL.into_iter().find(|target| target.name() == name);
        found.ok_or_else(|| LoraError::UnknownTarget { found: name.to_owned() })
    }
}
