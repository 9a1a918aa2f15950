"""What the head of a branch or a loop decides: the items that it takes, and whether its body is entered."""

from __future__ import annotations

import ast
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from cwm_lsp.codec.deeds import Effect
from cwm_lsp.codec.definitions import readable, readable_of
from cwm_lsp.codec.displays import split_items
from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.frames import EMPTY, Frame
from cwm_lsp.codec.handlers import catches
from cwm_lsp.codec.hidden import FUNCTION, GENERATOR_KIND, HEAP, decoded
from cwm_lsp.codec.kinds import MARK
from cwm_lsp.codec.lookup import find, is_scattered, pair_of
from cwm_lsp.codec.matching import taken_case
from cwm_lsp.codec.records import UNREAD
from cwm_lsp.codec.sites import Site, kind_of
from cwm_lsp.codec.source import LogicalLine
from cwm_lsp.codec.working import Told


@dataclass(frozen=True, slots=True)
class Drawing:
    """The generator that a loop goes through: the ``site`` of what is entered, its ``function`` by name.

    What calls gave back before it was asked for items are ``calls``; it is ``kept`` under a text if it was
    made before the loop.
    """

    site: Site
    function: str
    calls: int
    kept: str = ""


def drawing(logical: LogicalLine, frame: Frame, constants: Mapping[str, str]) -> Drawing | None:
    """The generator of the user's that the head of a loop goes through, if it does."""
    last = logical.sites[-1] if logical.sites else None
    if last is not None and last.generator:
        return Drawing(last, last.name, len(logical.sites) - 1)
    match logical.head:
        case ast.For(iter=ast.Name(id=name) as node) if HEAP in constants:
            text = frame.texts.get(name, "")
            found = constants.get(f"{HEAP}{text}")
            hidden = decoded(found) if found is not None else None
            if hidden is not None and hidden.kind == GENERATOR_KIND and not hidden.several:
                return Drawing(Site(node, ()), dict(hidden.fields)[FUNCTION], 0, text)
    return None


@dataclass(frozen=True, slots=True)
class Iterator:
    """The object of the user's that a loop asks for its items: its ``text`` as the loop began, its class.

    ``items`` are those that it gave at the present visit, ``ended`` says that it has no more.
    """

    text: str
    kind: str
    items: tuple[str, ...]
    ended: bool


def iterator_of(logical: LogicalLine, frame: Frame, constants: Mapping[str, str]) -> Iterator | None:
    """The object whose ``__next__`` the head of a loop calls, once its ``__iter__`` has said which it is."""
    visit, calls = frame.visits.get(frame.line, -1), len(logical.sites) + 1
    came = frame.begun.get(frame.line, ()) if visit else frame.came
    if not isinstance(logical.head, ast.For) or visit < 0 or len(came) < calls:
        return None
    kind = kind_of(came[calls - 1])
    if "'__next__': " not in constants.get(f"{kind}{MARK}", ""):
        return None
    items = frame.returned if visit else frame.returned[calls:]
    return Iterator(came[calls - 1], kind, items, (frame.passing or "").startswith("StopIteration("))


def taken(
    logical: LogicalLine, frame: Frame, constants: Mapping[str, str], aided: bool
) -> Sequence[str | None]:
    """The items that a loop's head takes now, ``""`` past the last, ``None`` for one that is not known."""
    visit = frame.visits[frame.line]
    drawn = drawing(logical, frame, constants) if aided else None
    if drawn is not None:
        came = frame.returned if visit else frame.returned[drawn.calls :]
        if came:
            return ["" if frame.drained else came[-1]]
    asked = iterator_of(logical, frame, constants) if aided else None
    if asked is not None:
        known = asked.items[-1] if asked.items and asked.items[-1] != UNREAD else None
        return ["" if asked.ended else known]
    entered = frame.entered.get(frame.line, EMPTY)
    texts = readable_of(frame.texts, constants, module=frame.is_module) if aided else frame.texts
    items = [source.at(visit, texts, {**texts, **entered}) for source in logical.iterated]
    if aided and (not items or None in items):
        given = frame.begun.get(frame.line, ()) if visit else frame.came
        made = [
            source.at(visit, readable_of(entered, constants, module=frame.is_module), given)
            for source in logical.made
        ]
        items = made if made and None not in made else items
    return items


