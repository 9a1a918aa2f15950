"""Golden programs: which there are, how they are run, and how a trace is written down to be compared.

``python -m tests.golden.harness`` writes the expected files anew; read the difference before keeping it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from cwm_lsp.record import FunctionTarget, Options, ScriptTarget, Target
from cwm_lsp.record.interpreter import interpreters
from cwm_lsp.record.outcome import Ending, build_trace
from cwm_lsp.record.plan import BOOT, Plan, plan, specification
from cwm_lsp.record.reader import RecordingReader
from cwm_lsp.trace.model import Event, Output, Trace, Value

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.py"))
VERSIONS = ("3.10", "3.11", "3.12", "3.13")
SCRIPTS = ("module_level",)


@lru_cache(maxsize=1)
def found() -> dict[str, str]:
    """The interpreters on this machine by minor version, ours for its own version."""
    answers = asyncio.run(interpreters())
    paths: dict[str, str] = {}
    for answer in answers:
        if answer.implementation == "CPython":
            paths.setdefault(f"{answer.version[0]}.{answer.version[1]}", answer.path)
    return paths


def cores(version: str) -> tuple[str, ...]:
    """The recorder cores that a Python version has."""
    return ("monitoring", "settrace") if version >= "3.12" else ("settrace",)


def program(name: str) -> Path:
    """The file of a golden program."""
    return HERE / "programs" / f"{name}.py"


def target(name: str) -> Target:
    """What is recorded of a golden program."""
    path = str(program(name))
    return ScriptTarget(path) if name in SCRIPTS else FunctionTarget(path, "main")


def run_bare(what: Target, options: Options) -> RecordingReader:
    """Run a target under the agent alone, without debugpy: fast, and the same agent."""
    return _run(asyncio.run(plan(what, options)), options)[0]


async def bare_trace(what: Target, options: Options) -> Trace:
    """As ``record``, under the agent alone."""
    prepared = await plan(what, options)
    reader, ended = await asyncio.to_thread(_run, prepared, options)
    output = Output(ended.stdout.decode(errors="replace"), ended.stderr.decode(errors="replace"))
    return build_trace(prepared, reader, Ending(None, ended.returncode, output, 0.0))


def _run(prepared: Plan, options: Options) -> tuple[RecordingReader, subprocess.CompletedProcess[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        recording, spec = Path(folder, "recording"), Path(folder, "spec.json")
        told = specification(prepared, options, str(recording))
        spec.write_text(json.dumps(told), encoding="utf-8")
        ended = subprocess.run(
            [prepared.interpreter.path, str(BOOT), str(spec)],
            cwd=prepared.cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=60,
        )
        reader = RecordingReader()
        reader.feed(recording.read_bytes() if recording.exists() else b"")
    return reader, ended


def picture(events: Sequence[Event]) -> list[str]:
    """One line for each event: thread, depth, kind, line, function, what changed, value."""
    shown: dict[int, dict[str, Value]] = {}
    return [_line(event, shown) for event in events]


def _line(event: Event, shown: dict[int, dict[str, Value]]) -> str:
    before = shown.get(event.frame, {})
    changes = [f"{n}={_text(v)}" for n, v in event.locals.items() if before.get(n) != v]
    changes += [f"-{name}" for name in before if name not in event.locals]
    shown[event.frame] = dict(event.locals)
    value = "" if event.value is None else f" -> {_text(event.value)}"
    flags = " yielded" * event.yielded + " unwinding" * event.unwinding
    indent = "  " * event.depth
    place = f"t{event.thread} {indent}{event.kind.value} {event.line} {event.function}#{event.frame}"
    return f"{place}{value}{flags}{' | ' if changes else ''}{', '.join(changes)}"


def _text(value: Value) -> str:
    return value.text + "?" * value.opaque + f" (cut of {value.size})" * value.cut


def expected(name: str, version: str) -> list[str]:
    """The lines written down for a program on a Python version."""
    text = (HERE / "expected" / f"{name}.json").read_text(encoding="utf-8")
    families: dict[str, list[str]] = json.loads(text)
    return next(lines for family, lines in families.items() if version in family.split())


def write(names: Iterable[str]) -> None:
    """Write the expected files, versions that agree together."""
    for name in names:
        families: dict[str, list[str]] = {}
        for version in VERSIONS:
            options = Options(interpreter=found()[version])
            lines = picture(run_bare(target(name), options).events)
            twin = next((family for family, known in families.items() if known == lines), None)
            families[f"{twin} {version}" if twin else version] = families.pop(twin) if twin else lines
        text = json.dumps(families, indent=1, ensure_ascii=True)
        (HERE / "expected" / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        print(name, {family: len(lines) for family, lines in families.items()})


def versions_or_skip() -> list[Any]:
    """Test parameters: every supported version, skipped where the machine does not have it."""
    import pytest

    missing = {
        v: pytest.mark.skip(reason=f"no Python {v} on this machine") for v in VERSIONS if v not in found()
    }
    return [pytest.param(v, marks=missing.get(v, ())) for v in VERSIONS]


if __name__ == "__main__":
    write(sys.argv[1:] or PROGRAMS)
