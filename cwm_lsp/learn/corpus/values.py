"""Random argument values in the spread of everyday calls: short, repetitive, sometimes empty or negative.

A *spec* names what to draw: a type (``li``), a type that is never empty (``li+``), an integer range
(``int:1..5``) or one of the named shapes of :data:`SHAPES` (``sorted``, ``bits``, ``parens``, ...).
"""

from __future__ import annotations

import string
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from cwm_lsp.learn.corpus.words import PHRASES, WORDS

Draw = Callable[[Random], object]

_ALPHABETS = (
    string.ascii_lowercase,
    string.ascii_lowercase,
    "abc",
    "ab",
    "aeioubcd",
    string.ascii_letters,
    string.ascii_letters + string.digits,
    string.digits,
    string.ascii_lowercase + "  ",
    string.ascii_letters + string.digits + " ,.-_!?:;",
    string.printable[:95],
    "01",
)
LONG = 0.02
"""Share of lists and texts that are too long to be shown whole."""

_LENGTHS = (0, 1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7)


def integer(rng: Random) -> int:
    """Mostly one digit, sometimes negative, seldom large."""
    r = rng.random()
    if r < 0.55:
        return int(rng.random() * 10)
    if r < 0.75:
        return rng.randint(-9, 20)
    if r < 0.96:
        return rng.randint(-20, 120)
    return rng.randint(-1000, 10000)


def real(rng: Random) -> float:
    """A float with one or two decimals."""
    r = rng.random()
    if r < 0.4:
        return rng.randint(-10, 40) / 2
    return round(rng.uniform(-10, 100), 1 if r < 0.8 else 2)


def text(rng: Random) -> str:
    """A word, a phrase, random characters of some alphabet, or nothing."""
    r = rng.random()
    if r < 0.27:
        word = rng.choice(WORDS)
        return word if r < 0.2 else rng.choice((word.upper(), word.capitalize(), word + "s", word * 2))
    if r < 0.40:
        return rng.choice(PHRASES)
    if r < 0.52:
        joiner = rng.choice((" ", " ", " ", ",", "-", "_", ", ", ":", "."))
        return joiner.join(rng.choice(WORDS) for _ in range(rng.randint(2, 4)))
    if r < 0.56 and rng.random() < LONG:
        return " ".join(rng.choice(WORDS) for _ in range(rng.randint(35, 90)))
    if r < 0.96:
        alphabet = rng.choice(_ALPHABETS)
        return "".join(rng.choices(alphabet, k=rng.randint(1, 6) + int(rng.random() * 6)))
    return ""


def word(rng: Random) -> str:
    """One token without spaces, never empty."""
    r = rng.random()
    if r < 0.75:
        return rng.choice(WORDS)
    if r < 0.85:
        return rng.choice(WORDS).capitalize()
    return "".join(rng.choices(rng.choice(_ALPHABETS[:6]), k=rng.randint(1, 5)))


def key(rng: Random) -> str:
    """A dictionary key."""
    return rng.choice("abcdexyzkn") if rng.random() < 0.5 else rng.choice(WORDS)


def integers(rng: Random) -> list[int]:
    """Zero to seven integers, often with repeats."""
    size = rng.choice(_LENGTHS) if rng.random() >= LONG else rng.randint(30, 160)
    r = rng.random()
    if r < 0.15:
        return rng.choices(range(4), k=size)
    if r < 0.25:
        first = rng.randint(0, 3)
        return list(range(first, first + size))
    if r < 0.6:
        return rng.choices(range(10), k=size)
    return [integer(rng) for _ in range(size)]


def strings(rng: Random) -> list[str]:
    """Zero to five strings."""
    size = rng.choice((0, 1, 2, 2, 3, 3, 3, 4, 4, 5))
    r = rng.random()
    if r < 0.65:
        return [word(rng) for _ in range(size)]
    if r < 0.85:
        return rng.choices("abcdxyz", k=size + 1)
    return [text(rng)[:9] for _ in range(size)]


def _items(rng: Random) -> range:
    return range(rng.choice((0, 1, 2, 2, 3, 3, 3, 4)))


def _counts(rng: Random) -> dict[str, int]:
    return {key(rng): integer(rng) for _ in _items(rng)}


def _tuple(rng: Random) -> tuple[int, ...]:
    return tuple(integer(rng) for _ in range(rng.choice((2, 2, 2, 3, 3, 4))))


def _pair(rng: Random) -> tuple[str, int]:
    return word(rng), integer(rng)


