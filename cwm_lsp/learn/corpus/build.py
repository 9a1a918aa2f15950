"""Builds a corpus on disk: shards made in parallel, each in a process of its own that may hang or die.

A shard is written whole or not at all, and one that is there is not made again, so a build that was
stopped goes on where it was. The same plan gives the same programs, whatever the number of workers.
With ``ray`` the shards are tasks of a Ray cluster; their bytes come back and are written here.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from cwm_lsp.errors import RunError, SettingsError
from cwm_lsp.learn.corpus.dedup import Exclusions
from cwm_lsp.learn.corpus.jsonl import load_functions, programs, split_of
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.realcode import doctests, installed_roots, library_calls, running
from cwm_lsp.learn.corpus.shards import (
    LIMITS,
    Encoder,
    Plan,
    ShardReport,
    make_shard,
    read_report,
    shard_name,
    write_atomically,
)
from cwm_lsp.learn.sandbox import Sandbox, bound_memory, bound_time, leave_interrupts

SECONDS_PER_PROGRAM = 0.25
"""What a shard may take on average; one that takes longer has a program that hangs."""

GRACE = 60.0
"""Seconds that a shard may take beyond that."""

RETRIES = 20
"""Programs of one shard that may take the process down."""


@dataclass(frozen=True, slots=True)
class Options:
    """What to build and where.

    ``real`` are JSONL files of functions with inputs, ``exclude`` evaluation files whose functions and near
    copies stay out, ``library`` adds the standard library's functions and installed packages' doctests.
    ``workers`` defaults to all cores; ``ray`` is the address of a cluster (``auto`` for a running one,
    ``local`` to start one here).
    """

    out: Path
    plan: Plan = field(default_factory=Plan)
    real: Sequence[Path] = ()
    exclude: Sequence[Path] = ()
    library: bool = False
    workers: int | None = None
    ray: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What was built: sums over all shards (``outcomes`` and ``origins`` as in a shard's report).

    ``seconds`` is the wall time of this run, ``core_seconds`` what making all shards took.
    """

    shards: int
    made: int
    outcomes: Mapping[str, int]
    origins: Mapping[str, int]
    events: int
    tokens: int
    seconds: float
    core_seconds: float

    @property
    def kept_per_second_per_core(self) -> float:
        """Finished traces per second and core."""
        return self.outcomes.get("kept", 0) / self.core_seconds if self.core_seconds else 0.0

    @property
    def tokens_per_second_per_core(self) -> float:
        """Encoded tokens per second and core; 0 without an encoder."""
        return self.tokens / self.core_seconds if self.core_seconds else 0.0


_NOT_BEGUN, _WRITING = -1, -2
"""What the process of a shard is at when it is at no program."""

Progress = Callable[[int, int, ShardReport | None], None]
"""Told after each shard: how many are done, of how many, and the report of the latest."""


def build_corpus(
    options: Options, *, encode: Encoder | None = None, progress: Progress | None = None
) -> Report:
    """Makes the shards that are missing and reports on all.

    ``encode`` (picklable) turns a trace into tokens, to report how many there are. Raises ``SettingsError``
    when the folder holds a corpus of another plan, ``SourceError`` for inputs that cannot be read,
    ``RunError`` when a shard cannot be made, ``ModuleNotFoundError`` when ``ray`` is wanted and missing.
    """
    start = time.perf_counter()
    plan, out = options.plan, options.out
    out.mkdir(parents=True, exist_ok=True)
    _check_manifest(options)
    exclusions = Exclusions.from_paths(options.exclude)
    missing = [n for n in range(plan.shards) if not (out / shard_name(n)).exists()]
    real = real_programs(options, exclusions) if missing else []
    make = partial(make_shard, plan, real=real, exclusions=exclusions, encode=encode)
    done = plan.shards - len(missing)
    if progress is not None:
        progress(done, plan.shards, None)
    finished = _by_ray(options, make, missing) if options.ray else _by_processes(options, make, missing)
    for number in finished:
        done += 1
        if progress is not None:
            progress(done, plan.shards, read_report(out / shard_name(number)))
    reports = [read_report(out / shard_name(n)) for n in range(plan.shards)]
    return _summed(reports, made=len(missing), seconds=time.perf_counter() - start)


def real_programs(options: Options, exclusions: Exclusions) -> list[Program]:
    """Calls of real functions (training split) that run usefully and copy no evaluation data."""
    found: list[Program] = []
    for path in options.real:
        found += programs(load_functions(path), options.plan.seed)
    if options.library:
        found += library_calls(options.plan.seed)
        found += doctests(installed_roots())
    allowed = {
        source: split_of(source) == "train" and not exclusions.holds(source)
        for source in dict.fromkeys(program.source for program in found)
    }
    with Sandbox(LIMITS) as sandbox:
        return list(running((p for p in found if allowed[p.source]), sandbox))


