"""Whose objects are whose: what a call lends to the frame that it enters, and what is changed after it."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Mapping
from dataclasses import replace

from cwm_lsp.codec.awaiting import Awaited
from cwm_lsp.codec.deeds import changes_objects, effect, names_of, run_of
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.frames import EMPTY, Frame, State, Touched, together
from cwm_lsp.codec.holding import may_hold
from cwm_lsp.codec.sharing import (
    Binding,
    Place,
    below,
    is_changing,
    is_lasting,
    place_of,
    rebound,
    renewal,
    twins,
)
from cwm_lsp.codec.sites import Target
from cwm_lsp.codec.source import LogicalLine, Slice

_ITERATOR = re.compile(r"<(?:enumerate|filter|map|reversed|zip|\w+_iterator) object>")
"""What writes an iterator that only hands out what others hold."""


def sharing(
    frame: Frame, shown: Slice, texts: Mapping[str, str]
) -> tuple[Mapping[str, Place], frozenset[str]]:
    """Which names share an object once the statement of ``frame`` has run, and those that it bound."""
    logical = shown.by_line.get(frame.line)
    if frame.fresh or frame.raised is not None or logical is None or not (logical.binds or logical.shares):
        return frame.shares, frozenset()
    visit = frame.visits.get(frame.line, 0)
    found = {
        one.name: place
        for one in logical.shares
        if is_changing(texts.get(one.name, "")) and (place := _placed(one, frame, logical, visit)) is not None
    }
    bound = logical.binds
    if isinstance(logical.head, ast.If):  # what stands on its line may not have run
        bound = frozenset(name for name in bound if texts.get(name) != frame.texts.get(name))
    return {**dict(twins(logical.shares, texts)), **rebound(frame.shares, bound, found, texts)}, bound


def _placed(binding: Binding, frame: Frame, logical: LogicalLine, visit: int) -> Place | None:
    """Where the object stands that a statement gives a name to."""
    if frame.gave is not None and logical.sites and binding.node is logical.sites[-1].node:
        return frame.gave
    return binding.place(frame.texts, visit)


def given_back(left: Frame, shown: Slice) -> Place | None:
    """Where in the caller's values the object stands that ``left`` gives back, if it has it from there."""
    logical = shown.by_line.get(left.line)
    if logical is None or left.raised is not None or not isinstance(logical.head, ast.Return):
        return None
    place = place_of(logical.head.value, left.texts) if logical.head.value is not None else None
    if place is None:
        return None
    whole = below(place, left.shares)
    lent = left.lent.get(whole.root)
    return None if lent is None else lent.below(*whole.path)


def lending(entered: Frame, state: State, shown: Slice) -> Frame:
    """``entered`` with what it has of its caller's objects."""
    caller = state.frames[-1]
    found = awaited(caller, state, shown)
    target = next((one for one in found.targets if one.line == entered.line), None) if found else None
    if found is None or target is None:
        return replace(entered, foreign=any(_may_be_shared(text) for text in entered.texts.values()))
    texts = {**caller.texts, **caller.renewed}
    back = _came_back(caller, shown)
    lent = {
        name: caller.gave if node is back else place_of(node, texts)
        for name, node in found.site.arguments(target)
    }
    inside = target.around[0] <= caller.line <= target.around[1]
    lent |= {name: Place(name) for name in target.free if inside and name in texts}
    kept = _left_out(found, target)
    lent |= {name: Place(name) for name in kept & caller.defaulted if caller.function == entered.function}
    made = target.parameters[0] if target.makes and target.parameters else ""
    own = {made, *(name for name, place in lent.items() if place is not None)}
    return replace(
        entered,
        foreign=any(_may_be_shared(text) for name, text in entered.texts.items() if name not in own),
        cells=frozenset(target.free),
        lent={name: place for name, place in lent.items() if place is not None},
        handed=frozenset(name for name, place in lent.items() if place is not None),
        makes=made,
        defaulted=kept,
    )


def _left_out(found: Awaited, target: Target) -> frozenset[str]:
    """The parameters of ``target`` that a call does not give: each has one object in all such calls."""
    handed = found.handed
    if handed is None or not handed.whole:
        return frozenset()
    bound = target.makes or handed.bound
    given = target.parameters[: min(len(handed.given) + bound, target.placed)]
    return frozenset(target.parameters) - {*given, *handed.named}


def _may_be_shared(text: str) -> bool:
    """Whether ``text`` is that of an object of which others may see a change."""
    return is_changing(text) and not is_lasting(text) and not _ITERATOR.fullmatch(text)


def _came_back(frame: Frame, shown: Slice) -> ast.expr | None:
    """The call of the statement of ``frame`` that came back last."""
    logical = shown.by_line.get(frame.line)
    made = logical.sites[: len(frame.returned)] if logical is not None else ()
    return made[-1].node if made and len(made) == len(frame.returned) else None


