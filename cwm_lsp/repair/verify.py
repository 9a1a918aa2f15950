"""What survives screening, run again in fresh children and on inputs that the specification does not hold."""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue

from cwm_lsp.repair.agent.noting import LEFT_OUT
from cwm_lsp.repair.baseline import failure
from cwm_lsp.repair.child import isolation
from cwm_lsp.repair.clusters import (
    HANGS,
    Ran,
    Weight,
    chosen,
    clustered,
    distinction,
    fails,
    pardoned,
    telling,
)
from cwm_lsp.repair.heldout import emptied, held_out
from cwm_lsp.repair.job import Job, at_once
from cwm_lsp.repair.llm.propose import KIND as PROPOSED
from cwm_lsp.repair.model import Candidate, Check, CheckKind, Evidence, Fix
from cwm_lsp.repair.refuse import refusal
from cwm_lsp.repair.screen import JOINED
from cwm_lsp.repair.templates.holes import SOUGHT
from cwm_lsp.repair.text import apply, diff
from cwm_lsp.repair.workers import PATIENT, Worker

HELD_OUT = 80
"""Inputs made for one search."""

ENOUGH = 8
"""Held-out inputs that must have run for a fix to count as verified."""

LEAST_CLOCK = 1.0
"""Seconds in which held-out inputs are made, and that a fix gets for them, however late it is."""

ALONE = 2
"""Kinds of edit that must come to the same fix for it to count as verified where rivals were left untried."""

FITTED = 3
"""Failing checks, and half of all, without which what was made of values, or of two edits, is not verified.

There are so many of these that one will fit less by chance.
"""

UNLIKELY = 0.25
"""An edit less likely than that, which none of another kind comes to, needs as many as what was fitted.

Where the right edit is none of those that are tried, it is such an edit that passes.
"""

SURVIVORS = 40
"""Of the candidates that pass screening, the most likely ones that are verified."""

ALIKE = 0.75
"""Of the fixes that do the same, one is offered that is at least this share as likely as the likeliest."""

OFFERED = 3


@dataclass(frozen=True, slots=True)
class Ground:
    """What a fix is verified against. ``calls`` are known inputs; ``seconds`` bounds one check.

    ``complete``: every rival was tried. After ``until`` (of ``time.monotonic``) only the two likeliest
    survivors are still run, unless the search is over: there is a question in them. Held-out inputs of which
    the file takes more than ``clock`` seconds are left out.
    """

    job: Job
    checks: tuple[Check, ...]
    failing: tuple[int, ...]
    passing: tuple[int, ...]
    calls: tuple[str, ...]
    seconds: float
    complete: bool = True
    until: float = math.inf
    clock: float = 60.0


def verified(
    ground: Ground,
    survivors: Sequence[Candidate],
    said: Mapping[int, str],
    weight: Weight,
    workers: Sequence[Worker],
) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """The fixes to offer, best first, and notes. One cluster is verified, several are not.

    ``workers`` are those of the search: they are used again where all that ran in them ran in forks.
    """
    kept, notes = _allowed(ground, survivors)
    if not kept:
        return (), notes
    with ExitStack() as stack:
        fresh = [w if w.forks else stack.enter_context(Worker(ground.job, w)) for w in workers]
        calls = _held_out(ground, kept, fresh[0])
        held = len(calls)
        calls += [call for call in emptied(ground.calls) if call not in calls]
        known = fresh[0].results(None, calls, ground.seconds, clock=ground.clock)
        before = [one.said for one in known] if known is not None else [HANGS] * len(calls)
        calls, before = calls[: _run_of(before)], before[: _run_of(before)]
        held = min(held, len(calls))
        idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in fresh:
            idle.put(worker)

        late: list[Candidate] = []
        endless = HANGS in said.values()

        def run(candidate: Candidate) -> Ran | None:
            left = ground.until - time.monotonic()
            left = max(LEAST_CLOCK, left) if candidate in kept[:2] else left
            survivor = None
            if left > 0:
                survivor = _run(ground, candidate, calls, before[:held], idle, endless, left)
            if left <= 0 or (survivor is None and ground.job.deadline.late()):
                late.append(candidate)
            return survivor

        found = at_once(ground.job.stop, len(fresh), run, kept)
        ran = [survivor for survivor in found if survivor is not None]
    if not ran and late:
        fix = _fix(ground, [[_unrun(ground, late[0])]], 0, (), said, False, weight)
        return (fix,), (*notes, NO_TIME)
    common = min((_run_of(one.said) for one in ran), default=len(calls))
    calls, before, held = calls[:common], before[:common], min(held, common)
    ran = [chosen(range(common), one) for one in ran]
    places = telling(len(calls) - held, ran, before)
    few = pardoned(ran, before[:held])
    clean = [survivor for survivor in ran if survivor.fresh <= few]
    if ran and not clean:
        notes = (*notes, "Every fix hangs or raises on held-out inputs.")
    clusters = clustered([chosen(places, one) for one in clean or ran], weight)
    # An input that no fix gives a value for tells little.
    told = sum(any(not fails(one.said[n]) for one in ran) for n in range(held))
    wanted = any(_says_what(ground.checks[n]) for n in ground.failing)
    alone = len(clusters) == 1 and bool(clean)
    doubt = _doubt(ground, clusters[0], len(late), told, held) if alone or (clean and not told) else ""
    sure = alone and wanted and not doubt
    notes = (*notes, doubt) if doubt else notes
    offered = range(min(OFFERED, len(clusters)))
    told_apart = [calls[n] for n in places]
    fixes = tuple(_fix(ground, clusters, n, told_apart, said, sure, weight) for n in offered)
    return fixes, notes


