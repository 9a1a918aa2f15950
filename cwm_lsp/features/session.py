"""Documents and what came of commands on them; results live exactly as long as their text stands.

The work itself is done by :class:`Engines`, so that nothing here knows a debugger or a model.
All methods belong to one event loop; waiting ones let other requests be answered meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from cwm_lsp.errors import SourceError, TargetError, UserError
from cwm_lsp.features import supposing
from cwm_lsp.features.calls import halves
from cwm_lsp.features.claims import Claim, Failure, claims, failures
from cwm_lsp.features.foresight import Branch, Foresight
from cwm_lsp.features.repairs import Plan, Repaired, Wish, plan
from cwm_lsp.features.results import Call, Compared, Predicted, Recorded, Result
from cwm_lsp.features.runnables import Runnable, runnables
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.states import Stop
from cwm_lsp.features.supposing import Changes, Supposed
from cwm_lsp.features.unparsed import unparsed
from cwm_lsp.predict.standing import Standing
from cwm_lsp.record.source import read_source
from cwm_lsp.repair.model import Outcome
from cwm_lsp.trace.model import SourceFile, Trace
from cwm_lsp.trace.statements import parse

RESULTS_PER_DOCUMENT = 16

T = TypeVar("T")

Report = Callable[[str, float | None], None]
"""Progress: what is being done, and how much of it is (0 to 1, ``None`` where that is not known)."""


Grown = Callable[[Callable[[], Trace]], None]
"""Given, a few times a second while a run grows, what makes the run so far (not normalised)."""


class Watch(Protocol):
    """Told how a run goes on, for whoever looks at it meanwhile."""

    def take(self, latest: Callable[[], Trace]) -> None:
        """The run has grown: see :data:`Grown`."""
        ...

    def ran(self, result: Recorded) -> None:
        """The run is over, and the model is asked about it."""
        ...


class Engines(Protocol):
    """What can run and predict. Each method waits without blocking the loop and can be cancelled."""

    async def record(
        self, source: SourceFile, call: Call, report: Report, grown: Grown | None = None
    ) -> Trace:
        """Run ``call`` for real; the trace is normalised. Raises :class:`UserError` or :class:`RunError`."""
        ...

    async def predict(self, source: SourceFile, call: Call, report: Report) -> Predicted:
        """Let the model say what ``call`` would do; nothing is run. Raises :class:`BackendError` too."""
        ...

    async def compare(self, trace: Trace, call: Call, report: Report) -> Compared:
        """Hold a recorded run against what the model says at every step. Raises :class:`BackendError`."""
        ...

    async def what_if(
        self, standing: Standing, branches: Sequence[Changes], report: Report
    ) -> tuple[Foresight, tuple[Branch, ...]]:
        """The future as it stands, and with values changed; nothing is run. Raises :class:`BackendError`."""
        ...

    async def repair(self, wanted: Plan, budget: float, report: Report) -> Outcome:
        """Search edits that make a specification hold, for about ``budget`` seconds; each is run first.

        Raises :class:`UserError` when nothing fails, :class:`RunError` when the program cannot be run.
        """
        ...


class Session:
    """The open documents of one editor, and their results.

    ``engines`` gives what does the work, as the settings have it now, and may raise a :class:`CwmError`.
    ``trusted`` says that code in the documents may be run.
    """

    def __init__(self, engines: Callable[[], Engines], *, trusted: bool = True) -> None:
        self._engines = engines
        self.trusted = trusted
        self._documents: dict[str, Snapshot] = {}
        self._results: dict[str, dict[str, Result]] = {}
        self._repaired: dict[str, Repaired] = {}
        self._working: dict[str, set[asyncio.Future[Any]]] = {}

    # --- documents ---

    def show(self, snapshot: Snapshot) -> bool:
        """Take the current text of a document; whether results of another text were dropped.

        Work on another text ends.
        """
        held = self._documents.get(snapshot.uri)
        self._documents[snapshot.uri] = snapshot
        if held is None or held.digest == snapshot.digest:
            return False
        self._end_work(snapshot.uri)
        return bool(self._results.pop(snapshot.uri, {}))

    def close(self, uri: str) -> None:
        """Forget a document and its results, and end work on it."""
        self._documents.pop(uri, None)
        self._end_work(uri)
        self._results.pop(uri, None)
        self._repaired.pop(uri, None)

    def snapshot(self, uri: str) -> Snapshot:
        """The current text of an open document. Raises :class:`TargetError` for any other."""
        try:
            return self._documents[uri]
        except KeyError:
            raise TargetError(f"{uri} is not open in the editor.", "Open it first.") from None

    def find(self, uri: str) -> Snapshot | None:
        """The current text of a document, ``None`` if it is not open."""
        return self._documents.get(uri)

    @property
    def uris(self) -> tuple[str, ...]:
        """The open documents."""
        return tuple(self._documents)

    # --- results ---

    def results(self, uri: str) -> tuple[Result, ...]:
        """What came of the commands on a document's present text, the latest last."""
        return tuple(self._results.get(uri, {}).values())

    def clear(self, uri: str | None = None) -> tuple[str, ...]:
        """Drop the results of one document or of all; the documents that had some."""
        cleared = tuple(self._results) if uri is None else (uri,) if uri in self._results else ()
        for one in cleared:
            del self._results[one]
        return cleared

    def runnables(self, uri: str, tests: tuple[SourceFile, ...] = ()) -> tuple[Runnable, ...]:
        """The calls that can be run in a document: from its text, from ``tests``, from earlier runs."""
        runs = [result.trace for result in self.results(uri) if not isinstance(result, Predicted)]
        return runnables(self.snapshot(uri).source, tests, runs)

    def stops(self, uri: str, line: int) -> tuple[tuple[Result, Stop], ...]:
        """The visits of a 1-based line in all results, those of the latest first."""
        return tuple((result, stop) for result in reversed(self.results(uri)) for stop in result.stops(line))

    def focus(self, uri: str, call: str, step: int | None) -> None:
        """Look at a step of a result; ``None``: at what it shows by itself. Raises :class:`TargetError`."""
        held = self._results.get(uri, {})
        found = next((name for name, result in held.items() if str(result.call) == call), None)
        if found is None:
            raise TargetError(f"{call} has no result in this document.", "Run or predict it first.")
        held[found] = replace(held[found], focus=step)

    # --- what must hold ---

    def claims(self, uri: str) -> tuple[Claim, ...]:
        """What a document's present text says must hold."""
        return claims(self.snapshot(uri).source)

    def failures(self, uri: str) -> tuple[Failure, ...]:
        """What the runs of a document's present text say against it."""
        results = self.results(uri)
        return failures(self.snapshot(uri).source, self.claims(uri), results) if results else ()

    def repaired(self, uri: str) -> Repaired | None:
        """The latest fixes found for a document's present text."""
        found, now = self._repaired.get(uri), self._documents.get(uri)
        stands = found is not None and now is not None and found.source.text == now.source.text
        return found if stands else None

    def at(self, path: str) -> Snapshot | None:
        """The open document of a file."""
        return next((one for one in self._documents.values() if one.source.path == path), None)

    # --- commands ---

    async def record(self, uri: str, call: Call, report: Report, watch: Watch | None = None) -> Result:
        """Run a call and keep what was observed."""
        snapshot = await self._runnable(uri)
        grown = watch.take if watch is not None else None
        call = _whole(call, snapshot)
        running = self._engines().record(snapshot.source, call, report, grown)
        trace = await self._while_unchanged(running, snapshot)
        return self._keep(snapshot, Recorded(call, trace))

    async def predict(self, uri: str, call: Call, report: Report) -> Result:
        """Predict a call without running it."""
        snapshot = self._parsed(uri)
        call = _whole(call, snapshot)
        asking = self._engines().predict(snapshot.source, call, report)
        return self._keep(snapshot, await self._while_unchanged(asking, snapshot))

    async def compare(self, uri: str, call: Call, report: Report, watch: Watch | None = None) -> Result:
        """Run a call and hold it against what the model says."""
        snapshot = await self._runnable(uri)
        grown = watch.take if watch is not None else None
        call = _whole(call, snapshot)
        running = self._engines().record(snapshot.source, call, report, grown)
        trace = await self._while_unchanged(running, snapshot)
        ran = Recorded(call, trace)
        self._keep(snapshot, ran)
        if watch is not None:
            watch.ran(ran)
        asking = self._engines().compare(trace, call, report)
        return self._keep(snapshot, await self._while_unchanged(asking, snapshot))

    async def what_if(
        self, uri: str, line: int, branches: object, values: Mapping[str, str] | None, report: Report
    ) -> tuple[Supposed, ...]:
        """The futures before a 1-based line with other values, the unchanged one first; nothing is run.

        ``values`` are those of a program that is stopped there; without them it is the run that the
        document shows. ``branches`` come from a client. Raises :class:`ArgumentsError` too.
        """
        snapshot = self._parsed(uri)
        if values is None:
            standing = await asyncio.to_thread(supposing.in_results, self.results(uri), line)
        else:
            standing = supposing.in_program(snapshot.source, line, values)
        wanted = supposing.changes(branches, standing.locals)
        asking = self._engines().what_if(standing, wanted, report)
        return supposing.futures(*await self._while_unchanged(asking, snapshot))

    async def repair(self, uri: str, wish: Wish, budget: float, report: Report) -> Repaired:
        """Search edits that make ``wish`` come true, and keep them. Nothing is written."""
        snapshot = await self._runnable(uri)
        wanted = await asyncio.to_thread(plan, wish, snapshot.source)
        target = self.at(wanted.source.path)
        texts = [snapshot]
        if target is not None and target is not snapshot:
            texts.append(await self._runnable(target.uri))
        outcome = await self._while_unchanged(self._engines().repair(wanted, budget, report), *texts)
        found = Repaired(wish, wanted.source, outcome)
        now = self.at(wanted.source.path)
        if now is not None:
            if now.source.text != wanted.source.text:
                raise _changed(now)
            self._repaired[now.uri] = found
        return found

    def require_trust(self) -> None:
        """Raise ``UserError`` where the editor does not trust the workspace."""
        if not self.trusted:
            raise UserError(
                "This workspace is not trusted, so nothing in it is run.", "Trust it in the editor first."
            )

    async def _runnable(self, uri: str) -> Snapshot:
        """A document that may be run, and that is on disk what it is in the editor."""
        self.require_trust()
        snapshot = self._parsed(uri)
        on_disk = await asyncio.to_thread(read_source, snapshot.source.path)
        if on_disk.digest != snapshot.digest:
            raise _unsaved(snapshot)
        return snapshot

    def _parsed(self, uri: str) -> Snapshot:
        snapshot = self.snapshot(uri)
        if parse(snapshot.source.text) is None:
            raise unparsed(snapshot.source)
        return snapshot

    async def _while_unchanged(self, work: Awaitable[T], *texts: Snapshot) -> T:
        """What comes of ``work`` on ``texts``. An edit of one ends it: raises :class:`SourceError`."""
        task = asyncio.ensure_future(work)
        for one in texts:
            self._working.setdefault(one.uri, set()).add(task)
        try:
            found = await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                raise
            self._require(texts)
            raise
        finally:
            task.cancel()
            for one in texts:
                self._working[one.uri].discard(task)
        self._require(texts)
        return found

    def _end_work(self, uri: str) -> None:
        for task in self._working.get(uri, set()):
            task.cancel()

    def _require(self, texts: Sequence[Snapshot]) -> None:
        for one in texts:
            now = self._documents.get(one.uri)
            if now is None:
                raise SourceError(f"{Path(one.source.path).name} was closed, so this was stopped.")
            if now.digest != one.digest:
                raise _changed(one)

    def _keep(self, snapshot: Snapshot, result: Result) -> Result:
        """Hold ``result`` for the text it was computed on, if that text still stands."""
        if result.trace.source.digest != snapshot.digest:
            raise _unsaved(snapshot)
        held = self._results.setdefault(snapshot.uri, {})
        held.pop(result.call.function, None)
        held[result.call.function] = result
        while len(held) > RESULTS_PER_DOCUMENT:
            del held[next(iter(held))]
        return result


def _whole(call: Call, snapshot: Snapshot) -> Call:
    """``call`` by the name of what it calls."""
    function, arguments = halves(call.function, call.arguments, snapshot.source.text)
    return replace(call, function=function, arguments=arguments)


def _changed(snapshot: Snapshot) -> SourceError:
    return SourceError(
        f"{Path(snapshot.source.path).name} was changed meanwhile, so this was stopped.", "Run it again."
    )


def _unsaved(snapshot: Snapshot) -> SourceError:
    return SourceError(f"{snapshot.source.path} is not on disk as it is in the editor.", "Save it first.")
