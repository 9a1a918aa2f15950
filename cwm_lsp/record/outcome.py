"""From what was recorded, and how the program ended, to a trace or to the error that says why not."""

from __future__ import annotations

import hashlib
import signal
from dataclasses import dataclass

from cwm_lsp.errors import ArgumentsError, CwmError, RunError, SourceError, TargetError
from cwm_lsp.record.plan import Plan
from cwm_lsp.record.reader import RecordingReader
from cwm_lsp.record.source import decode_source, read_bytes, read_source
from cwm_lsp.record.target import FunctionTarget, ModuleTarget
from cwm_lsp.trace.model import Cut, CutReason, Output, SourceFile, Trace

_PROBLEMS: dict[str, type[CwmError]] = {
    "source": SourceError,
    "target": TargetError,
    "arguments": ArgumentsError,
    "name": ArgumentsError,
    "pytest": TargetError,
    "module": RunError,
}
_LAST_WORDS = 400
_DEADLY = {int(getattr(signal, f"SIG{name}", 0)) for name in "KILL SEGV ABRT TERM BUS FPE ILL".split()} - {0}


@dataclass(frozen=True, slots=True)
class Ending:
    """How the run ended: why we ended it, if we did; the exit code, if known; ``seconds`` since recording
    began, which counts where the agent could not say how long it took.
    """

    cut: Cut | None
    exit_code: int | None
    output: Output
    seconds: float


def build_trace(plan: Plan, reader: RecordingReader, ending: Ending) -> Trace:
    """The trace. Raises the error of a target that could not be run."""
    status = reader.status or {}
    if status.get("status") == "problem":
        raise _PROBLEMS[status["kind"]](status["message"], _way_out(plan, status["kind"]))
    if "recorder" not in reader.header:
        raise _never_began(reader, ending)
    if plan.data is not None and hashlib.sha256(plan.data).hexdigest() != reader.header["digest"]:
        raise RunError(f"{plan.path} changed while its recording started.", "Record it again.")
    cut = reader.cut or ending.cut or _unfinished(reader, ending)
    if not reader.events and cut is None:
        raise _nothing_ran(plan)
    return Trace(
        files=tuple(_files(plan, reader)),
        events=tuple(reader.events),
        entry=plan.entry,
        python=str(reader.header["python"]),
        cut=cut,
        output=ending.output,
        recorder=str(reader.header["recorder"]),
        seconds=reader.header.get("seconds", ending.seconds),
    )


def trace_so_far(plan: Plan, reader: RecordingReader) -> Trace:
    """What is known of a run that is going on. Raises ``SourceError`` for a file that cannot be read."""
    return Trace(
        files=tuple(_files(plan, reader)),
        events=tuple(reader.events),
        entry=plan.entry,
        python=str(reader.header.get("python", "")),
        recorder=str(reader.header.get("recorder", "")),
    )


def _way_out(plan: Plan, kind: str) -> str:
    if kind == "name":
        return "Arguments are Python expressions; a text needs its quotes: \"'hello'\"."
    if kind == "pytest":
        return f"`{plan.interpreter.path} -m pip install pytest`, or choose another interpreter by --python."
    if kind == "target" and isinstance(plan.target, ModuleTarget):
        return f"It is looked for in {plan.cwd} and where {plan.interpreter.path} finds its packages."
    return ""


def _files(plan: Plan, reader: RecordingReader) -> list[SourceFile]:
    """The recorded files, the entry's as it was when the run began."""
    entry = plan.source or _checked_source(reader)
    return [entry, *map(_source, reader.files[1:])]


def _source(path: str) -> SourceFile:
    """A recorded file, without text where the program has removed or overwritten it since."""
    try:
        return read_source(path)
    except SourceError:
        return SourceFile(path, "")


def _checked_source(reader: RecordingReader) -> SourceFile:
    """The file of a module target, which only the interpreter could find."""
    path: str = reader.header["path"]
    data = read_bytes(path)
    if hashlib.sha256(data).hexdigest() != reader.header["digest"]:
        raise RunError(f"{path} changed while it was recorded.", "Record it again.")
    return decode_source(data, path)


def _unfinished(reader: RecordingReader, ending: Ending) -> Cut | None:
    """Why the recording has no end, where nobody cut it."""
    if reader.status is not None:
        return None
    code = ending.exit_code
    if code is None:
        return Cut(CutReason.KILLED, "The program disappeared.")
    number = _killed_by(code)
    if number:
        return Cut(CutReason.KILLED, f"The program was killed by {_signal(number)}.")
    return Cut(CutReason.EXITED, f"The program ended itself at once, with exit code {code}.")


def _killed_by(code: int) -> int:
    """The signal behind an exit code, 0 for none. debugpy's launcher reports -9 as 247."""
    number = -code if code < 0 else 256 - code
    return number if code < 0 or number in _DEADLY else 0


def _signal(number: int) -> str:
    try:
        return f"signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"signal {number}"


def _never_began(reader: RecordingReader, ending: Ending) -> CwmError:
    if ending.cut is not None:
        return RunError(ending.cut.message, "The setting max-seconds (--max-seconds) allows it more.")
    status = reader.status or {}
    if status.get("status") == "raised":
        return RunError(f"The program failed before it could be recorded: {status['error']}.")
    if status.get("status") == "exit":
        return RunError(f"The program exited before it could be recorded (status {status['code']}).")
    words = (ending.output.stderr or ending.output.stdout).strip()[-_LAST_WORDS:]
    code = "unknown" if ending.exit_code is None else ending.exit_code
    return RunError(f"The program ended before it could be recorded (exit code {code}). {words}".strip())


def _nothing_ran(plan: Plan) -> CwmError:
    if isinstance(plan.target, FunctionTarget):
        hint = "Record it in the file that defines it."
        return TargetError(f"{plan.entry} runs no code of {plan.path}.", hint)
    return RunError(f"No code of {plan.path or plan.entry} ran.")
