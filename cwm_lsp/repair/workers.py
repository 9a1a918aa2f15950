"""The children that run candidates: each in a scratch copy, asked in batches, replaced when they hang."""

from __future__ import annotations

import contextlib
import json
import math
import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cwm_lsp.errors import Cancelled, RunError
from cwm_lsp.record.client import kill_group
from cwm_lsp.repair import scratch
from cwm_lsp.repair.agent.alarm import BLOCKED
from cwm_lsp.repair.agent.checks import OVERTIME as ENDLESS
from cwm_lsp.repair.agent.noting import LEFT_OUT, NOTHING, SLEEPY
from cwm_lsp.repair.change import Step
from cwm_lsp.repair.child import isolation, read, started, unstarted
from cwm_lsp.repair.job import Again, Job, Result, Tried
from cwm_lsp.repair.model import Candidate

BUSY = 20
"""Seconds on the clock that a second of the processor may take while other programs want it too."""

GRACE = 5.0
"""Seconds beyond its own limits after which a child that says nothing is ended."""

AWAKE = 1.5
AWAKE_SLACK = 4.0
"""A check may sleep for so many seconds on end, and times as long as the longest takes on the text."""

POLLED = 0.1
"""Seconds between two looks at whether the search was stopped."""

PATIENT = 20
"""The patience with a candidate that is looked at again, or verified."""