def _run_of(said: Sequence[str]) -> int:
    """How many of the inputs there was time for; none where these are too few to tell much."""
    run = next((n for n, text in enumerate(said) if text == LEFT_OUT), len(said))
    return run if run == len(said) or run >= ENOUGH else 0


MADE = 0.3
"""Of the time that is left, how long held-out inputs are made."""

BESIDE = 0.2
"""Of the held-out inputs, those for what the fixes do not touch."""


def _held_out(ground: Ground, kept: Sequence[Candidate], worker: Worker) -> list[str]:
    """Inputs that nobody wrote down, most of them for the functions that the candidates change."""
    until = time.monotonic() + max(LEAST_CLOCK, MADE * (ground.until - time.monotonic()))
    functions = _changed(ground.job.text, kept)
    known = worker.results(None, ground.calls, ground.seconds, functions, ground.clock) if functions else None
    if known is None:
        return held_out(ground.calls, HELD_OUT, until=until)
    within = [call for call, one in zip(ground.calls, known, strict=True) if one.reached]
    beside = [call for call in ground.calls if call not in within]
    others = held_out(beside, int(HELD_OUT * BESIDE) if within else HELD_OUT, until=until)
    return [*held_out(within, HELD_OUT - len(others), until=until), *others]


def _changed(text: str, kept: Sequence[Candidate]) -> set[int]:
    """The first lines of the functions that candidates change; none where one changes more than functions."""
    found: set[int] = set()
    functions = [
        n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    for candidate in kept:
        around = [one for one in functions if one.lineno <= candidate.line <= (one.end_lineno or 0)]
        if not around:
            return set()
        inner = max(around, key=lambda one: one.lineno)
        found.add(min([inner.lineno, *(mark.lineno for mark in inner.decorator_list)]))
    return found


def _doubt(ground: Ground, cluster: Sequence[Ran], late: int, told: int, held: int) -> str:
    """Why the only thing that fixes come to may not be right all the same, "" if nothing says so.

    ``late``: fixes that were not run to the end; ``told``: of ``held`` held-out inputs those for which some
    fix gives a value.
    """
    if told < ENOUGH:
        made = f"Only {told} held-out inputs that give a value could" if told else "No held-out inputs could"
        if held >= ENOUGH and not told:
            what = cluster[0].said[0].partition(":")[0]
            return f"All {held} held-out inputs fail, as in: {what}. None tells whether a fix is right."
        return f"{made} be made and run in time: too few to call a fix verified."
    given = {text for text in cluster[0].said if not fails(text)}
    if len(given) < 2:
        return (
            f"All held-out inputs give {''.join(given)[:40] or 'nothing'}: too little to call a fix verified."
        )
    if late:
        return f"There was no time to run {late} more fixes to the end: give a larger --budget."
    kinds = {one.candidate.kind for one in cluster} - SOUGHT
    few = len(ground.failing) < FITTED or len(ground.failing) + len(ground.passing) < FITTED * 2
    if few and all(JOINED in kind for kind in kinds):
        return "It is made to fit the few checks that there are: give more to call it verified."
    likeliest = max(one.candidate.prior for one in cluster)
    if few and len(kinds) < ALONE and likeliest < UNLIKELY and PROPOSED not in kinds:
        return "It is an unlikely edit, and few checks fail: give more to call it verified."
    # What a language model proposes is no edit among thousands: it is not there by chance.
    if not ground.complete and len(kinds) < ALONE and PROPOSED not in kinds:
        return "There was no time to try what else it could be: give a larger --budget."
    return ""


NO_TIME = "There was no time to run the fix once more, and on other inputs: give a larger --budget."


def _unrun(ground: Ground, candidate: Candidate) -> Ran:
    """What is known of a survivor for which there was no time: that it passed once."""
    return Ran(candidate, apply(ground.job.text, candidate.edits), (), (), 0, isolation())


def _says_what(check: Check) -> bool:
    """Whether a check says more than that nothing must be raised."""
    if check.kind is CheckKind.RUN:
        return bool(check.text)
    return check.kind is not CheckKind.CALL or check.expect is not None or bool(check.raises)


def _allowed(ground: Ground, survivors: Sequence[Candidate]) -> tuple[list[Candidate], tuple[str, ...]]:
    """Survivors that no rule refuses, each syntax tree once."""
    kept: dict[str, Candidate] = {}
    refused: dict[str, int] = {}
    checks = [ground.checks[n] for n in ground.failing]
    for candidate in survivors:
        text = apply(ground.job.text, candidate.edits)
        reason = refusal(ground.job.text, text, checks)
        if reason:
            refused[reason] = refused.get(reason, 0) + 1
        else:
            kept.setdefault(ast.dump(ast.parse(text)), candidate)
    notes = tuple(f"Refused {count}: {reason}" for reason, count in refused.items())
    return list(kept.values())[:SURVIVORS], notes


def _run(
    ground: Ground,
    candidate: Candidate,
    calls: Sequence[str],
    before: Sequence[str],
    idle: SimpleQueue[Worker],
    endless: bool,
    clock: float,
) -> Ran | None:
    """A survivor in a child of its own; ``None`` when it does not survive there.

    ``before``: what the file as it stands gives for the first ``calls``; the others do not speak against a
    fix. An input on which the file as it stands goes on for ever does so only where that is what is to be
    mended (``endless``): elsewhere the input is large. After ``clock`` seconds inputs are left out.
    """
    order = (*ground.failing, *ground.passing)
    worker = idle.get()
    try:
        if not worker.forks:
            worker.end()  # what ran there before leaves no process behind
        tried = list(worker.attempt([candidate], order, ground.seconds * 2, PATIENT, formal=True))
        if not tried or len(tried[0].passed) < len(order):
            return None
        said = worker.results(candidate, calls, ground.seconds, clock=clock)
    finally:
        idle.put(worker)
    if said is None:
        return None
    fresh = sum(
        (now.said == HANGS and (endless or then != HANGS))
        or (fails(now.said) and not now.refused and not fails(then))
        for now, then in zip(said, before, strict=False)
    )
    text = apply(ground.job.text, candidate.edits)
    texts, refused = tuple(one.said for one in said), tuple(one.refused for one in said)
    return Ran(candidate, text, texts, refused, fresh, worker.isolation)


def _fix(
    ground: Ground,
    clusters: Sequence[Sequence[Ran]],
    n: int,
    calls: Sequence[str],
    said: Mapping[int, str],
    sure: bool,
    weight: Weight,
) -> Fix:
    # All do the same: of those that are about as likely as the likeliest the one is offered that adds least.
    least = ALIKE * max(weight(one.candidate) for one in clusters[n])
    near = [one for one in clusters[n] if weight(one.candidate) >= least]
    best = min(near, key=lambda one: max(0, len(one.text) - len(ground.job.text)))
    told_apart = [distinction(best, other[0], calls) for m, other in enumerate(clusters) if m != n]
    failed = tuple(failure(ground.checks[at], text) for at, text in said.items())
    evidence = Evidence(
        failed=failed,
        passed=len(ground.failing) + len(ground.passing),
        held_out=len(calls),
        agreeing=len(clusters[n]),
        rivals=len(clusters) - 1,
        isolation=best.isolation,
        distinctions=tuple(one for one in told_apart[:OFFERED] if one is not None),
        notes=(f"Hangs or raises on {best.fresh} held-out inputs.",) if best.fresh else (),
    )
    place = ground.job.place
    shown = diff(ground.job.text, best.text, place.shown, place.newline)
    return Fix(best.candidate, best.text, shown, sure, evidence)
