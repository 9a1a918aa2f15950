"""Scoring and running ahead, against a backend whose beliefs are known."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from cwm_lsp.backend.local import LocalBackend, LocalPrefix
from cwm_lsp.backend.protocol import Continuation, Scores
from cwm_lsp.backend.replay import ReplayMemory, Script, mistaken, replay
from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import Encoded, Span, SpanKind
from cwm_lsp.codec.values import Names
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.errors import BackendError, ContextExceeded
from cwm_lsp.predict import Calibration, Predictor, ProbabilityMap, entry_trace, reading
from cwm_lsp.predict.predictor import MAX_EVENT
from cwm_lsp.trace.model import EventKind, Trace
from cwm_lsp.trace.predicted import PredictedStep
from tests.codec.programs import program, record

SUM = """\
def f(xs):
    total = 0
    for x in xs:
        total += x
    return total
"""
CERTAINTY = 0.9
LIKELY = CERTAINTY + (1 - CERTAINTY) / v.SIZE


UNAIDED = CompactCodec(aided=False)
"""With aid next to nothing of :data:`SUM` is the model's to say."""


def run(codec: CompactCodec = UNAIDED) -> tuple[Trace, Encoded]:
    trace = record(SUM, "f([4, 9])")
    return trace, codec.encode(trace)


def believing(*scripts: Script, context: int = 4096) -> LocalBackend[ReplayMemory]:
    return replay(scripts, vocabulary=v.SIZE, certainty=CERTAINTY, context=context)


def span_of(encoded: Encoded, step: int, kind: SpanKind) -> Span:
    return next(span for span in encoded.spans if (span.step, span.kind) == (step, kind))


async def test_a_model_that_knows_agrees_everywhere() -> None:
    trace, encoded = run()
    steps = await Predictor(believing(Script(encoded.tokens)), UNAIDED).score(trace)
    assert len(steps) == len(trace.events) - 1
    for step, event in zip(steps, trace.events[1:], strict=True):
        assert step is not None
        assert (step.kind, step.line) == (event.kind, event.line)
    third = steps[2]
    assert third is not None
    assert third.changed["x"].text == "4"
    assert third.changed["x"].probability == pytest.approx(LIKELY**3, rel=1e-3)
    last = steps[-1]
    assert last is not None
    assert last.value is not None
    assert last.value.text == "13"


async def test_where_all_follows_from_the_state_the_model_is_not_asked() -> None:
    trace, encoded = run(CompactCodec())
    assert all(span.asked.start == span.asked.stop for span in encoded.spans)
    steps = await Predictor(believing(), CompactCodec()).score(trace)  # which knows of no run at all
    for step, event in zip(steps, trace.events[1:], strict=True):
        assert step is not None
        assert (step.kind, step.line, step.probability) == (event.kind, event.line, 1.0)
        assert all(guess.probability == 1.0 for guess in step.changed.values())


async def test_a_model_that_is_gone_is_told_of_also_where_it_is_not_asked() -> None:
    model = believing()
    await model.close()
    with pytest.raises(BackendError):
        await Predictor(model, CompactCodec()).score(run(CompactCodec())[0])


async def test_only_the_value_that_differs_is_written() -> None:
    trace, encoded = run()
    span = span_of(encoded, 4, SpanKind.VALUE)
    assert span.name == "total"
    wrong = [v.text_token("7"), Special.STOP]
    backend = believing(Script(encoded.tokens), mistaken(encoded.tokens, span.start + 1, wrong))
    steps = await Predictor(backend, UNAIDED).score(trace)
    fourth = steps[3]
    assert fourth is not None
    assert fourth.changed["total"].text == "7"
    assert fourth.changed["total"].probability == pytest.approx(LIKELY**2 * 0.9 * CERTAINTY, rel=2e-2)
    assert (fourth.kind, fourth.line) == (EventKind.LINE, 3)
    fifth = steps[4]
    assert fifth is not None
    assert fifth.changed["x"].text == "9"  # the next step starts from what was observed


async def test_another_line_is_read_to_the_end_of_its_event() -> None:
    trace, _ = run()
    codec = CompactCodec(aided=False)  # with aid the line that follows is known
    encoded = codec.encode(trace)
    span = span_of(encoded, 3, SpanKind.FLOW)
    leaves = [encoded.tokens[span_of(encoded, 7, SpanKind.FLOW).start]]
    backend = believing(Script(encoded.tokens), mistaken(encoded.tokens, span.start, leaves))
    steps = await Predictor(backend, codec).score(trace)
    third = steps[2]
    assert third is not None
    assert (third.kind, third.line) == (EventKind.LINE, 5)
    assert third.changed["x"].text == "4"


NESTED = """\
def g(n):
    return n + 1


def f(x):
    y = g(x)
    return y
"""


