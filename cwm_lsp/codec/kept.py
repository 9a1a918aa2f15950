"""Objects and generators as values that hide from their texts what is stored in them."""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

from cwm_lsp.codec.hidden import (
    BY_NAME,
    FUNCTION,
    GENERATOR_KIND,
    HEAP,
    MADE,
    OWNER,
    STAGE,
    Hidden,
    Moved,
    decoded,
    pattern_of,
)
from cwm_lsp.codec.records import (
    UNREAD,
    Generating,
    Iterating,
    Opaque,
    Passing,
    Record,
    Undecided,
    Whole,
    bare,
    text_within,
)

_PLACED = re.compile(r"<kept (\d+)>")


class _Writing(threading.local):
    """Whether objects that hide what they hold are written as they were, on this thread."""

    keys = False

    @contextmanager
    def with_keys(self) -> Iterator[None]:
        self.keys = True
        try:
            yield
        finally:
            self.keys = False


_writing = _Writing()


class _Fields(dict[str, Any]):
    """Fields whose values are read when they are asked for."""

    def __init__(self, texts: Mapping[str, str], read: Callable[[str], Any]) -> None:
        super().__init__()
        self.texts = texts
        self.read = read

    def __missing__(self, name: str) -> Any:
        if self.texts[name] == UNREAD:
            raise Undecided(f"What is stored as {name} is not known.")
        self[name] = value = self.read(self.texts[name])
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.texts

    def loaded(self) -> Iterator[tuple[str, Any]]:
        """Those that were read or stored."""
        yield from super().items()


class Kept(Record):
    """An object of which it is known what is stored in it, whatever its text says.

    Before all is stored that its class ``needs`` to write it, it shows what there is.
    """

    def __init__(
        self,
        text: str,
        hidden: Hidden,
        template: str,
        read: Callable[[str], Any],
        needs: frozenset[str] = frozenset(),
    ) -> None:
        self.needs = needs
        self._read = read
        self.stored = _Fields(dict(hidden.fields), read)
        super().__init__(hidden.kind, self.stored)
        self.text = text
        self.hidden = hidden
        self.template = template
        self._is_written = False

    def __repr__(self) -> str:
        if self._is_written or _writing.keys:
            return self.text
        self._is_written = True
        try:
            return self._shown()
        finally:
            self._is_written = False

    def _shown(self) -> str:
        if self.hidden.certain and not self.changed:
            return self.text
        written = self._templated() if self.template else None
        if written is not None:
            return written
        waits = self.template or any(name not in self.stored for name in self.needs)
        if not waits or not self.text.startswith(f"<{self.kind} "):
            raise Undecided("What its class makes of a change is not known.")
        fields = (f"{name}={text}" for name, text in self._texts())  # as long as it cannot write itself
        return f"<{self.kind} {', '.join(fields) or 'object'}>"

    def _stores(self, name: str) -> bool:
        loaded = any(name == one for one, _ in self.stored.loaded())
        return loaded or self.stored.texts.get(name, UNREAD) != UNREAD

    def _field(self, name: str, whole: bool) -> str:
        value = dict(self.stored.loaded()).get(name, self)
        if value is not self:
            return text_within(value) if whole else bare(value)
        text = self.stored.texts[name]
        return text if whole else bare(self._read(text))

    def _texts(self) -> Iterator[tuple[str, str]]:
        found = {**self.stored.texts, **{name: text_within(one) for name, one in self.stored.loaded()}}
        if UNREAD in found.values():
            raise Undecided("Not all that it shows is known.")
        yield from found.items()

    @property
    def changed(self) -> bool:
        """Whether something else is stored in it than was when it was read."""
        return any(self.stored.texts.get(name) != _text(value) for name, value in self.stored.loaded())

    def moved(self) -> Moved:
        """The change that was made of it."""
        kept = {
            name: text for name, text in self.stored.texts.items() if not dict.__contains__(self.stored, name)
        }
        known = {**kept, **dict(fields_of(self))}
        in_order = sorted(known, key=[*self.stored.texts, *self.stored].index)
        text = _text(self)
        before = "" if self.hidden.several else self.text
        return Moved(
            before, text, Hidden(self.kind, tuple((name, known[name]) for name in in_order), text is not None)
        )

    def __copy__(self) -> Record:
        return self._again({name: self.stored[name] for name in (*self.stored.texts, *self.stored)})

    def __deepcopy__(self, memo: dict[int, Any]) -> Record:
        memo[id(self)] = found = self._again({})
        names = (*self.stored.texts, *self.stored)
        found.fields |= {name: deepcopy(self.stored[name], memo) for name in names}
        return found

    def _again(self, fields: dict[str, Any]) -> Record:
        """Another object of its class, with ``fields``."""
        found = Record(self.kind, fields)
        found.template = self.template or None
        found.complete = True
        return found


