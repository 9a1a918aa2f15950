"""One server for one connection: its documents, its options, what it publishes."""

from __future__ import annotations

import asyncio
import logging
import operator
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.protocol import default_converter
from pygls.uris import to_fs_path

from cwm_lsp import __version__
from cwm_lsp.errors import TargetError
from cwm_lsp.features import workspace as tests
from cwm_lsp.features.results import Result, Switches, placements
from cwm_lsp.features.session import Engines, Session, Watch
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.features.states import Placement
from cwm_lsp.features.supposing import Supposed
from cwm_lsp.lsp import convert
from cwm_lsp.lsp.extension import CAPABILITY, SHOULD_BE_CAPABILITY, STATES
from cwm_lsp.lsp.options import EditorOptions, Parsed
from cwm_lsp.lsp.positions import Encoding, replaced
from cwm_lsp.lsp.protocol import CwmProtocol
from cwm_lsp.trace.model import SourceFile

logger = logging.getLogger(__name__)


class Following(Watch, Protocol):
    """A page that follows a run."""

    def said(self, words: str, share: float | None) -> None:
        """How far the work is: see :data:`cwm_lsp.features.session.Report`."""
        ...


class Viewer(Protocol):
    """Shows results in a browser, one page to a ``key``. A page that is open follows ``update``."""

    async def open(self, key: str, title: str, results: tuple[Result, ...]) -> str:
        """The address of a page that shows ``results``. Raises :class:`cwm_lsp.errors.CwmError`."""
        ...

    async def open_futures(self, key: str, title: str, futures: tuple[Supposed, ...]) -> str:
        """The address of a page with the unchanged future and another beside it. Raises as :meth:`open`."""
        ...

    def recording(self, key: str, title: str) -> AbstractAsyncContextManager[Following]:
        """While a run goes on: what takes it as it grows, for the page of ``key``, even if opened late."""
        ...

    def is_recording(self, key: str) -> bool:
        """Whether a run of ``key`` goes on."""
        ...

    def update(self, key: str, results: tuple[Result, ...]) -> None:
        """Show other results on the page of ``key``, if there is one; none clear it."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the server is built on.

    ``engines`` makes the engines for an editor's settings (values for :class:`cwm_lsp.config.Settings`) and
    its trust in the workspace. It is called again when either changes, so what is heavy is kept behind it.
    It may raise :class:`cwm_lsp.errors.CwmError`, which answers the request that needed it. ``debug_port``
    gives host, port and token of a debug adapter in this process, for the same settings and trust.
    """

    engines: Callable[[Mapping[str, object], bool], Engines]
    viewer: Viewer
    debug_port: Callable[[Mapping[str, object], bool], Awaitable[tuple[str, int, str]]]


@dataclass(frozen=True, slots=True)
class _Painted:
    """Placements with what they were worked out from."""

    results: tuple[Result, ...]
    switches: Switches
    placements: tuple[Placement, ...]

    def shows(self, results: tuple[Result, ...], switches: Switches) -> bool:
        """Whether these are the placements of ``results``; by identity, since traces are large."""
        same = len(results) == len(self.results) and all(map(operator.is_, results, self.results))
        return same and switches == self.switches