async def test_what_is_expected_elsewhere_is_told_of_its_own_function() -> None:
    trace = record(NESTED, "f(2)")
    codec = CompactCodec(aided=False)  # with aid it is known whether a call comes next
    encoded = codec.encode(trace)
    called, back = 2, 5
    backs = encoded.tokens[span_of(encoded, back, SpanKind.FLOW).start]
    into = encoded.tokens[span_of(encoded, called, SpanKind.FLOW).start : encoded.starts[called + 1]]
    over = [backs]
    for step, wrong, place in (
        (called, over, (EventKind.LINE, "f", 0, trace.events[0].frame)),
        (back, into, (EventKind.CALL, "g", 1, -1)),
    ):
        start = span_of(encoded, step, SpanKind.FLOW).start
        backend = believing(Script(encoded.tokens), mistaken(encoded.tokens, start, wrong))
        found = (await Predictor(backend, codec).score(trace))[step - 1]
        assert found is not None
        assert (found.kind, found.function, found.depth, found.frame) == place


async def test_written_together_or_one_by_one_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = record(*program("loops"))
    codec = UNAIDED
    draw = random.Random(3)
    scripts = []
    for encoded in codec.windows(trace, 200):
        scripts.append(Script(encoded.tokens))
        weight = 1.0
        places = {draw.randrange(span.start, span.end) for span in encoded.spans}
        for place in sorted(places, reverse=True)[::2]:  # an earlier mistake outweighs all later ones
            weight *= 3
            wrong = draw.choice([v.text_token("7"), *encoded.tokens[-90:]])
            rest = draw.choice([(Special.STOP,), encoded.tokens[place + 1 : place + 4]])
            scripts.append(mistaken(encoded.tokens, place, [wrong, *rest], weight))

    async def scored() -> tuple[PredictedStep | None, ...]:
        return await Predictor(believing(*scripts), codec, window=200).score(trace)

    together = await scored()
    monkeypatch.setattr(reading, "AT_ONCE", 1)
    assert await scored() == together
    misses = [
        guess.text
        for step, event in zip(together, trace.events[1:], strict=True)
        if step is not None
        for name, guess in step.changed.items()
        if name not in event.locals or event.locals[name].text != guess.text
    ]
    assert misses, "nothing was written"


async def test_a_name_that_was_not_expected_to_change_keeps_its_value() -> None:
    trace, encoded = run()
    value, flow = span_of(encoded, 4, SpanKind.VALUE), span_of(encoded, 4, SpanKind.FLOW)
    backend = believing(
        Script(encoded.tokens), mistaken(encoded.tokens, value.start, [encoded.tokens[flow.start]])
    )
    steps = await Predictor(backend, UNAIDED).score(trace)
    fourth = steps[3]
    assert fourth is not None
    assert fourth.changed["total"].text == "0"


async def test_what_follows_from_the_state_is_not_asked_of_the_model() -> None:
    trace, _ = run()
    clueless = believing()
    steps = await Predictor(clueless, CompactCodec()).score(trace)
    for step, event in zip(steps, trace.events[1:], strict=True):
        assert step is not None
        assert (step.kind, step.line, step.probability) == (event.kind, event.line, 1.0)
        assert all(event.locals[name].text == one.text for name, one in step.changed.items())
        assert all(one.probability == 1.0 for one in step.changed.values())


@pytest.mark.parametrize("window", [1, 30, 4000])
async def test_windows_do_not_change_what_is_compared(window: int) -> None:
    trace, _ = run()
    scripts = [Script(encoded.tokens) for encoded in CompactCodec().windows(trace, window)]
    steps = await Predictor(believing(*scripts), CompactCodec(), window=window).score(trace)
    assert [(s.kind, s.line) for s in steps if s] == [(e.kind, e.line) for e in trace.events[1:]]


async def test_running_ahead_follows_the_model() -> None:
    trace, encoded = run()
    start = entry_trace(trace.source, "f", "[4, 9]")
    found = await Predictor(believing(Script(encoded.tokens)), UNAIDED).run_ahead(start)
    assert found.finished
    assert found.problems == ()
    assert [(s.kind, s.line) for s in found.steps] == [(e.kind, e.line) for e in trace.events[1:]]
    assert found.steps[-1].value is not None
    assert found.steps[-1].value.text == "13"


async def test_running_ahead_asks_for_nothing_that_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    trace, _ = run(CompactCodec())
    told: list[int] = []
    extend = LocalPrefix.extend

    async def refused(*_: object, **__: object) -> Continuation:
        raise BackendError("There was nothing to ask.")

    async def counted(self: LocalPrefix[ReplayMemory], tokens: Sequence[int]) -> Scores:
        told.append(len(tokens))
        return await extend(self, tokens)

    monkeypatch.setattr(LocalPrefix, "write", refused)
    monkeypatch.setattr(LocalPrefix, "extend", counted)
    found = await Predictor(believing(), CompactCodec(), window=40).run_ahead(
        entry_trace(trace.source, "f", "[4, 9]")
    )
    assert [(step.kind, step.line) for step in found.steps] == [
        (event.kind, event.line) for event in trace.events[1:]
    ]
    assert found.finished
    assert not told


