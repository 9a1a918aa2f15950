"""The interpreter that a configuration names, looked at while debugpy starts it.

debugpy waits a minute for one that cannot run it, and then says only that it has waited. So what is named is
asked for its version beside the launch, which goes on meanwhile: an interpreter that can is never waited for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import Any

from cwm_lsp.errors import InterpreterError
from cwm_lsp.record.interpreter import check

NAMES = ("python", "pythonPath")
"""Attributes of a configuration that name the interpreter; the second is debugpy's older one."""

LAUNCHER = "debugLauncherPython"


def named(arguments: Mapping[str, Any]) -> str:
    """The program that is to run a configuration, "" where that is our own or cannot be told.

    debugpy starts its launcher by the first word alone, unless another one is named for that. In a terminal
    of the editor's a bare name or a relative path may mean another file than here.
    """
    given = next((arguments[name] for name in NAMES if arguments.get(name)), "")
    if isinstance(given, list):
        given = given[0]
    if not isinstance(given, str) or given == sys.executable or arguments.get(LAUNCHER):
        return ""
    if os.path.isabs(given):
        return given
    if arguments.get("console", "internalConsole") != "internalConsole":
        return ""
    folder = arguments.get("cwd")
    if isinstance(folder, str) and os.path.dirname(given):
        return os.path.join(folder, given)
    return given


async def problem(path: str) -> str:
    """Why debugpy cannot start there, "" if it can."""
    try:
        await check(path)
    except InterpreterError as error:
        return str(error)
    return ""
