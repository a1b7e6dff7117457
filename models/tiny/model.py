"""The embedded model's shape, its formats on disk, and greedy answers from it.

Every feature of Gemma 4 E2B in small: per-layer embeddings, four sliding layers to a full one, KV shared by the
second half, whose FFN is twice as wide, partial rotation on full layers, softcap and tied embeddings.
"""

import torch
from gguf import GGMLQuantizationType as Q
from tokenizers import Tokenizer
from transformers import Gemma4ForCausalLM, Gemma4TextConfig

from tokenizer import EOS, PAD, SIZE, TURN_END, encode

LONGEST_ANSWER = 96


def config() -> Gemma4TextConfig:
    """Ten layers of width 256 and 12.5 million weights, a fifth of them in the per-layer table."""
    pattern = ["sliding_attention"] * 4 + ["full_attention"]
    return Gemma4TextConfig(
        vocab_size=SIZE, vocab_size_per_layer_input=SIZE, hidden_size=256, hidden_size_per_layer_input=256,
        intermediate_size=512, use_double_wide_mlp=True, num_hidden_layers=10, layer_types=pattern * 2,
        num_kv_shared_layers=5, num_attention_heads=4, num_key_value_heads=1, head_dim=64, global_head_dim=128,
        sliding_window=32, max_position_embeddings=1024, final_logit_softcapping=30.0, attn_implementation="sdpa",
    )  # fmt: skip


def format_of(name: str, _shape: tuple[int, ...] = ()) -> Q:
    """The weight format of a matrix: K-quants for the bulk, more bits where few weights decide much."""
    if "attn_v" in name:
        return Q.F16
    if "attn_k" in name:
        return Q.Q8_0
    if name.startswith(("token_embd", "per_layer_model_proj")):
        return Q.Q6_K
    if "ffn_down" in name and name.split(".")[1] in ("0", "1", "8", "9"):
        return Q.Q6_K
    return Q.Q4_K


@torch.no_grad()
def initialise(model: Gemma4ForCausalLM) -> None:
    """Starting weights: small matrices, norms that keep attention soft, and a layer scale that is learnt."""
    for layer in model.model.layers:
        # A buffer in transformers; here it learns like any weight.
        scale = layer._buffers.pop("layer_scalar")
        layer.layer_scalar = torch.nn.Parameter(torch.full_like(scale, 0.9))
        attention = layer.self_attn
        for norm in (attention.q_norm, getattr(attention, "k_norm", None)):
            if norm is not None:
                norm.weight.fill_(attention.head_dim**-0.25)
        for norm in (layer.post_attention_layernorm, layer.post_feedforward_layernorm, layer.post_per_layer_input_norm):
            norm.weight.fill_(0.4)
    for name, p in model.named_parameters():
        if p.ndim == 2:
            p.normal_(std=0.02 if "embed" in name else p.shape[1] ** -0.5)


@torch.no_grad()
def answers(
    model: Gemma4ForCausalLM, t: Tokenizer, prompts: list[list[dict[str, str]]]
) -> list[tuple[list[int], list[int]]]:
    """Prompt ids and greedy answer ids, end of turn included, of each prompt.

    Every step reads the whole text again: no cache, so nothing can go wrong in one.
    """
    device = next(model.parameters()).device
    starts = [encode(t, p, answered=False)[0] for p in prompts]
    longest = max(map(len, starts)) + LONGEST_ANSWER
    ids = torch.full((len(starts), longest), PAD, device=device)
    for row, start in zip(ids, starts):
        row[: len(start)] = torch.tensor(start)
    at = torch.tensor([len(s) for s in starts], device=device)
    rows = torch.arange(len(starts), device=device)
    going = torch.ones(len(starts), dtype=torch.bool, device=device)
    for _ in range(LONGEST_ANSWER):
        # Causal attention: what stands behind a row's end cannot reach it.
        hidden = model.model(input_ids=ids[:, : int(at.max())], use_cache=False).last_hidden_state
        best = model.lm_head(hidden[rows, at - 1]).argmax(-1)
        ids[rows[going], at[going]] = best[going]
        at += going
        going &= (best != TURN_END) & (best != EOS)
        if not going.any():
            break
    return [(start, row[len(start) : end].tolist()) for start, row, end in zip(starts, ids, at.tolist())]


def text(t: Tokenizer, ids: list[int]) -> str:
    """The answer without its end of turn."""
    return t.decode(ids, skip_special_tokens=True)
