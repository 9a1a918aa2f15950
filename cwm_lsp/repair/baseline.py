"""How the file does as it stands: every check run three times, its lines, steps and calls noted."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.errors import TargetError
from cwm_lsp.repair import scratch
from cwm_lsp.repair.agent.alarm import BLOCKED
from cwm_lsp.repair.agent.guard import NOT_ALLOWED
from cwm_lsp.repair.agent.noting import LEFT_OUT, SLEEPY, TWICE
from cwm_lsp.repair.agent.pytests import SKIPPED
from cwm_lsp.repair.asked import nothing_fails, say_something
from cwm_lsp.repair.job import Again, Job, at_once
from cwm_lsp.repair.localise import ochiai, sliced, together
from cwm_lsp.repair.model import Check, CheckKind, Suspect
from cwm_lsp.repair.slicing import backwards, facts
from cwm_lsp.repair.specification import Specification, example_calls, matching
from cwm_lsp.repair.templates.symptoms import ENDLESS
from cwm_lsp.repair.workers import Worker

FIRST_SECONDS = {CheckKind.CALL: 0.5, CheckKind.DOCTEST: 0.5, CheckKind.TEST: 10.0, CheckKind.RUN: 5.0}
"""Processor seconds that a check may take on the file as it stands."""

FIRST_SHARE = 0.12
"""Of the time, what one check may take there at most."""

SLOW_SHARE = 0.3
"""The same of a test that is slow without running much of the file: it has an end."""

BEGUN_SHARE = 0.4
"""Of the time, after which no further check is begun."""

LITTLE = 0.2
"""Of what a check may take, after which it is not waited for in the runs that are not watched."""

ASLEEP = 1.5
ASLEEP_SHARE = 0.3
"""Seconds that a check may sleep without a break in any case, and of the time."""

AGAIN_SHARE = 0.1
"""Of the time, how long checks are begun a third time."""

AGAIN_SECONDS = 0.3
AGAIN_SLACK = 5.0
"""A check may take so many seconds then, and times as long as the slowest took at first."""

QUICK_SECONDS = 0.004
QUICK_SLACK = 4.0
"""So many seconds and times as long as the slowest check that passes, for the first look at a candidate."""

LEAST_SECONDS = 0.02
SLACK = 10.0
"""A candidate's check may take so many times as long as the slowest that passes, plus the least, and
twice as long as any that ends."""


REFUSED = NOT_ALLOWED
"""What the failure of a check says that does what it may not."""


def failure(check: Check, said: str) -> str:
    """What a failing check gave, and what it should have given, as a sentence."""
    wanted = f", not {check.expect}" if check.expect is not None else ""
    return f"{check.call}: {said}{wanted}"


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the file does as it stands. Indices are those of ``checks``.

    ``calls`` are known inputs; ``clock``: seconds that a candidate takes which passes, sleep included.
    """

    checks: tuple[Check, ...]
    failing: tuple[int, ...]
    passing: tuple[int, ...]
    said: dict[int, str]
    suspects: tuple[Suspect, ...]
    signals: dict[str, tuple[Suspect, ...]]
    calls: tuple[str, ...]
    quick: float
    seconds: float
    notes: tuple[str, ...]
    clock: float = 0.0

    @property
    def order(self) -> tuple[int, ...]:
        """The failing checks first: nothing refutes more candidates."""
        return (*self.failing, *self.passing)

    def failure(self, n: int) -> str:
        """What a failing check gives, and what it should."""
        return failure(self.checks[n], self.said[n])


def job_for(file: Path, text: str, specification: Specification, python: str) -> Job:
    """What the children of a search are given. Raises ``TargetError`` for a test file that is not there."""
    test = specification.test.partition("::")[0]
    path = Path(test) if test else None
    if path is not None and not path.is_file():
        raise TargetError(f"There is no test file {path}.")
    where = scratch.place(file, path)
    nodes = (str(path.resolve().relative_to(where.root)),) if path is not None else ()
    return Job(where, text, (*specification.targets, *specification.others), nodes, python)


