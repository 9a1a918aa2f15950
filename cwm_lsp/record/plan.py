"""From a target and options to what debugpy and the agent are told. Runs nothing of the user's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import CodeType
from typing import Any

from cwm_lsp.errors import SettingsError, SourceError, TargetError
from cwm_lsp.record import interpreter as interpreters
from cwm_lsp.record.agent.choose import AUTO, CORES
from cwm_lsp.record.agent.probe import PROBE
from cwm_lsp.record.interpreter import Interpreter
from cwm_lsp.record.source import decode_source, read_bytes
from cwm_lsp.record.target import FunctionTarget, ModuleTarget, Options, PytestTarget, ScriptTarget, Target
from cwm_lsp.trace.model import SourceFile

_KINDS: dict[type, str] = {
    FunctionTarget: "function",
    ScriptTarget: "script",
    ModuleTarget: "module",
    PytestTarget: "pytest",
}

BOOT = Path(__file__).parent / "agent" / "boot.py"
"""The program that debugpy launches."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A target that exists, ready to run. ``source`` and ``data`` are ``None`` for modules, which the
    interpreter itself has to find."""

    target: Target
    interpreter: Interpreter
    cwd: str
    path: str
    source: SourceFile | None
    data: bytes | None
    entry: str


async def plan(target: Target, options: Options) -> Plan:
    """Check all that can be checked without running. Raises the ``UserError`` that says what is wrong."""
    if options.recorder not in (AUTO, *CORES):
        choice = ", ".join((AUTO, *CORES))
        raise SettingsError(f"There is no recorder {options.recorder}.", f"Choose one of {choice}.")
    path = "" if isinstance(target, ModuleTarget) else _absolute(_file_of(target))
    data = read_bytes(path) if path else None
    source = decode_source(data, path) if data is not None else None
    cwd = _absolute(options.cwd) if options.cwd else _default_cwd(target, path)
    if not os.path.isdir(cwd):
        raise SettingsError(f"There is no folder {cwd} to run in.")
    chosen = await interpreters.check(options.interpreter or sys.executable)
    return Plan(target, chosen, cwd, path, source, data, _entry(target))


def specification(plan: Plan, options: Options, recording: str) -> dict[str, Any]:
    """What the agent is told, as JSON."""
    scope = options.scope
    if scope == "auto":
        scope = "project" if isinstance(plan.target, PytestTarget) else "file"
    return {
        "recording": recording,
        "target": _described(plan),
        "limits": list(options.limits),
        "scope": scope,
        "root": plan.cwd,
        "recorder": options.recorder,
    }


def launch_arguments(plan: Plan, options: Options, spec: str) -> dict[str, Any]:
    """The body of DAP's ``launch``."""
    env = {"PYTHONHASHSEED": os.environ.get("PYTHONHASHSEED", "0"), "PYDEVD_USE_FRAME_EVAL": "NO"}
    return {
        "type": "python",
        "request": "launch",
        "python": [plan.interpreter.path],
        "program": str(BOOT),
        "args": [spec],
        "cwd": plan.cwd,
        "env": {**env, **options.env},
        "console": "internalConsole",
        "redirectOutput": True,
        "subProcess": False,
        "justMyCode": True,
        "rules": [{"path": str(BOOT.parent / "**"), "include": False}],
    }


def breakpoint_requests(plan: Plan, options: Options) -> list[dict[str, Any]]:
    """The bodies of DAP's ``setBreakpoints``, one for each file."""
    files: dict[str, dict[int, str]] = {}
    for point in options.breakpoints:
        files.setdefault(_absolute(point.path), {})[point.line] = point.condition
    if options.recorder == "probe" and plan.data is not None:
        mine = files.setdefault(plan.path, {})
        for line in _code_lines(plan.data, plan.path):
            users = f" or ({mine[line] or True})" if line in mine else ""
            mine[line] = f"{PROBE}(){users}"
    return [
        {"source": {"path": path}, "breakpoints": [_breakpoint(*item) for item in sorted(lines.items())]}
        for path, lines in files.items()
    ]


def _breakpoint(line: int, condition: str) -> dict[str, Any]:
    return {"line": line, "condition": condition} if condition else {"line": line}


def _code_lines(data: bytes, path: str) -> set[int]:
    """The lines at which something happens."""
    try:
        code = compile(data, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        raise SourceError(f"{path} does not parse: {error}.") from error
    return {line for each in _all_code(code) for _, _, line in each.co_lines() if line}


def _all_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_code(constant)


def _file_of(target: FunctionTarget | ScriptTarget | PytestTarget) -> str:
    if not isinstance(target, PytestTarget):
        return target.path
    path, colons, _ = target.node.partition("::")
    if not colons:
        raise TargetError(f"{target.node} names no test.", f"Write it as {target.node or 'FILE'}::test_name.")
    return path


def _default_cwd(target: Target, path: str) -> str:
    beside = isinstance(target, (FunctionTarget, ScriptTarget))
    return os.path.dirname(path) if beside else os.getcwd()


def _described(plan: Plan) -> dict[str, Any]:
    target = plan.target
    described = {**asdict(target), "kind": _KINDS[type(target)], "path": plan.path}
    if isinstance(target, PytestTarget):
        described["node"] = plan.path + target.node[target.node.index("::") :]
    return described


def _entry(target: Target) -> str:
    if isinstance(target, FunctionTarget):
        return target.function
    if isinstance(target, PytestTarget):
        return target.node.rpartition("::")[2].partition("[")[0]
    return "<module>"


def _absolute(path: str) -> str:
    """The path as the user spelled it, made absolute."""
    return os.path.abspath(os.path.expanduser(path))
