"""From a failing specification to fixes that were run.

1. *Baseline*: every check runs on the file as it stands, twice, in two children, its lines watched. A check
   that changes its mind is flaky and counts for nothing.
2. *Candidates* from the templates, ranked by how likely the edit is and how suspicious its line.
3. *Screening*: two children run them, each candidate up to its first failing check.
4. *Verification*: what survives runs again in a fresh child, and on held-out inputs beside the original.
5. Survivors that do the same on all held-out inputs are one cluster. One is verified; several are plausible.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.errors import RunError, SourceError, TargetError
from cwm_lsp.repair import scratch
from cwm_lsp.repair.guided import Guide
from cwm_lsp.repair.localise import ochiai, sliced, together
from cwm_lsp.repair.model import Candidate, Check, CheckKind, Outcome, Status, Suspect
from cwm_lsp.repair.screen import Screen
from cwm_lsp.repair.slicing import backwards, facts
from cwm_lsp.repair.specification import Specification, example_calls, matching
from cwm_lsp.repair.templates.generate import candidates as generate
from cwm_lsp.repair.templates.holes import holes
from cwm_lsp.repair.templates.symptoms import ENDLESS, likelier
from cwm_lsp.repair.verify import Ground, verified
from cwm_lsp.repair.workers import Job, Worker

WORKERS = 2

FIRST_SECONDS = {CheckKind.CALL: 0.6, CheckKind.DOCTEST: 0.6, CheckKind.TEST: 10.0}
"""Processor seconds that a check may take on the file as it stands."""

QUICK_SECONDS = 0.004
QUICK_SLACK = 4.0
"""So many seconds and times as long as the slowest check that passes, for the first look at a candidate."""

LEAST_SECONDS = 0.02
SLACK = 10.0
"""A candidate's check may take so many times as long as the slowest that passes, plus the least."""

