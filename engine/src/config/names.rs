//! The names of Gemma 4's tensors and metadata keys in a GGUF: the one place where they are spelled.

macro_rules! per_layer {
    ($($(#[$about:meta])* $name:ident = $suffix:literal;)*) => {$(
        $(#[$about])*
        pub fn $name(layer: usize) -> String {
            format!(concat!("blk.{}.", $suffix), layer)
        }
    )*};
}

/// Token embeddings, `[hidden, vocab]`; the head too where there is no [`OUTPUT`].
pub const TOKEN_EMBD: &str = "token_embd.weight";
/// The head, `[hidden, vocab]`, where it is not tied to the embeddings.
pub const OUTPUT: &str = "output.weight";
/// The norm before the head, `[hidden]`.
pub const OUTPUT_NORM: &str = "output_norm.weight";
/// What the frequencies of full layers are divided by, `[head_dim / 2]`.
pub const ROPE_FREQS: &str = "rope_freqs.weight";
/// Per-layer token embeddings, `[width · layers, vocab]`.
pub const PER_LAYER_TOKEN_EMBD: &str = "per_layer_token_embd.weight";
/// The stream's projection to the per-layer inputs, `[hidden, width · layers]`.
pub const PER_LAYER_MODEL_PROJ: &str = "per_layer_model_proj.weight";
/// The norm of that projection, `[width]`.
pub const PER_LAYER_PROJ_NORM: &str = "per_layer_proj_norm.weight";

per_layer! {
    /// The norm before attention, `[hidden]`.
    attn_norm = "attn_norm.weight";
    /// Queries, `[hidden, head_dim · heads]`.
    attn_q = "attn_q.weight";
    /// Keys, `[hidden, head_dim · kv_heads]`.
    attn_k = "attn_k.weight";
    /// Values, `[hidden, head_dim · kv_heads]`; missing where values are the keys before norm and rotation.
    attn_v = "attn_v.weight";
    /// Attention's output, `[head_dim · heads, hidden]`.
    attn_output = "attn_output.weight";
    /// The norm of each query head, `[head_dim]`.
    attn_q_norm = "attn_q_norm.weight";
    /// The norm of each key head, `[head_dim]`.
    attn_k_norm = "attn_k_norm.weight";
    /// The norm after attention, `[hidden]`.
    post_attention_norm = "post_attention_norm.weight";
    /// The norm before the feed-forward part, `[hidden]`.
    ffn_norm = "ffn_norm.weight";
    /// The gate, `[hidden, ffn]`.
    ffn_gate = "ffn_gate.weight";
    /// What the gate multiplies, `[hidden, ffn]`.
    ffn_up = "ffn_up.weight";
    /// Back to the stream, `[ffn, hidden]`.
    ffn_down = "ffn_down.weight";
    /// The norm after the feed-forward part, `[hidden]`.
    post_ffw_norm = "post_ffw_norm.weight";
    /// The gate of the per-layer input, `[hidden, width]`.
    inp_gate = "inp_gate.weight";
    /// The per-layer input back to the stream, `[width, hidden]`.
    proj = "proj.weight";
    /// The norm after that, `[hidden]`.
    post_norm = "post_norm.weight";
    /// What the stream is multiplied by at the layer's end, `[1]`.
    layer_output_scale = "layer_output_scale.weight";
}

/// Metadata keys.
pub mod keys {
    /// Which model family the file holds.
    pub const ARCHITECTURE: &str = "general.architecture";
    /// The vocabulary's tokens.
    pub const TOKENS: &str = "tokenizer.ggml.tokens";
    /// Layers.
    pub const BLOCK_COUNT: &str = "gemma4.block_count";
    /// Positions the model was trained for.
    pub const CONTEXT_LENGTH: &str = "gemma4.context_length";
    /// The residual stream's width.
    pub const EMBEDDING_LENGTH: &str = "gemma4.embedding_length";
    /// The feed-forward width, once or a layer.
    pub const FEED_FORWARD_LENGTH: &str = "gemma4.feed_forward_length";
    /// Query heads, once or a layer.
    pub const HEAD_COUNT: &str = "gemma4.attention.head_count";
    /// Key and value heads, once or a layer.
    pub const HEAD_COUNT_KV: &str = "gemma4.attention.head_count_kv";
    /// A head's width on full layers.
    pub const KEY_LENGTH: &str = "gemma4.attention.key_length";
    /// A value's width on full layers.
    pub const VALUE_LENGTH: &str = "gemma4.attention.value_length";
    /// A head's width on sliding layers.
    pub const KEY_LENGTH_SWA: &str = "gemma4.attention.key_length_swa";
    /// A value's width on sliding layers.
    pub const VALUE_LENGTH_SWA: &str = "gemma4.attention.value_length_swa";
    /// The epsilon of every RMS norm.
    pub const RMS_EPSILON: &str = "gemma4.attention.layer_norm_rms_epsilon";
    /// How many positions a sliding layer sees.
    pub const SLIDING_WINDOW: &str = "gemma4.attention.sliding_window";
    /// Whether a layer is a sliding one.
    pub const SLIDING_WINDOW_PATTERN: &str = "gemma4.attention.sliding_window_pattern";
    /// How many of the last layers have no keys and values of their own.
    pub const SHARED_KV_LAYERS: &str = "gemma4.attention.shared_kv_layers";
    /// RoPE's base on full layers.
    pub const ROPE_BASE: &str = "gemma4.rope.freq_base";
    /// RoPE's base on sliding layers.
    pub const ROPE_BASE_SWA: &str = "gemma4.rope.freq_base_swa";
    /// Rotated elements of a head on full layers.
    pub const ROPE_DIMS: &str = "gemma4.rope.dimension_count";
    /// Rotated elements of a head on sliding layers.
    pub const ROPE_DIMS_SWA: &str = "gemma4.rope.dimension_count_swa";
    /// The cap of the logits.
    pub const SOFTCAP: &str = "gemma4.final_logit_softcapping";
    /// The width of the per-layer embeddings; 0 where there are none.
    pub const PER_LAYER_INPUT: &str = "gemma4.embedding_length_per_layer_input";
    /// Experts of a mixture; 0 in dense models.
    pub const EXPERT_COUNT: &str = "gemma4.expert_count";
}
