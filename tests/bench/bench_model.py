"""How fast the embedded model answers: reading against writing, and one step against the length of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cwm_lsp.backend import registry
from cwm_lsp.backend.protocol import Backend
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import Encoded
from cwm_lsp.config import Settings
from cwm_lsp.predict.predictor import WINDOW, Predictor
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from tests.bench.counting import CountingBackend
from tests.bench.model import host_start, rates
from tests.bench.registry import Row, benchmark

SORT = """\
def sort(xs):
    for i in range(len(xs)):
        for j in range(len(xs) - i - 1):
            if xs[j] > xs[j + 1]:
                xs[j], xs[j + 1] = xs[j + 1], xs[j]
    return xs
"""
WORDS = """\
class Tally:
    def __init__(self):
        self.seen = {}
        self.longest = ""

    def add(self, word):
        key = word.strip(".,").lower()
        self.seen[key] = self.seen.get(key, 0) + 1
        if len(key) > len(self.longest):
            self.longest = key


def count(text):
    tally = Tally()
    for word in text.split():
        tally.add(word)
    ranked = sorted(tally.seen.items(), key=lambda pair: (-pair[1], pair[0]))
    return tally.longest, ranked[:3]
"""
SETTINGS = Settings(threads=1)
ROUNDS = 3


@benchmark("model")
def model() -> Iterator[Row]:
    """One thread: tokens scored a second against tokens written, and the model host's start."""
    for rate in rates(SETTINGS, contexts=(256, 1024)):
        yield Row(f"model: tokens written a second, {rate.context} in context", rate.decode, "tokens/s")
        yield Row(
            f"model: tokens scored a second against written, {rate.context} in context",
            rate.verify,
            "tokens/s",
            rate.decode,
        )
    yield Row(
        "model: start of the model's process to its first answer", host_start(SETTINGS), "s", better="lower"
    )


@benchmark("score")
def score() -> Iterator[Row]:
    """Recorded runs scored, the model's own value written wherever it disagrees, against what that spares.

    In all rows but the last the model is asked for all of an event, also for what follows from the state.
    """
    calls = (
        (SORT, "sort([5, 2, 9, 1, 7, 3])"),
        (WORDS, "count('A dog saw the')"),
    )
    traces = [normalise(trace_call(source, call, Limits())) for source, call in calls]
    measured = [asyncio.run(_measured(traces)) for _ in range(ROUNDS)]
    spared = min(asyncio.run(_scored(traces, CompactCodec())) for _ in range(ROUNDS))
    scored, single, written, answered = (
        min(times) for times in zip(*(one.seconds for one in measured), strict=True)
    )
    events, tokens = sum(len(trace.events) - 1 for trace in traces), measured[0].tokens
    yield Row(
        "predict: tokens of two runs scored a second, against the same tokens one by one",
        tokens / scored,
        "tokens/s",
        tokens / single,
    )
    yield Row(
        "predict: tokens of two runs scored a second, against writing as many",
        tokens / scored,
        "tokens/s",
        tokens / written,
    )
    yield Row(
        "predict: events scored a second, against writing what the model answers for and reading the rest",
        events / scored,
        "events/s",
        events / answered,
    )
    yield Row("predict: places of these runs where the model disagreed and wrote", measured[0].asks, "places")
    yield Row(
        "predict: events scored a second, asking what does not follow from the state, against asking all",
        events / spared,
        "events/s",
        events / scored,
    )


class _AskingForAll(CompactCodec):
    """The format of which the model is asked for everything that an event tells."""

    def windows(self, trace: Trace, budget: int) -> Iterator[Encoded]:
        """The windows, nothing in them being sure."""
        for encoded in super().windows(trace, budget):
            yield replace(encoded, spans=tuple(replace(span, sure=-1) for span in encoded.spans))


@dataclass(frozen=True, slots=True)
class _Measured:
    """Seconds to score runs, to read their tokens one by one, to write as many, and to write their answers.

    ``tokens`` were scored, and at ``asks`` places the model wrote what it would have said.
    """

    seconds: tuple[float, float, float, float]
    tokens: int
    asks: int


async def _measured(traces: Sequence[Trace]) -> _Measured:
    """Each way in turn on one engine, behind prompts that are in memory for all but the first."""
    backend = registry.create("embedded", SETTINGS)
    codec, counting = _AskingForAll(), CountingBackend(backend)
    windows = [one for trace in traces for one in codec.windows(trace, WINDOW)]
    try:
        start = time.perf_counter()
        for trace in traces:
            await Predictor(counting, codec).score(trace)
        scored = time.perf_counter() - start
        single = sum([await _single(backend, one) for one in windows])
        written = sum([await _written(backend, one) for one in windows])
        answered = sum([await _answered(backend, one) for one in windows])
    finally:
        await backend.close()
    tokens = sum(len(one.tokens) - one.spans[0].start for one in windows)
    return _Measured((scored, single, written, answered), tokens, counting.calls)


async def _scored(traces: Sequence[Trace], codec: CompactCodec) -> float:
    """Seconds to score runs on an engine of their own that has answered once before."""
    backend = registry.create("embedded", SETTINGS)
    try:
        await Predictor(backend, _AskingForAll()).score(traces[0])
        start = time.perf_counter()
        for trace in traces:
            await Predictor(backend, codec).score(trace)
        return time.perf_counter() - start
    finally:
        await backend.close()


async def _single(backend: Backend, encoded: Encoded) -> float:
    """Seconds to score the tokens of a window one at a time."""
    start = time.perf_counter()
    prefix = await backend.open(encoded.tokens[: encoded.spans[0].start])
    for token in encoded.tokens[encoded.spans[0].start :]:
        await prefix.extend([token])
    taken = time.perf_counter() - start
    await prefix.close()
    return taken


async def _written(backend: Backend, encoded: Encoded) -> float:
    """Seconds to write as many tokens as are scored of a window, behind the same prompt."""
    start = time.perf_counter()
    prefix = await backend.open(encoded.tokens[: encoded.spans[0].start])
    await prefix.write(frozenset(), len(encoded.tokens) - len(prefix.tokens))
    taken = time.perf_counter() - start
    await prefix.close()
    return taken


async def _answered(backend: Backend, encoded: Encoded) -> float:
    """Seconds to write each span anew, reading what stands between them."""
    start = time.perf_counter()
    prefix = await backend.open(encoded.tokens[: encoded.spans[0].start])
    ends = [span.start for span in encoded.spans[1:]] + [len(encoded.tokens)]
    for span, end in zip(encoded.spans, ends, strict=True):
        await prefix.write(frozenset(), span.end - span.start)
        await prefix.rewind(span.start)
        await prefix.extend(encoded.tokens[span.start : end])
    taken = time.perf_counter() - start
    await prefix.close()
    return taken
