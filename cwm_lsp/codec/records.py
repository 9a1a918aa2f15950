"""Objects as values: what a text says of one, and how it is written again."""

from __future__ import annotations

import ast
import re
import threading
from collections import Counter, deque
from collections.abc import ItemsView, Iterable, Iterator, Mapping, Sequence, ValuesView
from contextlib import contextmanager
from datetime import date, time, timedelta
from decimal import Decimal
from fractions import Fraction
from types import NoneType
from typing import Any

from cwm_lsp.trace.render import DEFAULT, render

FIELD = re.compile(r"\{(\w+)(![rs])?\}")
"""A field in a template, ``{x}``, ``{x!r}`` or ``{x!s}``."""

_SAID = (Decimal, Fraction, date, time, timedelta, str)
"""Of what ``str`` says another thing than ``repr``."""


UNREAD = "…"
"""The text of what was made and is not known."""


class Undecided(Exception):
    """An expression that cannot be computed from literals; the text says why."""


class Record:
    """An object whose text names its fields, as a dataclass writes it; nothing else of it is known.

    A ``plain`` one has no ``__repr__`` of its own and shows whatever is stored in it; one with a ``template``
    writes itself by that, ``None`` for what is not known. All that is stored in a ``complete`` one is known.
    """

    def __init__(self, kind: str, fields: dict[str, Any], plain: bool = False) -> None:
        self.kind = kind
        self.fields = fields
        self.plain = plain
        self.template: str | None = ""
        self.complete = False

    def __repr__(self) -> str:
        if self.template is None:
            raise Undecided("How its class writes it is not known.")
        if self.template:
            written = self._templated()
            if written is not None:
                return written
        if self.plain and not self.fields:
            return f"<{self.kind} object>"
        if self.plain and id(self) in _levels.within:
            return f"<{self.kind} ...>"
        if self.plain and _levels.count >= DEFAULT.objects:
            return f"<{self.kind} …>"
        with _levels.one_more(self):
            fields = ", ".join(f"{name}={text_within(value)}" for name, value in self.fields.items())
        return f"<{self.kind} {fields}>" if self.plain else f"{self.kind}({fields})"

    def _templated(self) -> str | None:
        """How its class writes it, ``None`` while not all that takes is stored."""
        template = self.template or ""
        fields = list(FIELD.finditer(template))
        if not all(self._stores(field[1]) for field in fields):
            return None
        parts: list[str] = []
        place = 0
        for field in fields:
            parts += template[place : field.start()], self._field(field[1], field[2] == "!r")
            place = field.end()
        return "".join([*parts, template[place:]])

    def _stores(self, name: str) -> bool:
        """Whether a field is stored and known."""
        return name in self.fields

    def _field(self, name: str, whole: bool) -> str:
        """A stored field as it stands in the text, ``whole`` or as in an f-string."""
        value = self.fields[name]
        return text_within(value) if whole else bare(value)

    def __eq__(self, other: object) -> bool:
        raise Undecided("What makes two objects equal is not known.")

    def __hash__(self) -> int:
        raise Undecided("What makes two objects equal is not known.")


class Opaque(Record):
    """An object of which nothing is known but its text: a function, a module, a file."""

    def __init__(self, text: str) -> None:
        super().__init__("", {})
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def __bool__(self) -> bool:
        raise Undecided("Whether it counts as true is not known.")

    def __call__(self, *given: Any) -> Any:
        """Raises :class:`Undecided`: nothing of the user's is run."""
        raise Undecided(f"{self.text[:80]} would have to be run.")


class Whole(Opaque):
    """A value that is handed on as it is: its text cannot be read, nor be written within another one."""

    def __repr__(self) -> str:
        raise Undecided("What it says within another value is not known.")


class Unseen(Record):
    """An object that lies too deep in those ``above`` for its fields to be shown, ``<Node …>``."""

    def __init__(self, kind: str, above: Sequence[Record]) -> None:
        super().__init__(kind, {}, plain=True)
        self._above = above

    def __repr__(self) -> str:
        others = _levels.within.keys() - set(map(id, self._above))
        if _levels.count < DEFAULT.objects or any(_levels.within[one] == self.kind for one in others):
            raise Undecided("Its fields are not shown, or it may be one of those in which it stands.")
        return f"<{self.kind} …>"


class Around(Opaque):
    """One of several objects of a ``kind`` in which it stands, those being ``above``."""

    def __init__(self, kind: str, above: Sequence[Record]) -> None:
        super().__init__(f"<{kind} ...>")
        self._above = above

    def __repr__(self) -> str:
        if any(id(one) not in _levels.within for one in self._above):
            raise Undecided("Which object it is that it stands in is not known.")
        return self.text