async def test_running_ahead_stops_at_its_limit() -> None:
    trace, encoded = run()
    start = replace(trace, events=trace.events[:1])
    found = await Predictor(believing(Script(encoded.tokens)), UNAIDED).run_ahead(start, max_events=2)
    assert len(found.steps) == 2
    assert not found.finished


async def test_nonsense_costs_a_value_and_not_the_run() -> None:
    trace, _ = run()
    codec = CompactCodec(aided=False)
    encoded = codec.encode(trace)
    span = span_of(encoded, 2, SpanKind.VALUE)
    nonsense = [Special.SPLICE, Special.SPLICE, Special.STOP]
    backend = believing(mistaken(encoded.tokens, span.start + 1, nonsense))
    start = replace(trace, events=trace.events[:1])
    found = await Predictor(backend, codec).run_ahead(start, max_events=3)
    assert len(found.steps) == 3
    assert found.steps[1].changed["total"].probability == 0
    assert [(problem.message, problem.fatal) for problem in found.problems] == [
        ("a value that cannot be read", False)
    ]
    assert not found.finished


async def test_what_does_not_fit_says_so() -> None:
    trace, encoded = run()
    backend = believing(Script(encoded.tokens), context=MAX_EVENT + 10)
    with pytest.raises(ContextExceeded, match="tokens"):
        await Predictor(backend, CompactCodec()).score(trace)
    with pytest.raises(ContextExceeded, match="tokens"):
        await Predictor(backend, CompactCodec()).run_ahead(replace(trace, events=trace.events[:1]))


async def test_code_that_is_too_deep_is_said_to_be() -> None:
    trace = record(f"def f(x):\n    if x:\n        return {'1 + ' * 1500}x\n    return x\n", "f(0)")
    predictor = Predictor(believing(), CompactCodec())
    with pytest.raises(ContextExceeded, match="nested too deeply"):
        await predictor.score(trace)
    with pytest.raises(ContextExceeded, match="nested too deeply"):
        await predictor.run_ahead(replace(trace, events=trace.events[:1]))
    with pytest.raises(ContextExceeded, match="nested too deeply"):
        await anext(predictor.ahead(replace(trace, events=trace.events[:1])))


DEEP = """\
def f(xs):
    if not xs:
        return 0
    return xs[0] + f(xs[1:])
"""


async def test_a_run_of_which_a_part_does_not_fit_is_not_begun() -> None:
    trace, codec = record(DEEP, "f([4, 9, 2, 7, 5])"), CompactCodec()
    lengths = [len(encoded.tokens) for encoded in codec.windows(trace, 40)]
    assert lengths[0] < max(lengths)
    backend = believing(Script(codec.encode(trace).tokens), context=MAX_EVENT + max(lengths) - 1)
    done: list[int] = []
    with pytest.raises(ContextExceeded):
        await Predictor(backend, codec, window=40).score(trace, progress=lambda step, _: done.append(step))
    assert max(done) <= len(trace.events) // 2


async def test_probabilities_are_calibrated() -> None:
    trace, encoded = run()
    half = ProbabilityMap(((0.0, 0.0), (1.0, 0.5)))
    halved = Calibration(half, half)
    steps = await Predictor(believing(Script(encoded.tokens)), UNAIDED, halved).score(trace)
    second = steps[1]
    assert second is not None
    assert second.changed["total"].probability == pytest.approx(LIKELY**3 / 2, rel=1e-3)


async def test_progress_reaches_the_end() -> None:
    trace, encoded = run()
    seen: list[tuple[int, int]] = []
    await Predictor(believing(Script(encoded.tokens)), CompactCodec()).score(
        trace, progress=lambda done, total: seen.append((done, total))
    )
    assert seen[-1] == (len(trace.events), len(trace.events))
    assert seen == sorted(seen)


async def test_scoring_can_be_stopped_before_all_is_written_for_the_model() -> None:
    trace = record("def f(n):\n    s = 0\n    for i in range(n):\n        s += i\n    return s\n", "f(60)")
    whole = len(list(UNAIDED.windows(trace, 200)))
    written: list[int] = []

    class Counting(CompactCodec):
        """A codec that notes its windows."""

        def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
            """Each as it is asked for."""
            for encoded in super().windows(trace, budget):
                written.append(len(encoded.tokens))
                yield encoded

    predictor = Predictor(believing(Script(())), Counting(aided=False), window=200)

    def stop(done: int, total: int) -> None:
        asking.cancel()

    asking = asyncio.create_task(predictor.score(trace, progress=stop))
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert len(written) == 1 < whole


def test_slots_of_values_are_those_of_the_source() -> None:
    names = Names()
    names.token("Point")
    assert names.known("Point") is not None
    assert names.known("Other") is None
    assert math.isclose(LIKELY, 0.9, rel_tol=1e-3)
