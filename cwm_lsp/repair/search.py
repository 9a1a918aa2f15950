"""From a failing specification to fixes that were run.

1. *Baseline*: every check runs on the file as it stands, three times, in two children, its lines watched. One
   that changes its mind is flaky and counts for nothing.
2. *Candidates* from the templates, ranked by how likely the edit is and how suspicious its line,
   made from the moment that the search begins.
3. *Screening*: two children run them, each candidate up to its first failing check.
4. *Verification*: what survives runs again in a fresh child, and on held-out inputs beside the original.
5. Survivors that do the same on all held-out inputs are one cluster. One is verified; several are plausible.
"""

from __future__ import annotations

import ast
import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from threading import Event

from cwm_lsp.repair.agent.checks import GIVEN
from cwm_lsp.repair.asked import flaky
from cwm_lsp.repair.baseline import REFUSED, Baseline, baseline, job_for
from cwm_lsp.repair.change import first_change
from cwm_lsp.repair.deadline import Deadline
from cwm_lsp.repair.guided import Guide
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.like import agreeing
from cwm_lsp.repair.llm import consult
from cwm_lsp.repair.llm.prompt import Task
from cwm_lsp.repair.model import Candidate, Check, CheckKind, Fix, Outcome, Status
from cwm_lsp.repair.screen import Screen
from cwm_lsp.repair.specification import Specification, unparsed
from cwm_lsp.repair.supply import Supply
from cwm_lsp.repair.templates.generate import Told, suspicion
from cwm_lsp.repair.templates.holes import holes
from cwm_lsp.repair.templates.symptoms import ENDLESS, likelier
from cwm_lsp.repair.templates.told import pairs
from cwm_lsp.repair.testscripts import known_scripts
from cwm_lsp.repair.typed import checked
from cwm_lsp.repair.verify import UNLIKELY, Ground, verified
from cwm_lsp.repair.workers import Worker

WORKERS = 2

GUIDED = 0.2
"""Of the time, what is spent on values that expressions would have to have."""

SEARCHED = 0.85
"""Of the time, what is spent until verification."""

HELD_OUT = 0.07
"""Of the time, how long held-out inputs are run on the file as it stands."""

LOOKS = 2
"""How often what fails is run once more as the file stands, when something makes it pass."""

LOOKS_SHARE = 0.03
"""Of the time, how long checks are begun in these runs."""

SCRIPTS = 0.07
"""Of the time, how long what tests do is run as scripts, to see which can be."""

Progress = Callable[[int, int], None]


def repair(
    file: Path,
    text: str,
    specification: Specification,
    *,
    python: str,
    budget: float = 20.0,
    progress: Progress | None = None,
    model: consult.Model | None = None,
    stop: Event | None = None,
) -> Outcome:
    """Search fixes for ``file``, whose content is ``text``, for at most about ``budget`` seconds.

    Nothing is written but scratch copies. A language model is asked only if one is given. Once ``stop`` is
    set the children end and ``Cancelled`` is raised. Raises ``UserError`` when nothing fails or the text does
    not parse, ``RunError`` when it cannot be run.
    """
    started, deadline = time.monotonic(), Deadline(budget)
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise unparsed(file, error) from error
    specification = _with_agreement(file, text, specification, python, deadline)
    stop = stop or Event()
    job = replace(job_for(file, text, specification, python), stop=stop, deadline=deadline)
    supply = Supply(text, job.stop)
    workers = [Worker(job) for _ in range(WORKERS)]
    try:
        known = baseline(workers, specification, job)
        search = _Search(job, workers, supply, known, deadline, progress)
        fixes, notes = search.run(model)
        if _reaching(known):
            fixes = tuple(replace(one, verified=False) for one in fixes)
        fixes, typed = checked(fixes, job, workers[0].work)
        found = fixes and (fixes[0].verified or fixes[0].candidate.prior >= UNLIKELY)
        beside = _beside(job) if not found else ()
        notes = (
            *_copied(workers),
            *known.notes,
            *_failures(known, fixes, deadline.span),
            *notes,
            *typed,
            *beside,
        )
    finally:
        supply.close()
        for worker in workers:
            worker.close()
    taken = time.monotonic() - started
    return Outcome(_status(fixes), fixes, search.tried, taken, known.suspects, notes, known.signals)


