"""Gemma 4's text model between transformers and GGUF, in llama.cpp's layout.

`write` stores a `Gemma4ForCausalLM` with a format chosen tensor by tensor; `load` reads any such file back with
the weights dequantised to f32, so that transformers computes exactly what the file says.
"""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf import GGUFReader, GGUFWriter
from gguf.quants import dequantize
from transformers import Gemma4ForCausalLM, Gemma4TextConfig

from quantize import pack

TOP = {
    "token_embd": "model.embed_tokens",
    "output_norm": "model.norm",
    "per_layer_token_embd": "model.embed_tokens_per_layer",
    "per_layer_model_proj": "model.per_layer_model_projection",
    "per_layer_proj_norm": "model.per_layer_projection_norm",
}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "attn_q_norm": "self_attn.q_norm",
    "attn_k_norm": "self_attn.k_norm",
    "post_attention_norm": "post_attention_layernorm",
    "ffn_norm": "pre_feedforward_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "post_ffw_norm": "post_feedforward_layernorm",
    "inp_gate": "per_layer_input_gate",
    "proj": "per_layer_projection",
    "post_norm": "post_per_layer_input_norm",
    "layer_output_scale": "layer_scalar",
}
# No pair turns at a frequency divided by this, which is how a file says that it does not rotate.
UNROTATED = 1e30


def hf_names(layers: int) -> dict[str, str]:
    """GGUF tensor name -> transformers' name, for every tensor that a model of `layers` layers may have."""
    names = {f"{g}.weight": f"{h}.weight" for g, h in TOP.items()}
    for i in range(layers):
        for g, h in LAYER.items():
            suffix = "" if g == "layer_output_scale" else ".weight"
            names[f"blk.{i}.{g}.weight"] = f"model.layers.{i}.{h}{suffix}"
    return names


def model_tensors(model: Gemma4ForCausalLM) -> dict[str, torch.Tensor]:
    """The model's tensors under their GGUF names; what a model lacks (V on V = K layers, PLE) is absent."""
    state = dict(model.named_parameters()) | dict(model.named_buffers())
    names = hf_names(model.config.num_hidden_layers)
    return {g: state[h].detach() for g, h in names.items() if h in state}


