"""How fast the embedded model answers: reading against writing, and one step against the length of a run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from cwm_lsp.backend import registry
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.config import Settings
from cwm_lsp.predict.predictor import Predictor
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
    """A recorded run scored in one pass against every event of it written anew from the same state."""
    trace = normalise(trace_call(SORT, "sort([5, 2, 9, 1, 7, 3])", Limits()))
    scored, written = asyncio.run(_both(trace))
    events = len(trace.events) - 1
    yield Row(
        "predict: events scored a second against written one by one",
        events / scored,
        "events/s",
        events / written,
    )


async def _both(trace: Trace) -> tuple[float, float]:
    backend = registry.create("embedded", SETTINGS)
    codec = CompactCodec()
    try:
        start = time.perf_counter()
        await Predictor(backend, codec).score(trace)
        scored = time.perf_counter() - start
        encoded = codec.encode(trace)
        prefix = await backend.open(encoded.tokens[: encoded.spans[0].start])
        start = time.perf_counter()
        for place, span in enumerate(encoded.spans):
            await prefix.write(frozenset(), span.end - span.start)
            await prefix.rewind(span.start)
            following = (
                encoded.spans[place + 1].start if place + 1 < len(encoded.spans) else len(encoded.tokens)
            )
            await prefix.extend(encoded.tokens[span.start : following])
        written = time.perf_counter() - start
        await prefix.close()
    finally:
        await backend.close()
    return scored, written