class Worker:
    """One child and its scratch copy. Use as a context manager, or close.

    ``like``: one that knows already how the checks do on the text as it stands.
    """

    def __init__(self, job: Job, like: Worker | None = None) -> None:
        self._job = job
        self._folder = scratch.folder()
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[bytes] = queue.Queue()
        self.whole = scratch.copy(job.place.root, self._folder / "work")
        inside = self._folder / "work" / job.place.file.relative_to(job.place.root)
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.write_text(job.text, encoding="utf-8")
        self.nodes: list[str] = []
        self._asleep = BLOCKED
        self._sleepers: list[int] = []
        self._bare: list[str] = []  # tests that need none of pytest's reports to be judged
        self.turns: int | None = None  # the most that a passing check takes, -1 where none passes
        if like is not None:
            self.learn(like)
        self.problem = ""  # why pytest did not collect some tests
        # Tests run in forks of one session, so that no candidate finds what another left.
        self.forks = bool(job.nodes) and hasattr(os, "fork")
        self.isolation = isolation()

    @property
    def work(self) -> Path:
        """The scratch copy."""
        return self._folder / "work"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the child and remove its folder."""
        self.end()
        shutil.rmtree(self._folder, ignore_errors=True)

    def limit(self, asleep: float) -> None:
        """Let checks be asleep on end for so many seconds."""
        self._asleep = asleep

    def learn(self, other: Worker) -> None:
        """Take over what another one found out about the text as it stands."""
        self._asleep, self._sleepers, self.turns = other._asleep, other._sleepers, other.turns
        self._bare = [*other._bare]

    def collected(self) -> list[str]:
        """The tests that pytest collects. Raises ``RunError``."""
        return self._ready()

    def trace(
        self, seconds: float, order: Sequence[int], asleep: float, clock: float, slow: float = 0.0
    ) -> list[dict[str, Any]]:
        """How the checks do on the text, with lines and calls, by number. One that kills the child failed.

        A test that runs little of the file may take ``slow`` seconds of a processor. None may be ``asleep``
        for longer than that; those that have not begun after ``clock`` seconds, the last of ``order``, are
        left out.
        """
        self._asleep = asleep
        self._ready()
        until = time.monotonic() + clock
        found: dict[int, dict[str, Any]] = {}
        while left := [n for n in order if n not in found]:
            clock = until - time.monotonic()
            how = {"seconds": seconds, "slow": slow, "clock": clock}
            asked = self._ask({"op": "trace", "order": left, **how})
            while asked and left and (line := self._line(max(seconds, slow) * BUSY + GRACE)) is not None:
                number = left.pop(0)
                found[number] = {**line, "said": self.relative(line["said"])}
                self._bare += [self.nodes[number - len(self._job.checks)]] if line["bare"] else []
            if left:
                self.end()
                if self._job.deadline.late():
                    found.update({n: {**NOTHING, "said": LEFT_OUT} for n in left})
                    break
                seconds = slow = min(seconds, 0.3)  # one loop for ever is seldom alone, and the budget runs
                found[left[0]] = {**NOTHING, "said": ENDLESS, "seconds": seconds, "clock": seconds}
        slept = [one["asleep"] for one in found.values() if one["said"] != ENDLESS]
        self._asleep = min(BLOCKED, AWAKE + AWAKE_SLACK * max(slept, default=0.0))
        self._sleepers = [n for n, one in found.items() if one["said"] == LEFT_OUT or one["asleep"] > SLEEPY]
        return [found[number] for number in sorted(found)]

    def relative(self, said: str) -> str:
        """What is said of a check, paths of the scratch copy as they are in the workspace."""
        return said.replace(f"{self.work}{os.sep}", "")

    def attempt(
        self,
        candidates: Sequence[Candidate],
        order: Sequence[int],
        seconds: float,
        patience: int = 1,
        passing: Sequence[int] = (),
        formal: bool = False,
        until: float = math.inf,
        clock: float = math.inf,
    ) -> Iterator[Tried]:
        """Try candidates, each up to its first failing check, or through all once one held.

        ``passing``: checks that pass on the text as it stands. ``formal``: tests are judged by what pytest
        reports, which is slower than to see whether they raise.
        ``patience``: how many times as many turns of loops a check may take as is usual for a first look.
        One that ends or blocks the child has failed; the child is replaced and the rest goes on, but not
        beyond ``until`` (of ``time.monotonic``). Tests are answered each time ``clock`` seconds are over.
        """
        left = list(candidates)
        longest = seconds * 2 * len(order) + GRACE
        while left:
            items = [[n, [[e.start, e.end, e.text] for e in c.edits]] for n, c in enumerate(left)]
            how = {"seconds": seconds, "patience": patience, "passing": passing, "formal": formal}
            if not self._ask({"op": "try", "items": items, "order": order, "clock": clock, **how}):
                return
            done = 0
            # Of a batch of tests much is answered at once, when a fork has ended.
            patient = longest * len(left) if self.forks else longest
            while (answer := self._line(min(patient, until - time.monotonic()))) is not None:
                if "done" in answer:
                    return
                yield Tried(left[done], tuple(answer["passed"]), answer["failed"], bool(answer.get("slow")))
                done += 1
            self.end()
            if time.monotonic() >= until or self._job.deadline.late():
                return
            yield Tried(left[done], (), -1)
            left = left[done + 1 :]

    def results(
        self,
        candidate: Candidate | None,
        calls: Sequence[str],
        seconds: float,
        functions: Collection[int] = (),
        clock: float = 60.0,
    ) -> list[Result] | None:
        """What each call gives; ``None`` when that ended or blocked the child.

        ``functions``: first lines of functions of which it is wanted whether the call reaches them. Calls
        that have not begun after ``clock`` seconds are left out, and say so.
        """
        edits = [[e.start, e.end, e.text] for e in candidate.edits] if candidate else []
        wanted = {"edits": edits, "calls": list(calls), "functions": list(functions), "seconds": seconds}
        if not self._ask({"op": "run", **wanted, "clock": clock}):
            return None
        answer = self._line(max(clock, seconds * 2 * len(calls)) + GRACE)
        if answer is None:
            self.end()
        if answer is None or answer["results"] is None:
            return None
        return [Result(*one) for one in answer["results"]]

    def states(self, check: int, lines: Sequence[int], seconds: float) -> list[dict[str, Any]]:
        """The values of names at some lines in the run of a check, as ``{"line", "values"}``."""
        if not self._ask({"op": "states", "check": check, "lines": list(lines), "seconds": seconds}):
            return []
        answer = self._line(seconds * 2 + GRACE)
        if answer is None:
            self.end()
            return []
        return list(answer["states"])

    def history(self, check: int, candidate: Candidate | None, seconds: float) -> list[Step]:
        """The run of a check step by step, in a candidate or in the text as it stands; [] where it ends the
        child."""
        edits = [[e.start, e.end, e.text] for e in candidate.edits] if candidate else []
        if not self._ask({"op": "history", "check": check, "edits": edits, "seconds": seconds}):
            return []
        answer = self._line(seconds * 2 + GRACE)
        if answer is None:
            self.end()
            return []
        return [Step(**one) for one in answer["steps"]]

    def again(
        self, numbers: Sequence[int], seconds: float, clock: float = 60.0, counted: bool = False
    ) -> dict[int, Again]:
        """How some checks do on the text as it stands, once more: the first, and as many as are begun within
        ``clock`` seconds. ``counted``: with their loops counted.
        """
        found: dict[int, Again] = {}
        until = time.monotonic() + clock
        left = list(numbers)
        while left and (not found or time.monotonic() < until):
            how = {"seconds": seconds, "counted": counted, "clock": until - time.monotonic()}
            if not self._ask({"op": "again", "checks": left, **how}):
                break
            while (answer := self._line(seconds * BUSY + GRACE)) is not None and "done" not in answer:
                found[left.pop(0)] = Again(**answer)
            if answer is not None:
                break
            self.end()
            if left and not self._job.deadline.late():
                found[left.pop(0)] = Again(False, True, 0, 0.0)
        return found

    def explore(self, request: Mapping[str, Any], limit: float) -> list[str]:
        """Texts for a hole (see the agent's ``explore``), sought for ``limit`` seconds of a processor."""
        if not self._ask({"op": "explore", "limit": limit, **request}):
            return []
        answer = self._line(limit * 10 + GRACE)
        if answer is None:
            self.end()
            return []
        return list(answer["found"])

    def end(self) -> None:
        """End the child and all it started."""
        process, self._process = self._process, None
        if process is None:
            return
        kill_group(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has no reader any more
                if pipe is not None:
                    pipe.close()

    def _ready(self) -> list[str]:
        """A child that can be asked, and the tests it collected. Raises ``RunError``."""
        if self._process is not None and self._process.poll() is None:
            return self.nodes
        self.end()
        start = self._job.deadline.start
        work = self._folder / "work"
        at = self._job.place
        file = work / at.file.relative_to(at.root)
        self._process = started(self._job.python, self._folder)
        self._lines = queue.Queue()
        threading.Thread(target=read, args=(self._process, self._lines), daemon=True).start()
        self._send(
            {
                "op": "open",
                "path": str(file),
                "name": at.name,
                "folder": str(work),
                "import_from": str(work / at.import_from.relative_to(at.root)),
                "origin": str(at.root),
                "project": str(work / at.whole.relative_to(at.root)),
                "text": self._job.text,
                "checks": [asdict(check) for check in self._job.checks],
                "nodes": [str(work / node) for node in self._job.nodes],
                "scratch": str(self._folder),
                "root": str(work),
            }
        )
        answer = self._line(start)
        if answer is None or "error" in answer:
            why = unstarted(self._process, answer, bool(self._job.nodes), start)
            self.end()
            raise why
        self.nodes, self.problem = list(answer["nodes"]), str(answer["problem"])
        return self.nodes

    def _ask(self, what: Mapping[str, Any]) -> bool:
        """Whether a child was asked: none is once the time is over. Raises ``RunError``."""
        deadline = self._job.deadline
        if deadline.late():
            return False
        try:
            self._ready()
        except RunError:
            if deadline.late():  # a child that was started for want of another
                return False
            raise
        self._send(what)
        return True

    def _send(self, what: Mapping[str, Any]) -> None:
        known = {"asleep": self._asleep, "sleepers": self._sleepers, "bare": self._bare, "turns": self.turns}
        request = {**what, **known}
        assert self._process is not None
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # a child that died is noticed when it gives no answer
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _line(self, patience: float) -> dict[str, Any] | None:
        """The next answer; ``None`` when none comes in time or ever. Raises ``Cancelled``."""
        deadline = self._job.deadline
        until = deadline.within(patience)
        while not self._job.stop.is_set():
            left = until - deadline.clock()
            try:
                line = self._lines.get(timeout=max(0.0, min(POLLED, left)))
                return dict(json.loads(line)) if line.endswith(b"\n") else None
            except queue.Empty:
                if left <= 0:
                    return None
            except ValueError:
                return None
        self.end()
        raise Cancelled("The search for fixes was stopped.")
