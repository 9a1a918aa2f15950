"""Where a run goes that is not told by control flow alone: frames that are suspended, go on, or are left by
what a call raised.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.codec.callables import RUNNING
from cwm_lsp.codec.frames import Frame, State
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.vocabulary import Special

_SWALLOWING = frozenset({"copy", "deepcopy", "getattr", "hasattr", "iter", "list", "next", "suppress"})
"""What may end an exception of the user's code that it ran."""

_PAUSING = ast.Yield | ast.YieldFrom | ast.Await | ast.AsyncFor | ast.AsyncWith


def own_parts(node: ast.AST) -> Iterator[ast.AST]:
    """All of a statement that runs on its own line."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from own_parts(child)


def swallows(logical: LogicalLine | None, raised: str) -> bool:
    """Whether what a call ``raised`` may end in the statement that made it.

    Whatever goes through an object's items takes these exceptions for their end.
    """
    if logical is None or logical.head is None or isinstance(logical.head, ast.With):
        return True
    if raised.startswith(("StopIteration(", "IndexError(", "StopAsyncIteration(")):
        return True
    return any(isinstance(part, ast.Name) and part.id in _SWALLOWING for part in own_parts(logical.head))


def switch(frame: Frame, state: State, shown: Slice, *, pauses: bool) -> int | None:
    """The one event that can come of a frame that waits for another, or yields and does no more.

    ``pauses`` says that its line is one at which it can be suspended.
    """
    if frame.awaiting >= 0:
        return Special.CALL if frame.resumed else Special.YIELD
    if going_on(frame, state, shown):
        return Special.CALL
    logical = shown.by_line.get(frame.line)
    if not pauses or logical is None or frame.resumed or frame.raised is not None:
        return None
    match logical.head:
        case ast.Expr(ast.Await(ast.Call() as call)) | ast.Assign(value=ast.Await(ast.Call() as call)):
            module = getattr(call.func, "value", None)
            if isinstance(module, ast.Name) and module.id == "asyncio":
                return Special.YIELD
        case ast.Expr(ast.Yield(value)) | ast.Assign(value=ast.Yield(value)):
            if value is None or isinstance(value, ast.Name | ast.Constant):
                return Special.YIELD
    return None


def going_on(frame: Frame, state: State, shown: Slice) -> frozenset[int]:
    """The lines at which coroutines go on or begin: one for which ``frame`` waits, or those of its loop.

    A frame that runs a loop runs what is left of it before anything else.
    """
    if frame.awaiting >= 0:
        waited = (one.line for one in state.suspended if one.identity == frame.awaiting)
        return frozenset(waited) & shown.by_line.keys()
    callables, logical = shown.callables, shown.by_line.get(frame.line)
    left = [one for one in state.suspended if callables.makes_coroutine(one.function)]
    if not left or logical is None or logical.head is None or callables.makes_coroutine(frame.function):
        return frozenset()
    calls = (part for part in own_parts(logical.head) if isinstance(part, ast.Call))
    if not any(getattr(call.func, "attr", "") in RUNNING for call in calls):
        return frozenset()
    waiting = {one.awaiting for one in left}
    roots = {one.line for one in left if one.identity not in waiting}
    begins = (one for one in shown.lines if isinstance(one.head, ast.AsyncFunctionDef))
    tasks = {one.line for one in begins if getattr(one.head, "name", "") in callables.tasks}
    return frozenset(roots | tasks) & shown.by_line.keys()


_ONCE = frozenset({"gather", "shield", "sleep"})
"""Functions of ``asyncio`` that wait for one thing."""


def yields(logical: LogicalLine | None) -> bool:
    """Whether nothing follows a statement before it has yielded."""
    match logical.head if logical is not None else None:
        case ast.Expr(ast.Yield()) | ast.Assign(value=ast.Yield()) | ast.AnnAssign(value=ast.Yield()):
            return True
    return False


def may_pause(frame: Frame, logical: LogicalLine | None) -> bool:
    """Whether ``frame`` may be suspended at a line that pauses: if once, not after it went on."""
    if logical is None or logical.head is None or not frame.resumed:
        return True
    found = [part for part in own_parts(logical.head) if isinstance(part, _PAUSING)]
    return len(found) != 1 or not _pauses_once(found[0])


def _pauses_once(node: ast.AST) -> bool:
    """Whether a frame that went on at ``node`` has what it waited for; libraries may wait for more."""
    match node:
        case ast.Await(value=ast.Call(func=ast.Attribute(value=ast.Name(id="asyncio"), attr=name))):
            return name in _ONCE
    return isinstance(node, ast.Yield | ast.Await)
