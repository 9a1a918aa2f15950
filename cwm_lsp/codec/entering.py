"""Which function of the slice a statement enters next."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

from cwm_lsp.codec.awaiting import Awaited, Next, next_call
from cwm_lsp.codec.deeds import names_of
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.evaluator import FUNCTION
from cwm_lsp.codec.facts import passed
from cwm_lsp.codec.frames import Asked, Frame, State
from cwm_lsp.codec.heads import drawing, iterator_of, runs_class, taken
from cwm_lsp.codec.hidden import HEAP
from cwm_lsp.codec.once import once
from cwm_lsp.codec.records import UNREAD
from cwm_lsp.codec.sharing import may_change
from cwm_lsp.codec.sites import Site, Target, delegated, kind_of, pending
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.switching import going_on, own_parts
from cwm_lsp.codec.working import told

_WORDS = re.compile(r"[^\W\d]\w*")
"""Words of a text: the classes of the objects that it writes are among them."""


@once
def awaited(frame: Frame, state: State, shown: Slice) -> Awaited | None:
    """The call that the statement of ``frame`` makes next, and what it may enter of the slice."""
    logical = shown.by_line.get(frame.line)
    if logical is None or runs_class(frame, logical) or _is_over(logical, frame, shown):
        return None
    if frame.closing:
        return _leaving(frame, logical, state, shown)
    lines = going_on(frame, state, shown)
    if frame.awaiting >= 0 and not frame.resumed:
        return None  # it is suspended before what it waits for goes on
    if lines:
        return Awaited(Site(ast.Await(ast.Constant(None)), ()), tuple(map(Target, sorted(lines))))
    if not logical.sites and not logical.may_call and HEAP not in shown.constants:
        return None
    if frame.visits.get(frame.line, 0) > 0:
        return _going_on(frame, logical, state, shown)
    texts = readable(frame, shown.constants)
    handed = next_call(logical, texts, frame.came, frame.shares)
    if handed is not None and handed.node is None:
        return None
    if handed is not None and handed.node is not None and handed.resumes:
        before = state.suspended_in(handed.method, handed.kept)
        return None if before is None else Awaited(Site(handed.node, ()), (Target(before.line),), handed)
    site, exact = _site(logical, handed, shown)
    if site is None:
        site, handed = None if handed is not None else _written(frame, logical, shown), None
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


def _is_over(logical: LogicalLine, frame: Frame, shown: Slice) -> bool:
    """Whether what a loop asks for its items has no more."""
    asked = iterator_of(logical, frame, shown.constants)
    return asked is not None and asked.ended


def _written(frame: Frame, logical: LogicalLine, shown: Slice) -> Site | None:
    """The call that comes next as the calls are written, where none that is not may come before it."""
    site = pending(logical.sites, len(frame.returned))
    if site is None or logical.head is None:
        return None
    return site if shown.callables.comes_first(site, logical.sites, logical.head) else None


@once
def enters(frame: Frame, state: State, shown: Slice) -> bool | None:
    """Whether a function of the slice is entered before anything else happens; ``None`` where not known."""
    logical = shown.by_line.get(frame.line)
    if logical is not None and runs_class(frame, logical):
        return False
    if logical is None or frame.closing or frame.raised is not None:
        return None
    asked = iterator_of(logical, frame, shown.constants)
    if asked is not None:
        return not asked.items and not asked.ended and frame.passing is None
    kept = bool(shown.callables.generators) and _are_kept(state)
    if not logical.sites and not logical.may_call and not kept:
        return False
    if frame.drained and frame.returned and delegated(logical.head) is not None:
        return False  # it has handed out all that there was
    if frame.visits.get(frame.line, 0) > 0:
        if not logical.may_call and not kept:
            return False
        items = (
            ()
            if drawing(logical, frame, shown.constants)
            else taken(logical, frame, shown.constants, aided=True)
        )
        return False if items and None not in items else None
    handed = next_call(logical, readable(frame, shown.constants), frame.came, frame.shares)
    if handed is None:
        return False if not kept and _is_elsewhere(frame, logical, shown) else None
    if handed.node is None:
        return False
    found = awaited(frame, state, shown)
    if found is None or found.handed is None or not found.targets:
        return False if not kept and _is_elsewhere(frame, logical, shown) else None
    cached = any(one.cached for one in found.targets)
    return True if not cached or (state.whole and next_asked(frame, state, shown) is not None) else None


def next_asked(frame: Frame, state: State, shown: Slice) -> Asked | None:
    """The call that the statement of ``frame`` makes next, if it is one that is remembered."""
    found = awaited(frame, state, shown)
    if found is None or found.handed is None or len(found.targets) != 1:
        return None
    target = found.targets[0]
    return asked_of(target, dict(passed(frame, shown, found))) if target.remembers else None


def asked_of(target: Target | None, texts: Mapping[str, str]) -> Asked | None:
    """A call of ``target`` with ``texts`` as it is remembered; ``None`` if it is not, or not known to be."""
    if target is None or not target.remembers or target.rest or target.named:
        return None
    given = tuple(texts.get(name, "") for name in target.parameters)
    known = all(text and not may_change(text) for text in given)
    return Asked(target.line, given, target.remembers) if known else None


def _is_elsewhere(frame: Frame, logical: LogicalLine, shown: Slice) -> bool:
    """Whether nothing of the user's has a part in a statement: it calls none, and is handed none."""
    if logical.sites or not isinstance(logical.head, ast.stmt):
        return False
    if any(isinstance(part, ast.Lambda) for part in own_parts(logical.head)):
        return False
    texts, callables = readable(frame, shown.constants), shown.callables
    own = {*callables.named, *callables.classes, *callables.generators, *callables.coroutines}
    names = names_of(logical.carried or (logical.head,))
    if UNREAD in (texts.get(name) for name in names):
        return False
    handed = (texts.get(name, "") for name in names if name not in callables.imported)
    said = {word for text in handed for word in _WORDS.findall(text)}
    return not (names | said) & {*own, "function"}


