"""A DAP client of our own on debugpy's adapter: one request at a time, as debugpy likes it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cwm_lsp.errors import RunError
from cwm_lsp.wire.dap import Event, Malformed, Request, Response, parse, to_json
from cwm_lsp.wire.framing import Framer, frame

_CHUNK = 1 << 16
_ADAPTER = Path(__file__).with_name("adapter_boot.py")
_GOODBYE = 2.0


class DapClient:
    """Talks to one adapter. Events go to ``on_event`` in the order they come."""

    def __init__(self, process: asyncio.subprocess.Process, on_event: Callable[[Event], None]) -> None:
        self._process = process
        self._on_event = on_event
        self._seq = 0
        self._waiting: dict[int, asyncio.Future[Response]] = {}
        self._one_at_a_time = asyncio.Lock()
        self._reading = asyncio.create_task(self._read(), name="dap-client")
        self.gone = asyncio.Event()

    @classmethod
    async def start(cls, on_event: Callable[[Event], None], adapter: Sequence[str] = ()) -> DapClient:
        """Start an adapter, debugpy's own unless ``adapter`` says which, and connect to its stdio.

        Raises ``RunError``.
        """
        own_group: dict[str, Any] = {"start_new_session": True}
        if sys.platform == "win32":
            own_group = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        process = await asyncio.create_subprocess_exec(
            *(adapter or mended_adapter()),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **own_group,
        )
        return cls(process, on_event)

    async def request(self, command: str, arguments: Mapping[str, Any] | None = None) -> Response:
        """Ask and wait for the answer. Raises ``RunError`` when the adapter is gone or refuses."""
        async with self._one_at_a_time:
            answer = await self.post(command, arguments)
        return checked(answer)

    def post(self, command: str, arguments: Mapping[str, Any] | None = None) -> asyncio.Future[Response]:
        """Ask without waiting: for ``launch``, which is answered after ``configurationDone``."""
        self._seq += 1
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        if self.gone.is_set() or self._process.stdin is None:
            future.set_exception(_gone())
            return future
        self._waiting[self._seq] = future
        self._process.stdin.write(frame(to_json(Request(self._seq, command, arguments or {}))))
        return future

    async def close(self) -> None:
        """Hang up and leave nothing running."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), _GOODBYE)
        kill_session(self._process.pid)
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        framer = Framer()
        out = self._process.stdout
        try:
            while out is not None and not framer.broken and (data := await out.read(_CHUNK)):
                for message in framer.feed(data):
                    if isinstance(message, dict):
                        self._take(message)
        finally:
            self.gone.set()
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(_gone())
                    future.exception()  # seen: nobody may be waiting for it any more

    def _take(self, message: dict[str, Any]) -> None:
        match parse(message):
            case Response() as response:
                future = self._waiting.pop(response.request_seq, None)
                if future is not None and not future.done():
                    future.set_result(response)
            case Event() as event:
                self._on_event(event)
            case Request() | Malformed():
                return  # the adapter asks us nothing that we announced we could do


def mended_adapter() -> list[str]:
    """The command that starts debugpy's adapter through ``adapter_boot``. Raises ``RunError``."""
    spec = importlib.util.find_spec("debugpy")
    if spec is None or spec.origin is None:
        raise RunError("debugpy is not installed beside cwm-lsp.", "Reinstall cwm-lsp.")
    return [sys.executable, "-I", str(_ADAPTER), str(Path(spec.origin).parent.parent)]


def checked(answer: Response) -> Response:
    """The answer, or a ``RunError`` saying what debugpy objected to."""
    if not answer.success:
        raise RunError(f"debugpy refused {answer.command}: {answer.message or 'no reason given'}.")
    return answer


def _gone() -> RunError:
    return RunError("debugpy's adapter ended unexpectedly.")


def kill_group(pid: int) -> None:
    """End a process and all it started, if any of it still runs."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], capture_output=True, check=False)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def kill_session(pid: int) -> None:
    """End a process that was started in a session of its own, and all of that, in whatever group it is.

    debugpy gives the program a group of its own, and says which only once the program runs.
    """
    if sys.platform == "win32":
        kill_group(pid)
        return
    ended: set[int] = set()
    while found := {one for one in _running() if _session_of(one) == pid} - ended:
        for one in found:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)
        ended |= found


def _running() -> list[int]:
    """The numbers of all processes."""
    if os.path.isdir("/proc/self"):
        names = os.listdir("/proc")
    else:
        names = subprocess.run(
            ["ps", "-axo", "pid="], capture_output=True, text=True, check=False
        ).stdout.split()
    return [int(name) for name in names if name.isdigit()]


def _session_of(pid: int) -> int:
    """The session of a process, 0 where that cannot be told or it is gone."""
    try:
        return os.getsid(pid)
    except OSError:
        return 0