def item_of(logical: LogicalLine, frame: Frame, constants: Mapping[str, str]) -> str | None:
    """The one item that the head of a loop takes now, whatever it goes through; ``None`` if not known."""
    visit = frame.visits.get(frame.line, 0)
    drawn = drawing(logical, frame, constants)
    if drawn is not None:
        came = frame.returned if visit else frame.returned[drawn.calls :]
        return came[-1] if came and not frame.drained else None
    asked = iterator_of(logical, frame, constants)
    if asked is not None:
        return asked.items[-1] if asked.items else None
    if visit < 0:
        return None
    entered = frame.entered.get(frame.line, EMPTY)
    given = frame.begun.get(frame.line, ()) if visit else frame.came
    for one in logical.made:
        found = one.at(visit, readable_of(entered, constants, module=frame.is_module), given)
        if found is not None:
            return found
    match logical.head, logical.iterated:
        case ast.For(iter=ast.Name() | ast.Attribute() | ast.Subscript() as through), [source]:
            texts = readable_of(frame.texts, constants, module=frame.is_module)
            if is_scattered(find(through, texts) or ""):
                return None  # a set is written in another order than it has its items
            return source.at(visit, texts, {**texts, **entered})
    return None


def apart(items: Sequence[str | None], targets: int) -> Sequence[str | None]:
    """The parts of one tuple, list or pair of a dict that goes to ``targets`` names, else ``items``."""
    if len(items) != 1 or not items[0]:
        return items
    parts = split_items(items[0]) if items[0][0] in "([" else None
    if parts is None or len(parts) != targets:
        parts = pair_of(items[0]) if targets == 2 else None
    return items if parts is None else parts


def holds(
    logical: LogicalLine,
    frame: Frame,
    constants: Mapping[str, str],
    known: Mapping[ast.expr, Told],
    does: Effect,
    items: Sequence[str | None],
) -> bool | None:
    """Whether the body that a head decides on is entered; ``None`` where that is not known."""
    if items:
        return None if None in items else "" not in items
    head = logical.head
    if isinstance(head, ast.With):
        return not frame.closing
    if isinstance(head, ast.ExceptHandler):
        return catches(head, frame.caught, readable(frame, constants))
    if isinstance(head, ast.match_case):
        case = case_of(logical, frame, constants)
        return None if case is None else case[0]
    told = known.get(head.test) if isinstance(head, ast.If) and is_inline(head) else does.result
    told = told or (known.get(logical.work[0].node) if logical.work else None)
    return None if told is None or told.raises or told.text not in ("True", "False") else told.text == "True"


def case_of(
    logical: LogicalLine, frame: Frame, constants: Mapping[str, str]
) -> tuple[bool, Mapping[str, str]] | None:
    """Whether the case at ``logical`` takes its subject, and what it binds; ``None`` if not known."""
    if not isinstance(logical.head, ast.match_case) or logical.subject is None:
        return None
    return taken_case(
        logical.subject, logical.head, readable_of(frame.texts, constants, module=frame.is_module)
    )


def entered_as(logical: LogicalLine, frame: Frame, contexts: Container[str]) -> Mapping[str, str]:
    """The name that a ``with`` gives what its context was entered with, if code of the user's says that."""
    head = logical.head
    if not isinstance(head, ast.With) or len(head.items) != 1 or frame.closing or not frame.returned:
        return EMPTY
    context, bound = head.items[0].context_expr, head.items[0].optional_vars
    calls = 1
    if isinstance(context, ast.Call):
        # An object is made before it is entered; what a generator gives is all that it gives.
        manages = isinstance(context.func, ast.Name) and context.func.id in contexts
        calls = len(logical.sites) + (not manages)
    fits = isinstance(bound, ast.Name) and len(frame.returned) == calls
    return {bound.id: frame.returned[-1]} if fits and isinstance(bound, ast.Name) else EMPTY


def runs_class(frame: Frame, logical: LogicalLine) -> bool:
    """Whether ``frame`` is that of the body of the class of which the line is the head."""
    return isinstance(logical.head, ast.ClassDef) and frame.function == logical.head.name


def decided(lines: frozenset[int], branch: int, holds: bool | None) -> frozenset[int]:
    """Those of ``lines`` that follow a head that ``holds`` or does not, its body beginning at ``branch``."""
    if holds is None or not branch or branch not in lines:
        return lines
    return frozenset({branch}) if holds else lines - {branch} or lines
