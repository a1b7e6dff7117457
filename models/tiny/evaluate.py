"""What stands in `tiny.gguf`, asked through transformers: the exam, and answers for engines to compare with.

python evaluate.py exam tiny.gguf                      # the share of held-out prompts answered exactly
python evaluate.py expected tiny.gguf expected.jsonl    # greedy answers to the first 50 of them
"""

import json
import sys
from pathlib import Path

import torch
from gguf import GGUFReader

import corpus
import tokenizer
from gemma4_gguf import load
from model import answers, text

HERE = Path(__file__).parent
EXPECTED = 50
BATCH = 10


def vocabulary(path: Path) -> dict:
    """The tokenizer's part of a GGUF."""
    fields = GGUFReader(path).fields
    names = {"tokens": "tokens", "types": "token_type", "merges": "merges"}
    return {ours: fields[f"tokenizer.ggml.{theirs}"].contents() for ours, theirs in names.items()}


def held_out() -> list[dict]:
    """The lines of heldout.jsonl, which must be what the corpus makes."""
    lines = [json.loads(line) for line in (HERE / "heldout.jsonl").read_text().splitlines()]
    made = [{"messages": c[:-1], "answer": c[-1]["content"]} for c in corpus.held_out()]
    if lines != made:
        raise ValueError("heldout.jsonl does not come from this corpus.py")
    return lines


def main() -> None:
    """Runs the exam or writes the expected answers."""
    task, path = sys.argv[1], Path(sys.argv[2])
    model = load(path).to("cuda" if torch.cuda.is_available() else "cpu")
    t = tokenizer.build(vocabulary(path))
    exam = held_out()[: EXPECTED if task == "expected" else None]
    given = []
    for i in range(0, len(exam), BATCH):
        given += answers(model, t, [line["messages"] for line in exam[i : i + BATCH]])
    right = sum(text(t, ids) == line["answer"] for line, (_, ids) in zip(exam, given))
    print(f"{right} of {len(exam)} exact")
    if task == "expected":
        lines = [
            json.dumps({"messages": e["messages"], "prompt_ids": p, "answer_ids": a, "answer": text(t, a)})
            for e, (p, a) in zip(exam, given)
        ]
        Path(sys.argv[3]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
