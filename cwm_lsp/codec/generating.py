"""Generators that have a name, or are handed to a function: with what they were made, and how far they are.

They are kept among the objects of a run, under their texts.
"""

from __future__ import annotations

from dataclasses import replace

from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.frames import Frame, State, Touched
from cwm_lsp.codec.heap import holding
from cwm_lsp.codec.hidden import BEGUN, DONE, FUNCTION, GENERATOR_KIND, MADE, OWNER, STAGE, Heap
from cwm_lsp.codec.holding import may_hold
from cwm_lsp.codec.records import DRAINED, DRAWN, drawn
from cwm_lsp.codec.sharing import may_change
from cwm_lsp.codec.source import Slice

CLOSED = "GeneratorExit()"
"""What is raised in a generator that is closed, as one is that nobody holds any more."""

_OWN = frozenset({FUNCTION, STAGE})


def with_item(came: tuple[str, ...], name: str, item: str | None) -> tuple[str, ...]:
    """What ``came`` of calls when generator ``name`` gives one ``item`` more, ``None`` at its end."""
    before = came[-1] if came else ""
    if item is None:
        is_open = before.startswith(f"{DRAWN}{name} ")
        last = before if is_open else f"{DRAWN}{name} []>"
        return (*came[: len(came) - is_open], DRAINED + last.removeprefix(DRAWN))
    more = drawn(before, name, item)
    return (*came, f"{DRAWN}{name} [{item}]>") if more is None else (*came[:-1], more)


def closed(came: tuple[str, ...], name: str) -> tuple[str, ...]:
    """What ``came`` of calls when generator ``name`` is closed: it gives no more."""
    begins = f"{DRAWN}{name} "
    return tuple(DRAINED + one.removeprefix(DRAWN) if one.startswith(begins) else one for one in came)


def handed(state: State, shown: Slice, line: int) -> tuple[State, str]:
    """``state`` with the generators that the call at ``line`` is handed, and the text of the one it begins.

    The text is "" where it begins none that was made before.
    """
    found = awaited(state.frames[-1], state, shown)
    if found is None or found.handed is None or line not in [one.line for one in found.targets]:
        return state, ""
    state = holding(state, *found.handed.made)
    return _at(state, found.handed.kept, BEGUN), found.handed.kept


def left(state: State, frame: Frame) -> State:
    """``state`` once ``frame`` has ended, and with it the generator for which it runs."""
    return _at(state, frame.kept, DONE)


def _at(state: State, kept: str, stage: str) -> State:
    hidden = state.heap.known.get(kept)
    if hidden is None:
        return state
    fields = tuple((name, stage if name == STAGE else text) for name, text in hidden.fields)
    return replace(state, heap=Heap({**state.heap.known, kept: replace(hidden, fields=fields)}))


def stale(state: State, shown: Slice, touched: Touched) -> State:
    """``state`` in which generators that have not begun are not sure of arguments among ``touched``."""
    if all(hidden.kind != GENERATOR_KIND for hidden in state.heap.known.values()):
        return state
    known = dict(state.heap.known)
    for key, hidden in state.heap.known.items():
        if hidden.kind != GENERATOR_KIND or dict(hidden.fields).get(STAGE) != MADE:
            continue
        fields = tuple(
            (name, "" if name not in _OWN and _may_differ(text, state, shown, touched) else text)
            for name, text in hidden.fields
        )
        if dict(fields)[OWNER] != dict(hidden.fields)[OWNER]:
            del known[key]
        elif fields != hidden.fields:
            known[key] = replace(hidden, fields=fields)
    return replace(state, heap=Heap(known)) if known != state.heap.known else state


def _may_differ(text: str, state: State, shown: Slice, touched: Touched) -> bool:
    if not may_change(text) or state.heap.is_sure_of(text):
        return False
    return may_hold(text, touched, shown.callables.written)
