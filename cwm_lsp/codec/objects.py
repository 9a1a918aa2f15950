"""Whose objects are whose: what a call lends to the frame that it enters, and what is changed after it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from cwm_lsp.codec.deeds import effect, names_of
from cwm_lsp.codec.definitions import readable_of
from cwm_lsp.codec.entering import awaited
from cwm_lsp.codec.frames import EMPTY, Frame, State
from cwm_lsp.codec.sharing import Binding, Place, below, is_changing, place_of, rebound, renewal
from cwm_lsp.codec.sites import Target
from cwm_lsp.codec.source import LogicalLine, Slice


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
    return rebound(frame.shares, bound, found, texts), bound


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
        return entered
    texts = {**caller.texts, **caller.renewed}
    back = _came_back(caller, shown)
    lent = {
        name: caller.gave if node is back else place_of(node, texts)
        for name, node in found.site.arguments(target)
    }
    inside = target.around[0] <= caller.line <= target.around[1]
    lent |= {name: Place(name) for name in target.free if inside and name in texts}
    return replace(
        entered,
        cells=frozenset(target.free),
        lent={name: place for name, place in lent.items() if place is not None},
        handed=frozenset(name for name, place in lent.items() if place is not None),
        makes=target.parameters[0] if target.makes and target.parameters else "",
    )


def _came_back(frame: Frame, shown: Slice) -> ast.expr | None:
    """The call of the statement of ``frame`` that came back last."""
    logical = shown.by_line.get(frame.line)
    made = logical.sites[: len(frame.returned)] if logical is not None else ()
    return made[-1].node if made and len(made) == len(frame.returned) else None


def closure(state: State, target: Target) -> Mapping[str, str]:
    """The values of the names that ``target`` has of the function around it, as far as they are known."""
    first, last = target.around
    found = dict(state.closed.get(target.line, EMPTY))
    for frame in state.frames:
        if first <= frame.line <= last:
            texts = {**frame.texts, **frame.renewed}
            found |= {name: texts[name] for name in target.free if name in texts}
    return found


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
    if logical is None or not logical.deeds or left.raised is not None:
        return left.texts
    does = effect(
        logical.deeds,
        readable_of(left.texts, shown.constants, module=left.is_module),
        left.came,
        left.shares,
    )
    if not does.known:
        mentioned = names_of(logical.deeds)
        return {name: text for name, text in left.texts.items() if name not in mentioned}
    texts = {**left.texts, **left.renewed, **does.changed}
    return {name: text for name, text in texts.items() if name not in does.lost}


def renewed(caller: Frame, left: Frame, shown: Slice) -> Frame:
    """``caller`` with what the frame that it called made of the objects that it lent."""
    if not left.lent:
        return caller
    texts = {**caller.texts, **caller.renewed}
    after = final(left, shown)
    changed: dict[str, str] = {}
    for name, place in left.lent.items():
        text = after.get(name)
        if text is not None and (is_changing(text) or name in left.cells):
            changed |= renewal(place, text, texts | changed, caller.shares)
    caller = replace(caller, shares=_stored(caller, left, shown))
    return replace(caller, renewed={**caller.renewed, **changed}) if changed else caller


def _stored(caller: Frame, left: Frame, shown: Slice) -> Mapping[str, Place]:
    """The shares of ``caller``, with what the frame that it called put of one lent object into another."""
    shares = dict(caller.shares)
    for name, place in sharing(left, shown, left.texts)[0].items():
        own, holder = left.lent.get(name), left.lent.get(place.root)
        if own is not None and holder is not None and not own.path and own.root != holder.root:
            outer = shares.get(holder.root, Place(holder.root))
            shares.setdefault(own.root, outer.below(*holder.path, *place.path))
    return shares
