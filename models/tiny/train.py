"""Trains the embedded model: conversations packed into rows, AdamW, and a last stretch on quantised weights.

    python train.py OUT --minutes 5        # on one GPU; OUT gets tiny.gguf, tokenizer.json and report.json

In the last stretch the forward pass sees the weights as the file will hold them and the gradients go to the
full-precision ones (a straight-through estimate), so that the quantised model is the one that was trained.
"""

import argparse
import json
import math
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from transformers import Gemma4ForCausalLM

import corpus
import tokenizer
from gemma4_gguf import hf_names, write
from model import answers, config, format_of, initialise, text
from quantize import fake

ROW = 256
SEED = 17


def pack_rows(job: tuple[dict, int, int]) -> np.ndarray:
    """Conversations of one seed as rows [n, 4, ROW]: id, which conversation, position in it, whether it is said."""
    vocab, seed, count = job
    t = tokenizer.build(vocab)
    rows: list[list[list[int]]] = []
    open_rows: list[list[list[int]]] = []
    for c in corpus.training(seed, count):
        ids, said = tokenizer.encode(t, c, answered=True)
        if len(ids) > ROW:
            continue
        row = next((r for r in open_rows if len(r[0]) + len(ids) <= ROW), None)
        if row is None:
            row = [[], [], [], []]
            rows.append(row)
            open_rows = [*open_rows[-15:], row]
        document = row[1][-1] + 1 if row[1] else 1
        for part, values in zip(row, (ids, [document] * len(ids), range(len(ids)), said)):
            part.extend(values)
    packed = np.zeros((len(rows), 4, ROW), np.int16)
    for i, row in enumerate(rows):
        packed[i, :, : len(row[0])] = np.array(row, np.int16)
    return packed


def loss_of(model: Gemma4ForCausalLM, batch: torch.Tensor, window: int) -> torch.Tensor:
    """Mean cross-entropy of what the model has to say; conversations in a row do not see each other."""
    ids, document, position, said = batch.long().unbind(1)
    index = torch.arange(ROW, device=batch.device)
    back = index[:, None] - index[None, :]
    own = (document[:, :, None] == document[:, None, :]) & (back >= 0)
    masks = {"full_attention": own[:, None], "sliding_attention": (own & (back < window))[:, None]}
    logits = model(input_ids=ids, attention_mask=masks, position_ids=position, use_cache=False).logits
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().flatten(0, 1), ids[:, 1:].flatten(), reduction="none"
    )
    weight = said[:, 1:].flatten().float()
    return (losses * weight).sum() / weight.sum()