def _are_kept(state: State) -> bool:
    """Whether generators may go on at any line: suspended ones, or those that something holds."""
    texts = (text for frame in state.frames for text in frame.texts.values())
    return bool(state.suspended) or any("object>" in text or "<generator " in text for text in texts)


def _going_on(frame: Frame, logical: LogicalLine, state: State, shown: Slice) -> Awaited | None:
    """What the head of a loop enters for a further item: what it goes through was asked for once."""
    asked = iterator_of(logical, frame, shown.constants)
    if asked is not None and not asked.items and isinstance(logical.head, ast.For):
        through = logical.head.iter
        name = through.id if isinstance(through, ast.Name) else ""
        same = frame.entered.get(frame.line, {}).get(name) == asked.text
        targets = shown.callables.entered(asked.kind, "__next__")
        targets = tuple(target for target in targets if target.line in shown.by_line)
        owner = frame.texts.get(name) if same else None
        handed = Next(through, kind=asked.kind, method="__next__", owner=owner, bound=True)
        return Awaited(Site(through, targets, implicit=True), targets, handed) if targets else None
    found = drawing(logical, frame, shown.constants)
    if found is None or frame.returned:
        return None
    before = state.suspended_in(found.function, found.kept)
    return None if before is None else Awaited(found.site, (Target(before.line),))


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
    handed = Next(context, given, whole=False, kind=kind, method="__exit__", bound=True)
    return Awaited(Site(context, targets, implicit=True), targets, handed) if targets else None


def _entered(handed: Next, shown: Slice) -> tuple[Target, ...]:
    if not (handed.kind or handed.method):
        return ()
    return shown.callables.entered(handed.kind, handed.method, handed.path)


def _site(logical: LogicalLine, handed: Next | None, shown: Slice) -> tuple[Site | None, tuple[Target, ...]]:
    """The site of the call that comes next, and what it enters where the values at hand tell that."""
    if handed is None or handed.node is None:
        return None, ()
    called = handed.node.func if isinstance(handed.node, ast.Call) else None
    special = bool(handed.kind and handed.method) and getattr(called, "attr", "") != handed.method
    site = None if special else next((one for one in logical.sites if one.node is handed.node), None)
    if site is not None and not handed.kind:
        return site, ()
    exact = _entered(handed, shown)
    return site or (Site(handed.node, exact, implicit=special) if exact else None), exact
