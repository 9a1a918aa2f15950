"""What of the recording agent is loaded into a debuggee, under its private name, and how it is asked.

One evaluation in a stopped frame is one question. The debuggee must see the files of this package: one that
runs on another machine is not looked at.
"""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import cwm_lsp
from cwm_lsp.dap.observer import PATIENCE, Desk
from cwm_lsp.errors import RunError
from cwm_lsp.record.agent import boot

_AGENT = f"{boot.PRIVATE}.record.agent"
_MODULES = ("snapshot", "watch", "history", "expect", "loaded")
_ROOT = str(Path(cwm_lsp.__file__).parent)
_NOT_LOADED = "None"

_SKIPPED = "Frame skipped from debugging during step-in"
"""debugpy's advice to who steps into a library; in a search for a surprise it is not the user who does."""

_SLOW = "pydevd warning: Computing repr of "
"""What debugpy says of an evaluation that takes its time. Of one of ours nobody can make use."""


def is_of_ours(output: str, *, searching: bool) -> bool:
    """Whether debugpy speaks of what we did, and not of what the user did."""
    if searching and _SKIPPED in output:
        return True
    return output.startswith(_SLOW) and boot.PRIVATE in output


def module(name: str) -> str:
    """An expression for a module of the agent; ``None`` in the debuggee where it is not loaded."""
    return f"__import__('sys').modules.get({_AGENT + '.' + name!r})"


def loading() -> str:
    """An expression that loads the helper, and is ``None`` if that went well."""
    code = Path(boot.__file__).read_text(encoding="utf-8").partition("if __name__")[0]
    imports = "\n".join(f"importlib.import_module({_AGENT + '.' + name!r})" for name in _MODULES)
    script = f"{code}\nload({_ROOT!r})\n{imports}"
    return f"exec({script!r}, {{'__name__': {boot.PRIVATE!r}}})"


class Helper:
    """Asks the agent in the debuggee of one session, and loads it there when it must."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._loaded = False

    async def call(self, name: str, call: str, frame: int, *, patience: float = PATIENCE) -> Any:
        """What ``call``, a call in the agent's module ``name``, says in a frame. ``patience`` is in seconds.

        Raises ``AskFailed``, or ``RunError`` where the debuggee cannot load the agent.
        """
        asked = f"{module(name)}.{call}"
        text = _NOT_LOADED
        if self._loaded:
            text = await self._evaluated(f"{module(name)} and {asked}", frame, patience)
        if text == _NOT_LOADED:
            loaded = f"({module(name)} is None and {loading()})"
            text = await self._evaluated(f"{loaded} or {asked}", frame, patience)
        try:
            answer = json.loads(ast.literal_eval(text))
        except (ValueError, SyntaxError, TypeError) as error:
            trouble = "What the debuggee says of its frames cannot be read"
            raise RunError(f"{trouble}: {text[:200]}.") from error
        self._loaded = True
        return answer

    async def _evaluated(self, expression: str, frame: int, patience: float) -> str:
        asked = {"expression": expression, "frameId": frame, "context": "clipboard"}
        return str((await self._desk.ask("evaluate", asked, patience=patience)).get("result", ""))