GUIDED = 0.2
"""Of the budget, what is spent on values that expressions would have to have."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Baseline:
    """How the file does as it stands. Indices are those of ``checks``."""

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

    @property
    def order(self) -> tuple[int, ...]:
        """The failing checks first: nothing refutes more candidates."""
        return (*self.failing, *self.passing)


def repair(
    file: Path,
    text: str,
    specification: Specification,
    *,
    python: str,
    budget: float = 20.0,
    progress: Progress | None = None,
) -> Outcome:
    """Search fixes for ``file``, whose content is ``text``, for at most about ``budget`` seconds.

    Nothing is written but scratch copies. Raises ``UserError`` when nothing fails or the text does not parse,
    ``RunError`` when the program cannot be run.
    """
    started = time.monotonic()
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise SourceError(f"{file} does not parse: {error}.") from error
    job = _job(file, text, specification, python)
    workers = [Worker(job) for _ in range(WORKERS)]
    try:
        baseline = _baseline(workers, specification, job)
        scores = {suspect.line: suspect.score for suspect in baseline.suspects}
        found = generate(text, scores, scores.keys(), likelier(baseline.said.values()))

        def weight(one: Candidate) -> float:
            return one.prior * (0.25 + scores.get(one.line, 0.0))

        def guided() -> list[Candidate]:
            guide = Guide(workers, baseline.failing, baseline.passing, baseline.quick)
            return guide.run(holes(text, scores, scores.keys()), time.monotonic() + budget * GUIDED)

        screen = Screen(workers, baseline.order, baseline.failing, baseline.quick, baseline.seconds, weight)
        survivors = screen.run(found, started + budget * 0.85, progress, guided)
        ground = Ground(
            job, baseline.checks, baseline.failing, baseline.passing, baseline.calls, baseline.seconds
        )
        fixes, notes = verified(ground, survivors, baseline.said, weight)
        notes = (*_copied(workers), *baseline.notes, *notes)
    finally:
        for worker in workers:
            worker.close()
    status = Status.NONE
    if fixes:
        status = Status.VERIFIED if fixes[0].verified else Status.PLAUSIBLE
    return Outcome(
        status, fixes, screen.tried, time.monotonic() - started, baseline.suspects, notes, baseline.signals
    )


def _copied(workers: Sequence[Worker]) -> tuple[str, ...]:
    return (
        ()
        if workers[0].whole
        else ("The folder is large: only a part of it was copied to run candidates in.",)
    )


def _job(file: Path, text: str, specification: Specification, python: str) -> Job:
    test = specification.test.partition("::")[0]
    path = Path(test) if test else None
    if path is not None and not path.is_file():
        raise TargetError(f"There is no test file {path}.")
    where = scratch.place(file, path)
    nodes = (str(path.resolve().relative_to(where.root)),) if path is not None else ()
    return Job(where, text, (*specification.targets, *specification.others), nodes, python)


def _baseline(workers: Sequence[Worker], specification: Specification, job: Job) -> Baseline:
    """Run all checks on the file as it stands, twice. Raises ``TargetError`` when nothing fails."""
    longest = max(
        FIRST_SECONDS[CheckKind.TEST if job.nodes else check.kind] for check in job.checks or (_TEST,)
    )
    with ThreadPoolExecutor(len(workers)) as pool:
        runs = list(pool.map(lambda worker: worker.trace(longest), workers))
    tests = tuple(Check(CheckKind.TEST, node) for node in workers[0].nodes)
    checks = (*job.checks, *tests)
    first = runs[0]
    flaky = [n for n in range(len(checks)) if len({run[n]["ok"] for run in runs}) > 1]
    wanted = list(range(len(specification.targets))) + _wanted(specification, workers[0].nodes, job)
    failing = [n for n in wanted if n not in flaky and not first[n]["ok"]]
    if not failing:
        _refuse(wanted, flaky, checks)
    passing = [n for n in range(len(checks)) if n not in flaky and first[n]["ok"]]
    every = range(1, job.text.count("\n") + 2)  # a run that ended its process left no lines
    ran = [(bool(first[n]["ok"]), first[n]["lines"] or every) for n in (*failing, *passing)]
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
        _seconds([first[n]["seconds"] for n in passing], longest, bool(job.nodes)),
        tuple(f"{checks[n].call} is flaky and was left out." for n in flaky),
    )


_TEST = Check(CheckKind.TEST, "")


def _wanted(specification: Specification, nodes: Sequence[str], job: Job) -> list[int]:
    """The indices of the tests that must pass. Raises ``TargetError``."""
    if not specification.test:
        return []
    _, separator, inside = specification.test.partition("::")
    path = Path(job.nodes[0]).as_posix()
    found = matching(nodes, f"{path}{separator}{inside}")
    if not found:
        raise TargetError(
            f"pytest does not collect {specification.test}.", f"It has: {', '.join(nodes[:5])}."
        )
    return [len(job.checks) + n for n in found]


def _refuse(wanted: Sequence[int], flaky: Sequence[int], checks: Sequence[Check]) -> None:
    if any(n in flaky for n in wanted):
        raise RunError(f"{checks[flaky[0]].call} is flaky: it passes and fails on the same code.")
    raise TargetError(
        "Nothing fails, so there is nothing to repair.", "Give a call and the value it should have."
    )


def _seconds(passing: Sequence[float], longest: float, tests: bool) -> float:
    """Processor seconds that a candidate's check may take."""
    if not passing:
        return min(longest, 1.0 if tests else 0.1)
    return min(longest, max(0.3 if tests else 0.0, LEAST_SECONDS + SLACK * max(passing)))


def _quick(passing: Sequence[float], tests: bool) -> float:
    if tests:
        return 10.0  # their time is mostly that of pytest
    return QUICK_SECONDS + QUICK_SLACK * max(passing, default=0.002)


def _calls(
    checks: Sequence[Check], failing: Sequence[int], passing: Sequence[int], runs: Sequence[dict[str, Any]]
) -> list[str]:
    """Known inputs: those of the specification, and what passing runs called, theirs last."""
    named = [text for n in (*failing, *passing) for text in example_calls(checks[n])]
    noted = [text for n in passing if checks[n].kind is not CheckKind.CALL for text in runs[n]["calls"]]
    first = [runs[n]["calls"][0] for n in failing if checks[n].kind is CheckKind.TEST and runs[n]["calls"]]
    return list(dict.fromkeys([*named, *first, *noted]))
