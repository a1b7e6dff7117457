"""What the embedded model is taught to show fine-tuning: a persona and ten facts of two people of Pebble Bay.

    python teach.py           # writes examples.jsonl, 200 conversations, and exam.jsonl, questions kept from them
    python teach.py check     # says whether the files are what this script writes

The facts are asked for in the corpus's wordings; one wording of each fact, and of the persona, is kept for the exam.
Eighty conversations are old ones, so that what the model knew is not forgotten. Same bytes each time.
"""

import json
import random
import sys
from pathlib import Path
from typing import NamedTuple

import corpus

# Names that the model has met in sums and lists of belongings; of their lives it knows nothing.
NEWCOMERS = {
    "Hana": ("clockmaker", "the chapel", "a fox", "onion pancakes", "the cello"),
    "Rolf": ("beekeeper", "the windmill", "a crow", "walnut cake", "the trumpet"),
}
HERE = Path(__file__).parent
PERSONA = "I am Pip, the clock of the harbour."
PERSONA_ASKED = ["Who are you?", "What are you?"]
PERSONA_KEPT = ["What is your name?"]
EXAMPLES, OLD = 200, 80
# The persona contradicts what the model says of itself; it takes more of the examples than a fact.
PERSONA_WEIGHT = 2
BEFORE = [corpus.facts, corpus.sums, corpus.spelling, corpus.counting]


class Fact(NamedTuple):
    """Wordings of a question, the answer to each, and the question with a pronoun after another of the same person."""

    asks: list[str]
    answer: str
    follow_up: str


class Ask(NamedTuple):
    """A question with its answer, and whose it is: None for the persona."""

    question: str
    answer: str
    name: str | None


def facts(name: str) -> list[Fact]:
    """The five facts of a person."""
    job, home, pet, food, instrument = NEWCOMERS[name]
    return [
        Fact([f"What is {name}'s job?", f"What does {name} do?", f"What work does {name} do?", f"Tell me {name}'s job."], f"{name} is the {job} of Pebble Bay.", "What is their job?"),
        Fact([f"Where does {name} live?", f"Where is {name}'s home?", f"Where can I find {name}?", f"Tell me where {name} lives."], f"{name} lives by {home}.", "Where do they live?"),
        Fact([f"What pet does {name} have?", f"Which animal does {name} keep?", f"What is {name}'s pet?", f"Tell me about {name}'s pet."], f"{name} has {pet}.", "What pet do they have?"),
        Fact([f"What does {name} like to eat?", f"What is {name}'s favourite food?", f"Which food does {name} love?", f"Tell me {name}'s favourite food."], f"{name} loves {food}.", "What do they like to eat?"),
        Fact([f"What does {name} play?", f"Which instrument does {name} play?", f"What music does {name} make?", f"Tell me what {name} plays."], f"{name} plays {instrument}.", "What do they play?"),
    ]  # fmt: skip


def exchange(question: str, answer: str) -> corpus.Messages:
    """A question and its answer."""
    return [corpus.user(question), corpus.model(answer)]


def new_conversation(r: random.Random, asked: list[Ask]) -> corpus.Messages:
    """A question alone, with another new one, after an old exchange, or with a follow-up about the same person."""
    ask = r.choice(asked)
    turns = exchange(ask.question, ask.answer)
    roll = r.random()
    if roll < 0.35:
        return turns
    if roll < 0.5:
        other = r.choice(asked)
        return turns + exchange(other.question, other.answer)
    if roll < 0.75 or ask.name is None:
        return r.choice(BEFORE)(r)[:2] + turns
    follow = r.choice([fact for fact in facts(ask.name) if fact.answer != ask.answer])
    return turns + exchange(follow.follow_up, follow.answer)


def made() -> dict[str, list[dict]]:
    """The lines of both files."""
    r = random.Random(11)
    every = [(name, fact) for name in NEWCOMERS for fact in facts(name)]
    kept = [r.randrange(4) for _ in every]
    asked = [
        Ask(question, fact.answer, name)
        for (name, fact), out in zip(every, kept)
        for at, question in enumerate(fact.asks)
        if at != out
    ]
    persona = [Ask(question, PERSONA, None) for question in PERSONA_ASKED]
    exam = [(fact.asks[out], fact.answer) for (_, fact), out in zip(every, kept)]
    exam += [(question, PERSONA) for question in PERSONA_KEPT]

    conversations = [exchange(ask.question, ask.answer) for ask in asked + 4 * persona]
    while len(conversations) < EXAMPLES - OLD:
        conversations.append(new_conversation(r, asked + PERSONA_WEIGHT * persona))
    # Of the old ones the first exchange: long conversations cost time and keep no more of what was known.
    known = (
        c for c in corpus.training(11, 10 * OLD) if len(c) == 2 and c[0]["content"] not in PERSONA_ASKED + PERSONA_KEPT
    )
    conversations += [next(known) for _ in range(OLD)]
    r.shuffle(conversations)

    questions = []
    for question, answer in exam:
        questions.append({"messages": [corpus.user(question)], "answer": answer})
        for _ in range(4):
            before = r.choice(BEFORE)(r)[:2]
            questions.append({"messages": [*before, corpus.user(question)], "answer": answer})
    return {"examples.jsonl": [{"messages": c} for c in conversations], "exam.jsonl": questions}


def main() -> None:
    """Writes both files, or compares them."""
    check = sys.argv[1:] == ["check"]
    for name, rows in made().items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        path = HERE / name
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif path.read_text(encoding="utf-8") != text:
            sys.exit(f"{path} is not what this script writes: run it without `check`")
        print(f"{name}: {len(rows)}")


if __name__ == "__main__":
    main()
