"""Loops: written around their first iteration, then run to the end, so that what follows knows the values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cwm_lsp.learn.corpus.expressions import NoFit
from cwm_lsp.learn.corpus.scope import Rejected, TooLarge
from cwm_lsp.learn.corpus.statements import ACCUMULATE, LOOPS

if TYPE_CHECKING:
    from cwm_lsp.learn.corpus.body import Body

MAX_STEPS = 9
"""Most iterations of one ``for`` loop."""

ACCUMULATES = 0.6
"""How many ``for`` loops collect something of what they iterate over."""

_RETURN = re.compile(r"^(\s*)return\b.*$", re.MULTILINE)
_WHILE = re.compile(r"^(\s*)while (.*):$", re.M)

While = tuple[str, str, str, str, dict[str, str]]
"""A line before the loop, its test, its first and last lines, and its variables with their types."""


def write_for(body: Body, indent: int) -> None:
    """A ``for`` loop over known items; what it iterates over is not changed inside."""
    writer, scope, rng = body.writer, body.scope, body.rng
    writer.bound = []
    header = writer.fill(LOOPS.pick(rng))
    bound, used = writer.bound, [n for n in scope.kinds if n in header]
    target, _, iterable = header.removeprefix("for ").partition(" in ")
    if len({name for name, _ in bound}) < len(bound) or any(name in iterable for name, _ in bound):
        raise Rejected(header)
    items = list(scope.value(iterable))
    if len(items) > MAX_STEPS or (not items and rng.random() < 0.9):
        raise Rejected(header)
    readonly = scope.readonly
    held = [scope.env[n] for n in used if scope.kinds[n] != "int"]
    aliases = {n for n in scope.kinds if any(scope.env.get(n) is value for value in held)}
    scope.readonly = readonly | aliases | {name for name, _ in bound}
    body.emit(indent, header + ":")
    start = len(body.lines)
    with scope.aside(keep=bool(items)):
        if items:
            scope.env["__item"] = items[0]
            scope.run(f"{target} = __item")
        for name, kind in bound:
            scope.bind(name, kind, scope.env.get(name, 0 if kind == "int" else "a"))
        size = rng.choice((1, 1, 2, 2, 3))
        if rng.random() < ACCUMULATES and body.try_one(
            lambda inner: _accumulate(body, inner, bound), indent + 1
        ):
            size = rng.choice((0, 0, 0, 1, 1, 2))
        _suite(body, indent, size)
        scope.readonly = readonly
        _repeat(body, target, items[1:], body.lines[start:], indent)
    if rng.random() < 0.03:
        body.emit(indent, "else:")
        body.branch(indent + 1, True, 1)


def write_while(body: Body, indent: int) -> None:
    """A ``while`` loop that ends: a counter, a shrinking number, a stack, or two pointers."""
    rng, scope = body.rng, body.scope
    head, test, first, last, held = rng.choice((_count_up, _shrink, _stack, _pointers))(body)
    if head:
        body.emit(indent, head)
        scope.run(head)
    body.emit(indent, f"while {test}:")
    start = len(body.lines)
    if not scope.value(test) and rng.random() < 0.9:
        raise Rejected(test)
    readonly, scope.readonly = scope.readonly, scope.readonly | set(held)
    with scope.aside(keep=True):
        _once(body, indent + 1, first)
        for name, kind in held.items():
            scope.bind(name, kind, scope.env.get(name, 0))
        _suite(body, indent, rng.choice((1, 1, 2)), can_continue=not last)
        _once(body, indent + 1, last)
        scope.readonly = readonly
        lines = body.lines[start:]
        for _ in range(MAX_STEPS + 3):
            if not scope.value(test):
                return
            _repeat(body, "__", [0], lines, indent)
            if not scope.env["__on"]:
                return
        raise TooLarge(test)


def _suite(body: Body, indent: int, size: int, can_continue: bool = True) -> None:
    outer = body.can_continue
    body.can_continue = can_continue
    body.loops += 1
    try:
        body.suite(indent + 1, size)
    finally:
        body.loops -= 1
        body.can_continue = outer


def _accumulate(body: Body, indent: int, bound: list[tuple[str, str]]) -> None:
    """Collects something of the loop's variable, under a condition four times in ten."""
    rng, scope, writer = body.rng, body.scope, body.writer
    pairs = [
        (into, name, ACCUMULATE[kind, scope.kinds[into]])
        for name, kind in bound
        for into in scope.kinds
        if into not in scope.readonly and (kind, scope.kinds[into]) in ACCUMULATE
    ]
    if not pairs:
        raise NoFit("accumulator")
    into, name, options = rng.choice(pairs[-4:])
    lines = []
    if rng.random() < 0.4:
        test = "$pred_int:x" if scope.kinds[name] == "int" else rng.choice(("$pred_chr:x", "$pred_str:x"))
        lines.append(f"if {writer.fill_text(test, {'x': name})}:")
    lines.append(("    " if lines else "") + writer.fill(options.pick(rng), captures={"a": into, "x": name}))
    text = "\n".join(lines)
    scope.run(text)
    body.touched.append(into)
    body.emit(indent, text)


