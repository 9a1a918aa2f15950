"""Training examples: programs, run, normalised and encoded with shuffled names and line numbers."""

from __future__ import annotations

import faulthandler
import multiprocessing as mp
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.compact import CompactCodec
from cwm_lsp.codec.protocol import Encoded, SpanKind
from cwm_lsp.errors import CwmError
from cwm_lsp.learn.corpus.dedup import Exclusions
from cwm_lsp.learn.corpus.jsonl import load_functions, programs
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.stream import stream
from cwm_lsp.learn.sandbox import bound_memory, leave_interrupts
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise

SPAN_WEIGHT = {SpanKind.VALUE: 1.0, SpanKind.RESULT: 1.0, SpanKind.FLOW: 0.5}
"""What a predicted token counts in the loss: a debugger asks for values, and knows most lines."""

GIVEN_WEIGHT = 0.1
"""The loss on tokens that are given after the source: copying them is what a small model learns first."""

UNAIDED = 0.15
"""The share of examples in which nothing is worked out: the model is to do without where it must."""

TRACE_LIMITS = Limits(events=200, bytes=200_000, seconds=2.0, depth=40)
"""Runs that say more are cut, and a cut run is left out."""


PATIENCE = 10.0
"""Seconds that a worker gives one program, running and encoding it."""

MOST_BARREN = 10
"""Workers that may end in a row without having made an example."""

_AT_ONCE = 32

_USUAL_LINES = 40
"""Lines that most programs of the corpus have at most: numbers are shifted by up to what is left."""


@dataclass(frozen=True, slots=True)
class Example:
    """One encoded run: token ids and the weight of each in the loss, both ``[T]``."""

    tokens: npt.NDArray[np.int16]
    weights: npt.NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.tokens)


def run(program: Program) -> Trace | None:
    """The normalised trace of ``program``, or ``None`` where it is cut or cannot be run."""
    try:
        trace = trace_call(program.source, program.call, TRACE_LIMITS)
    except CwmError:
        return None
    if trace.cut is not None or not trace.events:
        return None
    return normalise(trace)


def loss_weights(encoded: Encoded) -> npt.NDArray[np.float16]:
    """The weight of each token of an encoded trace."""
    weights = np.zeros(len(encoded.tokens), np.float16)
    if encoded.starts:
        weights[next(start for start in encoded.starts if start >= 0) :] = GIVEN_WEIGHT
    for span in encoded.spans:
        weights[span.start : span.end] = SPAN_WEIGHT[span.kind]
    return weights


def example(trace: Trace, rng: random.Random | None = None, longest: int = 1536) -> Example | None:
    """``trace`` encoded; ``None`` when it does not fit. ``rng`` shuffles it and picks a window of it."""
    order: Sequence[int] = range(v.SLOTS)
    offset = 0
    aided = rng is None or rng.random() >= UNAIDED
    if rng is not None:
        order = rng.sample(range(v.SLOTS), v.SLOTS)
        offset = rng.choice((0, rng.randrange(v.LINES - _USUAL_LINES)))
    try:
        codec = CompactCodec(order, offset, aided=aided)
        budget = rng.choice((0, 0, 0, 256, 512)) if rng is not None else 0
        windows = list(codec.windows(trace, budget))
        if rng is not None and len(windows[0].tokens) > longest:
            windows = list(codec.windows(trace, 256))
    except CwmError:
        return None
    encoded = rng.choice(windows) if rng is not None else windows[0]
    if len(encoded.tokens) > longest or not encoded.spans:
        return None
    return Example(np.asarray(encoded.tokens, np.int16), loss_weights(encoded))


def examples(source: Iterable[Program], rng: random.Random, longest: int = 1536) -> Iterator[Example]:
    """Each program run and encoded; those that do not work out are passed over."""
    for program in source:
        trace = run(program)
        made = example(trace, rng, longest) if trace is not None else None
        if made is not None:
            yield made


def batches(source: Iterator[Example], tokens: int, pool: int, rng: random.Random) -> Iterator[list[Example]]:
    """Groups of examples of like length, each of about ``tokens`` padded tokens, in random order."""
    while True:
        drawn = sorted((next(source) for _ in range(pool)), key=len)
        groups: list[list[Example]] = [[]]
        for one in drawn:
            if groups[-1] and len(one) * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(one)
        rng.shuffle(groups)
        yield from groups


def pad(group: Sequence[Example]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
    """Ids and weights ``[B, T]``, padded at the end with weight 0."""
    length = max(map(len, group))
    ids = np.zeros((len(group), length), np.int64)
    weights = np.zeros((len(group), length), np.float32)
    for row, one in enumerate(group):
        ids[row, : len(one)] = one.tokens
        weights[row, : len(one)] = one.weights
    return ids, weights


class ExampleFeed:
    """Examples made by worker processes while the model trains. Iterate; close when done.

    ``real`` are files of functions with inputs, of which the training split is used; ``exclude`` are
    evaluation files, of whose functions no copy and no near copy is learned from. A program may exhaust a
    worker's memory or hold it up for ever: a worker ends itself then, and another takes its place.
    """

    def __init__(
        self, seed: int, workers: int, real: Sequence[Path] = (), exclude: Sequence[Path] = ()
    ) -> None:
        self._context = mp.get_context("spawn")
        self._seed, self._files = seed, (tuple(real), tuple(exclude))
        self._started = 0
        self._workers: dict[Connection, mp.process.BaseProcess] = {}
        for _ in range(workers):
            self._start()

    def _start(self) -> None:
        """Begin a worker with a pipe of its own: one that ends cannot hold up the others."""
        seed = self._seed * 1009 + self._started
        self._started += 1
        receive, send = self._context.Pipe(duplex=False)
        worker = self._context.Process(target=_feed, args=(send, seed, *self._files), daemon=True)
        worker.start()
        send.close()
        self._workers[receive] = worker

    def __iter__(self) -> Iterator[Example]:
        barren = 0
        while barren < MOST_BARREN:
            for pipe in cast("list[Connection]", wait(list(self._workers))):
                try:
                    made: list[Example] = pipe.recv()
                except EOFError:
                    barren += 1
                    pipe.close()
                    self._workers.pop(pipe).join()
                    self._start()
                    continue
                barren = 0
                yield from made
        raise RuntimeError(f"{MOST_BARREN} workers in a row ended before they had made a training example.")

    def close(self) -> None:
        """End the workers."""
        for pipe, worker in self._workers.items():
            worker.kill()
            worker.join()
            pipe.close()


def _feed(out: Connection, seed: int, real: Sequence[Path], exclude: Sequence[Path]) -> None:
    """What a worker does: make examples until it is killed."""
    leave_interrupts()
    bound_memory()
    exclusions = Exclusions.from_paths(exclude)
    known = [
        program
        for path in real
        for program in programs(load_functions(path), 0)
        if not exclusions.holds(program.source)
    ]
    rng = random.Random(seed)
    made: list[Example] = []
    with Path(os.devnull).open("w") as nowhere:
        drawn = stream(seed, real=known, exclusions=exclusions)
        while True:
            # A thread of the interpreter's own, which ends the process even while a program keeps the GIL.
            faulthandler.dump_traceback_later(PATIENCE, exit=True, file=nowhere)
            made.extend(examples((next(drawn),), rng))
            faulthandler.cancel_dump_traceback_later()
            if len(made) >= _AT_ONCE:
                out.send(made)
                made = []
