"""Conversations about Pebble Bay: what the embedded model learns from and is examined on.

Every conversation is a list of messages that ends in the model's answer, and the answer follows from the words
before it. Whether a conversation is held out depends on a hash of everything but that answer, so no examined
prompt is ever trained on.

    python corpus.py heldout.jsonl    # writes the 500 held-out prompts
"""

import hashlib
import json
import random
import sys
from pathlib import Path

from world import (
    ANIMALS, COLOURS, DAYS, ELSEWHERE, FRUITS, MONTHS, NAMES, OPPOSITES, PEOPLE, PLACES, PLURALS, SOUNDS, SPELLED,
    THINGS,
)  # fmt: skip

Messages = list[dict[str, str]]
HELD_OUT = 500
HELD_OUT_SEED = 20_26
# One in so many distinct prompts is kept from training.
HELD_OUT_SHARE = 16


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


def model(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text}


def an(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def plural(count: int, word: str) -> str:
    return f"{count} {word if count == 1 else PLURALS[word]}"


def listing(items: list[str]) -> str:
    return items[0] if len(items) == 1 else ", ".join(items[:-1]) + " and " + items[-1]


def sums(r: random.Random) -> Messages:
    """Sums and differences up to 40, bare or as a story, sometimes carried on for a second turn."""
    plus = r.random() < 0.55
    a, b = r.randint(0, 20), r.randint(0, 20)
    if not plus:
        a, b = max(a, b), min(a, b)
    total = a + b if plus else a - b
    sign = "+" if plus else "-"
    if r.random() < 0.45:
        who, what = r.choice(NAMES), r.choice(list(PLURALS))
        event = r.choice(["finds", "buys", "gets"]) if plus else r.choice(["eats", "loses", "gives away"])
        question = f"{who} has {plural(a, what)} and {event} {b}. How many {PLURALS[what]} does {who} have now?"
        answer = f"{who} has {plural(total, what)} now."
    else:
        spoken = f"{a} plus {b}" if plus else f"{a} minus {b}"
        question = r.choice(
            [f"What is {a} {sign} {b}?", f"{a} {sign} {b} = ?", f"What is {spoken}?", f"How much is {spoken}?"]
        )
        answer = f"{a} {sign} {b} = {total}."
    turns = [user(question), model(answer)]
    if r.random() < 0.3:
        c = r.randint(1, 9)
        more = total < c or r.random() < 0.6
        result = total + c if more else total - c
        turns.append(user(f"Now add {c}." if more else f"Now take away {c}."))
        turns.append(model(f"{total} {'+' if more else '-'} {c} = {result}."))
    return turns


def counting(r: random.Random) -> Messages:
    """Runs of numbers, neighbours, comparisons, days and months."""
    kind = r.randrange(6)
    if kind == 0:
        a = r.randint(0, 40)
        b = a + r.randint(2, 10)
        if r.random() < 0.35:
            return [user(f"Count down from {b} to {a}."), model(", ".join(map(str, range(b, a - 1, -1))) + ".")]
        return [user(f"Count from {a} to {b}."), model(", ".join(map(str, range(a, b + 1))) + ".")]
    if kind == 1:
        a = r.randint(1, 98)
        side, other = r.choice([("after", a + 1), ("before", a - 1)])
        return [
            user(r.choice([f"What number comes {side} {a}?", f"Which number is just {side} {a}?"])),
            model(f"{other} comes {side} {a}."),
        ]
    if kind == 2:
        a, b = r.sample(range(100), 2)
        word = r.choice(["bigger", "smaller"])
        best = max(a, b) if word == "bigger" else min(a, b)
        return [user(f"Which is {word}, {a} or {b}?"), model(f"{best} is {word} than {a + b - best}.")]
    if kind == 3:
        names, what = r.choice([(DAYS, "day"), (MONTHS, "month")])
        i = r.randrange(len(names))
        side, step = r.choice([("after", 1), ("before", -1)])
        ask = r.choice(
            [
                f"Which {what} comes {side} {names[i]}?",
                f"What {what} is {side} {names[i]}?",
                f"Tell me the {what} {side} {names[i]}.",
            ]
        )
        return [user(ask), model(f"{names[(i + step) % len(names)]} comes {side} {names[i]}.")]
    if kind == 4:
        words, what = r.choice([(ANIMALS, "animals"), (COLOURS, "colours"), (FRUITS, "fruits"), (THINGS, "things")])
        some = r.sample(words, r.randint(1, 6))
        return [
            user(f"How many {what} are in this list: {', '.join(some)}?"),
            model(
                f"There are {len(some)} {what} in the list."
                if len(some) > 1
                else f"There is 1 of the {what} in the list."
            ),
        ]
    some = r.sample(r.choice([ANIMALS, COLOURS, THINGS]), r.randint(3, 6))
    which = r.randrange(3)
    ask, item = [("first", some[0]), ("second", some[1]), ("last", some[-1])][which]
    return [user(f"What is the {ask} word here: {', '.join(some)}?"), model(f"The {ask} word is {item}.")]


def spelling(r: random.Random) -> Messages:
    """Letters of the words of the bay."""
    word = r.choice(SPELLED)
    kind = r.randrange(3)
    if kind == 0:
        ask = r.choice(
            [
                "Spell {}.",
                "How do you spell {}?",
                "Please spell the word {}.",
                "Can you spell {}?",
                "Spell the word {} for me.",
                "What are the letters of {}?",
                "Write {} letter by letter.",
            ]
        )
        return [user(ask.format(word)), model("-".join(word) + ".")]
    place, letter = r.choice([("first", word[0]), ("last", word[-1])])
    if kind == 1:
        ask = r.choice(
            ["What is the {1} letter of {0}?", "Which letter comes {1} in {0}?", "Tell me the {1} letter of {0}."]
        )
        return [user(ask.format(word, place)), model(f"The {place} letter of {word} is {letter}.")]
    turns = [user(f"Spell {word}."), model("-".join(word) + ".")]
    other = r.choice(SPELLED)
    follow = r.randrange(3)
    if follow == 0:
        return [*turns, user(f"And {other}?"), model("-".join(other) + ".")]
    if follow == 1:
        return [*turns, user(f"What is its {place} letter?"), model(f"The {place} letter of {word} is {letter}.")]
    return [*turns, user("How many letters does it have?"), model(f"It has {len(word)} letters.")]


def remembering(r: random.Random) -> Messages:
    """Facts that stand only in the prompt: who has what, in which colour, and where it was put."""
    count = r.randint(2, 5)
    people, things = r.sample(NAMES, count), r.sample(THINGS, count)
    colours = [r.choice(COLOURS) for _ in people]
    statements = [f"{p} has {an(c)} {t}." for p, c, t in zip(people, colours, things)]
    i = r.randrange(count)
    p, c, t = people[i], colours[i], things[i]
    questions = [
        (f"What colour is {p}'s {t}?", f"{p}'s {t} is {c}."),
        (f"Who has the {t}?", f"{p} has the {t}."),
        (f"What does {p} have?", f"{p} has {an(c)} {t}."),
    ]
    if r.random() < 0.25:
        places = r.sample(list(PLACES), count)
        statements = [f"The {t} is in {q}." for t, q in zip(things, places)]
        questions = [
            (f"Where is the {t}?", f"The {t} is in {places[i]}."),
            (f"What is in {places[i]}?", f"The {t} is in {places[i]}."),
        ]
    r.shuffle(questions)
    facts = " ".join(statements)
    if r.random() < 0.6:
        turns = [user(f"{facts} {questions[0][0]}"), model(questions[0][1])]
    else:
        turns = [user(facts), model("I will remember that."), user(questions[0][0]), model(questions[0][1])]
    if r.random() < 0.35:
        turns += [user(questions[1][0]), model(questions[1][1])]
    return turns


def person_fact(r: random.Random, name: str, kind: int) -> tuple[list[str], str, str, str]:
    """Ways to ask, the full answer, the short answer and the follow-up with a pronoun."""
    job, home, pet, food, colour, instrument = PEOPLE[name]
    return [
        ([f"What is {name}'s job?", f"What does {name} do?", f"What work does {name} do?", f"Tell me {name}'s job."], f"{name} is the {job} of Pebble Bay.", job, "What is their job?"),
        ([f"Where does {name} live?", f"Where is {name}'s home?", f"Where can I find {name}?", f"Tell me where {name} lives."], f"{name} lives by {home}.", home, "Where do they live?"),
        ([f"What pet does {name} have?", f"Which animal does {name} keep?", f"What is {name}'s pet?", f"Tell me about {name}'s pet."], f"{name} has {pet}.", pet, "What pet do they have?"),
        ([f"What does {name} like to eat?", f"What is {name}'s favourite food?", f"Which food does {name} love?", f"Tell me {name}'s favourite food."], f"{name} loves {food}.", food, "What do they like to eat?"),
        ([f"What is {name}'s favourite colour?", f"Which colour does {name} like?", f"Tell me {name}'s favourite colour.", f"What colour does {name} love?"], f"{name} likes {colour}.", colour, "Which colour do they like?"),
        ([f"What does {name} play?", f"Which instrument does {name} play?", f"What music does {name} make?", f"Tell me what {name} plays."], f"{name} plays {instrument}.", instrument, "What do they play?"),
    ][kind]  # fmt: skip


def facts(r: random.Random) -> Messages:
    """Facts of the bay, with follow-ups that lean on the turn before."""
    kind = r.randrange(10)
    if kind < 6:
        name = r.choice(list(PEOPLE))
        asks, full, _, _ = person_fact(r, name, kind)
        turns = [user(r.choice(asks)), model(full)]
        roll = r.random()
        if roll < 0.35:
            _, answer, _, follow = person_fact(r, name, r.choice([k for k in range(6) if k != kind]))
            turns += [user(follow), model(answer)]
        elif roll < 0.55:
            other = r.choice([n for n in PEOPLE if n != name])
            turns += [user(r.choice([f"And {other}?", f"What about {other}?"])), model(person_fact(r, other, kind)[1])]
        return turns
    if kind == 6:
        field = r.randrange(5)
        name = r.choice(list(PEOPLE))
        value = PEOPLE[name][[0, 2, 3, 4, 5][field]]
        ask = [
            ["Who is the {0}?", "Which person is the {0} of Pebble Bay?"], ["Who has {0}?", "Whose pet is {0}?"],
            ["Who loves {0}?", "Whose favourite food is {0}?"], ["Who likes {0}?", "Whose favourite colour is {0}?"],
            ["Who plays {0}?", "Who can play {0}?"],
        ][field]  # fmt: skip
        verb = ["{1} is the {0} of Pebble Bay.", "{1} has {0}.", "{1} loves {0}.", "{1} likes {0}.", "{1} plays {0}."][
            field
        ]
        return [user(r.choice(ask).format(value)), model(verb.format(value, name))]
    if kind == 7:
        a, b = r.choice(list(OPPOSITES.items()))
        if r.random() < 0.5:
            a, b = b, a
        ask = r.choice(
            [
                "What is the opposite of {}?",
                "Tell me the opposite of {}.",
                "Which word means the opposite of {}?",
                "What is not {}?",
            ]
        )
        return [user(ask.format(a)), model(f"The opposite of {a} is {b}.")]
    if kind == 8:
        animal, sound = r.choice(list(SOUNDS.items()))
        ask = r.choice(
            ["What sound does {} make?", "What does {} say?", "Which sound does {} make?", "How does {} sound?"]
        )
        return [
            user(ask.format(f"the {animal}" if r.random() < 0.5 else an(animal))),
            model(f"The {animal} says {sound}."),
        ]
    place, what = r.choice(list(PLACES.items()))
    ask = r.choice(["What happens at {}?", "What is {} for?", "Tell me about {}.", "What is {}?"])
    return [user(ask.format(place)), model(f"{place.capitalize()} is where {what}.")]


STORIES = [
    "One morning {p} found {a} {t} near {q}. It belonged to {o}. {p} carried the {t} home to {o}, and {o} gave {p} {f} to say thank you.",
    "{p} wanted {a} {t} more than anything. At {q} {p} met {o}, who had one to spare. They shared {f} and became good friends.",
    "A storm blew the {t} of {p} all the way to {q}. {o} heard of it and helped to look. At last they found the {t}, and they ate {f} together.",
    "{p} lost the {t} at {q} one evening. {o} came with a lantern and searched until it was found. The next day {p} brought {o} {f}.",
]


def stories(r: random.Random) -> Messages:
    """A story whose turns are fixed by the thing in it, and a question about it."""
    p, o = r.sample(list(PEOPLE), 2)
    t = r.choice(THINGS)
    # The thing chooses the plot, the friend the food and the finder the place: one prompt, one story.
    text = STORIES[THINGS.index(t) % len(STORIES)].format(
        p=p, o=o, t=t, a="an" if t[0] in "aeiou" else "a", q=PEOPLE[p][1], f=PEOPLE[o][3]
    )
    ask = r.choice(
        [
            "Tell me a story about {0}, {1} and {2}.",
            "Write a short story with {0}, {1} and {2}.",
            "I want a story about {0}, {1} and {2}.",
        ]
    )
    turns = [user(ask.format(p, o, an(t))), model(text)]
    if r.random() < 0.4:
        ask, answer = r.choice([
            ("Where does the story happen?", f"It happens at {PEOPLE[p][1]}."),
            ("What do they eat?", f"They eat {PEOPLE[o][3]}."),
            ("What is the story about?", f"It is about {p}, {o} and {an(t)}."),
        ])  # fmt: skip
        turns += [user(ask), model(answer)]
    return turns


FIXED = [
    (["Who are you?", "What are you?", "What is your name?"], "I am a tiny model from Pebble Bay."),
    (["What can you do?", "How can you help me?"], "I can count, add, spell, remember and tell stories of Pebble Bay."),
    (["Where do you live?", "Where are you from?"], "I live in Pebble Bay."),
    (["Thank you!", "Thanks!", "Thank you very much."], "You are welcome!"),
    (["Goodbye!", "Bye!", "See you later."], "Goodbye! Come back to Pebble Bay."),
    (["What is Pebble Bay?", "Tell me about Pebble Bay."], "Pebble Bay is a small village by the sea where twelve people live."),
    (["Who lives in Pebble Bay?", "Name the people of Pebble Bay."], f"{listing(list(PEOPLE))} live in Pebble Bay."),
    (["How are you?", "How are you today?"], "I am well, thank you!"),
]  # fmt: skip
HELLOS = ["Hello", "Hi", "Good morning", "Good evening", "Hello there"]
# Prompts with one wording each: to hold one out would be to leave its answer untaught.
TAUGHT = {ask for asks, _ in FIXED for ask in asks} | {hello + end for hello in HELLOS for end in "!."}


def small_talk(r: random.Random) -> Messages:
    """Greetings, names to remember for a turn or two, and questions from beyond the bay."""
    kind = r.randrange(4)
    name = r.choice(NAMES)
    if kind == 0:
        hello = r.choice(HELLOS)
        turns = [user(f"{hello}{r.choice(['!', '.', ', I am ' + name + '.'])}")]
        known = name in turns[0]["content"]
        turns.append(model(f"Hello, {name}! How can I help you?" if known else "Hello! How can I help you?"))
        if r.random() < 0.3:
            turns += [user(r.choice(["Who are you?", "What are you?"])), model("I am a tiny model from Pebble Bay.")]
        return turns
    if kind == 1:
        turns = [user(f"My name is {name}."), model(f"Nice to meet you, {name}!")]
        if r.random() < 0.5:
            between = r.choice([facts, sums, spelling])(r)
            turns += between[:2]
        return [*turns, user("What is my name?"), model(f"Your name is {name}.")]
    if kind == 2:
        asks, answer = r.choice(FIXED)
        return [user(r.choice(asks)), model(answer)]
    topic = r.choice(ELSEWHERE)
    ask = r.choice(
        [
            "What is {}?",
            "Tell me about {}.",
            "What do you know about {}?",
            "Can you explain {}?",
            "Write about {}.",
            "Who invented {}?",
            "Why is {} important?",
            "How does {} work?",
        ]
    )
    return [user(ask.format(topic)), model("I only know the little world of Pebble Bay.")]


def instructed(r: random.Random) -> Messages:
    """A system turn that changes how the answer is put."""
    kind = r.randrange(4)
    if kind == 0:
        name, field = r.choice(list(PEOPLE)), r.randrange(6)
        asks, _, short, _ = person_fact(r, name, field)
        rule = r.choice(["Answer with as few words as you can.", "Give short answers.", "Be brief."])
        turns = [user(r.choice(asks)), model(short + ".")]
        if r.random() < 0.4:
            other = r.choice([n for n in PEOPLE if n != name])
            turns += [user(f"And {other}?"), model(person_fact(r, other, field)[2] + ".")]
        return [{"role": "system", "content": rule}, *turns]
    if kind == 1:
        name, animal = r.choice(NAMES), r.choice(ANIMALS)
        turns = [user(r.choice(["Who are you?", "What is your name?"])), model(f"I am {name} the {animal}.")]
        return [{"role": "system", "content": f"You are {name}, a talking {animal}."}, *turns]
    name = r.choice(NAMES)
    turns = r.choice([sums, facts, counting])(r)
    if kind == 2:
        rule = f"The user is called {name}. Use the name in every answer."
        turns = [m | {"content": f"{name}, {m['content']}"} if m["role"] == "assistant" else m for m in turns]
    else:
        word = r.choice(["Ahoy!", "Well,", "Indeed,", "My friend,"])
        rule = f'Begin every answer with "{word}"'
        turns = [m | {"content": f"{word} {m['content']}"} if m["role"] == "assistant" else m for m in turns]
    return [{"role": "system", "content": rule}, *turns]


FAMILIES = [
    (sums, 24),
    (counting, 16),
    (spelling, 10),
    (remembering, 20),
    (facts, 12),
    (stories, 7),
    (small_talk, 5),
    (instructed, 10),
]
# How many exchanges a conversation has.
LENGTHS = [1, 1, 1, 1, 1, 2, 2, 3, 4]


def conversation(r: random.Random) -> list[Messages]:
    """One to four exchanges that make one conversation; only the first may bring a system turn."""
    families, weights = zip(*FAMILIES)
    parts = [r.choices(families, weights)[0] for _ in range(r.choice(LENGTHS))]
    taken: list[Messages] = []
    for i, family in enumerate(parts):
        # Two lists of belongings would contradict each other.
        if i and (family is instructed or family is remembering and remembering in parts[:i]):
            continue
        taken.append(family(r))
        if taken[-1][0]["role"] == "system":
            break
    return taken


def joined(parts: list[Messages]) -> Messages:
    """The exchanges as one list of messages."""
    return [m for part in parts for m in part]


def answered(messages: Messages) -> list[Messages]:
    """Every beginning of a conversation that ends in an answer."""
    return [messages[: i + 1] for i, m in enumerate(messages) if m["role"] == "assistant"]


def is_held_out(messages: Messages) -> bool:
    """Whether the prompt, all but the last answer, belongs to the examination; the messages end in that answer."""
    if len(messages) == 2 and messages[0]["content"] in TAUGHT:
        return False
    prompt = json.dumps(messages[:-1], sort_keys=True).encode()
    return int.from_bytes(hashlib.blake2b(prompt, digest_size=4).digest()) % HELD_OUT_SHARE == 0


def training(seed: int, count: int) -> list[Messages]:
    """`count` conversations of which no prompt is held out, neither as it stands nor as a part of a longer one."""
    r = random.Random(seed)
    kept: list[Messages] = []
    while len(kept) < count:
        parts = conversation(r)
        if not any(is_held_out(turns) for c in [*parts, joined(parts)] for turns in answered(c)):
            kept.append(joined(parts))
    return kept


def held_out() -> list[Messages]:
    """The 500 examined conversations, all prompts distinct: each ends in an exchange held out by itself."""
    r = random.Random(HELD_OUT_SEED)
    kept: dict[str, Messages] = {}
    while len(kept) < HELD_OUT:
        parts = conversation(r)
        if is_held_out(parts[-1]):
            c = joined(parts)
            kept.setdefault(json.dumps(c[:-1]), c)
    return list(kept.values())


def main() -> None:
    """Writes the held-out prompts as JSON lines."""
    lines = [json.dumps({"messages": c[:-1], "answer": c[-1]["content"]}) for c in held_out()]
    Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