def baseline(workers: Sequence[Worker], specification: Specification, job: Job) -> Baseline:
    """Run all checks on the file as it stands, three times. Raises ``TargetError`` when nothing fails.

    The search's time begins once the children have started; no check gets more than a part of it.
    """
    kinds = [CheckKind.TEST if job.nodes else check.kind for check in job.checks or (_TEST,)]
    collected = at_once(job.stop, len(workers), Worker.collected, workers)
    job.deadline.begin()
    span = job.deadline.span
    longest, slow = (
        min(max(FIRST_SECONDS[kind] for kind in kinds), max(0.5, span * share))
        for share in (FIRST_SHARE, SLOW_SHARE)
    )
    tests = _tests(job, collected[0])
    checks = (*job.checks, *tests)
    say_something(workers[0], specification, job, FIRST_SECONDS[CheckKind.CALL])
    wanted = list(range(len(specification.targets))) + _wanted(specification, workers[0], job)
    order = [*wanted, *(n for n in range(len(checks)) if n not in wanted)]
    asleep = min(BLOCKED, max(ASLEEP, span * ASLEEP_SHARE))
    first, more = _three(workers, job, order, longest, slow, asleep)
    unrun = {n for n in order if n not in more[0]}
    left = {n for n in order if first[n]["said"] == LEFT_OUT or n in unrun}
    oks = {n: {first[n]["ok"], *(run[n].ok for run in more if n in run and not run[n].over)} for n in order}
    shaky = [n for n in order if n not in left and len(oks[n]) > 1]
    skipped = [n for n in order if first[n]["said"] == SKIPPED]
    failing = [n for n in wanted if n not in (*shaky, *left, *skipped) and not first[n]["ok"]]
    if not failing:
        raise nothing_fails(wanted, shaky, skipped, left, checks)
    beyond = [n for n in failing if _beyond(first[n])]
    if len(beyond) == len(failing):
        beyond = []
    failing = [n for n in failing if n not in beyond]
    passing = [n for n in sorted(order) if n not in (*shaky, *left) and first[n]["ok"]]
    every = range(1, len(job.text.splitlines()) + 1)  # a run that ended its process left no lines
    lines = {n: every if _unknown(first[n]) else first[n]["lines"] for n in (*failing, *passing)}
    ran = [(bool(first[n]["ok"]), lines[n]) for n in (*failing, *passing)]
    spectrum = ochiai(ran)
    known = facts(job.text)
    slices = sliced([backwards(known, first[n]["steps"]) for n in failing if first[n]["said"] != ENDLESS])
    return Baseline(
        checks,
        tuple(sorted(failing, key=lambda n: first[n]["seconds"])),
        tuple(sorted(passing, key=lambda n: first[n]["seconds"])),
        {n: first[n]["said"] for n in failing},
        tuple(together(spectrum, slices)),
        {"spectrum": tuple(spectrum), "slice": tuple(slices)},
        tuple(_calls(checks, failing, passing, first)),
        _quick([first[n]["seconds"] for n in passing], bool(job.nodes)),
        _seconds(first, passing, longest, bool(job.nodes)),
        (
            *(f"{checks[n].call} is flaky (three runs did not agree) and was left out." for n in shaky),
            *(_left_out(checks[n], first[n]["said"]) for n in beyond),
            *_cut(checks, left, asleep, [n for n in failing if first[n]["said"] == ENDLESS and tests]),
            *_elsewhere(
                job, [checks[n] for n in failing if not lines[n] and REFUSED not in first[n]["said"]]
            ),
        ),
        sum(first[n]["clock"] for n in (*failing[:1], *passing) if not _loops(first[n])),
    )


Again3 = tuple[dict[int, Again], dict[int, Again]]
"""How checks did when they were run for the second and for the third time."""


def _three(
    workers: Sequence[Worker],
    job: Job,
    order: Sequence[int],
    longest: float,
    slow: float,
    asleep: float,
) -> tuple[list[dict[str, Any]], Again3]:
    """All checks three times: watched in one child, meanwhile in another with loops counted, then in both.

    ``longest``: seconds that a check may take, ``slow`` a test that does not run much of the file. Those that
    sleep, or take much of the time, are run twice.
    """
    watching, counting, span = workers[0], workers[-1], job.deadline.span

    def watched() -> list[dict[str, Any]]:
        return watching.trace(longest, order, asleep, span * BEGUN_SHARE, slow)

    def counted() -> dict[int, Again]:
        counting.limit(asleep)
        return counting.again(order, longest * LITTLE, span * BEGUN_SHARE, counted=True)

    first, second = at_once(job.stop, len({watching, counting}), lambda run: run(), (watched, counted))
    most = span * AGAIN_SHARE
    quick = [
        n
        for n in order
        if first[n]["said"] != ENDLESS and not _sleeps(first[n]) and first[n]["clock"] <= most
    ]
    usual = min(longest, AGAIN_SECONDS + AGAIN_SLACK * max((first[n]["seconds"] for n in quick), default=0.0))
    cut = [n for n, one in second.items() if one.over and first[n]["ok"]]
    second |= counting.again(cut, usual, most, counted=True) if cut else {}
    known = [one.turns for one in second.values() if one.ok and one.asleep < SLEEPY]
    watching.turns = max(known, default=-1)
    for one in workers:
        one.learn(watching)
    parts = [(worker, quick[n :: len(workers)]) for n, worker in enumerate(workers)]
    halves = at_once(job.stop, len(workers), lambda part: part[0].again(part[1], usual, most), parts)
    return first, (second, {n: one for half in halves for n, one in half.items()})


