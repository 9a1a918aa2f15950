"""What is stored in objects whose classes write them by code of their own, so that their texts hide it.

``Node(10)`` says nothing of the node's children. What is stored in such an object is known from the call on
that made it, and kept under its text: that text stands for the object, unless others are written like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

HEAP = "@"
"""Begins the name under which it is known what is stored in the object of a text, ``@Node(10)``."""

MOST = 128
"""Objects that are kept; those that were made last remain."""

FUNCTION, OWNER, STAGE, BY_NAME = "function", "self", "stage", "*"
"""Of a generator: the fields of its function, of the object that has it and of how far it is; what begins
those of arguments by name. Those of arguments by position are numbers, what is not known is empty."""

MADE, BEGUN, DONE = "made", "begun", "done"

GENERATOR_KIND = "generator"
"""The kind of what is kept of a generator."""

_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is stored in an object of class ``kind``: its fields with their texts, ``UNREAD`` if not known.

    How one is written is not ``certain`` once something in it has changed that its class may show. Where
    ``several`` are written alike, it is not known which of them a name stands for.
    """

    kind: str
    fields: tuple[tuple[str, str], ...] = ()
    certain: bool = True
    several: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """A change of an object: its text from ``before``, ``""`` for one made here, and what is stored in it.

    ``text`` is how it is written from then on, ``None`` where its class has to say that.
    """

    before: str
    text: str | None
    hidden: Hidden


@lru_cache(maxsize=4096)
def encoded(hidden: Hidden) -> str:
    """``hidden`` as one text, as it stands among the values of names."""
    flags = f"{hidden.certain:d}{hidden.several:d}"
    return "\0".join([hidden.kind, flags, *(f"{name}={text}" for name, text in hidden.fields)])


@lru_cache(maxsize=4096)
def decoded(text: str) -> Hidden:
    """The inverse of :func:`encoded`."""
    kind, flags, *fields = text.split("\0")
    pairs = (one.partition("=") for one in fields)
    return Hidden(kind, tuple((name, value) for name, _, value in pairs), flags[0] == "1", flags[1] == "1")


def is_uncertain(text: str, texts: Mapping[str, str]) -> bool:
    """Whether ``text`` is that which an object had before it changed, and how it is written is not known."""
    known = texts.get(f"{HEAP}{text}") if HEAP in texts else None
    return known is not None and not decoded(known).certain


def mentioned(texts: Mapping[str, str], names: Iterator[str] | list[str]) -> Iterator[tuple[str, str]]:
    """The entries of ``texts`` on the objects that stand in the values ``names``, and in what they hold."""
    left = texts[HEAP].split("\0") if texts.get(HEAP) else []
    pending = list(names)
    while pending and left:
        text = pending.pop()
        found = [key for key in left if key in text]
        for key in found:
            left.remove(key)
            yield f"{HEAP}{key}", texts[f"{HEAP}{key}"]
            pending.append(texts[f"{HEAP}{key}"])


@lru_cache(maxsize=1024)
def pattern_of(keys: tuple[str, ...]) -> re.Pattern[str]:
    """The texts ``keys`` where they stand for objects: not within strings, nor as part of a longer name."""
    longest = sorted(keys, key=len, reverse=True)
    ends = (f"{re.escape(key)}{'(?!' + chr(92) + 'w)' if key[-1:].isalnum() else ''}" for key in longest)
    return re.compile(rf"{_STRING}|(?<![\w.])({'|'.join(ends)})", re.S)


def rewritten(text: str, renamed: Mapping[str, str]) -> str:
    """``text`` with the objects in it written as ``renamed`` says."""
    if not any(key in text for key in renamed):
        return text
    found = pattern_of(tuple(renamed))
    return found.sub(lambda match: renamed[match[1]] if match[1] else match[0], text)


@dataclass(frozen=True, slots=True)
class Heap:
    """The objects of a run by their texts."""

    known: Mapping[str, Hidden] = field(default_factory=dict)

    def is_sure_of(self, text: str) -> bool:
        """Whether ``text`` is that of one object, as it is written."""
        hidden = self.known.get(text)
        return hidden is not None and hidden.certain and not hidden.several

    @property
    def names(self) -> Mapping[str, str]:
        """What is stored in each, under a name of its own, as the values of names are given."""
        if not self.known:
            return {}
        found = {f"{HEAP}{text}": encoded(hidden) for text, hidden in self.known.items()}
        return {HEAP: "\0".join(self.known), **found}
