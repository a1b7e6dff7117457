"""The invented world of the embedded model: Pebble Bay, its people, its places and its words.

Plain tables. Everything that a fact question can ask for is here, so a reader can check any answer by eye.
"""

# name: (job, home, pet, food, colour, instrument)
PEOPLE = {
    "Mira": ("baker", "the mill", "a goose", "plum cake", "red", "the flute"),
    "Tobin": ("sailor", "the harbour", "a parrot", "fish soup", "blue", "the drum"),
    "Ada": ("teacher", "the school", "a tortoise", "apple pie", "green", "the piano"),
    "Oren": ("farmer", "the hill", "a goat", "bean stew", "brown", "the fiddle"),
    "Lila": ("painter", "the tower", "a cat", "honey bread", "purple", "the harp"),
    "Finn": ("fisherman", "the pier", "an otter", "fried eel", "grey", "the horn"),
    "Nora": ("doctor", "the square", "a rabbit", "lemon tart", "white", "the violin"),
    "Bram": ("smith", "the forge", "a dog", "roast duck", "black", "the bell"),
    "Suri": ("gardener", "the orchard", "a hedgehog", "carrot salad", "yellow", "the lute"),
    "Kato": ("miller", "the river", "a donkey", "oat porridge", "orange", "the pipe"),
    "Wren": ("singer", "the inn", "an owl", "berry jam", "pink", "the guitar"),
    "Juno": ("keeper of the lighthouse", "the lighthouse", "a seal", "sea salad", "silver", "the whistle"),
}
PLACES = {
    "the harbour": "boats rest", "the forge": "iron is shaped", "the mill": "flour is made",
    "the orchard": "apples grow", "the school": "children learn", "the inn": "travellers sleep",
    "the lighthouse": "a light guides ships", "the square": "the market is held",
}  # fmt: skip
OPPOSITES = {
    "hot": "cold", "big": "small", "day": "night", "up": "down", "wet": "dry", "old": "new", "fast": "slow",
    "full": "empty", "open": "closed", "light": "dark", "hard": "soft", "happy": "sad", "early": "late",
    "near": "far", "loud": "quiet", "rich": "poor",
}  # fmt: skip
SOUNDS = {
    "goose": "honk", "cat": "meow", "dog": "woof", "goat": "baa", "owl": "hoot", "duck": "quack", "cow": "moo",
    "bee": "buzz", "crow": "caw", "pig": "oink", "donkey": "hee-haw", "mouse": "squeak",
}  # fmt: skip
ANIMALS = "goose parrot tortoise goat cat otter rabbit dog hedgehog donkey owl seal duck cow bee crow pig mouse fox wolf bear deer swan frog".split()
COLOURS = "red blue green brown purple grey white black yellow orange pink silver".split()
THINGS = (
    "kite lamp boat hat coat cup bag bell drum book ring key rope ball shell stone basket ladder mirror candle "
    "blanket bucket spoon map"
).split()
FRUITS = "apple pear plum cherry lemon peach fig melon".split()
SPELLED = [*THINGS, *COLOURS, *ANIMALS, *FRUITS, *"harbour forge mill orchard school lighthouse river tower".split()]
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NAMES = [*PEOPLE, "Eli", "Hana", "Ivo", "Pia", "Rolf", "Tess", "Vera", "Zeno"]
ELSEWHERE = (
    "France|the moon|football|computers|the president|Paris|electric cars|dinosaurs|the stock market|chess|Mars|"
    "Shakespeare|quantum physics|the internet|New York|Einstein|volcanoes|airplanes|the Romans|Python code|"
    "movies|the weather tomorrow|robots|coffee|bank loans|Japan|my homework|the Olympics|pizza|atoms"
).split("|")
PLURALS = {
    "apple": "apples", "pear": "pears", "plum": "plums", "cherry": "cherries", "lemon": "lemons",
    "peach": "peaches", "fig": "figs", "melon": "melons", "shell": "shells", "stone": "stones", "ball": "balls",
    "candle": "candles",
}  # fmt: skip
