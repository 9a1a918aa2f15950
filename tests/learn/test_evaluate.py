"""Evaluation of models whose mistakes are known, on rows of which some hang, crash or do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.evaluate import EvaluateOptions, answers_in_parallel, evaluate, evaluate_rows
from cwm_lsp.learn.judging import Role, Status
from cwm_lsp.learn.metrics import Evaluation
from cwm_lsp.learn.rows import Row
from cwm_lsp.learn.sandbox import ROW_LIMITS
from cwm_lsp.predict import Predictor
from tests.learn.believing import SUM, encoded, misreading, predictor, span_of, trace_of

CALL = "f([4, 9])"
QUICK = EvaluateOptions(free_events=40, limits=ROW_LIMITS._replace(seconds=1.0, events=100), grace=2.0)


def row(source: str, call: str, name: str = "row") -> Row:
    return Row(name, Program(source, call, "test"))


def knowing() -> Predictor:
    """A model that knows the run; at the module's top so that another process can make it too."""
    return predictor([trace_of(SUM, CALL)])


async def figures_of(model: Predictor, *rows: Row) -> Evaluation:
    return await evaluate(rows or (row(SUM, CALL),), model, QUICK)


async def test_a_model_that_knows_the_run_is_right_everywhere() -> None:
    found = await figures_of(knowing())
    shares = {name: found.figures[name] for name in found.figures if name != "ece"}
    assert shares == dict.fromkeys(shares, 1.0)
    assert found.all_rows["frames_exact"] == 1.0
    assert found.by_event["line"]["frames"] == 7
    assert found.by_event["return"]["frames"] == 1


async def test_one_wrong_value_costs_one_frame_and_the_free_run() -> None:
    trace = trace_of(SUM, CALL)
    found = await figures_of(predictor([trace], [misreading(trace, "total", 2, "12")]))
    assert found.figures["frames_exact"] == pytest.approx(7 / 8)
    assert found.figures["changed_exact"] == pytest.approx(4 / 5)
    assert found.figures["values_exact"] == pytest.approx(4 / 5)
    assert found.figures["return_forced"] == 1.0
    assert found.figures["next_line_exact"] == 1.0
    assert found.figures["final_free"] == 0.0


async def test_a_wrong_result_costs_the_return_alone() -> None:
    trace = trace_of(SUM, CALL)
    found = await figures_of(predictor([trace], [misreading(trace, "", 0, "31")]))
    assert found.figures["return_forced"] == 0.0
    assert found.figures["results_exact"] == 0.0
    assert found.figures["final_free"] == 0.0
    assert found.figures["changed_exact"] == 1.0
    assert found.figures["frames_exact"] == pytest.approx(7 / 8)
    assert found.figures["format_valid"] == 1.0


async def test_a_change_that_does_not_happen_is_an_extra_claim() -> None:
    trace = trace_of(SUM, CALL)
    known = encoded(trace)
    flow = next(span for span in known.spans if span.step == 3 and span.kind == "flow")
    total = known.tokens[span_of(known, "total").start]
    belief = [total, *v.byte_tokens("7"), v.Special.STOP, *known.tokens[flow.start : flow.end]]
    model = predictor(
        [trace], [replace(misreading(trace, "x", 0, "1"), tokens=(*known.tokens[: flow.start], *belief))]
    )
    (result,) = await evaluate_rows([row(SUM, CALL)], model, QUICK)
    extra = [claim for frame in result.frames for claim in frame.claims if claim.role is Role.EXTRA]
    assert [claim.right for claim in extra] == [False]
    assert [frame.right for frame in result.frames].count(False) == 1


async def test_a_missed_change_has_no_probability_and_is_wrong() -> None:
    trace = trace_of(SUM, CALL)
    known = encoded(trace)
    change = span_of(known, "total", 1)
    line = v.line_token(3)
    model = predictor(
        [trace], [replace(misreading(trace, "x", 0, "1"), tokens=(*known.tokens[: change.start], line))]
    )
    (result,) = await evaluate_rows([row(SUM, CALL)], model, QUICK)
    wrong = [claim for frame in result.frames for claim in frame.claims if not claim.right]
    assert [claim.role for claim in wrong] == [Role.CHANGED]
    assert [frame.right for frame in result.frames].count(False) == 1


RAISES = """\
def f(n):
    if n > 2:
        raise ValueError('too much')
    return n
"""


async def test_an_exception_that_leaves_counts_by_its_type() -> None:
    found = await figures_of(predictor([trace_of(RAISES, "f(3)")]), row(RAISES, "f(3)"))
    assert found.figures["final_free"] == 1.0
    assert found.figures["return_forced"] is None
    assert found.figures["frames_exact"] == 1.0


STUBBORN = """\
def f(n):
    try:
        while True: pass
    except BaseException:
        while True: pass
"""
BAD = {
    "hangs": STUBBORN,
    "exits": "import os\ndef f(n):\n    os._exit(3)\n",
    "does not parse": "def f(n:\n",
    "is long": "def f(n):\n    while n:\n        n += 1\n",
}


async def test_rows_that_cannot_be_run_are_counted_and_do_no_harm() -> None:
    rows = [row(source, "f(3)", name) for name, source in BAD.items()]
    results = await evaluate_rows([*rows, row(SUM, CALL, "good")], knowing(), QUICK)
    assert [result.name for result in results] == [*BAD, "good"]
    statuses = [result.status for result in results]
    assert statuses == [Status.FAILED, Status.FAILED, Status.FAILED, Status.CUT, Status.DONE]
    assert all(result.message for result in results[:-1])


async def test_rows_that_were_not_evaluated_count_as_wrong_over_all_rows() -> None:
    found = await figures_of(knowing(), row(SUM, CALL), row(BAD["exits"], "f(3)"))
    assert (found.rows, found.rows_evaluated) == (2, 1)
    assert found.statuses == {"done": 1, "failed": 1}
    assert found.figures["frames_exact"] == 1.0
    assert found.all_rows["frames_exact"] == pytest.approx(0.5)
    assert found.all_rows["final_free"] == pytest.approx(0.5)


async def test_a_source_beyond_the_context_is_too_long() -> None:
    model = Predictor(predictor([trace_of(SUM, CALL)], context=610).backend, CompactCodec())
    (result,) = await evaluate_rows([row(SUM, CALL)], model, QUICK)
    assert result.status is Status.TOO_LONG
    assert result.events == 8


def test_several_processes_give_the_same_results_in_the_order_of_the_rows() -> None:
    rows = [row(SUM, CALL, f"row {number}") for number in range(5)]
    seen: list[tuple[int, int]] = []
    found = answers_in_parallel(rows, knowing, QUICK, 2, lambda done, of: seen.append((done, of)))
    assert [result.name for result in found.results] == [one.name for one in rows]
    assert {result.status for result in found.results} == {Status.DONE}
    assert seen[-1] == (5, 5)
