"""Whether a model's surprise says where a bug is: ``python -m tests.repair.surprised SET [STEP] [FIRST]``.

``SET`` as in :mod:`tests.repair.measure`, but only bugs whose specification is made of calls. Of every
``STEP``-th from ``FIRST`` failing calls are recorded and scored by the model of this machine; lines are
ranked by spectrum, by slice, by surprise, by the first two together and by all three. ``docs/repair.md``
quotes it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from cwm_lsp.align.model import Agreement, ComparedStep, ComparedValue
from cwm_lsp.cli import engines
from cwm_lsp.cli.foresee import called
from cwm_lsp.cli.model import Model, opened
from cwm_lsp.config import Settings
from cwm_lsp.errors import CwmError
from cwm_lsp.record import FunctionTarget, Limits, Options, record
from cwm_lsp.repair.baseline import Baseline, baseline, job_for
from cwm_lsp.repair.model import Suspect
from cwm_lsp.repair.workers import Worker
from cwm_lsp.trace.normalise import normalise
from tests.bench.registry import machine
from tests.repair.measure import _bugs, _share, _within
from tests.repair.seeded import Bug

CALLS = 2
"""Failing calls that are scored."""

WEIGHTS = (0.15, 0.3, 0.6)
"""How much surprise may count beside the other two where all three are put together."""


async def surprises(model: Model, file: Path, calls: Sequence[str]) -> dict[int, float]:
    """By line, the most that what it did surprised the model in the runs of some calls, 0 to 1."""
    found: dict[int, float] = {}
    for text in calls:
        call = called(text)
        if call is None:
            continue
        target = FunctionTarget(str(file), call.function, call.arguments)
        limits = Limits(events=400, bytes=1 << 20, depth=50, seconds=10.0)
        trace = await record(target, Options(interpreter=sys.executable, limits=limits))
        comparison, _ = await engines.score(model, normalise(trace))
        for step in comparison.steps:
            found[step.wrote] = max(found.get(step.wrote, 0.0), surprise(step))
    return found


def surprise(step: ComparedStep) -> float:
    """How sure the model was of something else than what a step wrote, or how unsure of it."""
    flow = step.flow
    every = [_of(flow.agreement, flow.probability)]
    every += [_of_value(one) for one in step.values if one.changed]
    return max([*every, *([_of_value(step.result)] if step.result is not None else [])])


def _of_value(one: ComparedValue) -> float:
    return _of(one.agreement, one.predicted.probability) if one.predicted is not None else 0.0


def _of(agreement: Agreement, probability: float) -> float:
    if agreement in (Agreement.AGREES, Agreement.WITHHELD):
        return 1.0 - probability
    return 0.0 if agreement is Agreement.UNCOMPARED else probability


def ranked(scores: Mapping[int, float]) -> list[Suspect]:
    """Lines by their scores, later ones first among equals, as the spectrum has it."""
    return [Suspect(line, scores[line]) for line in sorted(scores, key=lambda one: (-scores[one], -one))]


def rankings(known: Baseline, surprising: Mapping[int, float]) -> dict[str, list[Suspect]]:
    """The order of lines by each signal and by them together."""
    both = {one.line: one.score for one in known.suspects}
    every = {
        f"all three, surprise {weight:.0%}": ranked(
            {
                line: score * (1.0 - weight + weight * surprising.get(line, 0.0))
                for line, score in both.items()
            }
        )
        for weight in WEIGHTS
    }
    return {
        "spectrum": list(known.signals["spectrum"]),
        "slice": list(known.signals["slice"]),
        "surprise": ranked(surprising),
        "spectrum and slice": list(known.suspects),
        **every,
    }


async def _one(model: Model, bug: Bug, place: Path, tally: Counter[str]) -> None:
    file = place / f"{bug.name}.py"
    file.write_text(bug.source, encoding="utf-8")
    specification = bug.asked(place)
    job = replace(job_for(file, bug.source, specification, sys.executable), stop=threading.Event())
    with Worker(job) as one, Worker(job) as other:
        known = await asyncio.to_thread(baseline, [one, other], specification, job)
    calls = [known.checks[n].call for n in known.failing[:CALLS]]
    surprising = await surprises(model, file, calls)
    if not surprising:
        return
    tally["bugs"] += 1
    for name, order in rankings(known, surprising).items():
        for top in (1, 3, 5):
            tally[f"{name} {top}"] += _within(order, bug, top)


async def measured(name: str, step: int, first: int) -> Counter[str]:
    """How often each signal has the line among its first 1, 3 and 5."""
    tally: Counter[str] = Counter()
    async with opened(Settings()) as model:
        with tempfile.TemporaryDirectory() as folder:
            for number, (_, bug) in enumerate(islice(_bugs(name), first, None, step)):
                place = Path(folder, str(number))
                place.mkdir()
                try:
                    assert isinstance(bug, Bug)
                    await _one(model, bug, place, tally)
                except CwmError as error:
                    tally["left out"] += 1
                    print(f"{bug.name}: {error}", file=sys.stderr, flush=True)
    return tally


def main(name: str = "seeded", step: int = 1, first: int = 0) -> None:
    """Measure and print."""
    started = time.monotonic()
    tally = asyncio.run(measured(name, step, first))
    seconds = time.monotonic() - started
    print(f"{machine()}; {name}, {tally['bugs']} bugs ({tally['left out']} left out), {seconds:.0f} s in all")
    for signal in dict.fromkeys(key.rpartition(" ")[0] for key in tally if key[-1].isdigit()):
        tops = ", ".join(f"{top}: {_share(tally[f'{signal} {top}'], tally['bugs'])}" for top in (1, 3, 5))
        print(f"line in the top, by {signal}: {tops}")


if __name__ == "__main__":
    main(*(kind(word) for kind, word in zip((str, int, int), sys.argv[1:], strict=False)))
