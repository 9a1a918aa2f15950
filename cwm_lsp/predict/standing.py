"""A program that really stands somewhere, as a premise to predict from.

Of the run up to there nothing is known but the frame: where it stands and what its names hold. One thing more
matters to what comes next, how often the loops around that place have begun a pass. It is known where the
run was watched, and otherwise found from the values: in ``for x in xs`` the pass is the one whose item
``x`` holds. Where that cannot be told, :attr:`Premise.unsure` names the loop, and nothing beyond its head
is worth asking.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from cwm_lsp.codec.lookup import iterated
from cwm_lsp.codec.scopes import scopes_of
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.normalise import EXPRESSION_FRAMES
from cwm_lsp.trace.statements import blocks, first_line, functions, parse, statement_lines
from cwm_lsp.trace.suspending import suspending

_FRAME = 1
_MOST_PASSES = 4_000
"""Passes of a loop that are told to the model; the counts of its format end long before."""

_Loop = ast.For | ast.AsyncFor
_LEAVING = (ast.Return, ast.Break, ast.Continue)
_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Standing:
    """A frame before a line. ``line`` is 1-based, ``first`` where its function begins (decorators included).

    ``passes`` maps the heads of ``for`` loops to the pass that is running, from 0, where that was watched.
    ``returned`` holds what calls that the statement made gave back, where it stands in the middle of one;
    ``midway`` says that it does and that this is not known, ``raising`` that an exception of such a call is
    on its way through it. ``raised`` is the exception that the statement has raised, where it stands behind
    that, ``handled`` the one that is being handled, ``passing`` that it came through this frame. ``closing``
    is the line of its body that the ``with`` was left from whose head runs once more, 0 at any other
    statement. ``frame`` identifies the activation.
    """

    source: SourceFile
    function: str
    first: int
    line: int
    locals: Mapping[str, Value]
    passes: Mapping[int, int] = field(default_factory=dict)
    returned: tuple[Value, ...] = ()
    midway: bool = False
    raising: bool = False
    raised: Value | None = None
    handled: Value | None = None
    passing: bool = False
    closing: int = 0
    frame: int = _FRAME

    @property
    def statement(self) -> int:
        """The first line of the statement at ``line``."""
        return statement_lines(self.source.text).get(self.line, self.line)

    @property
    def unforeseen(self) -> str:
        """Why it is not worth asking what comes next, "" where it is."""
        if self.raised is not None:
            return ""
        if self.raising:
            return "An exception is on its way through this line; which one is not known here."
        if self.closing and self.handled is not None:
            return "Whether an exception leaves this with block is not known here."
        if self.midway:
            return "What the call on this line gave back is not known."
        if self.function in EXPRESSION_FRAMES:
            return "What runs within a line, a comprehension or a lambda, is foretold at the line as a whole."
        return ""

    @property
    def event(self) -> Event:
        """The frame as a recorder would report it."""
        return Event(EventKind.LINE, self.statement, self.function, 0, self.locals, frame=self.frame)


@dataclass(frozen=True, slots=True)
class Premise:
    """The shortest run that ends in a standing; ``unsure`` are heads of loops whose pass cannot be told."""

    trace: Trace
    unsure: frozenset[int]


def premise(standing: Standing) -> Premise:
    """``standing`` as a (normalised) trace to predict from."""
    here = standing.event
    events = [replace(here, kind=EventKind.CALL, line=standing.first)]
    unsure: set[int] = set()
    for loop in _around(standing):
        begun = _begun(loop, standing)
        if begun is None:
            unsure.add(loop.lineno)
        events += [replace(here, line=loop.lineno)] * min(_MOST_PASSES, begun or 0)
    trying = scopes_of(standing.source.text).trying
    if standing.handled is not None and (standing.statement in trying or unwinding(standing)):
        events.append(replace(here, kind=EventKind.EXCEPTION, value=standing.handled))
    if standing.closing:
        events.append(replace(here, line=standing.closing))
    events.append(here)
    line, function = _stand_in(standing)
    for value in standing.returned:
        # Of a call that is over its value alone counts, so any function may stand for the one called.
        call = replace(events[0], line=line, function=function, depth=1, locals={}, frame=standing.frame + 1)
        events += [call, replace(call, kind=EventKind.RETURN, value=value)]
    if standing.raised is not None:
        events.append(replace(here, kind=EventKind.EXCEPTION, value=standing.raised))
    return Premise(Trace((standing.source,), tuple(events), standing.function, ""), frozenset(unsure))


def unwinding(standing: Standing) -> frozenset[int]:
    """The lines of the ``finally`` around a standing that leave the frame by the exception on its way."""
    held = (
        _unwound(standing.source.text) if standing.handled is not None and standing.passing else frozenset()
    )
    return held if standing.statement in held else frozenset()


@lru_cache(maxsize=64)
def _unwound(text: str) -> frozenset[int]:
    """What is run in a ``finally`` while an exception that came through its frame is on its way.

    A ``return``, ``break`` or ``continue`` ends that way. A ``finally`` within a handler or another one is
    left out: that exception may be theirs.
    """
    tree = parse(text)
    found: set[int] = set()
    pending: list[ast.AST] = [tree] if tree is not None else []
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Try | ast.TryStar):
            inner = [one for part in node.finalbody for one in ast.walk(part)]
            found |= {
                first_line(one)
                for one in inner
                if isinstance(one, ast.stmt) and not isinstance(one, ast.Return)
            }
            pending += [*node.body, *node.orelse]
        else:
            pending += ast.iter_child_nodes(node)
    return frozenset(found)


def _stand_in(standing: Standing) -> tuple[int, str]:
    """The first line and the name of a function that can be called: the own one, which a module has none of.

    One that the statement names is at hand in any case.
    """
    text = standing.source.text
    makers = suspending(text).generators
    if standing.function != "<module>" and standing.first not in makers:
        return standing.first, standing.function
    plain = {line: head.name for line, head in functions(text).items() if line not in makers}
    said = set(re.findall(r"\w+", standing.source.lines[standing.statement - 1]))
    named = [line for line, name in plain.items() if name in said]
    found = next(iter([*named, *plain]), standing.first)
    return found, plain.get(found, standing.function)


def settled(standing: Standing) -> Standing:
    """``standing`` with the passes of its loops written down, so that they hold when a value is changed."""
    return replace(standing, passes=_passes(standing))


def stepped(before: Standing, after: Standing) -> Standing:
    """``after`` with the passes that its loops are in, one statement of the same frame after ``before``."""
    known = _passes(before)
    passes: dict[int, int] = {}
    were = {loop.lineno for loop in _around(before)}
    for loop in _around(after):
        head, inside = loop.lineno, loop.lineno in were
        if after.statement == head:
            if not inside:
                passes[head] = 0
            elif head in known:
                passes[head] = known[head] + 1
        elif inside and head in known:
            passes[head] = known[head]
    return replace(after, passes=passes)


def watched(standing: Standing, lines: Sequence[int]) -> Standing:
    """``standing`` with the passes that its loops are in, after its frame has run ``lines``."""
    passes: dict[int, int] = {}
    for loop in _around(standing):
        head, within = loop.lineno, range(loop.lineno, (loop.body[-1].end_lineno or loop.lineno) + 1)
        since = itertools.takewhile(within.__contains__, reversed(lines))
        begun = sum(line == head for line in since)
        if begun or standing.statement == head:
            passes[head] = begun - (head != standing.statement)
    return replace(standing, passes=passes)


def _passes(standing: Standing) -> Mapping[int, int]:
    """The pass that each loop around is in, or at its head is about to begin, where it can be told."""
    found = ((loop.lineno, _begun(loop, standing)) for loop in _around(standing))
    at = standing.statement
    return {head: begun - (head != at) for head, begun in found if begun is not None}


def _around(standing: Standing) -> tuple[_Loop, ...]:
    """The loops of the function whose head or body the statement is in, outermost first."""
    line = standing.statement
    return tuple(
        loop
        for loop, lines, inner in _loops(standing.source.text)
        if line in lines and loop.lineno >= standing.first and not any(line in one for one in inner)
    )


@lru_cache(maxsize=64)
def _loops(source: str) -> tuple[tuple[_Loop, range, tuple[range, ...]], ...]:
    """The loops of a source text with their lines, and those of the functions in them."""
    tree = parse(source)
    loops = [node for node in blocks(tree) if isinstance(node, _Loop)] if tree is not None else []
    return tuple((loop, _lines_of(loop.lineno, loop.body[-1]), _functions_in(loop)) for loop in loops)


def _functions_in(loop: _Loop) -> tuple[range, ...]:
    found = [one for one in ast.walk(loop) if isinstance(one, _Function)]
    return tuple(_lines_of(first_line(one), one) for one in found)


def _lines_of(first: int, last: ast.stmt) -> range:
    return range(first, (last.end_lineno or first) + 1)


def _begun(loop: _Loop, standing: Standing) -> int | None:
    """How many passes of a loop have begun, ``None`` where that cannot be told.

    At the head itself the next one has not, and its event is that of the standing.
    """
    at_head = loop.lineno == standing.statement
    texts = {name: value.text for name, value in standing.locals.items()}
    known = standing.passes.get(loop.lineno)
    if known is not None:
        return known if at_head else known + 1
    if at_head and not _targets(loop.target) & texts.keys():
        return 0
    current = _pass_of(loop, texts)
    return None if current is None else current + 1


def _targets(target: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}


def _pass_of(loop: _Loop, texts: Mapping[str, str]) -> int | None:
    """The one pass in which the loop's targets hold what they hold."""
    match loop.iter, loop.target:
        case ast.Call(func=ast.Name(id="range"), args=[*bounds]), ast.Name(id=name):
            return _pass_of_range(bounds, texts, texts.get(name))
        case ast.Call(func=ast.Name(id="enumerate"), args=[_]), ast.Tuple(elts=[ast.Name(id=name), *_]):
            return _number(texts.get(name))
    sources = tuple(iterated(loop))
    held = _held(loop.target, texts, len(sources))
    if not sources or not held:
        return None
    found = []
    for number in range(_MOST_PASSES):
        items = [source.at(number, texts, texts) for source in sources]
        if any(item is None or item == "" for item in items):
            break
        if items in held:
            found.append(number)
    return found[0] if len(found) == 1 else None