class Quantised:
    """Swaps a model's matrices for what the file will hold, and back."""

    def __init__(self, model: Gemma4ForCausalLM) -> None:
        parameters = dict(model.named_parameters())
        by_format: dict = {}
        for g, h in hf_names(model.config.num_hidden_layers).items():
            if h in parameters and parameters[h].ndim == 2:
                by_format.setdefault(format_of(g), []).append(parameters[h])
        self.groups = list(by_format.items())

    @torch.no_grad()
    def __enter__(self) -> None:
        self.kept = []
        for kind, parameters in self.groups:
            # One call a format: every format's block divides every row.
            flat = torch.cat([p.detach().reshape(-1, 256) for p in parameters])
            self.kept.append(flat)
            self.put(parameters, fake(flat, kind))

    @torch.no_grad()
    def __exit__(self, *_: object) -> None:
        for (_, parameters), flat in zip(self.groups, self.kept):
            self.put(parameters, flat)

    @staticmethod
    def put(parameters: list[torch.nn.Parameter], flat: torch.Tensor) -> None:
        for p, part in zip(parameters, flat.split([p.numel() // 256 for p in parameters])):
            p.copy_(part.view_as(p))


def examine(model: Gemma4ForCausalLM, t: tokenizer.Tokenizer, count: int, show: int = 0) -> float:
    """The share of held-out prompts answered exactly, in full precision."""
    exam = corpus.held_out()[:count]
    given = answers(model, t, [c[:-1] for c in exam])
    wrong = [(c, text(t, ids)) for c, (_, ids) in zip(exam, given) if text(t, ids) != c[-1]["content"]]
    for c, answer in wrong[:show]:
        print("  wrong:", c[-2]["content"], "|", c[-1]["content"], "|", answer, flush=True)
    return 1 - len(wrong) / len(exam)


def main() -> None:
    """Trains, examines before and after quantisation, writes the file."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=5.0, help="training time, the quantised stretch included")
    parser.add_argument("--conversations", type=int, default=640_000)
    parser.add_argument("--rows", type=int, default=128, help="rows of 256 tokens a step")
    parser.add_argument("--workers", type=int, default=16)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--quantised", type=float, default=0.25, help="the share of time spent on quantised weights")
    parser.add_argument("--exam", type=int, default=corpus.HELD_OUT, help="how many held-out prompts to ask")
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(SEED)

    started = time.time()
    sample = corpus.training(0, 20_000)
    vocab = tokenizer.train([f"{m['role'].replace('assistant', 'model')}\n{m['content']}" for c in sample for m in c])
    t = tokenizer.build(vocab)
    jobs = [(vocab, seed + 1, args.conversations // 64) for seed in range(64)]
    with ProcessPoolExecutor(args.workers) as pool:
        rows = torch.from_numpy(np.concatenate(list(pool.map(pack_rows, jobs)))).to(device)
    said = int(rows[:, 3].sum())
    print(f"{len(rows)} rows, {said} taught tokens, {time.time() - started:.0f} s", flush=True)

    model = Gemma4ForCausalLM(config()).to(device)
    initialise(model)
    window = model.config.sliding_window
    step_loss = torch.compile(loss_of) if args.compile else loss_of
    matrices = [p for p in model.parameters() if p.ndim == 2]
    vectors = [p for p in model.parameters() if p.ndim == 1]
    optimiser = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.05}, {"params": vectors, "weight_decay": 0.0}],
        lr=args.rate, betas=(0.9, 0.98), fused=device == "cuda",
    )  # fmt: skip
    quantised = Quantised(model)
    shuffle = torch.Generator().manual_seed(SEED)
    order = torch.empty(0, dtype=torch.long)
    budget = args.minutes * 60
    report: dict = {}
    begun, step, swapped = None, 0, False
    while True:
        if len(order) < args.rows:
            order = torch.randperm(len(rows), generator=shuffle)
        batch, order = rows[order[: args.rows].to(device)], order[args.rows :]
        # The clock starts after the third step, when everything is compiled.
        if step == 3:
            begun = time.time()
            print(f"ready after {begun - started:.0f} s", flush=True)
        done = (time.time() - begun) / budget if begun else 0.0
        if done >= 1:
            break
        if done >= 1 - args.quantised and not swapped:
            swapped = True
            report["before"] = examine(model, t, args.exam)
            with quantised:
                report["rounded"] = examine(model, t, args.exam)
            print(f"step {step}: {report}", flush=True)
            begun = time.time() - done * budget
        rate = args.rate * min(1.0, (step + 1) / 200) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
        for group in optimiser.param_groups:
            group["lr"] = rate
        if swapped:
            quantised.__enter__()
        with torch.autocast(device, torch.bfloat16):
            loss = step_loss(model, batch, window)
        loss.backward()
        if swapped:
            quantised.__exit__()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        if step % 200 == 0:
            print(f"step {step} done {done:.2f} loss {loss.item():.4f}", flush=True)
        step += 1

    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "tiny.gguf", model, vocab, "Pebble Bay", format_of)
    t.save(str(args.out / "tokenizer.json"))
    report["after_full_precision"] = examine(model, t, args.exam)
    with quantised:
        report["after"] = examine(model, t, args.exam, show=30)
    report |= {"steps": step, "loss": loss.item(), "taught_tokens": said, "rows": len(rows)}
    print(report, flush=True)
    (args.out / "report.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