class Class(Opaque):
    """A class of the user's, as a value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"<class {name!r}>")
        self.name = name
        self.fields = {"__name__": name}

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Class) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


class Passing(list[Any]):
    """The items of an iterator: to be gone through, but with no text of its own."""


class Iterating(Passing):
    """The items of an iterator that stands for itself: ``text`` says of what kind it is."""

    def __init__(self, items: Iterable[Any], text: str) -> None:
        super().__init__(items)
        self.text = text


class Generating(Opaque):
    """A generator of the user's: the call that made it, and with what.

    ``callee`` is what the call says of the function, ``holder`` the class that has it. It has ``begun`` once
    it was asked for an item, and is ``done`` when there are no more. It is ``kept``
    under that text if it was made before.
    """

    begun = done = False
    kept = ""
    items: Iterator[Any] | None = None

    def __init__(
        self,
        name: str,
        node: ast.expr,
        given: Sequence[Any],
        named: Mapping[str, Any],
        callee: Any,
        holder: str = "",
    ):
        super().__init__(f"{GENERATOR_OBJECT}{holder}{'.' if holder else ''}{name}>")
        self.name = name
        self.node = node
        self.given = given
        self.named = named
        self.callee = callee


GENERATOR_OBJECT = "<generator object "
"""How the text of a generator begins; the qualified name of its function follows."""

DRAWN, DRAINED = "<drawn ", "<drained "
"""How the text begins of what a generator gave so far, and of all that it gave, with its name and a list."""

ENDED = f"{DRAINED}__next__ []>"
"""What stands among what calls gave for a ``__next__`` that says that there are no more items."""


def drawn(before: str, name: str, item: str) -> str | None:
    """What generator ``name`` gave with one ``item`` more; ``None`` if ``before`` is of something else."""
    begin = f"{DRAWN}{name} ["
    if not before.startswith(begin):
        return None
    items = before[len(begin) : -2]
    return f"{begin}{items}{', ' if items else ''}{item}]>"


class _Levels(threading.local):
    """The kinds, by ``id``, of the objects that the text being written stands in, on this thread."""

    within: Mapping[int, str] = {}

    @property
    def count(self) -> int:
        return len(self.within)

    @contextmanager
    def one_more(self, holder: Record) -> Iterator[None]:
        before = self.within
        self.within = {**before, id(holder): holder.kind} if holder.plain else before
        try:
            yield
        finally:
            self.within = before


_levels = _Levels()


def text_within(value: Any) -> str:
    """The text of a value within another. Raises :class:`Undecided` where it is not all of it."""
    if isinstance(value, Record):
        return repr(value)
    text, _, _, cut, opaque = render(value)
    if cut or opaque or not all(map(is_shown, parts_of(value))):
        raise Undecided("Its text is not known.")
    return text


def is_tangled(value: Counter[Any], before: Mapping[Any, int] | None = None) -> bool:
    """Whether the order is not known in which a counter has its items, or those of one count if it changed.

    What was read from a text stands in the order of its counts; only those that were equal then are known to
    have been added in the order in which they stand.
    """
    known: dict[Any, int] = getattr(value, "read", {})
    if before is None:
        return len(set(known.values())) > 1
    ties: dict[int, set[int]] = {}
    for key, count in before.items():
        if key in value:
            ties.setdefault(value[key], set()).add(count)
    return any(len(counts) > 1 for counts in ties.values())


_ATOMS = (int, float, complex, bool, str, bytes, NoneType)


def objects_in(values: Iterable[Any]) -> Iterator[Record]:
    """The objects and generators among ``values``, in those and so on, each once; none of what is opaque."""
    met: set[int] = set()
    pending = list(values)
    for value in pending:  # which grows meanwhile, so that all that was met stays and keeps its identity
        if type(value) in _ATOMS or id(value) in met:
            continue
        met.add(id(value))
        if isinstance(value, Record):
            yield value
        if isinstance(value, Generating):
            pending += [*value.given, *value.named.values()]
        elif isinstance(value, Record) and not isinstance(value, Opaque):
            pending += dict.values(value.fields)
        else:
            pending += parts_of(value)


def is_shown(value: Any, above: frozenset[int] = frozenset()) -> bool:
    """Whether the text of ``value`` can be written; an object that cannot be would pass for another one.

    What contains itself, being one of those ``above``, has no text of its own.
    """
    if id(value) in above:
        return False
    if type(value) is Counter:
        return not is_tangled(value, getattr(value, "read", {}))
    if isinstance(value, Record):
        try:
            repr(value)
        except Undecided:
            return False
        return True
    if isinstance(value, Passing) or (callable(value) and not isinstance(value, type)):
        return False
    if isinstance(value, ItemsView | ValuesView):
        # It is written by Python itself, which shows of an object without a ``__repr__`` only where it is.
        return not any(one.plain for one in objects_in(value))
    above |= {id(value)}
    return all(is_shown(part, above) for part in parts_of(value))


def bare(value: Any) -> str:
    """How a value stands in an f-string. Raises ``Undecided`` where its class may have a say."""
    if isinstance(value, Opaque) and value.kind:
        raise Undecided("What an enumeration makes of its member in a text is not known.")
    return str(value) if isinstance(value, _SAID) else text_within(value)


def may_be_another(record: Record, values: Iterable[Any]) -> bool:
    """Whether ``record`` may be an object that ``values`` show at another place too.

    That is looked into where objects hold each other, as their texts show: what lies too deep in one, or is
    one of those around it. Elsewhere two that look alike are taken to be two.
    """
    if not any(isinstance(part, Unseen | Around) for part in objects_in([record])):
        return False
    others = (one for one in objects_in(values) if not isinstance(one, Unseen | Around))
    return any(one is not record and _alike(record, one) for one in others)


def _alike(one: Any, other: Any, depth: int = DEFAULT.objects) -> bool:
    """Whether two values may be one, as far as they are shown."""
    if one is other:
        return True
    if not (isinstance(one, Record) and isinstance(other, Record)):
        return repr(one) == repr(other)
    if isinstance(one, Unseen | Around) or isinstance(other, Unseen | Around) or not depth:
        return True
    if isinstance(one, Opaque) or isinstance(other, Opaque):
        return repr(one) == repr(other)
    same = one.kind == other.kind and list(one.fields) == list(other.fields)
    return same and all(_alike(one.fields[name], other.fields[name], depth - 1) for name in one.fields)


def parts_of(value: Any) -> Iterator[Any]:
    """The values in a container, one level down."""
    if isinstance(value, dict):
        yield from value.keys()
        yield from value.values()
    elif isinstance(value, list | tuple | deque) and not isinstance(value, Passing):
        yield from value