def _repeat(body: Body, target: str, items: list[Any], lines: list[str], indent: int) -> None:
    """Runs the remaining iterations. Raises :class:`TooLarge`, or what the body raises."""
    if not items:
        return
    cut = 4 * indent
    inner = _RETURN.sub(r"\1raise __Ended", "\n".join(line[cut:] for line in lines))
    inner = _WHILE.sub(r"\1while __ticking(\2):", inner)
    code = compile(f"for {target} in (__item,):\n{inner}\nelse:\n    __on = True", "<loop>", "exec")
    env = body.scope.env
    env["__ticking"] = _Ticking(target)
    for item in items:
        env["__item"], env["__on"] = item, False
        exec(code, env)
        if not env["__on"]:
            return
        if not body.scope.fits():
            raise TooLarge(target)


class _Ticking:
    """Lets an inner ``while`` go on as long as its test says so, but not for ever."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._left = 20 * MAX_STEPS

    def __call__(self, test: object) -> object:
        """``test``, unless it was asked too often: then :class:`TooLarge`."""
        self._left -= 1
        if self._left < 0:
            raise TooLarge(self._target)
        return test


def _once(body: Body, indent: int, text: str) -> None:
    if text:
        body.emit(indent, text)
        body.scope.run(text)


def _count_up(body: Body) -> While:
    writer, rng = body.writer, body.rng
    name = writer.fresh_name(("i", "i", "j", "idx", "pos", "index"))
    sized = [n for k in ("li", "str", "ls") for n in body.scope.of(k)]
    limit = f"len({rng.choice(sized)})" if sized and rng.random() < 0.6 else str(rng.randint(2, 6))
    return f"{name} = 0", f"{name} < {limit}", "", f"{name} += {rng.choice((1, 1, 1, 2))}", {name: "int"}


def _shrink(body: Body) -> While:
    rng = body.rng
    known = [n for n in body.scope.of("int") if n not in body.scope.readonly and body.scope.env[n] > 0]
    if not known:
        raise NoFit("int")
    name = rng.choice(known)
    step = rng.choice(
        (f"{name} //= 2", f"{name} //= 10", f"{name} -= {rng.randint(1, 4)}", f"{name} = {name} // 3")
    )
    return "", f"{name} > {rng.choice((0, 0, 1, 2))}", "", step, {name: "int"}


def _stack(body: Body) -> While:
    rng = body.rng
    known = [n for n in body.scope.of("li") if n not in body.scope.readonly and body.scope.env[n]]
    if not known:
        raise NoFit("li")
    name = rng.choice(known)
    item = body.writer.fresh_name(("x", "item", "cur", "top", "n", "num", "node", "value"))
    test = rng.choice((name, name, f"len({name}) > {rng.choice((0, 1))}"))
    return "", test, f"{item} = {name}.pop({rng.choice(('', '', '0'))})", "", {name: "li", item: "int"}


def _pointers(body: Body) -> While:
    rng = body.rng
    known = body.scope.of("li") + body.scope.of("str")
    low, high = rng.choice((("left", "right"), ("i", "j"), ("lo", "hi"), ("start", "end")))
    if not known or low in body.scope.env or high in body.scope.env:
        raise NoFit("li")
    head = f"{low}, {high} = 0, len({rng.choice(known)}) - 1"
    return head, f"{low} < {high}", "", f"{low} += 1\n{high} -= 1", {low: "int", high: "int"}
