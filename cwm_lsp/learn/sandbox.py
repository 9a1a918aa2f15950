"""Runs of code that nobody has read, in a child process that may hang, crash or eat memory.

The child records what it is given (:mod:`cwm_lsp.record.inprocess`) and answers with JSON, never with a
pickle. It keeps serving until a run ends it; the next run then gets a fresh one. It has no standard
streams, an empty folder of its own as the working directory and, where the system can, a bound on its memory.
That protects from accidents, not from malice: code that you would not run at all does not belong here.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NoAnswer
from types import TracebackType
from typing import IO, Any, Self

from cwm_lsp.errors import CwmError, RunError
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.inprocess import trace_call
from cwm_lsp.trace import json as trace_json
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.render import RenderLimits

ROW_LIMITS = Limits(events=1000, bytes=1_000_000, seconds=3.0, depth=100)
"""How far one run is recorded."""

GRACE = 5.0
"""Seconds beyond the recording's own limit after which a child is ended: start-up, and code that blocks."""

MEMORY = 2 << 30
"""Bytes of address space that a child may have."""

RUNS_PER_CHILD = 200
"""Runs after which a child is replaced, so that what one left behind does not stay for ever."""

CPU_SECONDS = 1200
"""Processor time of one child, so that one whose parent was killed does not run for ever either."""


_OWN_GROUP: dict[str, Any] = {"start_new_session": True}
if sys.platform == "win32":
    _OWN_GROUP = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}


class Sandbox:
    """Records calls in a child process. One call at a time; use as a context manager, or close."""

    def __init__(self, limits: Limits = ROW_LIMITS, grace: float = GRACE) -> None:
        self._limits = limits
        self._patience = limits.seconds + grace
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="cwm-sandbox")
        self._process: subprocess.Popen[bytes] | None = None
        self._runs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def trace(self, source: str, call: str) -> Trace:
        """The run of ``call`` in the module ``source``, as recorded: not normalised, and maybe cut.

        Raises ``RunError`` when it fails, hangs or ends the child, whoever's fault that is.
        """
        answer = self._ask({"source": source, "call": call, "limits": self._limits})
        if "error" in answer:
            raise RunError(str(answer["error"]))
        return trace_json.from_json(answer["trace"])

    def close(self) -> None:
        """End the child and the thread that listens to it. Closing twice is allowed."""
        self._end()
        self._reader.shutdown()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        child = self._child()
        assert child.stdin is not None
        assert child.stdout is not None
        self._runs += 1
        try:
            child.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            child.stdin.flush()
            line = self._reader.submit(child.stdout.readline).result(self._patience)
            if line.endswith(b"\n"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        except NoAnswer:
            self._end()
            raise RunError(f"It did not end within {self._patience:g} seconds.") from None
        except (OSError, ValueError) as error:
            self._end()
            raise RunError(f"It broke the process that ran it: {error}.") from error
        self._end()
        raise RunError("It ended the process that ran it.")

    def _child(self) -> subprocess.Popen[bytes]:
        if self._runs >= RUNS_PER_CHILD or (self._process is not None and self._process.poll() is not None):
            self._end()
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Sets of texts then have the same order in every run.
                env={**os.environ, "PYTHONHASHSEED": "0"},
                **_OWN_GROUP,
            )
            self._runs = 0
        return self._process

    def _end(self) -> None:
        """End the child and all it started; its pipe then ends too, and with it a reader that still waits."""
        from cwm_lsp.record.client import kill_group  # the child, which imports this module, needs none of it

        process, self._process = self._process, None
        if process is None:
            return
        kill_group(process.pid)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):  # what was still to be written has no reader any more
                if pipe is not None:
                    pipe.close()


def serve() -> None:
    """The child: answer one request after another until the parent closes its end."""
    requests, answers = _channels()
    bound_memory()
    bound_time()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for line in requests:
            os.chdir(folder)
            answers.write(json.dumps(_answer(json.loads(line))).encode("ascii") + b"\n")
            answers.flush()
        os.chdir(tempfile.gettempdir())


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    limits = Limits(*request["limits"])
    limits = limits._replace(render=RenderLimits(*limits.render))
    try:
        return {"trace": trace_json.to_json(trace_call(request["source"], request["call"], limits))}
    except CwmError as error:
        return {"error": str(error)}
    except MemoryError:
        return {"error": "It needs more memory than a run may have."}


def _channels() -> tuple[IO[bytes], IO[bytes]]:
    """Our two pipes moved aside, and nothing in their place: a program must neither read nor write them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    _silence()
    return requests, answers


def _silence() -> None:
    """Connect the standard streams to nothing: a program must not write into our terminal nor wait for it."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def bound_memory() -> None:
    """Bound this process by :data:`MEMORY`, where the system has a way to."""
    _bound("RLIMIT_AS", MEMORY)


def bound_time() -> None:
    """Bound this process by :data:`CPU_SECONDS`; where the system cannot, only a run's time is bounded."""
    _bound("RLIMIT_CPU", CPU_SECONDS)


def leave_interrupts() -> None:
    """Leave Ctrl-C, which a terminal sends to every process of a command, to the parent: it ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _bound(limit: str, value: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    with contextlib.suppress(ValueError, OSError):  # a tighter bound stands already
        resource.setrlimit(getattr(resource, limit), (value, value))


if __name__ == "__main__":
    serve()
