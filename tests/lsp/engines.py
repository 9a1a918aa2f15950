"""Engines for tests of the shell: real recordings in this process, and a model with given beliefs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from cwm_lsp.align.compare import compare
from cwm_lsp.cli.viewer import PageViewer
from cwm_lsp.errors import ModelCrashed
from cwm_lsp.features.foresight import Branch, Foresight
from cwm_lsp.features.repairs import Plan
from cwm_lsp.features.results import Call, Compared, Predicted
from cwm_lsp.features.session import Engines, Grown, Report
from cwm_lsp.features.supposing import Changes
from cwm_lsp.lsp.server import Services
from cwm_lsp.predict import entry_trace
from cwm_lsp.predict.standing import Standing
from cwm_lsp.repair.model import Outcome
from cwm_lsp.repair.search import repair as search
from cwm_lsp.trace.model import SourceFile, Trace
from cwm_lsp.web.server import Pages
from tests.features.world import THRESHOLD, Beliefs, forced, run


@dataclass
class BelievingEngines:
    """Records for real; predicts the truth but for ``beliefs``. While ``held`` is set, work waits for it.

    ``asked`` is what a comparison alone waits for, as one that takes the model long. ``started`` is set when
    work has begun; ``broken`` makes the model fail.
    """

    beliefs: Beliefs = field(default_factory=dict)
    held: asyncio.Event | None = None
    asked: asyncio.Event | None = None
    broken: bool = False
    started: asyncio.Event = field(default_factory=asyncio.Event)
    ran: list[Call] = field(default_factory=list)
    repaired: list[Plan] = field(default_factory=list)
    settings: Mapping[str, object] = field(default_factory=dict)

    async def record(
        self, source: SourceFile, call: Call, report: Report, grown: Grown | None = None
    ) -> Trace:
        """Run the call in this process."""
        self.ran.append(call)
        await self._wait(report)
        return run(source.text, str(call), source.path)

    async def predict(self, source: SourceFile, call: Call, report: Report) -> Predicted:
        """The truth, said as a free prediction."""
        start = entry_trace(source, call.function, call.arguments)
        await self._wait(report)
        steps = forced(run(source.text, str(call), source.path), self.beliefs)
        return Predicted(call, start, steps, (), True, THRESHOLD, "beliefs")

    async def compare(self, trace: Trace, call: Call, report: Report) -> Compared:
        """The run beside the beliefs."""
        if self.broken:
            raise ModelCrashed("The model host has died.", "Run it again to start another.")
        if self.asked is not None:
            await self.asked.wait()
        return Compared(
            call, compare(trace, forced(trace, self.beliefs), threshold=THRESHOLD, model="beliefs")
        )

    async def what_if(
        self, standing: Standing, branches: Sequence[Changes], report: Report
    ) -> tuple[Foresight, tuple[Branch, ...]]:
        """Beliefs are about steps of whole runs: nothing is said of what comes after a standing."""
        await self._wait(report)
        changed = [replace(standing, locals={**standing.locals, **one}) for one in branches]
        base, *others = (
            Foresight(one, (), THRESHOLD, "beliefs", "No belief.") for one in (standing, *changed)
        )
        return base, tuple(Branch(one, ahead, None) for one, ahead in zip(branches, others, strict=True))

    async def repair(self, wanted: Plan, budget: float, report: Report) -> Outcome:
        """The real search, under this interpreter."""
        self.repaired.append(wanted)
        await self._wait(report)
        path = Path(wanted.source.path)
        return await asyncio.to_thread(
            search, path, wanted.source.text, wanted.specification, python=sys.executable, budget=budget
        )

    async def _wait(self, report: Report) -> None:
        report("working", 0.5)
        self.started.set()
        if self.held is not None:
            await self.held.wait()


def services(engines: BelievingEngines) -> Services:
    """Services that give the same engines whatever the settings, which are noted."""

    def build(settings: Mapping[str, object], trusted: bool) -> Engines:
        engines.settings = settings
        return engines

    async def debug_port(settings: Mapping[str, object], trusted: bool) -> tuple[str, int, str]:
        return "127.0.0.1", 4711, "token"

    return Services(build, PageViewer(Pages()), debug_port)
