"""What if: a frame before a line, in a run or in a stopped program, and its futures with other values.

The futures are predicted and nothing is run. The frame's own values were observed; those that somebody
changed are inputs, and neither is ever shown as the other.
"""

from __future__ import annotations

import ast
import io
import itertools
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.codec.literals import literal
from cwm_lsp.codec.pure import Undecided
from cwm_lsp.errors import ArgumentsError, TargetError
from cwm_lsp.features.foresight import MOST_BRANCHES, Branch, Foresight
from cwm_lsp.features.results import Predicted, Result
from cwm_lsp.predict.standing import Standing, watched
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.render import render
from cwm_lsp.trace.statements import first_line, heads, parse, statement_lines

Changes = Mapping[str, Value]

AS_IT_IS = "as it is"
"""What the future without a change is called."""


@dataclass(frozen=True, slots=True)
class Supposed:
    """One future of a what-if; ``changes`` are the values that somebody put in place of those observed."""

    foresight: Foresight
    changes: Changes

    @property
    def title(self) -> str:
        """``if total = 9``, or what the future without a change is called."""
        changed = ", ".join(f"{name} = {value.text}" for name, value in self.changes.items())
        return f"if {changed}" if changed else AS_IT_IS


def futures(base: Foresight, branches: Iterable[Branch]) -> tuple[Supposed, ...]:
    """The unchanged future first, then one for each branch."""
    return (Supposed(base, {}), *(Supposed(one.foresight, one.changes) for one in branches))


def changes(wanted: object, known: Iterable[str]) -> tuple[Changes, ...]:
    """Branches as a client or its user writes them: names with literals. Raises :class:`ArgumentsError`."""
    if isinstance(wanted, str):
        wanted = [_typed(part) for part in _parts(wanted)]
    if not isinstance(wanted, Sequence) or not 0 < len(wanted) <= MOST_BRANCHES:
        raise ArgumentsError(f"There must be one to {MOST_BRANCHES} branches, objects of names and values.")
    return tuple(_changed(one, sorted(known)) for one in wanted)


def _parts(text: str) -> list[str]:
    """``x = 1 | x = 2, y = 3`` at its bars, but for those within brackets and texts."""
    bars, depth = [], 0
    lines = list(itertools.accumulate((len(line) for line in text.splitlines(keepends=True)), initial=0))
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            depth += (token.string in "([{") - (token.string in ")]}") if token.type == tokenize.OP else 0
            if token.string == "|" and not depth:
                bars.append(lines[token.start[0] - 1] + token.start[1])
    except (tokenize.TokenError, SyntaxError):
        return [text]
    edges = [-1, *bars, len(text)]
    return [text[start + 1 : end] for start, end in itertools.pairwise(edges)]


def _typed(part: str) -> Mapping[str, str]:
    try:
        call = ast.parse(f"f({part.strip()}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    found = call.keywords if isinstance(call, ast.Call) and not call.args else []
    if not found or any(one.arg is None for one in found):
        raise ArgumentsError(
            f"{part.strip()!r} is no change.", "Write name = value, or name = value | name = other."
        )
    return {str(one.arg): ast.unparse(one.value) for one in found}


def _changed(wanted: object, known: Sequence[str]) -> Changes:
    if not isinstance(wanted, Mapping) or not wanted:
        raise ArgumentsError("A branch is an object of names and values.")
    found: dict[str, Value] = {}
    for name, text in wanted.items():
        if name not in known:
            raise ArgumentsError(
                f"{name} has no value here.", f"There are: {', '.join(known[:8]) or 'none'}."
            )
        try:
            found[name] = Value(*render(literal(str(text).strip())))
        except Undecided as why:
            raise ArgumentsError(str(why), "A what-if runs nothing, so its value is written out.") from why
    return found


# --- where a frame stands ------------------------------------------------------------------------


def in_results(results: Sequence[Result], line: int) -> Standing:
    """The frame before a 1-based line, at the visit that the latest run which has the line shows there.

    At a ``def`` it stands before the first line of the call. Raises :class:`TargetError`.
    """
    for result in reversed(results):
        if not isinstance(result, Predicted):
            found = _in_run(result, line)
            if found is not None:
                return found
    raise TargetError(
        f"No run of this file was seen at line {line}.", "Record or compare a call that runs it."
    )


def _in_run(result: Result, line: int) -> Standing | None:
    trace = result.trace
    statement = statement_lines(trace.source.text).get(line, line)
    end = _looked_at(result, line)
    if statement in heads(trace.source.text) and _is_call(trace.events[end : end + 1], statement):
        return _after(trace, end)
    before = reversed(range(end))
    step = next((one for one in before if _is_at(trace.events[one], statement)), None)
    return None if step is None else _standing(trace, step)


def _looked_at(result: Result, line: int) -> int:
    """The first event of the visit that was chosen, of the one that the line shows, or the end of the run."""
    end = len(result.trace.events)
    if result.focus is not None:
        steps = [stop.placement.step for stop in result.stops(line)]
        return max((step for step in steps if step <= result.focus), default=min(steps, default=end))
    return next((one.step for one in result.placements() if one.line == line), end)


def _is_call(events: Sequence[Event], line: int) -> bool:
    return any(one.kind is EventKind.CALL and one.line == line for one in events)


def _is_at(event: Event, line: int) -> bool:
    return event.kind is EventKind.LINE and event.line == line and event.file == 0


def _after(trace: Trace, call: int) -> Standing | None:
    """Before the first line of a call."""
    frame = trace.events[call].frame
    lines = range(call + 1, len(trace.events))
    step = next(
        (
            one
            for one in lines
            if trace.events[one].frame == frame and trace.events[one].kind is EventKind.LINE
        ),
        None,
    )
    return None if step is None else _standing(trace, step)


def _standing(trace: Trace, step: int) -> Standing:
    event = trace.events[step]
    before = [one for one in trace.events[:step] if one.frame == event.frame]
    entered = next((one.line for one in before if one.kind is EventKind.CALL), 0)
    found = Standing(trace.source, event.function, entered, event.line, event.locals, frame=event.frame)
    return watched(found, [one.line for one in before if one.kind is EventKind.LINE])


def in_program(source: SourceFile, line: int, values: Mapping[str, str]) -> Standing:
    """The frame of a stopped program before a 1-based line; ``values`` as its debugger writes them."""
    tree = parse(source.text)
    around = [
        node
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and first_line(node) <= line <= (node.end_lineno or node.lineno)
    ]
    inner = max(around, key=lambda node: node.lineno, default=None)
    name, first = (inner.name, first_line(inner)) if inner is not None else ("<module>", 0)
    return Standing(source, name, first, line, {one: _told(text) for one, text in values.items()})


def _told(text: str) -> Value:
    """A value that a debugger wrote. What is no literal is known to be there, and no more."""
    try:
        return Value(*render(literal(text.strip())))
    except Undecided:
        return replace(Value(text), opaque=True)