def _held(target: ast.expr, texts: Mapping[str, str], sources: int) -> list[list[str]]:
    """What the targets hold, in each way that the items of ``sources`` may be written."""
    if isinstance(target, ast.Name):
        return [[texts[target.id]]] if sources == 1 and target.id in texts else []
    names = [one.id for one in getattr(target, "elts", ()) if isinstance(one, ast.Name)]
    texts_held = [texts[name] for name in names if name in texts]
    if len(names) < len(getattr(target, "elts", ())) or len(texts_held) < len(names):
        return []
    if sources == len(names):
        return [texts_held]
    return [[f"({', '.join(texts_held)})"], [": ".join(texts_held)]]


def _pass_of_range(bounds: list[ast.expr], texts: Mapping[str, str], held: str | None) -> int | None:
    at = _number(held)
    start = _literal(bounds[0], texts) if len(bounds) > 1 else 0
    step = _literal(bounds[2], texts) if len(bounds) > 2 else 1
    if at is None or start is None or not step or (at - start) % step or (at - start) // step < 0:
        return None
    return (at - start) // step


def _literal(node: ast.expr, texts: Mapping[str, str]) -> int | None:
    return _number(texts.get(node.id) if isinstance(node, ast.Name) else ast.unparse(node))


def _number(text: str | None) -> int | None:
    if text is None or len(text) > 9 or not text.removeprefix("-").isdecimal():
        return None
    return int(text)
