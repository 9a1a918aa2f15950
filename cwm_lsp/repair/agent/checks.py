"""One check of a specification, evaluated in a module: a call and its value, or a doctest."""

from __future__ import annotations

import ast
import doctest
import math
import re
import sys
from collections.abc import Coroutine, Iterator
from itertools import islice
from types import CodeType, TracebackType
from typing import Any, NamedTuple

from .alarm import Overtime, limited
from .program import Program

LONGEST = 300
"""Characters kept of a result's text."""

MOST = 10_000
"""Elements taken from an iterator that a call returned."""

OVERTIME = "did not end"
"""What is said of a check that ran into its limit."""

NUMBERS = {"inf": math.inf, "nan": math.nan}
"""What Python writes of numbers that have no literal: a value that was copied from its output has them."""

Check = dict[str, Any]
"""``{"kind": "call", "call", "expect" | None, "raises" | None, "loose"}`` or ``{"kind": "doctest", ...}``."""

_ADDRESS = re.compile(r" at 0x[0-9A-Fa-f]+")


class Outcome(NamedTuple):
    """Whether a check holds, and what came out, as text. ``refused``: a ``raise`` or ``assert`` of the file
    itself ended it, as it was meant to."""

    ok: bool
    said: str
    refused: bool = False


def evaluate(program: Program, code: CodeType, check: Check, seconds: float) -> Outcome:
    """How ``check`` does in a fresh module of the candidate."""
    try:
        with limited(seconds):
            if check["kind"] == "run":
                return Outcome(*_run(program))
            namespace = program.fresh(code).__dict__
            if check["kind"] == "doctest":
                return Outcome(*_doctest(namespace, check))
            return Outcome(*_call(namespace, check))
    except Overtime:
        return Outcome(False, OVERTIME)
    except RecursionError:
        return Outcome(check.get("raises") == "RecursionError", "raised RecursionError")
    except MemoryError:
        return Outcome(False, "ran out of memory")
    except BaseException as error:  # SystemExit and KeyboardInterrupt are outcomes of the user's code too
        name = type(error).__name__
        line = _raised_at(program, error.__traceback__)
        said = str(error) or (program.line(line) if isinstance(error, AssertionError) else "")
        return Outcome(check.get("raises") == name, clipped(f"raised {name}: {said}"), program.raises(line))


def _raised_at(program: Program, raised: TracebackType | None) -> int:
    """The line of the file at which an exception began, 0 where that was elsewhere."""
    while raised is not None and raised.tb_next is not None:
        raised = raised.tb_next
    if raised is None or raised.tb_frame.f_code.co_filename != program.path:
        return 0
    return raised.tb_lineno


def _run(program: Program) -> tuple[bool, str]:
    """A program ends well if it raises nothing but an exit with status 0."""
    try:
        program.run()
    except SystemExit as error:
        return error.code in (None, 0), clipped(f"exited with {error.code!r}")
    return True, "ended"


def expected(check: Check) -> list[Any]:
    """The plain value that a call should give, in a list; an empty one where none is said."""
    try:
        return [ast.literal_eval(check["expect"])] if check.get("expect") else []
    except (ValueError, SyntaxError, TypeError):
        return []


def _call(namespace: dict[str, Any], check: Check) -> tuple[bool, str]:
    found = value_of(check["call"], namespace)
    if isinstance(found, Coroutine):  # what an async function gives is what comes once it is awaited
        found = _awaited(found)
    if check.get("raises"):
        return False, shown(found)
    if check.get("expect") is None:
        return True, shown(found)
    wanted = _unwatched(check["expect"], namespace)
    if isinstance(found, Iterator) and isinstance(wanted, (list, tuple)):
        found = type(wanted)(islice(found, MOST))
    return same(found, wanted, bool(check.get("loose"))), shown(found)


def _awaited(given: Coroutine[Any, Any, Any]) -> Any:
    import asyncio  # takes as long as many candidates, and few files need it

    return asyncio.run(given)


def value_of(script: str, namespace: dict[str, Any]) -> Any:
    """The value of an expression, or of the one that ends a few statements, which bind names of their own."""
    try:
        return eval(compile(script.strip(), "<check>", "eval", dont_inherit=True), namespace)
    except SyntaxError as error:
        if error.filename != "<check>":  # the program raised it
            raise
    *body, last = ast.parse(script.strip()).body
    assert isinstance(last, ast.Expr)
    own = dict(namespace)
    exec(compile(ast.Module(body, []), "<check>", "exec", dont_inherit=True), own)
    return eval(compile(ast.Expression(last.value), "<check>", "eval", dont_inherit=True), own)


def _unwatched(text: str, namespace: dict[str, Any]) -> Any:
    """The value of an expression whose lines are not those of the call that is checked."""
    watch = sys.gettrace()
    sys.settrace(None)
    try:
        return eval(text, {**NUMBERS, **namespace})
    finally:
        sys.settrace(watch)


def same(found: Any, wanted: Any, loose: bool) -> bool:
    """Equality as a user means it: floats within rounding; if ``loose``, a tuple may stand for a list."""
    if isinstance(wanted, (bool, int, float)) and isinstance(found, (bool, int, float)):
        if isinstance(found, bool) != isinstance(wanted, bool):
            return False
        if wanted != wanted:  # nan, which is like nothing, itself included
            return found != found
        near = isinstance(found, float) or isinstance(wanted, float)
        return math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12) if near else found == wanted
    if isinstance(wanted, (list, tuple)) and isinstance(found, (list, tuple)):
        kind = loose or isinstance(found, list) == isinstance(wanted, list)
        return (
            kind
            and len(found) == len(wanted)
            and all(same(*pair, loose) for pair in zip(found, wanted, strict=True))
        )
    return bool(found == wanted)


GAVE = "{} gave {}, not {}"
"""What is said of an example of a doctest that gives another value."""

GIVEN = re.compile(r" gave (.*), not (.*)$")
"""The two values in that."""

_EXAMPLE = re.compile(r"Failed example:\n(.*)\nExpected:\n(.*)\nGot:\n(.*)", re.DOTALL)


class _Runner(doctest.DocTestRunner):
    """Lets an exception that no example expects end the doctest, as it ends any other check."""

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        """Raise it again."""
        raise exc_info[1]


def _doctest(namespace: dict[str, Any], check: Check) -> tuple[bool, str]:
    parsed = doctest.DocTestParser().get_doctest(check["text"], namespace, check["call"], None, None)
    said: list[str] = []
    runner = _Runner(verbose=False, optionflags=doctest.FAIL_FAST)
    if not runner.run(parsed, out=said.append).failed:
        return True, "passed"
    text = "".join(said)
    example = _EXAMPLE.search(text)
    return False, clipped(GAVE.format(*map(joined, example.group(1, 3, 2))) if example else joined(text))


def joined(text: str) -> str:
    """Lines as one."""
    return "; ".join(line.strip() for line in text.split("\n") if line.strip())


def shown(value: Any) -> str:
    """``value`` as text that two runs can be compared by: bounded, without addresses."""
    if isinstance(value, Iterator):
        value = list(islice(value, MOST))
    if isinstance(value, (set, frozenset)):
        return clipped(f"{type(value).__name__}({sorted(map(repr, value))})")
    return clipped(_ADDRESS.sub("", repr(value)))


def clipped(text: str) -> str:
    """``text`` within :data:`LONGEST`, its end kept, since results differ there too."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]}…{text[-LONGEST // 2 :]} ({len(text)} characters)"