def _beyond(run: Mapping[str, Any]) -> bool:
    """Whether a check fails without running the file, or for what it may not do: no edit helps it."""
    return REFUSED in run["said"] or not (run["lines"] or run["unseen"])


def _unknown(run: Mapping[str, Any]) -> bool:
    """Whether nothing tells which lines a check runs: it ended, or its process did, before it got to them."""
    return bool(run["unseen"] or (run["said"] == ENDLESS and not run["lines"]))


def _loops(run: Mapping[str, Any]) -> bool:
    """Whether a check goes on for ever, which says nothing of how long it takes once it ends."""
    return bool(run["said"] == ENDLESS and not _sleeps(run))


def _sleeps(run: Mapping[str, Any]) -> bool:
    """Whether a check is slow without working, or was not run for want of time."""
    return bool(run["said"] == LEFT_OUT or run["asleep"] > SLEEPY)


def _left_out(check: Check, said: str) -> str:
    """What to say of a check that fails without running the file, or in time."""
    if said == ENDLESS:
        return f"{check.call} got to nothing of the file in time and was left out: give a larger --budget."
    return f"{failure(check, said).rstrip('.')}. No edit helps there: it was left out."


def _cut(
    checks: Sequence[Check], left: Collection[int], asleep: float, ended: Sequence[int]
) -> Iterator[str]:
    """What was cut to keep to the budget."""
    if left:
        several = f"{len(left)} tests were" if len(left) > 1 else f"{checks[min(left)].call} was"
        yield f"For want of time {several} not run at all: a fix may break what they test."
    for n in ended:
        yield (
            f"{checks[n].call} was ended: it went on and on, or slept for {asleep:.1f} s on end. "
            "If it is only slow, give a larger --budget: one test gets a quarter of it."
        )


def _elsewhere(job: Job, failing: Sequence[Check]) -> Iterator[str]:
    """What to say of checks that fail without running the file."""
    for check in failing:
        yield f"{check.call} runs nothing of {job.place.file.name}: what makes it fail is elsewhere."


_TEST = Check(CheckKind.TEST, "")


def _tests(job: Job, nodes: Sequence[str]) -> tuple[Check, ...]:
    """The tests that pytest collected, with the text of their functions."""
    if not job.nodes:
        return ()
    text = test_text(job)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):  # pytest would not have collected it
        return tuple(Check(CheckKind.TEST, node) for node in nodes)
    bodies = {
        one.name: ast.get_source_segment(text, one) or ""
        for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    return tuple(
        Check(CheckKind.TEST, node, text=bodies.get(node.partition("[")[0].rpartition("::")[2], ""))
        for node in nodes
    )


def test_text(job: Job) -> str:
    """The text of the file that the tests are in."""
    return (job.place.root / job.nodes[0]).read_text(encoding="utf-8", errors="replace")


def _wanted(specification: Specification, worker: Worker, job: Job) -> list[int]:
    """The indices of the tests that must pass. Raises ``TargetError``."""
    if not specification.test:
        return []
    _, separator, inside = specification.test.partition("::")
    path = Path(job.nodes[0]).as_posix()
    nodes = worker.nodes
    found = matching(nodes, f"{path}{separator}{inside}")
    if not found:
        hint = f"It has: {', '.join(nodes[:5])}." if nodes else "It has no tests."
        problem = worker.relative(worker.problem)
        raise TargetError(f"pytest does not collect {specification.test}.", problem or hint)
    return [len(job.checks) + n for n in found]


def _seconds(runs: Sequence[Mapping[str, Any]], passing: Sequence[int], longest: float, tests: bool) -> float:
    """Processor seconds that a candidate's check may take."""
    ended: list[float] = [one["seconds"] for one in runs if one["said"] != ENDLESS]
    usual = 1.0 if tests else 0.1
    if passing:
        usual = max(0.3 if tests else 0.0, LEAST_SECONDS + SLACK * max(runs[n]["seconds"] for n in passing))
    return max([min(longest, usual), *(TWICE * one for one in ended)])


def _quick(passing: Sequence[float], tests: bool) -> float:
    if tests:
        return 10.0  # their time is mostly that of pytest
    return QUICK_SECONDS + QUICK_SLACK * max(passing, default=0.002)


_WHOLE = (CheckKind.TEST, CheckKind.RUN)
"""Checks that call functions by themselves."""


def _calls(
    checks: Sequence[Check], failing: Sequence[int], passing: Sequence[int], runs: Sequence[dict[str, Any]]
) -> list[str]:
    """Known inputs: those of the specification, and what passing runs called, theirs last."""
    named = [text for n in (*failing, *passing) for text in example_calls(checks[n])]
    noted = [text for n in passing if checks[n].kind is not CheckKind.CALL for text in runs[n]["calls"]]
    first = [runs[n]["calls"][0] for n in failing if checks[n].kind in _WHOLE and runs[n]["calls"]]
    return list(dict.fromkeys([*named, *first, *noted]))