def _status(fixes: Sequence[Fix]) -> Status:
    if not fixes:
        return Status.NONE
    return Status.VERIFIED if fixes[0].verified else Status.PLAUSIBLE


def _gave(check: Check, said: str) -> tuple[str, str | None]:
    """What a failing check gave, and what it should; ``None`` where an assertion says both."""
    example = GIVEN.search(said)
    if example is not None and check.kind is not CheckKind.CALL:
        return example[1], example[2]
    return said, (check.expect or "") if check.kind is CheckKind.CALL else None


FEW = 40
"""Candidates that a budget should be enough for."""


def _failures(known: Baseline, fixes: Sequence[Fix], budget: float) -> Iterator[str]:
    """What goes on to fail where nothing mends it, and what keeps a search from trying much."""
    for n in known.failing if not fixes else ():
        yield f"What fails: {known.failure(n)}"
    if any(REFUSED in known.said[n] for n in known.failing):
        only = " An edit that only keeps it from that mends nothing." if fixes else ""
        yield (
            "Fixes are tried in a copy, without network and without other processes: "
            f"name a test that needs none of these.{only}"
        )
    if _slow(known, budget):
        yield (
            f"One candidate takes {known.clock:.1f} s of tests, so few can be tried: "
            "name a quicker test, or give a larger --budget."
        )


def _reaching(known: Baseline) -> bool:
    """Whether all that fails does so for what is not allowed here: it may pass in the user's own run."""
    return all(REFUSED in known.said[n] for n in known.failing)


def _beside(job: Job) -> Iterator[str]:
    """The files of the project that the file, or its test, uses, where the mistake may be as well."""
    place = job.place
    found = {place.file: place.used(job.text)}
    for node in job.nodes:
        test = place.root / node
        with contextlib.suppress(SyntaxError, ValueError):  # a text, or what pytest collects and we cannot
            found[test] = place.used_by(test, test.read_text(encoding="utf-8", errors="replace"))
    for user, used in found.items():
        names = [path.relative_to(place.root).as_posix() for path in used if path.name != "__init__.py"]
        if names:
            yield f"{user.name} uses {', '.join(names[:USED])}: the mistake may be there."


USED = 5
"""Files that a search names which found nothing."""

SLOW = 0.5
"""Seconds that a candidate may take in any case."""


def _slow(known: Baseline, budget: float) -> bool:
    """Whether candidates take so long that few can be tried."""
    return known.clock > max(SLOW, budget / FEW)


def _with_agreement(
    file: Path, text: str, specification: Specification, python: str, deadline: Deadline
) -> Specification:
    """The checks that two functions agree, among the targets."""
    if specification.like is None:
        return specification
    function, other = specification.like
    calls = [check.call for check in specification.targets if check.expect is None]
    kept = tuple(check for check in specification.targets if check.expect is not None)
    job = job_for(file, text, replace(specification, targets=(), others=()), python)
    job = replace(job, deadline=deadline)
    agreed = agreeing(job, text, function, other, calls)
    return replace(specification, targets=(*kept, *agreed))


def _copied(workers: Sequence[Worker]) -> tuple[str, ...]:
    if workers[0].whole:
        return ()
    return ("The folder is large: only a part of it was copied to run candidates in.",)


def told_by(known: Baseline) -> Told:
    """What the templates are told of how the checks did."""
    scores = {suspect.line: suspect.score for suspect in known.suspects}
    texts = pairs(_gave(known.checks[n], known.said[n]) for n in known.failing)
    said = known.said.values()
    return Told(scores, scores.keys(), likelier(said), texts, said)


