"""What the child does for one request: checks run on the text as it stands, on candidates, around a hole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from types import CodeType
from typing import Any

from .alarm import ASLEEP, idle
from .checks import OVERTIME, Check, Outcome, evaluate, expected
from .explore import explore
from .forks import FORKS, forked, reseeded
from .noting import LEFT_OUT, Noting
from .program import Edits, Program
from .pytests import Session
from .ticks import Counter
from .tidy import Tidy
from .tracing import History, Reach, States

LOOKED_BACK = 8
"""Tests by which it is seen whether a candidate left something behind."""

PATIENCE = 3
"""Calls that may run to their limit until the others get less."""


BUSY = 10
"""Seconds on the clock that a hole may take for one of processor time."""

TURNS = 1000
TURNS_SLACK = 10
"""A check may take so many turns of loops, and times as many as the longest of those that pass."""

UNKNOWN = 10_000
"""Turns where no check passes, or where it cannot be told."""

UNBOUNDED = 1 << 60

PATIENT = 20
"""How many times as many turns a candidate gets when it is looked at again, or verified."""


_ENDED: dict[str, Any] = {"ok": False, "over": True, "turns": 0, "asleep": 0.0}
"""What became of a check whose process died."""


def _allowed(most: int) -> int:
    """Turns that a check may take where the longest that passes takes so many; -1 where none passes."""
    return TURNS + TURNS_SLACK * most if most >= 0 else UNKNOWN


class _Spent(Exception):
    """A hole took as long as it may."""


class Worker:
    """Evaluates the checks of one specification against candidates."""

    def __init__(
        self, program: Program, checks: list[Check], session: Session | None, tidy: Tidy | None = None
    ) -> None:
        self._program = program
        self._checks = checks
        self._session = session
        self._tidy = tidy
        self._first = False
        self._counter = Counter()
        self._counter.present()
        self._turns = 0
        self._leaks = False
        self._sleepers: set[int] = set()  # checks that sleep for long on the text as it stands

    @property
    def nodes(self) -> list[str]:
        """The tests that pytest collected."""
        return self._session.nodes if self._session is not None else []

    @property
    def problem(self) -> str:
        """Why pytest did not collect some tests, "" where it collected all."""
        return self._session.problem if self._session is not None else ""

    def answers(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The answers to one request."""
        self._know(request)
        self._first = request["op"] in ("trace", "again")
        if request["op"] == "trace":
            yield from Noting(self._program, self._checks, self._session, self._apart).traces(request)
        elif request["op"] == "try":
            yield from self._batch(request)
            yield {"done": True}
        elif request["op"] == "again":
            yield from self._again(request)
            yield {"done": True}
        elif request["op"] == "states":
            yield {"states": [], **self._apart(partial(self._states, request))}
        elif request["op"] == "history":
            yield {"steps": [], **self._apart(partial(self._history, request))}
        elif request["op"] == "explore":
            yield {"found": [], **self._apart(partial(self._explored, request))}
        else:
            found = self._apart(lambda: {"results": self._said(request)})
            yield {"results": found.get("results")}

    def _know(self, request: dict[str, Any]) -> None:
        """Take over what is known of the text as it stands, maybe from another child."""
        ASLEEP.limit, self._sleepers = request["asleep"], set(request["sleepers"])
        if request["turns"] is not None:
            self._turns = _allowed(request["turns"])
        if self._session is not None:
            self._session.bare |= set(request["bare"])

    def _apart(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """In a fork where there is a test session: its state must not pass from one candidate to the next."""
        if self._session is None or not FORKS:
            return work()
        found = self._forked(work)
        if "died" not in found:
            return found
        said, slept = (OVERTIME, ASLEEP.limit) if found["blocked"] else ("the process died", 0.0)
        return {"ok": False, "passed": [], "failed": -1, "said": said, "clock": slept, "asleep": slept}

    def _forked(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Work in a fork, after which the folder is as it was."""
        try:
            return forked(work)
        finally:
            if self._tidy is not None and self._tidy.tidy() and self._first:
                self._tidy.messy = True

    def _batch(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """A batch of candidates: in one fork where there are tests, unless their state passes on."""
        self._measure(request["seconds"])
        items = request["items"]
        if self._session is not None:
            self._session.prepare()
        work = [partial(self._tried, edits, request) for _, edits in items]
        together = self._session is not None and FORKS
        done = 0
        while done < len(items):
            found: list[dict[str, Any]] = []
            if together and not self._leaks and len(items) - done > 1:
                told = self._forked(partial(self._several, work[done:], request))
                self._leaks = not told.get("clean", True)
                found = [] if self._leaks else told.get("tried", [])
                together = bool(found)
            for one in found or [self._apart(work[done])]:
                yield {"id": items[done][0], **one}
                done += 1

    def _several(
        self, work: Sequence[Callable[[], dict[str, Any]]], request: dict[str, Any]
    ) -> dict[str, Any]:
        """As many of several candidates, one after the other, as are begun while there is time."""
        until = time.monotonic() + request["clock"]
        tried = [work[0]()]
        for one in work[1:]:
            if time.monotonic() >= until:
                break
            tried.append(one())
        return {"tried": tried, "clean": self._clean(request)}

    def _clean(self, request: dict[str, Any]) -> bool:
        """Whether tests that pass on the file as it stands still do, after candidates ran in this process."""
        code = self._compiled([], request["seconds"])
        checks = [self._checks[at] for at in request["passing"][:LOOKED_BACK]]
        return all(self._counted(code, check, request["seconds"], PATIENT)[0] for check in checks)

    def _tried(self, edits: Edits, request: dict[str, Any]) -> dict[str, Any]:
        """Checks in the order asked for, up to the first that fails; all of them once the first one holds."""
        try:
            code = self._compiled(edits, request["seconds"])
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            return {"passed": [], "failed": -1, "said": type(error).__name__}
        except BaseException as error:  # the module's own code raised, whatever that may be
            return {"passed": [], "failed": -1, "said": f"raised {type(error).__name__} on import"}
        passed: list[int] = []
        failed = -1
        slow = False
        for at in request["order"]:
            check = self._checks[at]
            ok, said, _ = self._counted(
                code, check, request["seconds"], request["patience"], request["formal"]
            )
            if ok:
                passed.append(at)
                continue
            failed = at if failed < 0 else failed
            slow = slow or said == OVERTIME
            if slow or not passed:
                break
        return {"passed": passed, "failed": failed, "slow": slow}

    def _states(self, request: dict[str, Any]) -> dict[str, Any]:
        """What the names hold at some lines in the run of one check."""
        states = States(self._program.path, request["lines"])
        with states.watching():
            self._check(self._program.code([]), self._checks[request["check"]], request["seconds"])
        return {"states": states.seen}

    def _history(self, request: dict[str, Any]) -> dict[str, Any]:
        """The run of one check in a candidate, step by step."""
        history, code = History(self._program.path), self._program.code(request["edits"])
        if self._session is not None:
            self._session.install(code, bool(request["edits"]))
        with history.watching():
            self._check(code, self._checks[request["check"]], request["seconds"], formal=True)
        return {"steps": history.steps}

    def _again(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """How checks do on the text as it stands, the first one and as many as there is time for."""
        until = time.monotonic() + request["clock"]
        for place, number in enumerate(request["checks"]):
            if not place or time.monotonic() < until:
                once = partial(self._once, self._checks[number], request["seconds"], request["counted"])
                found = {**_ENDED, **self._apart(once)}
                yield {key: found[key] for key in _ENDED}

    def _once(self, check: Check, seconds: float, counted: bool) -> dict[str, Any]:
        reseeded()
        slept = idle()
        code = self._program.counting([]) if counted else self._program.code([])
        self._counter.left = UNBOUNDED
        if counted and self._session is not None:
            self._session.install(code, edited=True)
        ok, said, _ = self._check(code, check, seconds)
        turns = UNBOUNDED - self._counter.left
        return {"ok": ok, "over": said == OVERTIME, "turns": turns, "asleep": idle() - slept}

    def _explored(self, request: dict[str, Any]) -> dict[str, Any]:
        """Texts for a hole; none where it takes longer than it may."""
        started, begun = time.process_time(), time.monotonic()
        try:
            code = self._compiled(request["edits"], request["seconds"])
        except BaseException:  # the hole is at a place where no lambda can be, or on the way of the import
            return {"found": []}

        def alive() -> bool:
            taken, clock = time.process_time() - started, time.monotonic() - begun
            return bool(taken <= request["limit"] and clock <= request["limit"] * BUSY)

        def run(check: int) -> bool:
            if not alive():
                raise _Spent
            ok, *_ = self._counted(code, self._checks[check], request["seconds"], 1)
            return ok

        try:
            atoms, failing, passing = (request[name] for name in ("atoms", "failing", "passing"))
            goals = [goal for check in failing for goal in expected(self._checks[check])]
            told = request["truth"], goals, request["broad"], alive
            return {"found": explore(run, atoms, failing, passing, *told)}
        except _Spent:
            return {"found": []}

    def _compiled(self, edits: Edits, seconds: float) -> CodeType:
        """A candidate whose loops are counted, put in the place of the imported module where there is one."""
        self._measure(seconds)  # before, since the program runs as it was compiled last
        self._counter.left = self._turns * PATIENT  # what the module does by itself counts too
        code = self._program.counting(edits)
        if self._session is not None:
            self._session.install(code, bool(edits))
        return code

    def _counted(
        self, code: CodeType, check: Check, seconds: float, patience: int, formal: bool = False
    ) -> Outcome:
        """One check, for so many turns of loops."""
        self._measure(seconds)
        self._counter.left = self._turns * patience
        return self._check(code, check, seconds, formal)

    def _measure(self, seconds: float) -> None:
        """Find out how many turns a check may take, by those that passing ones take on the file as it is."""
        if not self._turns:
            most = self._apart(partial(self._longest, seconds)).get("turns", -1)
            self._turns = _allowed(most)

    def _longest(self, seconds: float) -> dict[str, Any]:
        """The most turns that a check takes which passes."""
        code, taken = self._program.counting([]), [-1]
        if self._session is not None:
            self._counter.left = UNBOUNDED
            self._session.install(code, edited=True)
        for check in (one for at, one in enumerate(self._checks) if at not in self._sleepers):
            self._counter.left = UNBOUNDED
            if self._check(code, check, seconds)[0]:
                taken.append(UNBOUNDED - self._counter.left)
        return {"turns": max(taken)}

    def _check(self, code: CodeType, check: Check, seconds: float, formal: bool = False) -> Outcome:
        if check["kind"] == "test":
            assert self._session is not None
            if self._tidy is not None and self._tidy.messy:
                self._tidy.tidy()
            run = self._session.formally if formal else self._session.run
            return Outcome(*run(check["call"], seconds))
        return evaluate(self._program, code, check, seconds)

    def _said(self, request: dict[str, Any]) -> list[tuple[str, bool, bool]]:
        """What each call gives in the candidate; a call without expectation always ends in a text."""
        seconds, hung, until = request["seconds"], 0, time.monotonic() + request["clock"]
        found: list[tuple[str, bool, bool]] = []
        self._measure(seconds)
        code = self._program.counting(request["edits"])
        for call in request["calls"]:
            if time.monotonic() > until:
                found.append((LEFT_OUT, False, False))
                continue
            check = {"kind": "call", "call": call}
            reach = Reach(self._program.path, request["functions"])
            with reach.watching():
                outcome = self._counted(code, check, seconds, PATIENT)
            found.append((outcome.said, outcome.refused, reach.reached))
            hung += outcome.said == OVERTIME
            if hung == PATIENCE:
                seconds = request["seconds"] / 5
        return found
