"""How fast the embedded model answers: reading against writing, and one step against the length of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

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
    """A recorded run scored, with the model's own value wherever it disagrees, against what it spares."""
    trace = normalise(trace_call(SORT, "sort([5, 2, 9, 1, 7, 3])", Limits()))
    measured = [asyncio.run(_measured(trace)) for _ in range(ROUNDS)]
    scored, decoded, answered = (min(times) for times in zip(*(one.seconds for one in measured), strict=True))
    events, tokens = len(trace.events) - 1, measured[0].tokens
    yield Row(
        "predict: tokens of a run scored a second, against decoding as many one by one",
        tokens / scored,
        "tokens/s",
        tokens / decoded,
    )
    yield Row(
        "predict: events scored a second, against writing what the model answers for and reading the rest",
        events / scored,
        "events/s",
        events / answered,
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """Seconds to score a run, to decode as many ``tokens``, and to write its answers."""

    seconds: tuple[float, float, float]
    tokens: int


async def _measured(trace: Trace) -> _Measured:
    backend = registry.create("embedded", SETTINGS)
    codec = CompactCodec()
    windows = list(codec.windows(trace, WINDOW))
    try:
        start = time.perf_counter()
        await Predictor(backend, codec).score(trace)
        scored = time.perf_counter() - start
        decoded = sum([await _decoded(backend, one) for one in windows])
        answered = sum([await _answered(backend, one) for one in windows])
    finally:
        await backend.close()
    tokens = sum(len(one.tokens) - one.spans[0].start for one in windows)
    return _Measured((scored, decoded, answered), tokens)


async def _decoded(backend: Backend, encoded: Encoded) -> float:
    """Seconds to decode as many tokens as are scored of a window, behind the same prompt."""
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
