"""How checks do on the text as it stands, and what is seen while they run: time, lines, steps, calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from .alarm import ASLEEP, idle
from .checks import OVERTIME, Check, evaluate
from .program import Program
from .pytests import Session
from .tracing import Spectrum

FIRST_SHARE = 0.2
"""Of the time that a check may take, what it gets at first."""

FAR = 20
"""A check that ran so many times as long and as far as all before it, and did not end, has no end."""

LEAST_VISITS = 200
LEAST_SECONDS = 0.1
"""Of lines, and of time, what a check is taken to need in any case."""

LOOKED_AT = 0.05
"""Processor seconds for which a loop without an end is watched."""

TWICE = 2.0
"""A check may take so many times as long as the slowest that came to its end."""

SLEEPY = 0.5
"""Seconds asleep that a check is run once for, and not a second time only to be watched."""

NOTHING: dict[str, Any] = {
    "ok": False,
    "seconds": 0.0,
    "clock": 0.0,
    "asleep": 0.0,
    "lines": [],
    "calls": [],
    "steps": [],
    "visits": 0,
    "bare": False,
    "unseen": True,
}
"""Of a check whose process died, or that was left out. ``unseen``: which lines it runs is not known."""

LEFT_OUT = "left out for want of time"
"""What is said of a check that was not run."""

Apart = Callable[[Callable[[], dict[str, Any]]], dict[str, Any]]
"""Does work in a fork where there is a test session."""


class Noting:
    """Runs checks of the text as it stands and notes what they do."""

    def __init__(
        self, program: Program, checks: Sequence[Check], session: Session | None, apart: Apart
    ) -> None:
        self._program = program
        self._checks = checks
        self._session = session
        self._apart = apart

    def traces(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Each check gets little time at first; one that needs more shows whether the others may as well.

        Many loops for ever would otherwise eat the whole budget. So would slow checks: of all but the first
        those are left out that may not end within ``clock`` seconds, once one has failed. Where checks before
        it ended much sooner, one gets no more. A test that runs little of the file is slow by itself, and
        gets as much as a ``slow`` one may take.
        """
        longest, until = request["seconds"], time.monotonic() + request["clock"]
        seconds = longest * FIRST_SHARE
        endless, failed, slowest = False, False, 0.0
        ended: list[tuple[float, int]] = []
        for number in request["order"]:
            check = self._checks[number]
            begun = time.monotonic()
            if begun + slowest > until and (failed or request["clock"] <= 0.0):
                yield {**NOTHING, "check": number, "said": LEFT_OUT}
                continue
            found = self._apart(partial(self._traced, check, seconds))
            blocked = found.get("blocked") or "lines" not in found
            if found["said"] == OVERTIME and not blocked and not endless and seconds < longest:
                endless = _far(found, seconds, ended)
                if not endless:
                    itself = check["kind"] == "test" and found["visits"] < LEAST_VISITS
                    most = max(longest, request["slow"]) if itself else longest
                    found = self._apart(partial(self._traced, check, most))
                    endless = found["said"] == OVERTIME
                    longest = max(longest, found["seconds"] * TWICE) if not endless else longest
                usual = max((taken for taken, _ in ended), default=0.0)
                seconds = min(seconds, max(LEAST_SECONDS, FAR * usual)) if endless else longest
            elif found["said"] != OVERTIME and "lines" in found:
                ended.append((found["seconds"], found["visits"]))
            if check["kind"] == "test" and "lines" in found and not _long(found):
                found = self._bared(check, seconds, found)
            failed = failed or not found["ok"]
            if found["said"] != OVERTIME:
                slowest = max(slowest, time.monotonic() - begun)
            yield {**NOTHING, "check": number, **found}

    def _bared(self, check: Check, seconds: float, found: dict[str, Any]) -> dict[str, Any]:
        """What a test did, with the time that it takes without reports if it comes out the same so.

        In a fork of its own: what reports leave behind must not be what it passes by.
        """
        session = self._session
        assert session is not None

        def run() -> dict[str, Any]:
            started, begun = time.process_time(), time.monotonic()
            ok, _ = session.barely(check["call"], seconds)
            return {"ok": ok, "seconds": time.process_time() - started, "clock": time.monotonic() - begun}

        ran = self._apart(run)
        if "seconds" not in ran or ran["ok"] != found["ok"]:
            return found
        session.bare.add(check["call"])
        return {**found, **ran, "bare": True}

    def _traced(self, check: Check, seconds: float) -> dict[str, Any]:
        """A check runs twice: plain, for its time, and watched, for its lines; one that sleeps only once."""
        spectrum = Spectrum(self._program.path)
        code = self._program.code([])
        started, begun, slept = time.process_time(), time.monotonic(), idle()
        if check["kind"] == "test":
            assert self._session is not None
            ok, said = self._session.formally(check["call"], seconds, spectrum)
            taken, clock, slept = time.process_time() - started, time.monotonic() - begun, idle() - slept
            blocked = ASLEEP.ended
        else:
            ok, said, _ = evaluate(self._program, code, check, seconds)
            taken, clock, slept = time.process_time() - started, time.monotonic() - begun, idle() - slept
            blocked = ASLEEP.ended
            if not blocked:
                with spectrum.watching():
                    evaluate(self._program, code, check, LOOKED_AT if said == OVERTIME else seconds * 4)
        return {
            "ok": ok,
            "said": said,
            "unseen": blocked and check["kind"] != "test",
            "blocked": blocked,
            "seconds": taken,
            "clock": clock,
            "asleep": slept,
            "lines": sorted(spectrum.lines),
            "calls": list(spectrum.calls),
            "steps": [] if ok else list(spectrum.steps),
            "visits": spectrum.visits,
        }


def _long(found: dict[str, Any]) -> bool:
    """Whether it takes too long to run a test once more: to watch it is not what took long."""
    by_itself = found["seconds"] >= SLEEPY and found["visits"] < LEAST_VISITS
    return bool(by_itself or found["asleep"] >= SLEEPY)


def _far(found: dict[str, Any], seconds: float, ended: Sequence[tuple[float, int]]) -> bool:
    """Whether a check that had so many seconds got much further than any that ended before it."""
    if not ended:
        return False
    taken, visits = max(one[0] for one in ended), max(one[1] for one in ended)
    return seconds >= FAR * taken and int(found["visits"]) >= FAR * max(LEAST_VISITS, visits)
