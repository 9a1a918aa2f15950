"""Inside the user's process: read what is to be run, record it, and say how it ended."""

from __future__ import annotations

import hashlib  # before the folders of the program's count, where a file may be called so
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from platform import python_version
from time import perf_counter
from types import TracebackType
from typing import Any

from ...trace.render import RenderLimits, render
from .calls import TargetProblem
from .choose import choose
from .core import Emitter, RecordingStopped
from .limits import Limits
from .scope import Scope
from .targets import RUNNERS
from .writer import FileSink, end, header

_HERE = os.path.dirname(os.path.abspath(__file__))


_LOST = (
    "The recorder was displaced: recursion reached its limit, or the program set a trace function,"
    " after which Python before 3.12 reports nothing more."
)


class Session:
    """One recording: what a target needs to have itself recorded."""

    def __init__(self, spec: dict[str, Any]) -> None:
        limits = Limits(*spec["limits"])
        self._limits = limits._replace(render=RenderLimits(*limits.render))
        self._asked: str = spec["recorder"]
        self._scope = Scope(spec["scope"], spec["root"])
        self._sink = FileSink(spec["recording"], limits.bytes)
        self._emitter = Emitter(self._sink, self._limits)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._mute)

    def announce(self, path: str, source: bytes) -> None:
        """Say which file the entry is in and what was read from it."""
        self._scope.enter(path)
        digest = hashlib.sha256(source).hexdigest()
        self._sink.write(header(python=python_version(), path=path, digest=digest))

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what happens inside, in this thread and those it starts, and wait for the latter."""
        recorder, why = choose(self._emitter, self._scope, self._asked)
        self._sink.write(header(recorder=recorder.name, why=why))
        self._emitter.start_clock()
        began = perf_counter()
        recorder.install()
        try:
            yield
            _join_threads()
        finally:
            self._sink.write(header(seconds=perf_counter() - began))
            if recorder.lost and not self._emitter.stopped:
                self._sink.cut("displaced", _LOST)
            recorder.remove()

    def finish(self, **status: object) -> None:
        """Say how the target ended."""
        self._sink.write(end(**status))

    def _mute(self) -> None:
        """A forked child writes nothing into its parent's recording, of which it maps the same pages."""
        self._sink.muted = self._emitter.muted = True


def main(path: str) -> None:
    """Run the target described in the JSON file ``path``."""
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    sys.stdin = open(os.devnull)  # noqa: SIM115 - the program's own from now on
    _silence_stopped_threads()
    try:
        session = Session(spec)
    except OSError as error:
        sys.exit(f"Its recording cannot be written to {spec['recording']}: {error.strerror}.")
    run: Callable[[Session, dict[str, Any]], None] = RUNNERS[spec["target"]["kind"]]
    code: object = 0
    try:
        run(session, spec["target"])
        session.finish(status="done")
    except TargetProblem as problem:
        session.finish(status="problem", kind=problem.kind, message=problem.message)
        code = 2
    except RecordingStopped:
        pass
    except SystemExit as error:
        session.finish(status="exit", code=render(error.code)[0])
        code = error.code
    except BaseException as error:
        session.finish(status="raised", error=render(error)[0])
        _report(error)
        code = 1
    sys.exit(code)  # type: ignore[arg-type]


def _report(error: BaseException) -> None:
    """The traceback as Python prints it, without the frames of ours above the program's."""
    tb: TracebackType | None = error.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename.startswith((_HERE, "<frozen")):
        tb = tb.tb_next
    try:
        traceback.print_exception(type(error), error, tb)
    except (OSError, ValueError, AttributeError):  # the program closed its stderr
        return


def _join_threads() -> None:
    """Wait for the threads that Python itself would wait for at the end."""
    current = threading.current_thread()
    for thread in threading.enumerate():
        pydevd = getattr(thread, "is_pydev_daemon_thread", False)
        if thread is not current and not thread.daemon and not pydevd:
            thread.join()


def _silence_stopped_threads() -> None:
    """No traceback for a thread that we ended because a limit was reached."""
    usual = threading.excepthook

    def hook(args: threading.ExceptHookArgs, /) -> None:
        if args.exc_type is not RecordingStopped:
            usual(args)

    threading.excepthook = hook
