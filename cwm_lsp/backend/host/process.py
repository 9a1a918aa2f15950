"""The model host as a child process: started, asked, and buried."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import logging
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cwm_lsp
from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import Frame, FrameDecoder, FramingError, encode
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.config import Settings
from cwm_lsp.errors import ModelCrashed, ModelUnavailable

logger = logging.getLogger(__name__)

ERRORS_KEPT = 16_384
"""Bytes of the host's standard error that are kept."""

_READ = 1 << 16
_GRACE = 2.0
_LAST_WORDS = 0.2

_DETACHED: dict[str, Any]
if sys.platform == "win32":
    _DETACHED = {"creationflags": subprocess.CREATE_NO_WINDOW}
else:
    _DETACHED = {"start_new_session": True}

# Runs the very package that this process runs, and, under -P, nothing that lies in the working directory.
_BOOT = """
import sys
root = sys.argv.pop(1)
root in sys.path or sys.path.insert(0, root)
from cwm_lsp.backend.host.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class HostProcess:
    """One life of the model host. It starts with :meth:`start` and is never restarted."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Frame]] = {}
        self._hello: asyncio.Future[BackendInfo] = asyncio.get_running_loop().create_future()
        self._errors = bytearray()
        self._failure: ModelCrashed | None = None
        self._tasks = [asyncio.create_task(self._answers()), asyncio.create_task(self._complaints())]

    @classmethod
    async def start(
        cls, name: str, settings: Settings, within: float, python: str = sys.executable
    ) -> HostProcess:
        """A host, run by ``python``, that has loaded backend ``name`` in ``within`` seconds.

        Raises ``BackendError``.
        """
        root = str(Path(cwm_lsp.__file__).parents[1])
        options = json.dumps(dataclasses.asdict(settings))
        try:
            process = await asyncio.create_subprocess_exec(
                *(python, "-P", "-c", _BOOT, root, name, options),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                **_DETACHED,
            )
        except OSError as error:
            raise ModelUnavailable(f"The model host cannot be started: {error}.") from error
        host = cls(process)
        try:
            async with asyncio.timeout(within):
                await asyncio.shield(host._hello)
        except TimeoutError:
            await host.stop()
            raise ModelUnavailable(f"The model was not loaded within {within:g} s.") from None
        except BaseException:
            await host.stop()
            raise
        return host

    @property
    def info(self) -> BackendInfo:
        """Who answers, as the host said when it had loaded the model."""
        return self._hello.result()

    @property
    def failure(self) -> ModelCrashed | None:
        """Why the host is gone, or ``None`` while it lives."""
        return self._failure

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def complaints(self) -> str:
        """The last of what it wrote to its standard error."""
        return self._errors.decode(errors="backslashreplace")

    async def request(self, header: Mapping[str, Any], body: bytes, within: float) -> Frame:
        """The host's answer. A cancel is passed on and not waited for. Raises ``BackendError``."""
        if self._failure is not None:
            raise self._lost()
        number = next(self._numbers)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        self._post({"id": number, **header}, body)
        try:
            async with asyncio.timeout(within):
                frame = await answer
        except TimeoutError:
            self._fail(f"did not answer within {within:g} s and was ended")
            raise self._lost() from None
        except asyncio.CancelledError:
            self._post({"op": "cancel", "request": number})
            raise
        finally:
            self._pending.pop(number, None)
        if "error" in frame.header:
            raise messages.raised(frame.header["error"])
        return frame

    def tell(self, header: Mapping[str, Any]) -> None:
        """A request whose answer nobody waits for."""
        self._post({"id": next(self._numbers), **header})

    def _post(self, header: Mapping[str, Any], body: bytes = b"") -> None:
        stream = self._process.stdin
        if self._failure is None and stream is not None and not stream.is_closing():
            stream.write(encode(Frame(header, body)))

    async def stop(self) -> None:
        """Let it end by itself, or end it. Returns when it is gone."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_GRACE):
                await self._process.wait()
        except TimeoutError:
            self._kill()
            await self._process.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answers(self) -> None:
        assert self._process.stdout is not None
        decoder = FrameDecoder()
        try:
            while data := await self._process.stdout.read(_READ):
                for frame in decoder.feed(data):
                    self._take(frame)
        except FramingError as error:
            self._fail(f"sent what cannot be read ({error})")
            await self._process.stdout.read()
        code = await self._process.wait()
        await asyncio.wait(self._tasks[1:], timeout=_LAST_WORDS)
        self._fail(f"ended with code {code}")

    def _take(self, frame: Frame) -> None:
        header = frame.header
        if "hello" in header:
            self._hello.set_result(BackendInfo(**header["hello"]))
        elif "id" in header:
            answer = self._pending.get(header["id"])
            if answer is not None and not answer.done():
                answer.set_result(frame)
        elif not self._hello.done():
            self._hello.set_exception(messages.raised(header["error"]))

    async def _complaints(self) -> None:
        assert self._process.stderr is not None
        while data := await self._process.stderr.read(_READ):
            logger.debug("model host: %s", data.decode(errors="backslashreplace").rstrip())
            self._errors += data
            del self._errors[:-ERRORS_KEPT]

    def _fail(self, what: str) -> None:
        """The host is lost: whoever waits is told so."""
        if self._failure is not None:
            return
        last = self.complaints.strip().splitlines()[-1:]
        said = f" Its last words: {last[0]}" if last else ""
        self._failure = ModelCrashed(f"The model host {what}.{said}", "It is started again when next asked.")
        self._kill()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(self._lost())
        if not self._hello.done():
            self._hello.set_exception(self._lost())
            # Nobody may be waiting for it any more; an exception never looked at is reported as a leak.
            self._hello.exception()

    def _lost(self) -> ModelCrashed:
        """The failure, as an exception to be raised once."""
        assert self._failure is not None
        return ModelCrashed(self._failure.message, self._failure.hint)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