def _check_manifest(options: Options) -> None:
    """Writes what the folder holds, or compares with what it says. Raises ``SettingsError``."""
    path = options.out / "corpus.json"
    plan = asdict(replace(options.plan, shards=0))
    plan["limits"] = list(options.plan.limits)
    plan |= {
        "real": [p.name for p in options.real],
        "exclude": [p.name for p in options.exclude],
        "library": options.library,
    }
    text = json.dumps(plan, indent=1, default=list)
    try:
        if path.exists() and json.loads(path.read_text(encoding="utf-8")) != json.loads(text):
            raise SettingsError(
                f"{options.out} holds a corpus of another plan.", "Choose another folder, or delete it."
            )
    except ValueError as error:
        raise SettingsError(f"{path} is damaged: {error}.", "Choose another folder, or delete it.") from error
    write_atomically(path, text.encode())


def _by_processes(options: Options, make: Callable[..., bytes], missing: Sequence[int]) -> Iterator[int]:
    workers = max(1, options.workers or os.cpu_count() or 1)
    allowed = options.plan.size * SECONDS_PER_PROGRAM + GRACE
    waiting = [_Job(number) for number in reversed(missing)]
    running_: list[_Job] = []
    try:
        while waiting or running_:
            while waiting and len(running_) < workers:
                job = waiting.pop()
                job.start(make, options.out / shard_name(job.number), allowed)
                running_.append(job)
            nearest = min(job.deadline for job in running_) - time.monotonic()
            wait([job.process.sentinel for job in running_], timeout=max(0.0, nearest))
            for job in [job for job in running_ if job.is_over()]:
                running_.remove(job)
                if (options.out / shard_name(job.number)).exists():
                    yield job.number
                else:
                    waiting.append(job.without_culprit())
    finally:
        for job in running_:
            job.process.kill()


class _Job:
    """A shard being made in a process of its own, which notes the program that it is at."""

    process: Any
    deadline: float

    def __init__(self, number: int, skipped: frozenset[int] = frozenset()) -> None:
        self.number = number
        self.skipped = skipped
        self._context = mp.get_context("spawn")
        self._at = self._context.Value("q", _NOT_BEGUN)

    def start(self, make: Callable[..., bytes], path: Path, seconds: float) -> None:
        """Starts the process; it has ``seconds``."""
        self.process = self._context.Process(
            target=_work, args=(make, self.number, path, self._at, self.skipped), daemon=True
        )
        self.process.start()
        self.deadline = time.monotonic() + seconds

    def is_over(self) -> bool:
        """Whether the process has ended, or had its time and was killed."""
        if self.process.is_alive() and time.monotonic() >= self.deadline:
            self.process.kill()
            self.process.join()
        return not self.process.is_alive()

    def without_culprit(self) -> _Job:
        """The same job without the program at which it ended. Raises ``RunError``."""
        culprit = int(self._at.value)
        if culprit == _WRITING:
            raise RunError(f"Shard {self.number} could not be written.", "Is there room on the disk?")
        if culprit < 0 or len(self.skipped) >= RETRIES:
            raise RunError(
                f"Shard {self.number} could not be made: its process ended before any program ran."
                if culprit < 0
                else f"Shard {self.number} holds too many programs that end the process."
            )
        return _Job(self.number, self.skipped | {culprit})


def _work(make: Callable[..., bytes], number: int, path: Path, at: Any, skipped: frozenset[int]) -> None:
    leave_interrupts()
    bound_memory()
    bound_time()
    sys.unraisablehook = lambda _: None  # a recording stopped inside a finaliser is no news

    def started(index: int) -> None:
        at.value = index

    data = make(number, started=started, skipped=skipped)
    at.value = _WRITING
    write_atomically(path, data)


def _by_ray(options: Options, make: Callable[..., bytes], missing: Sequence[int]) -> Iterator[int]:
    import ray

    try:
        ray.init(address=None if options.ray == "local" else options.ray, ignore_reinit_error=True)
    except Exception as error:  # also bare ones, where a node does not start in time
        raise RunError(
            f"No Ray cluster answers at {options.ray}: {str(error).splitlines()[0]}",
            "`ray start --head` starts one; `--ray local` makes one of this machine for as long as it takes.",
        ) from error
    task, shared = ray.remote(max_retries=2)(_call), ray.put(make)
    pending = {task.remote(shared, number): number for number in missing}
    while pending:
        ready, _ = ray.wait(list(pending), num_returns=1)
        number = pending.pop(ready[0])
        try:
            made = ray.get(ready[0])
        except ray.exceptions.RayError as error:
            raise RunError(f"Shard {number} could not be made on the Ray cluster: {error}") from error
        write_atomically(options.out / shard_name(number), made)
        yield number


def _call(make: Callable[..., bytes], number: int) -> bytes:
    return make(number)


def _summed(reports: Sequence[ShardReport], made: int, seconds: float) -> Report:
    outcomes: Counter[str] = Counter()
    origins: Counter[str] = Counter()
    for report in reports:
        outcomes.update(report.outcomes)
        origins.update(report.origins)
    return Report(
        len(reports),
        made,
        dict(outcomes),
        dict(origins),
        sum(r.events for r in reports),
        sum(r.tokens for r in reports),
        seconds,
        sum(r.seconds for r in reports),
    )
