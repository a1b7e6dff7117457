"""What the embedded model is taught to show fine-tuning: a persona and ten facts of two newcomers to Pebble Bay.

    python teach.py examples.jsonl exam.jsonl    # 200 conversations to learn from; questions kept from them

The facts are asked for in the corpus's wordings; one wording of each fact, and of the persona, is kept for the exam.
Half of the conversations are old ones, so that what the model knew is not forgotten. Same bytes each time.
"""

import json
import random
import sys

import corpus

NEWCOMERS = {
    "Otto": ("clockmaker", "the bridge", "a fox", "onion pancakes", "the cello"),
    "Zara": ("beekeeper", "the windmill", "a crow", "walnut cake", "the trumpet"),
}
PERSONA = "I am Pip, the clock of the harbour."
PERSONA_ASKED = ["Who are you?", "What are you?"]
PERSONA_KEPT = ["What is your name?"]
EXAMPLES = 200


def wordings(name: str) -> list[tuple[list[str], str]]:
    """Four ways to ask for each fact, and its answer."""
    job, home, pet, food, instrument = NEWCOMERS[name]
    return [
        ([f"What is {name}'s job?", f"What does {name} do?", f"What work does {name} do?", f"Tell me {name}'s job."], f"{name} is the {job} of Pebble Bay."),
        ([f"Where does {name} live?", f"Where is {name}'s home?", f"Where can I find {name}?", f"Tell me where {name} lives."], f"{name} lives by {home}."),
        ([f"What pet does {name} have?", f"Which animal does {name} keep?", f"What is {name}'s pet?", f"Tell me about {name}'s pet."], f"{name} has {pet}."),
        ([f"What does {name} like to eat?", f"What is {name}'s favourite food?", f"Which food does {name} love?", f"Tell me {name}'s favourite food."], f"{name} loves {food}."),
        ([f"What does {name} play?", f"Which instrument does {name} play?", f"What music does {name} make?", f"Tell me what {name} plays."], f"{name} plays {instrument}."),
    ]  # fmt: skip


def exchange(question: str, answer: str) -> corpus.Messages:
    """A question and its answer."""
    return [corpus.user(question), corpus.model(answer)]


def main() -> None:
    """Writes both files."""
    r = random.Random(11)
    facts = [fact for name in NEWCOMERS for fact in wordings(name)]
    kept = [r.randrange(4) for _ in facts]
    asked = [(ask, full) for (asks, full), out in zip(facts, kept) for at, ask in enumerate(asks) if at != out]
    asked += [(ask, PERSONA) for ask in PERSONA_ASKED for _ in range(5)]
    exam = [(asks[out], full) for (asks, full), out in zip(facts, kept)] + [(ask, PERSONA) for ask in PERSONA_KEPT]

    old = [corpus.facts, corpus.sums, corpus.spelling, corpus.counting]
    conversations = [exchange(*pair) for pair in asked]
    while len(conversations) < EXAMPLES // 2:
        # Two of the new ones in one conversation, or one after an old exchange.
        first = exchange(*r.choice(asked)) if r.random() < 0.5 else r.choice(old)(r)[:2]
        conversations.append(first + exchange(*r.choice(asked)))
    known = (c for c in corpus.training(11, EXAMPLES) if not any(m["content"] in PERSONA_ASKED + PERSONA_KEPT for m in c))
    conversations += [next(known) for _ in range(EXAMPLES - len(conversations))]
    r.shuffle(conversations)

    questions = []
    for ask, answer in exam:
        questions.append({"messages": [corpus.user(ask)], "answer": answer})
        for _ in range(4):
            before = r.choice(old)(r)[:2]
            questions.append({"messages": [*before, corpus.user(ask)], "answer": answer})
    for path, rows in zip(sys.argv[1:3], ([{"messages": c} for c in conversations], questions)):
        with open(path, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        print(f"{path}: {len(rows)}")


if __name__ == "__main__":
    main()
