"""Recording, predicting and comparing, as the editor's session asks for them and as the commands do."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import Comparison
from cwm_lsp.cli import interpreter
from cwm_lsp.cli.model import Model
from cwm_lsp.config import Loaded, Settings
from cwm_lsp.features.foresight import Branch, Foresight, what_if
from cwm_lsp.features.repairs import Plan
from cwm_lsp.features.results import Call, Compared, Predicted
from cwm_lsp.features.session import Grown, Report
from cwm_lsp.features.supposing import Changes
from cwm_lsp.predict import entry_trace
from cwm_lsp.predict.standing import Standing
from cwm_lsp.record import FunctionTarget, Limits, Options, Progress, record
from cwm_lsp.repair.model import Outcome
from cwm_lsp.trace.model import SourceFile, Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.predicted import PredictedStep

Advance = Callable[[int, int], None]
"""Called with how much is done and how much there is; 0 when that is not known."""

STEPS = 500
"""Events that a prediction without a run goes on for."""


def options(loaded: Loaded, near: Path, cwd: str = "") -> Options:
    """How to run code that lies ``near``."""
    chosen = interpreter.choose(loaded, near)
    return Options(interpreter=chosen.path, cwd=cwd, limits=limits(loaded.settings))


def limits(settings: Settings) -> Limits:
    """The bounds of a recording."""
    return Limits(
        events=settings.max_events,
        bytes=settings.max_bytes,
        depth=settings.max_depth,
        seconds=settings.max_seconds,
    )


async def run_ahead(
    model: Model, source: SourceFile, call: Call, *, steps: int = STEPS, advance: Advance | None = None
) -> Predicted:
    """What the model expects of a call; nothing is run. Raises ``UserError`` or ``BackendError``."""
    start = normalise(entry_trace(source, call.function, call.arguments))
    found = await model.ask(lambda one: one.run_ahead(start, max_events=steps, progress=advance))
    name = model.info.model
    return Predicted(call, start, found.steps, found.problems, found.finished, model.threshold, name)


async def score(
    model: Model, trace: Trace, *, advance: Advance | None = None
) -> tuple[Comparison, Sequence[PredictedStep | None]]:
    """A normalised run held against what the model said at every step. Raises ``BackendError``."""
    steps = await model.ask(lambda one: one.score(trace, progress=advance))
    comparison = await asyncio.to_thread(
        compare, trace, steps, threshold=model.threshold, model=model.info.model
    )
    return comparison, steps


@dataclass(frozen=True, slots=True)
class LocalEngines:
    """What an editor's session asks for, done on this machine."""

    loaded: Loaded
    model: Model

    async def record(
        self, source: SourceFile, call: Call, report: Report, grown: Grown | None = None
    ) -> Trace:
        """Run a call for real; the trace is normalised."""
        target = FunctionTarget(source.path, call.function, call.arguments)
        said = ""

        def tell(progress: Progress) -> None:
            nonlocal said
            words = f"{progress.stage}, {progress.events:,} events"
            if words != said:
                said = words
                report(words, None)

        near = Path(source.path).parent
        trace = await record(target, options(self.loaded, near), progress=tell, on_events=grown)
        return await asyncio.to_thread(normalise, trace)

    async def predict(self, source: SourceFile, call: Call, report: Report) -> Predicted:
        """Let the model say what a call would do."""
        found = await run_ahead(
            self.model, source, call, advance=_share(f"Predicting {call.function}", report)
        )
        self._say_who(report)
        return found

    async def compare(self, trace: Trace, call: Call, report: Report) -> Compared:
        """Hold a recorded run against what the model says at every step."""
        comparison, _ = await score(
            self.model, trace, advance=_share(f"Asking the model about {call.function}", report)
        )
        self._say_who(report)
        return Compared(call, comparison)

    async def what_if(
        self, standing: Standing, branches: Sequence[Changes], report: Report
    ) -> tuple[Foresight, tuple[Branch, ...]]:
        """Let the model say what would follow with other values."""
        report("Asking the model what would be", None)
        threshold = self.model.threshold
        found = await self.model.ask(lambda one: what_if(one, standing, threshold, branches))
        self._say_who(report)
        return found

    def _say_who(self, report: Report) -> None:
        """Say that another model stood in for the chosen one."""
        if self.model.notice:
            report(self.model.notice, None)

    async def repair(self, wanted: Plan, budget: float, report: Report) -> Outcome:
        """Search edits beside the loop; when it is cancelled, the search ends, whatever it is at."""
        from cwm_lsp.repair.search import repair as search  # the templates cost a server's start

        file = Path(wanted.source.path)
        python = interpreter.choose(self.loaded, file.parent).path
        stopped = threading.Event()

        def advance(tried: int, total: int) -> None:
            report(f"Trying fixes: {tried:,} tried", tried / total if total else None)

        try:
            return await asyncio.to_thread(
                search,
                file,
                wanted.source.text,
                wanted.specification,
                python=python,
                budget=budget,
                progress=advance,
                stop=stopped,
            )
        finally:
            stopped.set()


def _share(what: str, report: Report) -> Advance:
    def advance(done: int, total: int) -> None:
        report(what, done / total if total else None)

    return advance