def _matrix(rng: Random) -> list[list[int]]:
    if rng.random() < 0.6:
        width = rng.randint(1, 3)
        return [
            [integer(rng) if rng.random() < 0.2 else rng.randint(0, 9) for _ in range(width)]
            for _ in range(rng.randint(1, 3))
        ]
    return [rng.choices(range(10), k=rng.randint(0, 3)) for _ in range(rng.randint(1, 3))]


TYPES: dict[str, Draw] = {
    "int": integer,
    "str": text,
    "float": real,
    "bool": lambda rng: rng.random() < 0.5,
    "li": integers,
    "ls": strings,
    "di": _counts,
    "ds": lambda rng: {key(rng): word(rng) for _ in _items(rng)},
    "dn": lambda rng: {rng.randint(0, 12): word(rng) for _ in _items(rng)},
    "dl": lambda rng: {key(rng): integers(rng)[:3] for _ in range(rng.randint(1, 3))},
    "ti": _tuple,
    "tp": _pair,
    "lp": lambda rng: [_pair(rng) for _ in range(rng.randint(1, 3))],
    "ll": _matrix,
    "lf": lambda rng: [real(rng) for _ in range(rng.randint(1, 4))],
    "si": lambda rng: {rng.randint(0, 9) for _ in range(rng.randint(1, 4))},
    "none": lambda rng: None,
}
"""How to draw a value of each type of the grammar."""

MUTABLE = frozenset({"li", "ls", "di", "ds", "dn", "dl", "ll", "lp", "lf", "si"})
"""Types whose values statements change in place."""


def _sorted(rng: Random) -> list[int]:
    return sorted(integers(rng) or [integer(rng)])


def _mixed(rng: Random) -> list[object]:
    return [
        TYPES[rng.choice(("int", "str", "int", "none", "float", "bool"))](rng)
        for _ in range(rng.randint(1, 5))
    ]


def _nested(rng: Random, depth: int = 0) -> list[object]:
    return [
        _nested(rng, depth + 1) if depth < 2 and rng.random() < 0.35 else rng.randint(0, 9)
        for _ in range(rng.randint(1 if depth == 0 else 0, 3))
    ]


def _distinct(rng: Random) -> list[int]:
    return rng.sample(range(12), rng.randint(1, 5))


def _square(rng: Random) -> list[list[int]]:
    size = rng.randint(1, 3)
    return [rng.choices(range(10), k=size) for _ in range(size)]


def _palindrome(rng: Random) -> str:
    half = word(rng)[:4]
    return half + half[-2::-1] if rng.random() < 0.6 else half


SHAPES: dict[str, Draw] = {
    "sorted": _sorted,
    "bits": lambda rng: "".join(rng.choices("01", k=rng.randint(1, 7))),
    "parens": lambda rng: (
        "".join(rng.choices("()[]", k=rng.randint(1, 7)))
        if rng.random() < 0.6
        else rng.choice(("()", "(())", "[()]", "()[]", "((", "([)]", "a(b)c", "(()())"))
    ),
    "digits": lambda rng: "".join(rng.choices(string.digits, k=rng.randint(1, 6))),
    "number": lambda rng: str(integer(rng)) if rng.random() < 0.7 else word(rng),
    "word": word,
    "char": lambda rng: rng.choice(string.ascii_lowercase + "aeiou-_., "),
    "sentence": lambda rng: " ".join(word(rng) for _ in range(rng.randint(2, 5))),
    "csv": lambda rng: ",".join(
        str(rng.randint(0, 30)) if rng.random() < 0.6 else word(rng) for _ in range(rng.randint(1, 5))
    ),
    "pairs": lambda rng: rng.choice((",", ";", "&")).join(
        f"{key(rng)}={integer(rng)}" for _ in range(rng.randint(1, 3))
    ),
    "mixed": _mixed,
    "nested": _nested,
    "distinct": _distinct,
    "square": _square,
    "maybe": lambda rng: None if rng.random() < 0.3 else integer(rng),
    "maybe_str": lambda rng: None if rng.random() < 0.3 else word(rng),
    "scalar": lambda rng: TYPES[rng.choice(("int", "str", "bool", "none", "float", "li"))](rng),
    "expr": lambda rng: " ".join(
        [str(rng.randint(0, 9))]
        + [rng.choice("+-*") + " " + str(rng.randint(0, 9)) for _ in range(rng.randint(0, 3))]
    ),
    "rpn": lambda rng: rng.choice(
        ("3 4 +", "2 5 * 1 -", "1 2 + 3 *", "7 2 -", "5 1 2 + 4 * + 3 -", "2 3", "+", "8 0 /")
    ),
    "roman": lambda rng: rng.choice(("III", "IV", "IX", "XIV", "XL", "MCM", "VII", "LXX", "CD", "XIX", "MD")),
    "graph": lambda rng: {
        n: [m for m in "abcd" if rng.random() < 0.4 and m != n] for n in "abcd"[: rng.randint(2, 4)]
    },
    "tree": lambda rng: _tree(rng, 0),
    "bit": lambda rng: rng.choice((0, 0.25, 0.5, 0.75, 1, 0.1)),
    "sep": lambda rng: rng.choice(("  ", "> ", "# ", "-", ",")),
    "path": lambda rng: (
        rng.choice(("", "/", "./", "../"))
        + rng.choice(("/", "//", "/./", "/../")).join(word(rng) for _ in range(rng.randint(1, 3)))
        + rng.choice(("", "", ".py", ".tar.gz", "/"))
    ),
    "url": lambda rng: (
        rng.choice(("http://", "//", "", "mailto:"))
        + rng.choice(("", "user@", "a:b@"))
        + word(rng)
        + rng.choice((".com", ":80", ""))
        + rng.choice(("", "/x?q=1", "#top", "?a=b"))
    ),
    "pattern": lambda rng: rng.choice(("*.py", "a?c", "[ab]*", "x*y", "*")) + word(rng)[:3],
    "palindrome": _palindrome,
    "nearly_sorted": lambda rng: sorted(integers(rng)) if rng.random() < 0.5 else integers(rng),
}