def _one_or_each(values: list[int]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else values


def _write_config(w: GGUFWriter, config: Gemma4TextConfig, tensors: dict[str, torch.Tensor]) -> None:
    layers = range(config.num_hidden_layers)
    sliding = [kind == "sliding_attention" for kind in config.layer_types]
    each = [config.per_layer_config[i] for i in layers]
    full_dim = next(c.head_dim for c, s in zip(each, sliding) if not s)
    swa_dim = next(c.head_dim for c, s in zip(each, sliding) if s)
    rope = config.rope_parameters
    ffn = _one_or_each([tensors[f"blk.{i}.ffn_gate.weight"].shape[0] for i in layers])
    kv = _one_or_each([c.num_key_value_heads for c in each])
    for key, value in {
        "block_count": len(layers),
        "context_length": config.max_position_embeddings,
        "embedding_length": config.hidden_size,
        "feed_forward_length": ffn,
        "attention.head_count": config.num_attention_heads,
        "attention.head_count_kv": kv,
        "rope.freq_base": float(rope["full_attention"]["rope_theta"]),
        "rope.freq_base_swa": float(rope["sliding_attention"]["rope_theta"]),
        "attention.layer_norm_rms_epsilon": config.rms_norm_eps,
        "attention.key_length": full_dim,
        "attention.value_length": full_dim,
        "final_logit_softcapping": float(config.final_logit_softcapping),
        "attention.sliding_window": config.sliding_window,
        "attention.shared_kv_layers": config.num_kv_shared_layers,
        "embedding_length_per_layer_input": config.hidden_size_per_layer_input,
        "attention.sliding_window_pattern": sliding,
        "attention.key_length_swa": swa_dim,
        "attention.value_length_swa": swa_dim,
        "rope.dimension_count": full_dim,
        "rope.dimension_count_swa": swa_dim,
    }.items():
        key = f"gemma4.{key}"
        if isinstance(value, list):
            w.add_array(key, value)
        elif isinstance(value, float):
            w.add_float32(key, value)
        else:
            w.add_uint32(key, value)
    rotated = int(rope["full_attention"]["partial_rotary_factor"] * full_dim // 2)
    factors = np.full(full_dim // 2, UNROTATED, np.float32)
    factors[:rotated] = 1.0
    w.add_tensor("rope_freqs.weight", factors)


def _write_tokenizer(w: GGUFWriter, vocab: dict) -> None:
    """`vocab`: tokens, types, merges, chat_template, and the ids bos, eos, unk, pad, mask."""
    w.add_tokenizer_model("gemma4")
    w.add_token_list(vocab["tokens"])
    w.add_token_scores([-1000.0] * len(vocab["tokens"]))
    w.add_token_types(vocab["types"])
    w.add_token_merges(vocab["merges"])
    w.add_bos_token_id(vocab["bos"])
    w.add_eos_token_id(vocab["eos"])
    w.add_unk_token_id(vocab["unk"])
    w.add_pad_token_id(vocab["pad"])
    w.add_mask_token_id(vocab["mask"])
    w.add_add_bos_token(True)
    w.add_chat_template(vocab["chat_template"])
    w.add_add_space_prefix(False)


def write(
    path: Path, model: Gemma4ForCausalLM, vocab: dict, name: str, format_of: Callable[[str, tuple[int, ...]], Q]
) -> None:
    """Writes `model` to `path`; `format_of(tensor name, shape)` chooses each matrix's format, vectors are F32."""
    w = GGUFWriter(path, "gemma4")
    w.add_type("model")
    w.add_name(name)
    tensors = model_tensors(model)
    w.add_size_label(f"{round(sum(t.numel() for t in tensors.values()) / 1e6)}M")
    _write_config(w, model.config, tensors)
    _write_tokenizer(w, vocab)
    w.add_quantization_version(2)
    w.add_file_type(15)
    for g, t in tensors.items():
        if t.ndim == 1:
            w.add_tensor(g, t.float().cpu().numpy())
        else:
            kind = format_of(g, tuple(t.shape))
            w.add_tensor(g, pack(t, kind), raw_dtype=kind)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def _config(r: GGUFReader, tensors: dict[str, torch.Tensor]) -> Gemma4TextConfig:
    def get(key: str):
        return r.fields[f"gemma4.{key}"].contents()

    def first(value):
        return value[0] if isinstance(value, list) else value

    layers = get("block_count")
    sliding = get("attention.sliding_window_pattern")
    kv = get("attention.head_count_kv")
    kv = kv if isinstance(kv, list) else [kv] * layers
    ffn = get("feed_forward_length")
    full_dim = get("attention.key_length")
    rotated = int((tensors.pop("rope_freqs.weight") < UNROTATED).sum())
    full = sliding.index(False)
    vocab = tensors["token_embd.weight"].shape[0]
    return Gemma4TextConfig(
        vocab_size=vocab,
        vocab_size_per_layer_input=vocab,
        hidden_size=get("embedding_length"),
        hidden_size_per_layer_input=get("embedding_length_per_layer_input"),
        intermediate_size=first(ffn),
        use_double_wide_mlp=isinstance(ffn, list) and ffn[-1] == 2 * ffn[0],
        num_hidden_layers=layers,
        num_attention_heads=first(get("attention.head_count")),
        num_key_value_heads=kv[sliding.index(True)],
        num_global_key_value_heads=kv[full],
        attention_k_eq_v=f"blk.{full}.attn_v.weight" not in tensors,
        head_dim=get("attention.key_length_swa"),
        global_head_dim=full_dim,
        num_kv_shared_layers=get("attention.shared_kv_layers"),
        layer_types=["sliding_attention" if s else "full_attention" for s in sliding],
        sliding_window=get("attention.sliding_window"),
        max_position_embeddings=get("context_length"),
        # The file holds the nearest f32; transformers wants the decimal number it came from.
        rms_norm_eps=float(f"{get('attention.layer_norm_rms_epsilon'):.6g}"),
        final_logit_softcapping=get("final_logit_softcapping"),
        rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": get("rope.freq_base_swa")},
            "full_attention": {
                "rope_type": "proportional",
                "partial_rotary_factor": 2 * rotated / full_dim,
                "rope_theta": get("rope.freq_base"),
            },
        },
        attn_implementation="eager",
    )


@torch.no_grad()
def load(path: Path) -> Gemma4ForCausalLM:
    """The model of a GGUF in f32, with the dequantised weights; every tensor of either side must find its other."""
    r = GGUFReader(path)
    tensors = {}
    for t in r.tensors:
        shape = tuple(int(n) for n in reversed(t.shape))
        tensors[t.name] = torch.from_numpy(dequantize(t.data, t.tensor_type).astype(np.float32).reshape(shape))
    model = Gemma4ForCausalLM(_config(r, tensors)).float().eval()
    target = model_tensors(model)
    if missing := set(target) ^ set(tensors):
        raise ValueError(f"{path}: tensors without a counterpart: {sorted(missing)}")
    for name, t in target.items():
        t.copy_(tensors[name])
    return model


def nmse(a: np.ndarray, b: np.ndarray) -> float:
    """Squared error of `a` over the squares of the reference `b`."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(((a - b) ** 2).sum() / (b**2).sum())


@torch.no_grad()
def initialise(model: Gemma4ForCausalLM, generator: torch.Generator) -> None:
    """Random weights that keep every branch of a layer alive: matrices at 1/sqrt(inputs), norms near 1."""
    for name, t in model_tensors(model).items():
        noise = torch.randn(t.shape, generator=generator)
        if name.endswith("layer_output_scale.weight"):
            t.copy_(0.5 + 0.4 * torch.rand(t.shape, generator=generator))
        elif name.endswith(("attn_q_norm.weight", "attn_k_norm.weight")):
            # Attention has no other scale: at 1 the scores of normed heads would saturate the softmax.
            t.copy_((1.0 + 0.1 * noise) * 1.5 * t.numel() ** -0.25)
        elif name == "output_norm.weight":
            # Logits of several units: small ones would pass the softcap unchanged and leave it untested.
            t.copy_(6.0 + 0.6 * noise)
        elif t.ndim == 1:
            t.copy_(1.0 + 0.1 * noise)
        elif "embd" in name:
            t.copy_(noise * 0.06)
        else:
            t.copy_(noise / math.sqrt(t.shape[1]))
