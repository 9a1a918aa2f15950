"""What the children of a search are given and what they answer, and how several are kept at work at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from cwm_lsp.repair import scratch
from cwm_lsp.repair.deadline import Deadline
from cwm_lsp.repair.model import Candidate, Check


@dataclass(frozen=True, slots=True)
class Job:
    """What all children of a search have in common. When ``stop`` is set, or the time is over, they end,
    whatever they do.
    """

    place: scratch.Place
    text: str
    checks: tuple[Check, ...]
    nodes: tuple[str, ...]
    python: str
    stop: threading.Event = field(default_factory=threading.Event, compare=False)
    deadline: Deadline = field(default_factory=Deadline, compare=False)


@dataclass(frozen=True, slots=True)
class Tried:
    """How a candidate did: the checks that held, and the first that failed (-1: all, or it did not load).

    ``slow``: a check ran into its limit, so that a longer one may show another outcome.
    """

    candidate: Candidate
    passed: tuple[int, ...]
    failed: int
    slow: bool = False


@dataclass(frozen=True, slots=True)
class Again:
    """How a check did that was run once more. ``over``: it ran into its limit, or ended its process.

    ``turns`` of loops where they were counted; seconds ``asleep``.
    """

    ok: bool
    over: bool
    turns: int
    asleep: float


@dataclass(frozen=True, slots=True)
class Result:
    """What a call gives, as text. ``refused``: an exception that the file itself raises on purpose.

    ``reached``: one of the functions asked for was called.
    """

    said: str
    refused: bool = False
    reached: bool = False


def at_once(stop: threading.Event, count: int, work: Callable[[Any], Any], given: Iterable[Any]) -> list[Any]:
    """``work`` of each given thing, ``count`` at a time. An exception stops the whole search."""
    with ThreadPoolExecutor(count) as pool:
        jobs = [pool.submit(work, one) for one in given]
        try:
            return [job.result() for job in jobs]
        except BaseException:  # an interrupt of the user too: the pool would wait for what still runs
            stop.set()
            raise