@dataclass
class _Search:
    """From the baseline to fixes."""

    job: Job
    workers: Sequence[Worker]
    supply: Supply
    known: Baseline
    deadline: Deadline
    progress: Progress | None
    tried: int = 0

    def run(self, model: consult.Model | None) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
        """The fixes and what is to be said about the search."""
        consultation = self._consulted(model) if model is not None else None
        known = self.known
        screen = Screen(
            self.workers,
            known.order,
            known.failing,
            known.quick,
            known.seconds,
            self.job.stop,
            self._weight,
            known.clock,
            self.deadline.over,
        )
        span, until = self.deadline.span, self.deadline.at(SEARCHED)
        self.supply.tell(told_by(known))
        survivors = screen.run(self.supply, until, self.progress, self._guided)
        added: tuple[str, ...] = ()
        if consultation is not None and model is not None:
            found = consultation.result(model.server.timeout)
            self.deadline.extend()
            survivors = screen.more(found.candidates, self.deadline.over)
            added = consult.notes(found)
        self.tried = screen.tried
        scripts: list[str] = []
        if survivors:
            self._still_failing()
            scripts = known_scripts(self.workers[0], self.job, known, span * SCRIPTS)
        ground = Ground(
            self.job,
            known.checks,
            known.failing,
            known.passing,
            (*known.calls, *scripts),
            known.seconds,
            screen.complete,
            self.deadline.over,
            span * HELD_OUT,
        )
        fixes, notes = verified(ground, survivors, known.said, self._weight, self.workers)
        return self._followed(fixes), (*notes, *added)

    def _still_failing(self) -> None:
        """Raises ``RunError`` where what fails passes by itself when it is run again.

        A check that fails every other time may fail three times, and then hold with whatever was changed.
        """
        known = self.known
        span = self.deadline.span
        until = time.monotonic() + span * LOOKS_SHARE
        ends = [n for n in known.failing if known.said[n] != ENDLESS]
        for _ in range(LOOKS if ends and not _slow(known, span) else 0):
            again = self.workers[0].again(ends, known.seconds, until - time.monotonic())
            for n in (n for n, one in again.items() if one.ok):
                raise flaky(known.checks[n])
            if time.monotonic() > until:
                return

    def _followed(self, fixes: Sequence[Fix]) -> tuple[Fix, ...]:
        """The fixes with the first thing that each changes in the run of a failing check, if time is left."""
        known, worker = self.known, self.workers[0]
        if not fixes or self.deadline.late():
            return tuple(fixes)
        check, text = known.failing[0], self.job.text
        before = worker.history(check, None, known.seconds)
        found: list[Fix] = []
        for fix in fixes:
            after = worker.history(check, fix.candidate, known.seconds)
            if self.deadline.late():
                found.append(fix)
                continue
            change = first_change(before, after, text, fix.text)
            found.append(replace(fix, evidence=replace(fix.evidence, first_change=change)))
        return tuple(found)

    @cached_property
    def _scores(self) -> dict[int, float]:
        return {suspect.line: suspect.score for suspect in self.known.suspects}

    @cached_property
    def _suspicion(self) -> dict[int, float]:
        return suspicion(ast.parse(self.job.text), self._scores)

    def _weight(self, one: Candidate) -> float:
        return one.prior * (0.25 + self._suspicion.get(one.line, 0.0))

    def _guided(self) -> list[Candidate]:
        known = self.known
        if _slow(known, self.deadline.span):
            return []  # each hole needs many runs
        quick = min(known.quick, known.seconds)
        guide = Guide(self.workers, known.failing, known.passing, quick, self.job.stop)
        scores = self._scores
        until = min(self.deadline.at(SEARCHED), time.monotonic() + self.deadline.span * GUIDED)
        return guide.run(holes(self.job.text, scores, scores.keys()), until)

    def _consulted(self, model: consult.Model) -> consult.Consultation:
        known = self.known
        lines = [one.line for one in known.suspects[: consult.SUSPECTS]]
        noted = self.workers[0].states(known.failing[0], lines, known.seconds)
        predicted = (
            tuple(model.predict(known.checks[known.failing[0]].call, lines))
            if model.predict is not None
            else ()
        )
        task = Task(
            self.job.place.file.name,
            self.job.text,
            tuple(known.failure(n) for n in known.failing),
            tuple(known.checks[n].call for n in known.passing),
            tuple(lines),
            (*consult.states(noted), *predicted),
        )
        return consult.Consultation(model, task, self.deadline.left)
