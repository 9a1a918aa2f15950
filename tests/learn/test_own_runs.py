"""Calls cut out of larger runs, and their split by function."""

from __future__ import annotations

import pytest

from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.errors import UserError
from cwm_lsp.learn.own_runs import OwnRun, own_runs, split
from cwm_lsp.trace.model import Trace
from tests.learn.believing import trace_of

NESTED = """\
def double(n):
    return 2 * n


def spread(ns):
    out = []
    for n in ns:
        out.append(double(n))
    return out


def test_it(ns):
    return spread(ns)
"""


def nested() -> Trace:
    return trace_of(NESTED, "test_it([1, 2])")


def test_each_call_becomes_a_run_of_its_own() -> None:
    runs = list(own_runs(nested()))
    assert [run.trace.entry for run in runs] == ["test_it", "spread", "double", "double"]
    for run in runs:
        first, last = run.trace.events[0], run.trace.events[-1]
        assert (first.kind, first.depth) == ("call", 0)
        assert (last.kind, last.depth, last.frame) == ("return", 0, first.frame)
        assert CompactCodec().encode(run.trace).spans
    assert {event.depth for event in runs[1].trace.events} == {0, 1}
    assert runs[1].uses == {"<source>::spread", "<source>::double"}


def test_a_test_is_no_run_but_what_it_calls_is() -> None:
    assert [run.trace.entry for run in own_runs(nested(), entry=False)] == ["spread", "double", "double"]


def test_a_call_that_does_not_end_is_left_out() -> None:
    whole = nested()
    cut = Trace(whole.files, whole.events[:-1], whole.entry, whole.python)
    assert [run.trace.entry for run in own_runs(cut)] == ["spread", "double", "double"]


def test_generators_and_recursion_are_cut_where_they_end() -> None:
    source = "def g(n):\n    if n:\n        return g(n - 1)\n    return 0\n"
    lengths = [len(run.trace.events) for run in own_runs(trace_of(source, "g(2)"))]
    assert lengths == [12, 8, 4]
    lazy = "def g(n):\n    yield n\n    yield n + 1\n\ndef f(n):\n    return list(g(n))\n"
    assert [run.trace.entry for run in own_runs(trace_of(lazy, "f(1)"))] == ["f", "g"]


def runs_of(functions: int) -> list[OwnRun]:
    return [
        run
        for number in range(functions)
        for n in range(2)
        for run in own_runs(trace_of(f"def f{number}(n):\n    return n + {number}\n", f"f{number}({n})"))
    ]


def test_no_function_kept_out_ever_runs_in_what_is_learnt_from() -> None:
    found = split([*runs_of(8), *own_runs(nested())])
    held = {run.function for run in found.held_out}
    assert held
    assert all(not run.uses & held for run in found.train)


def test_the_split_stays_when_runs_are_recorded_again_and_copies_are_dropped() -> None:
    once, twice = split(runs_of(8)), split([*runs_of(8), *runs_of(8)])
    assert once == twice
    assert len(once.held_out) == 4


def test_too_few_functions_are_refused() -> None:
    with pytest.raises(UserError, match="too few"):
        split(runs_of(1))
