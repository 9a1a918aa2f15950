"""Recording a call in this very process: no debugger, no isolation, thousands of runs a second.

For sandboxed workers that build training corpora. The events come from the same emitter as those of
the agent inside a debugged program, so that what a model learns from is what it will be asked about.
"""

from __future__ import annotations

import sys
import time
from builtins import dict, len  # noqa: UP029 - the recorded program may rebind them
from functools import lru_cache
from types import CodeType, ModuleType
from typing import Any

from cwm_lsp.errors import ArgumentsError, RunError, SourceError, TargetError
from cwm_lsp.record.agent.calls import Call, TargetProblem, prepare
from cwm_lsp.record.agent.core import UNWINDING, YIELDED, Activation, CodeInfo, Emitter, RecordingStopped
from cwm_lsp.record.agent.limits import Limits
from cwm_lsp.record.agent.settrace import SettraceRecorder
from cwm_lsp.trace.model import Cut, CutReason, Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.render import Rendered

_KINDS = {"C": EventKind.CALL, "L": EventKind.LINE, "R": EventKind.RETURN, "X": EventKind.EXCEPTION}
_MODULE = "cwm_traced_module"
_PER_VALUE = 16
_NO_LOCALS: dict[str, Value] = {}
_version = "{}.{}.{}".format(*sys.version_info[:3])


@lru_cache(maxsize=1 << 16)
def _value(rendered: Rendered) -> Value:
    return Value(*rendered)


class EventSink:
    """Keeps events as they come, each with the whole state of its frame."""

    def __init__(self, limits: Limits) -> None:
        self.room = limits.bytes
        self.full = ""
        self.events: list[Event] = []
        self.reason: Cut | None = None

    def code(self, info: CodeInfo) -> None:
        """Nothing to note: there is one file."""

    def event(
        self,
        kind: str,
        activation: Activation,
        line: int,
        changed: list[tuple[str, Rendered]],
        removed: tuple[str, ...],
        value: Rendered | None,
        left: int,
    ) -> None:
        """Append one event."""
        state: dict[str, Value] = activation.state or _NO_LOCALS
        if changed or removed:
            state = dict(state)
            for name in removed:
                del state[name]
            for name, rendered in changed:
                state[name] = _value(rendered)
                self.room -= len(rendered[0]) + _PER_VALUE
            activation.state = state
        self.events.append(
            Event(
                _KINDS[kind],
                line,
                activation.info.function,
                activation.depth,
                state,
                None if value is None else _value(value),
                activation.frame,
                activation.thread,
                0,
                left == UNWINDING,
                left == YIELDED,
            )
        )

    def cut(self, reason: str, message: str) -> None:
        """Remember why the recording ends."""
        self.reason = Cut(CutReason(reason), message)


def trace_call(source: str, call: str, limits: Limits, path: str = "<source>") -> Trace:
    """Run ``source`` as a module, then record ``call``, a call expression such as ``f([1, 2], 'a')``.

    An empty ``call`` records the run of the module itself, as a script.
    Only frames of that source are recorded, depth 0 being the called function. The arguments are
    evaluated before recording begins. An exception of the called function ends the trace as it would end
    the run. A limit ends it with ``cut`` by raising ``RecordingStopped``, a ``BaseException``, inside
    the program; one that catches everything and goes on must be ended from outside, by the sandbox.

    Raises ``SourceError``, ``TargetError``, ``ArgumentsError``, or ``RunError`` when the module itself fails.
    """
    code = _compiled(source, path)
    main = sys.modules["__main__"]
    module = _run_module(code, path) if call else _module(path, "__main__")
    try:
        sink = EventSink(limits)
        made = _prepared(call, module.__dict__, path) if call else Call(exec, (code, module.__dict__), {})
        seconds = _record(made, sink, limits, path)
    finally:
        sys.modules.pop(_MODULE, None)
        sys.modules["__main__"] = main
    return Trace(
        files=(SourceFile(path, source),),
        events=tuple(sink.events),
        entry=call.partition("(")[0].strip() or "<module>",
        python=_version,
        cut=sink.reason,
        recorder="inprocess",
        seconds=seconds,
    )


@lru_cache(maxsize=64)
def _compiled(source: str, path: str) -> CodeType:
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise SourceError(f"{path} does not parse: {error}.") from error


def _run_module(code: CodeType, path: str) -> ModuleType:
    module = _module(path)
    try:
        exec(code, module.__dict__)
    except BaseException as error:
        sys.modules.pop(_MODULE, None)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise RunError(f"{path} could not be run: {type(error).__name__}: {error}.") from error
    return module


def _module(path: str, name: str = _MODULE) -> ModuleType:
    module = ModuleType(name)
    module.__dict__["__file__"] = path
    sys.modules[name] = module  # where the module of a class is looked up
    return module


def _prepared(call: str, names: dict[str, Any], path: str) -> Call:
    """The call, its arguments evaluated, none of it recorded."""
    function, parenthesis, arguments = call.strip().partition("(")
    if not parenthesis or not arguments.endswith(")"):
        raise ArgumentsError(f"{call!r} is not a call.", "Write it as f(1, 2).")
    try:
        return prepare(function.strip(), arguments[:-1], names, path)
    except TargetProblem as problem:
        error = TargetError if problem.kind == "target" else ArgumentsError
        raise error(problem.message) from problem


def _record(call: Call, sink: EventSink, limits: Limits, path: str) -> float:
    emitter = Emitter(sink, limits)
    recorder = SettraceRecorder(emitter, lambda code: code.co_filename == path, everywhere=False)
    emitter.start_clock()
    start = time.perf_counter()
    recorder.install()
    try:
        call.run()
    except RecordingStopped:
        pass
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        if not sink.events:  # it never got into the function: the arguments did not fit
            raise ArgumentsError(f"{type(error).__name__}: {error}.") from error
    finally:
        recorder.remove()
    return time.perf_counter() - start