def _text(value: Any) -> str | None:
    if isinstance(value, Iterating | Whole):
        return value.text
    if isinstance(value, Passing) or (callable(value) and not isinstance(value, Opaque)):
        return None
    try:
        return text_within(value)
    except Undecided:
        return None


def generator_of(value: Generating) -> Hidden | None:
    """What is kept of a generator that was made; ``None`` where the object that has it is not known."""
    owner = value.callee.owner
    fields = {FUNCTION: value.name, STAGE: MADE, OWNER: ""}
    with _writing.with_keys():
        if owner is not None:
            fields[OWNER] = _text(owner) or ""
            if not fields[OWNER]:
                return None
        fields |= {str(place): _text(one) or "" for place, one in enumerate(value.given)}
        fields |= {f"{BY_NAME}{name}": _text(one) or "" for name, one in value.named.items()}
    return Hidden(GENERATOR_KIND, tuple(fields.items()))


def fields_of(value: Record) -> Iterator[tuple[str, str]]:
    """What is stored in an object, ``UNREAD`` for what has no text; other objects stand for theirs."""
    for name, one in dict.items(value.fields):
        with _writing.with_keys():
            text = _text(one)
        yield name, UNREAD if text is None else text


class Objects:
    """The objects of a state, each of which is read once; ``templates`` say how classes write theirs."""

    def __init__(
        self,
        state: Mapping[str, str],
        templates: Mapping[str, str],
        parse: Callable[[str], Any],
        generator: Callable[[str, Hidden], Any],
        needs: Callable[[str], frozenset[str]],
    ) -> None:
        self._known = {name[1:]: text for name, text in state.items() if name[:1] == HEAP and name != HEAP}
        self._templates = templates
        self._parse = parse
        self._generator = generator
        self._needs = needs
        self._keys: list[str] = []
        self.made: dict[str, Kept] = {}
        self.alike: list[Kept] = []
        self.generators: dict[str, Any] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def read(self, text: str) -> Any:
        """The value that ``text`` writes, ``None`` where no such object stands in it."""
        if text in self._known:
            return self._one(text)
        if not any(key in text for key in self._known):
            return None
        found = pattern_of(tuple(self._known)).sub(self._mark, text)
        return None if found == text else self._put(self._parse(found))

    def _mark(self, match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        self._keys.append(match[1])
        return f"<kept {len(self._keys) - 1}>"

    def _one(self, text: str) -> Any:
        if text in self.made:
            return self.made[text]
        hidden = decoded(self._known[text])
        if hidden.kind == GENERATOR_KIND:
            if text not in self.generators and not hidden.several:
                self.generators[text] = self._generator(text, hidden)
            return self.generators.get(text, Opaque(text))
        one = Kept(text, hidden, self._templates.get(hidden.kind, ""), self._parse, self._needs(hidden.kind))
        if hidden.several:
            self.alike.append(one)
        else:
            self.made[text] = one
        return one

    def _put(self, value: Any) -> Any:
        """``value`` with the objects in the places that were left for them."""
        if isinstance(value, Opaque):
            place = _PLACED.fullmatch(value.text)
            return value if place is None else self._one(self._keys[int(place[1])])
        if isinstance(value, tuple):
            return tuple(map(self._put, value))
        if isinstance(value, Record):
            value = _each(value, value.fields, self._put)
        elif isinstance(value, dict):
            _each(value, value, self._put)
        elif isinstance(value, list | deque):
            for at, one in enumerate(value):
                value[at] = self._put(one)
        return value


def _each(whole: Any, fields: dict[Any, Any], put: Callable[[Any], Any]) -> Any:
    for name, one in list(fields.items()):
        fields[name] = put(one)
    return whole