class CwmServer(LanguageServer):
    """The state of one connection. Handlers get it as their first argument, ``ls``."""

    protocol: CwmProtocol

    def __init__(self, services: Services) -> None:
        super().__init__(
            "cwm-lsp",
            __version__,
            types.TextDocumentSyncKind.Incremental,
            protocol_cls=CwmProtocol,
            converter_factory=default_converter,
        )
        self.services = services
        self.options = EditorOptions()
        self.session = Session(self._current_engines)
        self._engines: Engines | None = None
        self.running: dict[int | str, asyncio.Task[Any]] = {}
        self.looking = asyncio.Lock()
        """Held by who works out lenses or actions: the text that the next is for may be past by then."""
        self._problems: list[str] = []
        self._texts: dict[str, str] = {}
        self._painted: dict[str, _Painted] = {}
        self._tests: tuple[SourceFile, ...] | None = None

    # --- options and capabilities ---

    def configure(self, options: EditorOptions) -> None:
        """Take new options; results stay, what is shown of them follows."""
        changed = (options.settings, options.trusted) != (self.options.settings, self.options.trusted)
        self.options = options
        self.session.trusted = options.trusted
        if changed:
            self._engines = None

    def _current_engines(self) -> Engines:
        """The engines for the present options, made when they are first needed."""
        if self._engines is None:
            self._engines = self.services.engines(self.options.settings, self.options.trusted)
        return self._engines

    def take_options(self, parsed: Parsed) -> None:
        """Take what an editor's settings came to; what was wrong with them waits to be told."""
        self._problems += parsed.problems
        self.configure(parsed.options)

    def tell_problems(self) -> None:
        """Show the user what was wrong with the settings, once."""
        for problem in self._problems:
            self.window_show_message(types.ShowMessageParams(types.MessageType.Warning, problem))
        self._problems.clear()

    @property
    def sends_states(self) -> bool:
        """Whether the client asked for ``cwm/states``, and so needs no inlay hints."""
        return self._announced(CAPABILITY)

    @property
    def asks_values(self) -> bool:
        """Whether the client has the command that asks the user what a call should have given."""
        return self._announced(SHOULD_BE_CAPABILITY)

    @property
    def shows_lenses(self) -> bool:
        """Whether the client has a place for code lenses, or commands of its own for what they do."""
        document = self.client_capabilities.text_document
        return self.sends_states or (document is not None and document.code_lens is not None)

    def _announced(self, name: str) -> bool:
        experimental = self.client_capabilities.experimental
        value = experimental.get(name) if isinstance(experimental, Mapping) else None
        return value is True or getattr(experimental, name, None) is True

    @property
    def encoding(self) -> Encoding:
        """The position encoding that was negotiated."""
        return Encoding(types.PositionEncodingKind(self.server_capabilities.position_encoding).value)

    @property
    def pulls_diagnostics(self) -> bool:
        """Whether the client asks for diagnostics and can be told to ask again."""
        document, workspace = self.client_capabilities.text_document, self.client_capabilities.workspace
        refresh = workspace.diagnostics if workspace is not None else None
        return bool(document and document.diagnostic and refresh and refresh.refresh_support)

    # --- documents ---

    def open_document(self, uri: str, version: int, text: str) -> None:
        """Take a document that the editor opened."""
        self._texts[uri] = text
        self._show(uri, version)

    def change_document(self, uri: str, version: int, changes: Sequence[Any]) -> None:
        """Apply an edit; values of the old text are gone before anything else is answered."""
        text = self._texts.get(uri)
        if text is None:
            logger.warning("A change of %s, which is not open", uri)
            return
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                text = replaced(
                    text,
                    (start.line, start.character),
                    (end.line, end.character),
                    change.text,
                    self.encoding,
                )
            else:
                text = change.text
        self._texts[uri] = text
        self._show(uri, version)

    def close_document(self, uri: str) -> None:
        """Forget a document and take its diagnostics back."""
        self._texts.pop(uri, None)
        self._painted.pop(uri, None)
        had = bool(self.session.results(uri))
        self.session.close(uri)
        self.services.viewer.update(self.page_key(uri), ())
        self.services.viewer.update(self._futures_key(uri), ())
        if had and not self.pulls_diagnostics:
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def _show(self, uri: str, version: int) -> None:
        path = to_fs_path(uri) or uri
        before, snapshot = (
            self.session.find(uri),
            Snapshot.of(uri, version, os.path.normpath(path), self._texts[uri]),
        )
        if before is not None and before.digest != snapshot.digest:
            self.services.viewer.update(self._futures_key(uri), ())
        dropped = self.session.show(snapshot)
        results, held = self.session.results(uri), self._painted.get(uri)
        if dropped:
            self._send(uri, ())
            self._refresh()
        elif results and held is not None and held.shows(results, self.options.switches):
            self._send(uri, held.placements)  # the same text under another version
            self._refresh()

    # --- the trace page ---

    def page_key(self, uri: str) -> str:
        """What names the page of a document: two connections have pages of their own."""
        return f"{id(self)} {uri}"

    async def view(self, uri: str) -> str:
        """Where a browser finds a document's results, or a run that goes on. Raises ``TargetError``."""
        snapshot, results = self.session.snapshot(uri), self.session.results(uri)
        if not results and not self.services.viewer.is_recording(self.page_key(uri)):
            raise TargetError(
                "There is no run of this file to show.", "Record, predict or compare a call first."
            )
        title = os.path.basename(snapshot.source.path)
        return await self.services.viewer.open(self.page_key(uri), title, results)

    async def view_futures(self, uri: str, line: int, futures: tuple[Supposed, ...]) -> str:
        """Where a browser finds the futures of a what-if, side by side. ``line`` is 1-based."""
        title = f"{os.path.basename(self.session.snapshot(uri).source.path)}, what if at line {line}"
        return await self.services.viewer.open_futures(self._futures_key(uri), title, futures)

    def _futures_key(self, uri: str) -> str:
        return f"{self.page_key(uri)} what if"

    # --- test files ---

    async def test_sources(self) -> tuple[SourceFile, ...]:
        """The test files of the workspace, read once until :meth:`forget_tests`."""
        if self._tests is None:
            roots = [Path(path) for uri in self._roots() if (path := to_fs_path(uri))]
            found = [await asyncio.to_thread(tests.test_files, root) for root in roots]
            self._tests = tuple(source for sources in found for source in sources)
        return self._tests

    def forget_tests(self) -> None:
        """Files on disk have changed: lenses may be others now."""
        self._tests = None
        self._refresh_lenses()

    def _roots(self) -> list[str]:
        folders = [folder.uri for folder in self.workspace.folders.values()]
        root = self.workspace.root_uri
        return folders or ([root] if root else [])

    # --- what is shown ---

    async def placements(self, uri: str) -> tuple[Placement, ...]:
        """What the lines of a document show, worked out beside the loop and kept until it changes."""
        results, switches = self.session.results(uri), self.options.switches
        held = self._painted.get(uri)
        if held is None or not held.shows(results, switches):
            held = _Painted(results, switches, await asyncio.to_thread(placements, results, switches))
            self._painted[uri] = held
        return held.placements

    async def publish(self, *uris: str) -> None:
        """Send all that documents show now, but for one that changes while that is worked out."""
        for uri in uris:
            snapshot = self.session.find(uri)
            found = await self.placements(uri) if snapshot is not None else ()
            if snapshot is not None and self.session.find(uri) is snapshot:
                self._send(uri, found)
        self._refresh()  # once for all: each has the client ask anew for every document

    def _send(self, uri: str, found: tuple[Placement, ...]) -> None:
        snapshot = self.session.snapshot(uri)
        results, switches = self.session.results(uri), self.options.switches
        self.services.viewer.update(self.page_key(uri), results)
        encoding = self.encoding
        if self.sends_states:
            params = convert.states(snapshot, found, results, switches, encoding)
            self.protocol.notify(STATES, params)
        if not self.pulls_diagnostics:
            items = convert.diagnostics(snapshot, results, self.session.failures(uri), switches, encoding)
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(uri, items, version=snapshot.version)
            )

    def _refresh(self) -> None:
        """Ask the client to ask again for what it fetches by itself."""
        workspace = self.client_capabilities.workspace
        if workspace is None:
            return
        if self.pulls_diagnostics:
            self.protocol.send_request(types.WORKSPACE_DIAGNOSTIC_REFRESH)
        self._refresh_lenses()
        if not self.sends_states and workspace.inlay_hint and workspace.inlay_hint.refresh_support:
            self.protocol.send_request(types.WORKSPACE_INLAY_HINT_REFRESH)

    def _refresh_lenses(self) -> None:
        workspace = self.client_capabilities.workspace
        if workspace is not None and workspace.code_lens and workspace.code_lens.refresh_support:
            self.protocol.send_request(types.WORKSPACE_CODE_LENS_REFRESH)

    def watch_tests(self) -> None:
        """Ask the client to tell when test files change outside the editor, if it can."""
        workspace = self.client_capabilities.workspace
        watching = workspace.did_change_watched_files if workspace is not None else None
        if watching is None or not watching.dynamic_registration:
            return
        watchers = [types.FileSystemWatcher(glob) for glob in ("**/test_*.py", "**/*_test.py")]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration("cwm-tests", method, options)
        self.client_register_capability(types.RegistrationParams([registration]))

    # --- progress ---

    def cancel_progress(self, token: int | str) -> None:
        """Stop the work that a progress token stands for, if it is still going on."""
        task = self.running.get(token)
        if task is not None:
            task.cancel()