def closure(state: State, target: Target, shown: Slice) -> Mapping[str, str]:
    """The values of the names that ``target`` has of the function around it, as far as they are known."""
    first, last = target.around
    found: dict[str, str] = {}
    for frame in state.frames:
        touched = together(frame.touched, frame.within)
        found = {name: text for name, text in found.items() if not _may_differ(name, text, touched, shown)}
        if first <= frame.line <= last:
            texts = {**frame.texts, **frame.renewed}
            own = frame.cells or texts.keys()
            found |= {
                name: texts[name]
                for name in target.free
                if name in own and name in texts and name not in frame.lost
            }
    return {**state.closed.get(target.line, EMPTY), **found}


def _may_differ(name: str, text: str, touched: Touched, shown: Slice) -> bool:
    """Whether a function that ran since may have given ``name`` another value, or changed what it has."""
    if name in shown.callables.rebinding:
        return True
    return _may_be_shared(text) and may_hold(text, touched, shown.callables.written)


def closing(state: State, left: Frame, shown: Slice) -> Mapping[int, Mapping[str, str]]:
    """What is known of the names of functions that have ended, once the frame ``left`` has ended too."""
    closed = dict(state.closed)
    for target in shown.callables.by_line.values():
        first, last = target.around
        if not target.free or not first <= left.line <= last:
            continue
        after = final(left, shown)
        held = {name: after[name] for name in target.free if name in after}
        if left.cells >= set(target.free):  # that of the inner function itself
            closed[target.line] = held if closed.get(target.line) else EMPTY
        else:
            closed[target.line] = EMPTY if target.line in closed else held
    return closed


def final(left: Frame, shown: Slice) -> Mapping[str, str]:
    """The values of a frame at its end, without those that its last statement made unknown."""
    logical = shown.by_line.get(left.line)
    before = {**left.texts, **left.renewed}
    if logical is None or not logical.deeds or left.raised is not None:
        gone = left.lost | _changed_in_head(logical, before)
        return {name: text for name, text in before.items() if name not in gone}
    does = effect(logical.deeds, readable(left, shown.constants), left.came, left.shares)
    if not does.known:
        mentioned = names_of(logical.deeds)
        return {name: text for name, text in before.items() if name not in mentioned | left.lost}
    texts = {**before, **does.changed}
    gone = (left.lost - does.changed.keys()) | does.lost
    return {name: text for name, text in texts.items() if name not in gone}


def _changed_in_head(logical: LogicalLine | None, texts: Mapping[str, str]) -> set[str]:
    """The names whose values the head of a loop or a ``with`` may change by what it reads."""
    if logical is None or not isinstance(logical.head, ast.stmt) or logical.deeds:
        return set()
    named = names_of((logical.head,))
    reads = any(isinstance(node, ast.Subscript) for node in ast.walk(run_of(logical.head)))
    makes = reads and any("defaultdict(" in texts.get(name, "") for name in named)
    return named if makes or changes_objects((logical.head,), texts) else set()


def renewed(caller: Frame, left: Frame, shown: Slice, touched: Touched, hiding: Container[str]) -> Frame:
    """``caller`` with what the frame that it called made of the objects that it lent.

    ``touched`` are the objects that were changed there. Of names that may hold one of them by another way,
    the values are not known any more; objects that are ``hiding`` behind their texts are seen to elsewhere.
    """
    texts = {**caller.texts, **caller.renewed}
    changed: dict[str, str] = {}
    after = final(left, shown) if left.lent else EMPTY
    unknown = left.foreign
    for name, place in left.lent.items():
        text = after.get(name)
        found: Mapping[str, str] | None = {}
        if text is not None and (is_changing(text) or name in left.cells):
            found = renewal(place, text, texts | changed, caller.shares)
        unknown |= text is None or (found is None and text not in hiding)
        changed |= found or {}
    lost = frozenset(
        name
        for name, text in texts.items()
        if unknown
        and name not in changed
        and text not in hiding
        and _may_be_shared(text)
        and may_hold(text, touched, shown.callables.written)
    )
    kept = {name: text for name, text in {**caller.renewed, **changed}.items() if name not in lost}
    shares = _stored(caller, left, shown) if left.lent else caller.shares
    return replace(caller, shares=shares, renewed=kept, lost=(caller.lost | lost) - set(changed))


def _stored(caller: Frame, left: Frame, shown: Slice) -> Mapping[str, Place]:
    """The shares of ``caller``, with what the frame that it called put of one lent object into another."""
    shares = dict(caller.shares)
    for name, place in sharing(left, shown, left.texts)[0].items():
        own, holder = left.lent.get(name), left.lent.get(place.root)
        if own is not None and holder is not None and not own.path and own.root != holder.root:
            outer = shares.get(holder.root, Place(holder.root))
            shares.setdefault(own.root, outer.below(*holder.path, *place.path))
    return shares
