"""What becomes of the objects that hide what is stored in them, as the statements of a run are done.

Such an object is known by its text: where a statement changes that, so do all values in which it stands,
whatever names they have. What is not known to be left alone is forgotten.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cwm_lsp.codec import pure_calls
from cwm_lsp.codec.deeds import Effect, effect, names_of, run_of
from cwm_lsp.codec.definitions import readable
from cwm_lsp.codec.displays import split_fields
from cwm_lsp.codec.failures import PLAIN
from cwm_lsp.codec.frames import Frame, State
from cwm_lsp.codec.hidden import DONE, MOST, STAGE, Heap, Hidden, Moved, mentioned, rewritten
from cwm_lsp.codec.kept import fields_of
from cwm_lsp.codec.kinds import MARK, METHOD
from cwm_lsp.codec.literals import kept_literal
from cwm_lsp.codec.pure_modules import FUNCTIONS
from cwm_lsp.codec.records import UNREAD, Opaque, Record, Undecided
from cwm_lsp.codec.sharing import may_change
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.switching import own_parts
from cwm_lsp.codec.templates import TEMPLATE, read

_EMPTY = re.compile(r"<([^\W\d]\w*) object>")
_HARMLESS = frozenset(
    {*FUNCTIONS, *pure_calls.TYPES, *PLAIN, "print", "isinstance", "hasattr", "repr", "super"}
)
_REACHING = frozenset({"setattr", "delattr", "vars", "exec", "eval", "__dict__", "__setattr__", "__class__"})


def made(state: State, shown: Slice, entered: Frame) -> State:
    """``state`` with the object that the call ``entered`` makes."""
    text = entered.texts.get(entered.makes, "")
    if not text or not entered.function.endswith("__init__") or text in state.heap.known:
        return state  # what is known already is handed to the __init__ of a class above
    empty = _EMPTY.fullmatch(text)
    kind = empty[1] if empty else entered.function.rpartition(".")[0].rpartition(".")[2]
    return holding(state, Moved("", text, Hidden(kind))) if hides(kind, shown) else state


def hides(kind: str, shown: Slice) -> bool:
    """Whether the objects of a class are written by code of its own."""
    known = shown.constants.get(f"{kind}{MARK}") if kind else None
    found = kept_literal(known).get("__repr__") if known is not None else None
    return isinstance(found, Opaque) and found.text == METHOD


def done(state: State, shown: Slice, after: Mapping[str, str] | None, given: str = "") -> State:
    """``state`` once the statement of its innermost frame has run, which has the values ``after`` then.

    ``None`` stands for a frame that ends, which gives back the value ``given``.
    """
    frame, logical = state.frames[-1], shown.by_line.get(state.line)
    if (
        frame.fresh
        or logical is None
        or not (state.heap.known or shown.callables.hiding or shown.callables.generators)
    ):
        return state
    does = Effect()
    if logical.carried and frame.raised is None:
        does = effect(logical.carried, readable(frame, shown.constants), frame.came, frame.shares)
    if does.known:
        state = holding(state, *does.moved)
        state = _renamed(state, {one.before: one.text for one in does.moved if one.before and one.text})
    else:
        bound = [given] if after is None else [after[name] for name in logical.binds if name in after]
        state = _forgetting(state, logical, frame, bound)
    return state if after is None else _seen(state, shown, logical, does, after)


def holding(state: State, *moved: Moved) -> State:
    """``state`` with objects as they are from now on, each under the text that it had."""
    known = dict(state.heap.known)
    made: set[str] = set()
    for one in moved:
        text = one.before or one.text or ""
        if not one.before and text in known and (text in made or _is_alive(text, state, known)):
            known[text] = _alike(known[text], one.hidden)
        else:
            known.pop(text, None)  # those that changed last are kept longest
            known[text] = one.hidden
        made |= {text} - {one.before}
    while len(known) > MOST:
        del known[next(iter(known))]
    return replace(state, heap=Heap(known))


def _alike(one: Hidden, other: Hidden) -> Hidden:
    """What is known of two objects that are written alike."""
    fields = tuple(field for field in one.fields if field in other.fields)
    return Hidden(one.kind if one.kind == other.kind else "", fields, several=True)


def _is_alive(text: str, state: State, known: Mapping[str, Hidden]) -> bool:
    """Whether the object ``text`` stands in any value, but in those of generators that have ended."""
    held = (
        value
        for key, other in known.items()
        if key != text and (STAGE, DONE) not in other.fields
        for _, value in other.fields
    )
    return any(text in value for value in (*_values(state), *held))


def _values(state: State) -> Iterator[str]:
    """All values of a state, as far as they are known."""
    for frame in (*state.frames, *state.suspended):
        yield from ({**frame.texts, **frame.renewed}).values()
        yield from frame.came
    for held in state.closed.values():
        yield from held.values()


def _renamed(state: State, renamed: Mapping[str, str | None]) -> State:
    """``state`` with objects written otherwise, wherever they stand."""
    names = {before: text for before, text in renamed.items() if text is not None and text != before}
    if not names:
        return state
    known: dict[str, Hidden] = {}
    for key, hidden in state.heap.known.items():
        fields = tuple((name, rewritten(text, names)) for name, text in hidden.fields)
        text = names.get(key) or rewritten(key, names)
        other = known.get(text)
        hidden = replace(hidden, fields=fields)
        known[text] = hidden if other is None else _alike(other, hidden)
    return replace(
        state,
        heap=Heap(known),
        frames=tuple(_rewritten(frame, names) for frame in state.frames),
        suspended=tuple(_rewritten(frame, names) for frame in state.suspended),
        closed={
            line: {name: rewritten(text, names) for name, text in held.items()}
            for line, held in state.closed.items()
        },
    )


def _rewritten(frame: Frame, names: Mapping[str, str]) -> Frame:
    texts = {**frame.texts, **frame.renewed}
    changed = {name: text for name, old in texts.items() if (text := rewritten(old, names)) != old}
    if not changed and not frame.came:
        return frame
    return replace(
        frame,
        renewed={**frame.renewed, **changed},
        came=tuple(rewritten(text, names) for text in frame.came),
    )


def renamed_texts(frame: Frame, does: Effect) -> dict[str, str]:
    """The values of ``frame`` that change with the objects that a statement of it changes."""
    names = {one.before: one.text for one in does.moved if one.before and one.text and one.text != one.before}
    if not names:
        return {}
    texts = {**frame.texts, **frame.renewed}
    return {name: text for name, old in texts.items() if (text := rewritten(old, names)) != old}


def _forgetting(state: State, logical: LogicalLine, frame: Frame, bound: Sequence[str]) -> State:
    """``state`` without what a statement may change of which it is not known what it does.

    It may have made other objects that are written as those in the values that it has ``bound``.
    """
    parts: tuple[ast.AST, ...] = logical.carried or ((logical.head,) if logical.head else ())
    reach, stores, leaks = _reach(logical)
    if not (reach or stores or leaks):
        return state
    texts = {**frame.texts, **frame.renewed}
    names = state.heap.names
    found = [
        name[1:] for name, _ in mentioned(names, [texts[one] for one in names_of(parts) if one in texts])
    ]
    known = dict(state.heap.known)
    for key in found:
        hidden = known[key]
        fields = {name: "" for name in stores} | dict(hidden.fields)
        for name, text in fields.items():
            if reach or name in stores or (leaks and may_change(text) and text not in known):
                fields[name] = UNREAD
        known[key] = replace(hidden, fields=tuple(fields.items()))
    if leaks:
        for key, hidden in known.items():
            if any(key in text for text in bound):
                known[key] = replace(hidden, several=True)
    return replace(state, heap=Heap(known))


def _reach(logical: LogicalLine) -> tuple[bool, frozenset[str], bool]:
    """Whether a statement may store anything, the fields that it stores, whether it changes containers."""
    own = {id(site.node) for site in logical.sites}
    nodes = [node for part in logical.carried for node in ast.walk(run_of(part))]
    if not nodes and logical.head is not None:
        nodes = list(own_parts(logical.head))
    reach = leaks = False
    stores: set[str] = set()
    for node in nodes:
        match node:
            case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
                stores.add(name)
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in _REACHING:
                reach = True
            case ast.Subscript(ctx=ast.Store() | ast.Del()) | ast.AugAssign():
                leaks = True
            case ast.Call(func=ast.Name(id=name)) if name in _HARMLESS:
                pass
            case ast.Call():
                leaks = leaks or id(node) not in own
    return reach, frozenset(stores), leaks


def _seen(state: State, shown: Slice, logical: LogicalLine, does: Effect, after: Mapping[str, str]) -> State:
    """``state`` with what the values ``after`` a statement tell of objects whose texts were not known."""
    known = state.heap.known
    told = [(one.before, after[name]) for name, one in does.named.items() if one.before and name in after]
    frame = state.frames[-1]
    texts = {**frame.texts, **frame.renewed}
    told += [(old, after[name]) for name, old in texts.items() if name in after and name not in logical.binds]
    seen: dict[str, str] = {}
    wrong: set[str] = set()
    for old, new in told:
        if old not in known or known[old].several:
            continue
        certain = known[old].certain and does.known
        if seen.setdefault(old, new) != new or (certain and new != old):
            wrong.add(old)  # what was taken for known was not
    state = replace(state, heap=Heap({text: one for text, one in known.items() if text not in wrong}))
    seen = {old: new for old, new in seen.items() if old not in wrong}
    state = holding(state, *(Moved(old, new, _as(known[old], new, shown)) for old, new in seen.items()))
    made = (
        Moved("", after[name], _as(one.hidden, after[name], shown))
        for name, one in does.named.items()
        if not one.before and name in after and hides(one.hidden.kind, shown)
    )
    return holding(_renamed(state, seen), *made)


def _as(hidden: Hidden, text: str, shown: Slice) -> Hidden:
    """``hidden`` where the object is seen to be written as ``text``."""
    fields = {**dict(hidden.fields), **_shown(text, hidden, shown)}
    return replace(hidden, certain=True, fields=tuple(fields.items()))


def _shown(text: str, hidden: Hidden, shown: Slice) -> dict[str, str]:
    """The fields that an object's text tells, where it is known how that is written."""
    parts = split_fields(text) if text.startswith(f"<{hidden.kind} ") else None
    if parts is not None:
        pairs = (part.partition("=") for part in parts[1])
        return {name: value for name, _, value in pairs}
    template = shown.constants.get(f"{hidden.kind}{TEMPLATE}")
    try:
        value = read(text, ((hidden.kind, template),)) if template is not None else None
    except Undecided:
        return {}
    return dict(fields_of(value)) if isinstance(value, Record) and not isinstance(value, Opaque) else {}