def _tree(rng: Random, depth: int) -> dict[str, object] | None:
    if depth > 2 or (depth and rng.random() < 0.45):
        return None
    return {"value": rng.randint(0, 9), "left": _tree(rng, depth + 1), "right": _tree(rng, depth + 1)}


def nonempty(rng: Random, kind: str) -> object:
    """A value of type or shape ``kind`` that has at least one item."""
    draw_one = TYPES.get(kind) or SHAPES[kind]
    while True:
        value = draw_one(rng)
        if value:
            return value


def draw(rng: Random, spec: str) -> object:
    """A value for ``spec``. Raises ``KeyError`` for a spec that names nothing."""
    kind, _, bounds = spec.partition(":")
    if bounds:
        low, high = bounds.split("..")
        return rng.randint(int(low), int(high))
    if kind.endswith("+"):
        return nonempty(rng, kind[:-1])
    return (TYPES.get(kind) or SHAPES[kind])(rng)


def _sample_of(first: Any, rng: Random, most: int) -> list[Any]:
    pool = list(first)
    return rng.sample(pool, min(len(pool), rng.randint(1, most)))


def _edited(first: Any, rng: Random) -> Any:
    """A copy with one place changed, or something else altogether."""
    if isinstance(first, dict):
        return {k: integer(rng) for k in (*_sample_of(first, rng, 3), key(rng))}
    if rng.random() < 0.3 or not first:
        return word(rng)
    place = rng.randrange(len(first))
    return first[:place] + rng.choice(("", "a", "x", "er")) + first[place + rng.choice((0, 1)) :]


_RELATED: dict[str, Callable[[Any, Random], object]] = {
    "char_of": lambda first, rng: rng.choice(first),
    "end_of": lambda first, rng: (
        first[: rng.randint(1, 3)] if rng.random() < 0.5 else first[-rng.randint(1, 3) :]
    ),
    "subsequence_of": lambda first, rng: "".join(c for c in first if rng.random() < 0.5),
    "words_of": lambda first, rng: _sample_of(first.split(), rng, 2),
    "shuffled": lambda first, rng: "".join(rng.sample(first, len(first))),
    "item_of": lambda first, rng: rng.choice(first),
    "key_of": lambda first, rng: rng.choice(list(first)),
    "keys_of": lambda first, rng: [*_sample_of(first, rng, 3), key(rng)],
    "edited": _edited,
}
"""How to draw an argument that has to do with the first one."""


def arguments(rng: Random, specs: Sequence[str]) -> list[object]:
    """One value for each spec; a spec of :data:`_RELATED` looks at the first value, most of the time."""
    drawn: list[object] = []
    for spec in specs:
        relate = _RELATED.get(spec)
        if relate is None:
            drawn.append(draw(rng, spec))
        elif drawn[0] and rng.random() < 0.8:
            drawn.append(relate(drawn[0], rng))
        else:
            drawn.append(_unrelated(rng, spec, drawn[0]))
    return drawn


def _unrelated(rng: Random, spec: str, first: object) -> object:
    if spec in ("keys_of", "words_of"):
        return [key(rng)]
    if isinstance(first, dict):
        keys_are_int = any(isinstance(k, int) for k in first)
        return _counts(rng) if spec == "edited" else integer(rng) if keys_are_int else key(rng)
    if isinstance(first, list) and all(isinstance(x, int) for x in first):
        return integer(rng)
    return word(rng)
