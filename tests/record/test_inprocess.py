"""Recording in this process: the same events as under debugpy, errors by name, limits that cut."""

from __future__ import annotations

import sys

import pytest

from cwm_lsp.errors import ArgumentsError, CwmError, RunError, SourceError, TargetError
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import CutReason, EventKind
from tests.golden.harness import PROGRAMS, SCRIPTS, expected, picture, program

LIMITS = Limits()
VERSION = "{}.{}".format(*sys.version_info[:2])


@pytest.mark.parametrize("name", sorted({*PROGRAMS} - {*SCRIPTS, "threads"}))
def test_golden_programs(name: str) -> None:
    if VERSION >= "3.12" and name in ("generators", "comprehensions", "containers"):
        pytest.skip("sys.settrace sees the turns of comprehensions on this version")
    path = program(name)
    trace = trace_call(path.read_text(encoding="utf-8"), "main()", LIMITS, str(path))
    assert picture(trace.events) == expected(name, VERSION)


@pytest.mark.parametrize(
    ("source", "call", "error"),
    [
        ("def f(:", "f()", SourceError),
        ("def f(): pass", "g()", TargetError),
        ("def f(): pass", "f", ArgumentsError),
        ("def f(): pass", "f(1,,)", ArgumentsError),
        ("def f(): pass", "f(1)", ArgumentsError),
        ("def f(): pass", "f(x)", ArgumentsError),
        ("raise SystemExit", "f()", RunError),
    ],
)
def test_named_errors(source: str, call: str, error: type[CwmError]) -> None:
    with pytest.raises(error):
        trace_call(source, call, LIMITS)


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (LIMITS._replace(events=100), CutReason.EVENTS),
        (LIMITS._replace(bytes=2000), CutReason.BYTES),
        (LIMITS._replace(seconds=0.01, events=10**9), CutReason.SECONDS),
    ],
)
def test_limits_end_an_endless_loop(limits: Limits, reason: CutReason) -> None:
    trace = trace_call("def f():\n  n = 0\n  while True:\n    n += 1\n", "f()", limits)
    assert trace.cut is not None
    assert trace.cut.reason is reason
    assert trace.events[0].kind is EventKind.CALL


def test_depth_is_a_limit() -> None:
    trace = trace_call("def f():\n  return f()\n", "f()", LIMITS._replace(depth=5))
    assert trace.cut is not None
    assert max(event.depth for event in trace.events) == 6


def test_arguments_are_evaluated_unrecorded() -> None:
    trace = trace_call("def g(): return 7\ndef f(n): return n\n", "f(g())", LIMITS)
    assert [event.function for event in trace.events] == ["f"] * 3
    assert trace.events[0].locals["n"].text == "7"


def test_tracing_and_modules_are_as_before() -> None:
    before = set(sys.modules), sys.gettrace()
    trace_call("def f(): raise ValueError\n", "f()", LIMITS)
    assert (set(sys.modules), sys.gettrace()) == before
