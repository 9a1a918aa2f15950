"""What functions of a script see of the module's own frame, and what they change of it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from cwm_lsp.codec.deeds import effect, names_of
from cwm_lsp.codec.definitions import readable, says_less
from cwm_lsp.codec.frames import EMPTY, Frame, State
from cwm_lsp.codec.hidden import Heap
from cwm_lsp.codec.once import once
from cwm_lsp.codec.scopes import bound_names
from cwm_lsp.codec.sharing import is_changing, is_lasting
from cwm_lsp.codec.source import LogicalLine, Slice

_SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete, ast.Return)


def seen(state: State, shown: Slice) -> Slice:
    """``shown`` with the values that the innermost frame finds in the module's own, and in objects."""
    module = state.frames[0] if len(state.frames) > 1 else None
    return _seen(state.heap, module if module is not None and module.is_module else None, shown)


@once
def _seen(heap: Heap, module: Frame | None, shown: Slice) -> Slice:
    shown = replace(shown, constants={**shown.constants, **heap.names}) if heap.known else shown
    if module is None:
        return shown
    texts = {**module.texts, **module.renewed}
    found = {
        name: text
        for name, text in texts.items()
        if name not in module.lost and not (text[:1] == "<" and says_less(text, name, shown.constants))
    }
    return replace(shown, constants={**found, **shown.constants})


def changed(state: State, shown: Slice, after: Mapping[str, str] = EMPTY) -> State:
    """``state`` with what the statement of its innermost frame made of the module's names.

    ``after`` are the names of that frame once the statement has run. What cannot be worked out is lost until
    the module goes on.
    """
    module, frame = state.frames[0], state.frames[-1]
    logical = shown.by_line.get(frame.line)
    if frame is module or not module.is_module or frame.fresh or logical is None:
        return state
    statement = logical.carried or ((logical.head,) if isinstance(logical.head, _SIMPLE) else ())
    own = {*frame.texts, *after}
    names = {name for name in names_of(statement) if name in module.texts and name not in own}
    names -= _bound(statement) - shown.callables.declared
    if not names:
        return state
    made, lost = _made(frame, logical, names, shown)
    if not made and not lost:
        return state
    kept = module.lost - set(made) | lost
    return state.with_frames(
        replace(module, renewed={**module.renewed, **made}, lost=kept), *state.frames[1:]
    )


def _made(
    frame: Frame, logical: LogicalLine, names: set[str], shown: Slice
) -> tuple[Mapping[str, str], frozenset[str]]:
    """What a statement makes of ``names``, and those of them of which that is not known."""
    if logical.carried and frame.raised is None:
        does = effect(logical.carried, readable(frame, shown.constants), frame.came, frame.shares)
        if does.known:
            made = {name: text for name, text in does.changed.items() if name in names}
            return made, frozenset(does.lost & names)
    bound = _bound(logical.carried)
    texts = {name: shown.constants.get(name, "") for name in names}
    return EMPTY, frozenset(
        name for name, text in texts.items() if name in bound or (is_changing(text) and not is_lasting(text))
    )


@lru_cache(maxsize=4096)
def _bound(statements: tuple[ast.AST, ...]) -> frozenset[str]:
    return frozenset(name for one in statements for part in ast.walk(one) for name in bound_names(part))
