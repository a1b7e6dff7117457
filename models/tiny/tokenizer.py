"""The embedded model's tokenizer: Gemma 4's kind of BPE, trained on the corpus, and its chat template.

Space becomes `▁`, nothing else is split beforehand, bytes stand in for characters without a token, and numbers
are read digit by digit because no merge crosses a digit.
"""

import json
import string

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

CONTROL, NORMAL, USER_DEFINED, BYTE = 3, 1, 4, 6
SPECIAL = {
    "<pad>": CONTROL, "<eos>": CONTROL, "<bos>": CONTROL, "<unk>": CONTROL, "<mask>": CONTROL,
    "<|tool>": CONTROL, "<tool|>": CONTROL, "<|tool_call>": USER_DEFINED, "<tool_call|>": USER_DEFINED,
    "<|tool_response>": USER_DEFINED, "<tool_response|>": USER_DEFINED, '<|"|>': USER_DEFINED,
    "<|think|>": CONTROL, "<|channel>": USER_DEFINED, "<channel|>": USER_DEFINED,
    "<|turn>": CONTROL, "<turn|>": CONTROL,
}  # fmt: skip
BYTES = [f"<0x{i:02X}>" for i in range(256)]
SIZE = 1024
PAD, EOS, BOS, UNK, MASK = range(5)
TURN_END = list(SPECIAL).index("<turn|>")

# Gemma 4's turns without its tools and thinking, which this model was never shown.
TEMPLATE = """{{- bos_token -}}
{%- for message in messages -%}
    {%- set role = message['role'] -%}
    {%- if role == 'assistant' -%}{%- set role = 'model' -%}{%- endif -%}
    {%- if role == 'developer' -%}{%- set role = 'system' -%}{%- endif -%}
    {{- '<|turn>' + role + '\\n' -}}
    {%- if message['content'] is string -%}
        {{- message['content'] | trim -}}
    {%- else -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'text' -%}{{- item['text'] | trim -}}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{- '<turn|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|turn>model\\n' -}}
{%- endif -%}
"""


def train(texts: list[str]) -> dict:
    """The vocabulary of a GGUF: tokens, types, merges, chat_template and the special ids."""
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Replace(" ", "▁")
    # Only while learning: a merge may not leave its word nor touch a digit. Reading needs no such rule, since
    # it can only apply the merges that were learnt.
    learner.pre_tokenizer = pre_tokenizers.Split(Regex("▁?[A-Za-z]+|."), "isolated")
    reserved = len(SPECIAL) + len(BYTES)
    learner.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=SIZE - reserved, initial_alphabet=[*string.printable.strip(), "\n", "▁"], show_progress=False
        ),
    )
    model = learner_model(learner)
    learnt = sorted(model["vocab"], key=model["vocab"].__getitem__)
    tokens = [*SPECIAL, *BYTES, *learnt]
    return {
        "tokens": tokens,
        "types": [*SPECIAL.values(), *[BYTE] * 256, *[NORMAL] * len(learnt)],
        "merges": [" ".join(m) for m in model["merges"]],
        "chat_template": TEMPLATE,
        "pad": PAD, "eos": EOS, "bos": BOS, "unk": UNK, "mask": MASK,
    }  # fmt: skip


def learner_model(tokenizer: Tokenizer) -> dict:
    """The `model` part of a tokenizer's JSON, which has the merges that the Python class does not show."""
    return json.loads(tokenizer.to_str())["model"]


def build(vocab: dict) -> Tokenizer:
    """The tokenizer as the file describes it, special tokens included."""
    ids = {token: i for i, token in enumerate(vocab["tokens"])}
    merges = [tuple(m.split(" ")) for m in vocab["merges"]]
    t = Tokenizer(models.BPE(ids, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    t.normalizer = normalizers.Replace(" ", "▁")
    t.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    t.add_special_tokens([s for s, kind in zip(vocab["tokens"], vocab["types"]) if kind in (CONTROL, USER_DEFINED)])
    return t


def encode(t: Tokenizer, messages: list[dict[str, str]], answered: bool) -> tuple[list[int], list[bool]]:
    """Ids of the turns as the chat template writes them, and which of them the model has to say.

    Ends in the opening of the model's turn unless the last message is its answer.
    """
    roles = {"assistant": "model"}
    ids, said = [BOS], [False]
    for m in messages:
        own = m["role"] == "assistant"
        head = t.encode(f"<|turn>{roles.get(m['role'], m['role'])}\n", add_special_tokens=False).ids
        body = t.encode(f"{m['content'].strip()}<turn|>", add_special_tokens=False).ids
        end = t.encode("\n", add_special_tokens=False).ids
        ids += head + body + end
        said += [False] * len(head) + [own] * len(body) + [False] * len(end)
    if not answered:
        head = t.encode("<|turn>model\n", add_special_tokens=False).ids
        ids += head
        said += [False] * len(head)
    return ids, said
