"""Right and nearly right predictions of whole programs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Agreement
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.normalise import normalise
from tests.align.picture import MEAN, foresee
from tests.codec.programs import names, program, record


@pytest.mark.parametrize("name", names())
def test_a_right_prediction_of_any_program_has_no_divergence(name: str) -> None:
    trace = record(*program(name))
    comparison = compare(trace, foresee(trace), threshold=0.5, model="test")
    assert comparison.divergence is None
    assert comparison.flow.right == comparison.flow.total == len(trace.events) - 1
    assert comparison.values.right == comparison.values.total
    assert [step.step for step in comparison.steps] == list(range(1, len(trace.events)))
    assert all(1 <= step.visit <= step.visits for step in comparison.steps)


@pytest.mark.parametrize("name", ["loops", "try_paths", "classes", "multi_line"])
def test_every_single_wrong_value_is_the_first_divergence(name: str) -> None:
    trace = normalise(record(*program(name)))
    right = foresee(trace)
    for index, step in enumerate(right):
        for changed in step.changed:
            if trace.events[index + 1].locals[changed].opaque or step.kind is EventKind.RETURN:
                continue
            wrong = replace(
                step, changed={**step.changed, changed: replace(step.changed[changed], text="'wrong'")}
            )
            steps = [*right[:index], wrong, *right[index + 1 :]]
            found = compare(trace, steps, threshold=0.5, model="test").divergence
            assert found is not None
            assert (found.step, found.name, found.predicted) == (index + 1, changed, "'wrong'")


def test_an_event_without_a_step_is_not_compared() -> None:
    trace = record(MEAN.lstrip(), "mean_above([4], 3)")
    steps = foresee(trace)
    found = compare(trace, [*steps[:2], None, *steps[3:]], threshold=0.5, model="test")
    assert found.divergence is None
    assert found.steps[2].flow.agreement is Agreement.UNCOMPARED
    assert found.flow.total == len(steps) - 1


def test_an_empty_trace_and_an_empty_prediction() -> None:
    trace = record("def f():\n    return 1\n", "f()")
    assert compare(trace, [], threshold=0.5, model="test").values.share is None
    assert compare(replace(trace, events=()), foresee(trace), threshold=0.5, model="test").steps == ()
