"""Enumerations and their members, as values."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from functools import lru_cache

from cwm_lsp.codec.records import Opaque


class Member(Opaque):
    """A member of an enumeration: the only object with its text."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        owner, _, rest = text[1:-1].partition(".")
        name, _, value = rest.partition(": ")
        self.kind = owner
        self.fields = {"name": name, "value": ast.literal_eval(value)}

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Member) else super().__eq__(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __bool__(self) -> bool:
        return True


class Enumeration(Opaque):
    """A class of which ``fields`` are all members, with their names."""

    def __init__(self, name: str, fields: Mapping[str, Member]) -> None:
        super().__init__(f"<enum {name!r}>")
        self.members = fields
        self.fields = dict(fields)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Member]:
        return iter(dict.fromkeys(self.members.values()))

    def __len__(self) -> int:
        return len(set(self.members.values()))

    def __contains__(self, one: object) -> bool:
        return isinstance(one, Member) and one in self.members.values()

    def __getitem__(self, name: str) -> Member:
        return self.members[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Enumeration) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


@lru_cache(maxsize=1024)
def member(text: str) -> Member:
    """The member that ``text`` writes. Raises ``ValueError`` where its value is no literal."""
    return Member(text)
