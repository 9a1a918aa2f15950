"""What each backend that is present costs, with the same weights: the shipped ones.

The transformers backend computes from them multiplied out, on the CPU unless torch finds a GPU. vLLM is the
CPU build that ``make test-vllm`` installs, as a server of these weights in float32.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from cwm_lsp.backend import checkpoint, registry
from cwm_lsp.backend.host.client import HostedBackend
from cwm_lsp.backend.local import LocalBackend
from cwm_lsp.backend.protocol import Backend, Ids
from cwm_lsp.backend.weights import locate
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.config import Settings
from cwm_lsp.predict.predictor import Predictor
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from tests.backend import served
from tests.bench.bench_model import SORT
from tests.bench.counting import CountingBackend, CountingCodec
from tests.bench.model import BRANCHES, branches, rates_of
from tests.bench.registry import Row, benchmark

CONTEXT = 256
STOPS = 24
EVENTS = 60


@benchmark("backends")
def backends() -> Iterator[Row]:
    """Rows of each backend; one whose extra is not installed is left out."""
    trace = normalise(trace_call(SORT, "sort([5, 2, 9, 1, 7, 3])", Limits()))
    with TemporaryDirectory() as folder:
        for name, settings in _present(Path(folder)):
            yield from asyncio.run(_rows(name, settings, trace))


@benchmark("vllm")
def vllm() -> Iterator[Row]:
    """Rows of a server; where there is none to start, that is said."""
    if not served.INSTALLED or find_spec("torch") is None:
        print("vllm: The CPU build is not installed (`make test-vllm` does that): there are no figures.")
        return
    trace = normalise(trace_call(SORT, "sort([5, 2, 9, 1, 7, 3])", Limits()))
    with TemporaryDirectory() as name:
        folder = Path(name)
        served.write(folder)
        with served.serving(folder) as endpoint:
            yield from asyncio.run(_served(folder, endpoint, trace))


async def _served(folder: Path, endpoint: str, trace: Trace) -> list[Row]:
    backend = registry.create("vllm", served.settings(folder, endpoint))
    what = "vllm on cpu, a server"
    try:
        await rates_of(backend, 32, 1)  # its first answers are slow
        rate = await rates_of(backend, CONTEXT)
        first = median([await _first_value(backend, trace, stop) for stop in range(2, 2 + STOPS)])
        run = await _free_run(backend, trace)
        at_once, alone = await branches(backend, CONTEXT)
        memory = _resident(folder / served.SERVED)
    finally:
        await backend.close()
    return [
        Row(f"{what}: from a state to its first predicted value, median", 1e3 * first, "ms", better="lower"),
        Row(f"{what}: tokens scored a second against written", rate.verify, "tokens/s", rate.decode),
        *_generated(what, run, rate.decode, at_once, alone),
        Row(f"{what}: resident memory of the server after use", memory, "MB", better="lower"),
    ]


def _resident(model: Path) -> float:
    """Megabytes of the largest process that was started with ``model``."""
    found = [0.0]
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if str(model).encode() in (status.parent / "cmdline").read_bytes():
                found.append(_megabytes(status.read_text(encoding="utf-8")))
        except OSError:
            continue  # it has ended meanwhile
    return max(found)


def _present(folder: Path) -> Iterator[tuple[str, Settings]]:
    yield "embedded", Settings(threads=1)
    if all(map(find_spec, ("torch", "transformers", "safetensors", "onnx"))):
        from cwm_lsp.learn.model import to_cwm
        from cwm_lsp.learn.weights import restore

        to_cwm(restore(locate(""))).save_pretrained(folder)
        checkpoint.mark(folder, "compact")
        yield "transformers", Settings(threads=1, model=str(folder))


async def _rows(name: str, settings: Settings, trace: Trace) -> list[Row]:
    backend = registry.create(name, settings)
    assert isinstance(backend, LocalBackend)
    what = f"{name} on {backend.info.device}, one thread"
    try:
        rate = await rates_of(backend, CONTEXT)
        first = median([await _first_value(backend, trace, stop) for stop in range(2, 2 + STOPS)])
        found = await _found(backend, trace)
        run = await _free_run(backend, trace)
        at_once, alone = await branches(backend, CONTEXT)
    finally:
        await backend.close()
    memory = await _memory(name, settings)
    return [
        Row(f"{what}: from a state to its first predicted value, median", 1e3 * first, "ms", better="lower"),
        Row(f"{what}: tokens scored a second against written", rate.verify, "tokens/s", rate.decode),
        Row(f"{what}: tokens of prompts at successive stops that were in memory", 100 * found, "%"),
        *_generated(what, run, rate.decode, at_once, alone),
        Row(f"{what}: resident memory of the model's process after use", memory, "MB", better="lower"),
    ]


def _until(trace: Trace, events: int) -> Trace:
    return replace(trace, events=trace.events[:events])


async def _first_value(backend: Backend, trace: Trace, events: int) -> float:
    """Seconds from a stop to the first step that says a value."""
    start = time.perf_counter()
    steps = Predictor(backend, CompactCodec()).ahead(_until(trace, events))
    async for step in steps:
        if step.changed or step.value is not None:
            break
    taken = time.perf_counter() - start
    await steps.aclose()
    return taken


async def _found(backend: LocalBackend[Any], trace: Trace) -> float:
    """The share of the tokens of prompts, one stop after the other, that need not be computed."""
    fed = asked = 0
    engine: Any = backend.engine
    computed = engine.verify

    def counted(memory: object, tokens: Ids, *more: object) -> object:
        nonlocal fed
        fed += len(tokens)
        return computed(memory, tokens, *more)

    engine.verify = counted
    for events in range(2, 2 + STOPS):
        prompt = CompactCodec().decoder(_until(trace, events)).forced
        prefix = await backend.open(prompt)
        await prefix.close()
        asked += len(prompt)
    engine.verify = computed
    return 1 - fed / asked


@dataclass(frozen=True, slots=True)
class _Run:
    """A free run: the share of its tokens that are ``known``, and its tokens a second."""

    known: float
    rate: float


def _generated(what: str, run: _Run, decode: float, at_once: float, alone: float) -> list[Row]:
    """The rows of a free run and of branches written together. ``decode`` is in tokens a second."""
    branches = f"{what}: tokens of {BRANCHES} branches written a second at once, against one by one"
    return [
        Row(f"{what}: tokens of a free run that are known and not decoded", 100 * run.known, "%"),
        Row(
            f"{what}: tokens of a free run a second, against decoding each of them",
            run.rate,
            "tokens/s",
            decode,
        ),
        Row(branches, at_once, "tokens/s", alone),
    ]


async def _free_run(backend: Backend, trace: Trace) -> _Run:
    counting, codec = CountingBackend(backend), CountingCodec()
    start = time.perf_counter()
    await Predictor(counting, codec).run_ahead(_until(trace, 1), max_events=EVENTS)
    taken = time.perf_counter() - start
    total = codec.counted.tokens
    return _Run(1 - counting.written / total, total / taken)


async def _memory(name: str, settings: Settings) -> float:
    """Megabytes of the model host after a prompt was read and some tokens were written."""
    info, within = registry.describe(name, settings), registry.load_within(name)
    backend = HostedBackend(name, settings, info, start_within=within)
    try:
        prefix = await backend.open([1] * CONTEXT)
        await prefix.write(frozenset(), 50)
        status = Path(f"/proc/{backend.pid}/status").read_text(encoding="utf-8")
    finally:
        await backend.close()
    return _megabytes(status)


def _megabytes(status: str) -> float:
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
