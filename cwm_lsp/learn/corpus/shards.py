"""One shard of a corpus: a gzipped JSONL file, the same for the same options and number on every machine.

The first line says what became of the programs, each further line is one kept :class:`Run`.
"""

from __future__ import annotations

import gzip
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from cwm_lsp.errors import CwmError, SourceError
from cwm_lsp.learn.corpus.dedup import Exclusions, program_key
from cwm_lsp.learn.corpus.jsonl import split_of
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.programs import MIX
from cwm_lsp.learn.corpus.realcode import is_useful
from cwm_lsp.learn.corpus.stream import WEIGHTS, stream
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace import json as trace_json
from cwm_lsp.trace.model import EventKind, Trace

LIMITS = Limits(events=160, bytes=200_000, seconds=1.0, depth=60)
"""How far one program is recorded; more than :data:`.realcode.MAX_EVENTS` events are of no use."""

CRASHES = 0.05
"""Share of the kept programs that may end with an exception of their own."""

Encoder = Callable[[Trace], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a corpus is made of; two runs with equal plans write equal files (timings apart).

    ``shards`` files of ``size`` attempts each; ``weights`` and ``mix`` as in :func:`.stream.stream`.
    """

    seed: int = 0
    shards: int = 8
    size: int = 2000
    weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    mix: Mapping[str, float] = field(default_factory=lambda: dict(MIX))
    limits: Limits = LIMITS


@dataclass(frozen=True, slots=True)
class Run:
    """One recorded program. ``split`` is ``train`` or ``held_out``, ``key`` is equal for renamed copies."""

    program: Program
    split: str
    key: str
    trace: Trace


@dataclass(frozen=True, slots=True)
class ShardReport:
    """Counts of one shard: outcomes (``kept``, ``copy``, ...), and of the kept origins and events."""

    number: int
    outcomes: Mapping[str, int]
    origins: Mapping[str, int]
    events: int
    tokens: int
    seconds: float


def shard_name(number: int) -> str:
    """The file name of a shard."""
    return f"shard-{number:05d}.jsonl.gz"


def make_shard(
    plan: Plan,
    number: int,
    *,
    real: Sequence[Program] = (),
    exclusions: Exclusions | None = None,
    encode: Encoder | None = None,
    started: Callable[[int], None] = lambda index: None,
    skipped: frozenset[int] = frozenset(),
) -> bytes:
    """The compressed contents of a shard.

    ``started`` is told the index of each program before it runs, so that one that takes the process down
    can be ``skipped`` the next time.
    """
    start = time.perf_counter()
    outcomes: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    keys: set[str] = set()
    lines: list[str] = []
    events = tokens = 0
    source = stream(f"{plan.seed}/{number}", weights=plan.weights, real=real, mix=plan.mix)
    for index, program in enumerate(islice(source, plan.size)):
        started(index)
        if index in skipped:
            outcomes["fatal"] += 1
            continue
        outcome, run = _attempt(program, plan.limits, keys, exclusions)
        if run is not None and _crashed(run.trace):
            outcome = "crash" if outcomes["crashed"] > CRASHES * (outcomes["kept"] + 20) else "crashed"
            outcomes[outcome] += 1
            if outcome == "crash":
                continue
        if run is None:
            outcomes[outcome] += 1
            continue
        outcomes["kept"] += 1
        origins[_kind(program)] += 1
        events += len(run.trace.events)
        if encode is not None:
            tokens += len(encode(run.trace))
        keys.add(run.key)
        lines.append(_dumps(run))
    report = ShardReport(number, outcomes, origins, events, tokens, round(time.perf_counter() - start, 3))
    head = json.dumps({"shard": _report_json(report)})
    return gzip.compress("\n".join([head, *lines, ""]).encode(), compresslevel=6, mtime=0)


def _attempt(
    program: Program, limits: Limits, keys: set[str], exclusions: Exclusions | None
) -> tuple[str, Run | None]:
    try:
        key = program_key(program)
    except (SyntaxError, RecursionError):
        return "syntax", None
    if key in keys:
        return "copy", None
    if exclusions is not None and exclusions.holds(program.source):
        return "excluded", None
    try:
        trace = trace_call(program.source, program.call, limits)
    except CwmError:
        return "unrunnable", None
    if not is_useful(trace):
        return "useless", None
    return "kept", Run(program, split_of(program.source), key, trace)


def _crashed(trace: Trace) -> bool:
    last = trace.events[-1]
    return last.depth == 0 and (last.kind is EventKind.EXCEPTION or last.unwinding)


def _kind(program: Program) -> str:
    return program.origin.rstrip("0123456789")


def _dumps(run: Run) -> str:
    program = run.program
    return json.dumps(
        {
            "source": program.source,
            "call": program.call,
            "origin": program.origin,
            "split": run.split,
            "key": run.key,
            "trace": trace_json.to_json(run.trace),
        },
        separators=(",", ":"),
    )


def _report_json(report: ShardReport) -> dict[str, Any]:
    return {
        "number": report.number,
        "outcomes": dict(report.outcomes),
        "origins": dict(report.origins),
        "events": report.events,
        "tokens": report.tokens,
        "seconds": report.seconds,
    }


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a file so that it is there whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    part.write_bytes(data)
    os.replace(part, path)


def read_report(path: Path) -> ShardReport:
    """What became of the programs of a shard. Raises ``SourceError`` for a file that is no shard."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return ShardReport(**json.loads(next(lines))["shard"])
    except (OSError, EOFError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise SourceError(f"{path} is no shard of a corpus: {error!r}.") from error


def read_shard(path: Path) -> Iterator[Run]:
    """The runs of a shard. Raises ``SourceError`` for a file that is no shard."""
    read_report(path)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            row = json.loads(line)
            program = Program(row["source"], row["call"], row["origin"])
            yield Run(program, row["split"], row["key"], trace_json.from_json(row["trace"]))


def read_corpus(folder: Path, split: str | None = None) -> Iterator[Run]:
    """The runs of all shards of a folder in order, copies dropped; of one ``split`` or of both."""
    seen: set[str] = set()
    for path in sorted(folder.glob("shard-*.jsonl.gz")):
        for run in read_shard(path):
            if run.key not in seen and split in (None, run.split):
                seen.add(run.key)
                yield run
