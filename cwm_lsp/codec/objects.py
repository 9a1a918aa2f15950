"""Whose objects are whose: what a call lends to the frame that it enters, and what is changed after it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from cwm_lsp.codec.awaiting import Awaited, Next, next_call
from cwm_lsp.codec.calls import Site, Target, kind_of, pending
from cwm_lsp.codec.deeds import effect, names_of
from cwm_lsp.codec.definitions import readable, readable_of
from cwm_lsp.codec.evaluator import FUNCTION
from cwm_lsp.codec.frames import EMPTY, Frame, State
from cwm_lsp.codec.heads import runs_class
from cwm_lsp.codec.sharing import Place, is_changing, place_of, rebound, renewal
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.working import told


def awaited(frame: Frame, state: State, shown: Slice) -> Awaited | None:
    """The call that the statement of ``frame`` makes next, and what it may enter of the slice."""
    logical = shown.by_line.get(frame.line)
    if logical is None or runs_class(frame, logical):
        return None
    if frame.closing:
        return _leaving(frame, logical, state, shown)
    if not logical.sites and not logical.may_call:
        return None
    if frame.visits.get(frame.line, 0) > 0:  # what a loop goes through is asked for once, its items again
        if not logical.sites:
            return None
        last = logical.sites[-1]
        before = state.suspended_in(last.name) if last.generator and not frame.returned else None
        return None if before is None else Awaited(last, (Target(before.line),))
    texts = readable(frame, shown.constants)
    handed = next_call(logical, texts, frame.came, frame.shares)
    if handed is not None and handed.node is None:
        return None
    if handed is not None and handed.node is not None and handed.resumes:
        before = state.suspended_in(handed.method)
        return None if before is None else Awaited(Site(handed.node, ()), (Target(before.line),))
    site, exact = _site(logical, handed, shown)
    if site is None:
        site, handed = pending(logical.sites, len(frame.returned)), None
    if site is None:
        return None
    found = exact or site.of(frame.texts)
    targets = tuple(target for target in found if target.line in shown.by_line)
    match site.node:
        case ast.Call(func=ast.Subscript() as table) if len(targets) > 1:
            named = told(table, texts, ()) or ""
            name = named.removeprefix(FUNCTION).removesuffix(">")
            targets = tuple(one for one in targets if name in shown.by_line[one.line].binds) or targets
    return Awaited(site, targets, handed)


def _leaving(frame: Frame, logical: LogicalLine, state: State, shown: Slice) -> Awaited | None:
    """What the head of a ``with`` calls to leave its context."""
    head = logical.head
    if frame.returned or not isinstance(head, ast.With) or len(head.items) != 1:
        return None
    context = head.items[0].context_expr
    name = context.func if isinstance(context, ast.Call) else context
    if not isinstance(name, ast.Name):
        return None
    if name.id in shown.callables.contexts:
        before = state.suspended_in(name.id)
        return None if before is None else Awaited(Site(context, ()), (Target(before.line),))
    kind = name.id if isinstance(context, ast.Call) else kind_of(frame.texts.get(name.id, ""))
    targets = shown.callables.entered(kind, "__exit__") if kind else ()
    targets = tuple(target for target in targets if target.line in shown.by_line)
    given = ("None",) * 3 if frame.caught is None else ()
    handed = Next(context, given, whole=False, kind=kind, method="__exit__")
    return Awaited(Site(context, targets, implicit=True), targets, handed) if targets else None


def _site(logical: LogicalLine, handed: Next | None, shown: Slice) -> tuple[Site | None, tuple[Target, ...]]:
    """The site of the call that comes next, and what it enters where the values at hand tell that."""
    if handed is None or handed.node is None:
        return None, ()
    called = handed.node.func if isinstance(handed.node, ast.Call) else None
    special = bool(handed.kind and handed.method) and getattr(called, "attr", "") != handed.method
    site = None if special else next((one for one in logical.sites if one.node is handed.node), None)
    if site is not None and not handed.kind:
        return site, ()
    exact = shown.callables.entered(handed.kind, handed.method) if handed.kind or handed.method else ()
    return site or (Site(handed.node, exact, implicit=special) if exact else None), exact


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
        if is_changing(texts.get(one.name, "")) and (place := one.place(frame.texts, visit)) is not None
    }
    bound = logical.binds
    if isinstance(logical.head, ast.If):  # what stands on its line may not have run
        bound = frozenset(name for name in bound if texts.get(name) != frame.texts.get(name))
    return rebound(frame.shares, bound, found, texts), bound


def lending(entered: Frame, state: State, shown: Slice) -> Frame:
    """``entered`` with what it has of its caller's objects."""
    caller = state.frames[-1]
    found = awaited(caller, state, shown)
    target = next((one for one in found.targets if one.line == entered.line), None) if found else None
    if found is None or target is None:
        return entered
    texts = {**caller.texts, **caller.renewed}
    lent = {name: place_of(node, texts) for name, node in found.site.arguments(target)}
    inside = target.around[0] <= caller.line <= target.around[1]
    lent |= {name: Place(name) for name in target.free if inside and name in texts}
    return replace(
        entered,
        cells=frozenset(target.free),
        lent={name: place for name, place in lent.items() if place is not None},
        handed=frozenset(name for name, place in lent.items() if place is not None),
        makes=target.parameters[0] if target.makes and target.parameters else "",
    )


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
