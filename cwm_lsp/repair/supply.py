"""Where screening takes candidates from: while they are made, the likeliest of those that there are.

They are made in a thread that begins before anything has run. What it makes first does not depend on how the
checks went; once that is known, functions that did not run are left out, and the most suspicious come first.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import islice
from typing import Protocol

from cwm_lsp.errors import Cancelled
from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.generate import Found, Maker, Ranking, Told, distinct
from cwm_lsp.repair.templates.owner import Function

EARLY = 0.2
"""What is at least this share as promising as anything can be is given away while others are still made."""

LOOKED = 50
"""Candidates made between two looks at which of them to give away, and at whether others have work to do."""

POLLED = 0.05
"""Seconds between two looks at whether there is something to take."""


class Source(Protocol):
    """Candidates in the order to be tried."""

    def take(self, count: int, floor: float, until: float) -> list[Candidate]:
        """Up to ``count`` of the best that were not taken, none less likely than ``floor``; [] for no more.

        Waits for them until a time of ``time.monotonic``.
        """


class Listed:
    """Candidates that are there, in their order."""

    def __init__(self, found: Iterable[Candidate]) -> None:
        self._left = iter(found)
        self._lock = threading.Lock()

    def take(self, count: int, floor: float, until: float) -> list[Candidate]:
        """As :meth:`Source.take`; the unlikelier ones between are dropped."""
        with self._lock:
            return list(islice((one for one in self._left if one.prior >= floor), count))


class Upto:
    """At most so many of another source."""

    def __init__(self, source: Source, most: int) -> None:
        self._source, self._left = source, most
        self._lock = threading.Lock()

    def take(self, count: int, floor: float, until: float) -> list[Candidate]:
        """As :meth:`Source.take`."""
        with self._lock:
            found = self._source.take(min(count, self._left), floor, until) if self._left else []
            self._left -= len(found)
            return found


class Supply:
    """All single edits of a file. When ``stop`` is set, whoever waits for some gets ``Cancelled``."""

    def __init__(self, source: str, stop: threading.Event) -> None:
        self._source = source
        self._stop = stop
        self._closed = False
        self._maker = Maker(source)
        self._made: dict[Function, Found] = {one: {} for one in self._maker.functions}
        self._begun: dict[Function, Iterator[Candidate]] = {}
        self._told: Told | None = None
        self._rank: Ranking | None = None
        self._changes: set[tuple[Edit, ...]] = {()}
        self._early: list[tuple[float, int, Candidate]] = []
        self._shown = 0
        self._ranked: list[Candidate] | None = None
        self._listed: Listed | None = None
        self._error: BaseException | None = None
        self._lock = threading.Lock()
        threading.Thread(target=self._run, daemon=True).start()

    def tell(self, told: Told) -> None:
        """Say how the checks went: only now something can be taken."""
        self._rank = Ranking(self._maker.tree, told)
        self._told = told

    @property
    def complete(self) -> bool:
        """Whether all are made."""
        return self._listed is not None

    def fresh(self, found: Iterable[Candidate]) -> list[Candidate]:
        """Those of others that were not taken; they count as taken."""
        with self._lock:
            return list(distinct(found, self._source, self._changes))

    def close(self) -> None:
        """Make no more."""
        self._closed = True

    def __len__(self) -> int:
        """How many there are, as far as they are made."""
        return len(self._ranked) if self._ranked is not None else sum(map(len, self._made.values()))

    def take(self, count: int, floor: float, until: float) -> list[Candidate]:
        """As :meth:`Source.take`. Raises what making them raised."""
        while not self._over():
            with self._lock:
                found = list(self._likely(count, floor))
            if found or time.monotonic() > until:
                return found
            time.sleep(POLLED)
        assert self._listed is not None
        return self._listed.take(count, floor, until)

    def likeliest(self, count: int, until: float) -> Sequence[Candidate]:
        """The most promising of all, taken or not; waits until all are made, or until a time of
        ``time.monotonic``: then there are none."""
        while not self._over() and time.monotonic() < until:
            time.sleep(POLLED)
        return list(distinct((self._ranked or [])[: count * 2], self._source))[:count]

    def _over(self) -> bool:
        """Whether all are made. Raises what making them raised, and ``Cancelled``."""
        if self._stop.is_set():
            raise Cancelled("The search for fixes was stopped.")
        if self._error is not None:
            raise self._error
        return self.complete

    def _likely(self, count: int, floor: float) -> Iterator[Candidate]:
        """Some that are likely enough to be tried before others are known."""
        while self._early and count:
            candidate = heappop(self._early)[-1]
            if candidate.prior >= floor and any(distinct([candidate], self._source, self._changes)):
                count -= 1
                yield candidate

    def _run(self) -> None:
        try:
            self._make()
        except BaseException as error:  # whoever waits is told
            self._error = error

    def _make(self) -> None:
        for function in self._maker.functions:
            self._of(function, lambda: self._told is not None)
        while self._told is None and not self._closed:
            time.sleep(POLLED)
        told, rank = self._told, self._rank
        if told is None or rank is None:
            return
        every: Found = {}
        self._maker.add_constants(told, every)  # few, and soon made
        self._show(every.values(), rank)
        for function in self._maker.touched(told):
            found = self._made[function]
            self._maker.add_told(function, told, found)
            self._show(found.values(), rank)
            self._of(function, lambda: False)
            for key, one in found.items():
                if key not in every or every[key].prior < one.prior:
                    every[key] = one
        ranked = rank.ranked(every.values())
        with self._lock:
            self._ranked = ranked
            self._listed = Listed(distinct(ranked, self._source, self._changes))

    def _of(self, function: Function, enough: Callable[[], bool]) -> None:
        """Make what is to be made of a function, or go on where that was broken off."""
        found = self._made[function]
        making = self._begun.setdefault(function, self._maker.add(function, found))
        while some := list(islice(making, LOOKED)):
            if self._rank is not None:
                self._show(some, self._rank)
            if self._closed or enough():
                return
            time.sleep(0)  # what answers to children has a turn

    def _show(self, found: Iterable[Candidate], rank: Ranking) -> None:
        """Let those be taken that are likely enough."""
        with self._lock:
            for one in map(rank.weighed, found):
                if (weight := rank.weight(one)) >= EARLY * rank.most:
                    heappush(self._early, (-weight, self._shown, one))
                    self._shown += 1
