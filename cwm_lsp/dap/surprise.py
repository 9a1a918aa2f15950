"""The exception filter "Prediction diverged": when a step counts as a surprise, and how it is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.helper import loading, module
from cwm_lsp.errors import ArgumentsError, SourceError
from cwm_lsp.features import sentences
from cwm_lsp.features.checking import Checked
from cwm_lsp.features.display import Fragment
from cwm_lsp.record import read_source
from cwm_lsp.trace.model import EventKind
from cwm_lsp.trace.statements import first_line, parse
from cwm_lsp.wire.dap import Json

FILTER = "cwm_diverged"

CONFIDENT = 0.9
"""The probability from which a prediction counts as confident unless the condition says otherwise."""


SURE = 0.98
"""The same where an exception comes: what may fail for reasons outside the state surprises nobody."""


@dataclass(frozen=True, slots=True)
class Surprise:
    """What counts: an observed step that leaves what was predicted with at least ``probability``.

    An exception does where none was predicted with at least ``sure``.
    """

    probability: float = CONFIDENT
    sure: float = SURE

    def is_one(self, checked: Checked | None) -> bool:
        """Whether a step is a surprise."""
        found = checked.divergence if checked is not None else None
        if checked is None or found is None:
            return False
        raised = checked.compared.flow.kind is EventKind.EXCEPTION
        return found.probability >= (self.sure if raised else self.probability)


def capability() -> Mapping[str, Any]:
    """The filter as ``initialize`` announces it."""
    return {
        "filter": FILTER,
        "label": "Prediction diverged",
        "description": "Runs your code to where a value leaves the model's confident prediction.",
        "default": False,
        "supportsCondition": True,
        "conditionDescription": f"The least probability of the prediction, such as 0.8 ({CONFIDENT:g}).",
    }


def asked_for(arguments: Json) -> tuple[Surprise | None, dict[str, Any]]:
    """The filter, if ``setExceptionBreakpoints`` has it, and what is left for debugpy.

    debugpy reads ``filters`` alone, so its own are put there when they come as ``filterOptions``, which a
    client writes that was told of conditions.

    Raises ``ArgumentsError`` for a condition that is no probability.
    """
    options = arguments.get("filterOptions") or ()
    filters = [*(arguments.get("filters") or ()), *(one.get("filterId") for one in options)]
    rest = {**arguments, "filters": [one for one in filters if one != FILTER]}
    rest.pop("filterOptions", None)
    mine = [one for one in options if one.get("filterId") == FILTER]
    if mine:
        wanted = mine[0].get("condition")
        return (Surprise(*[_probability(str(wanted))] * 2) if wanted else Surprise()), rest
    return (Surprise() if FILTER in filters else None), rest


def _probability(text: str) -> float:
    try:
        value = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise ArgumentsError(
            f"{text!r} is no probability.", 'The condition of "Prediction diverged" is like 0.8 or 80 %.'
        )
    return value


def told(checked: Checked) -> dict[str, Any]:
    """What ``stopped`` says of a surprise."""
    assert checked.divergence is not None
    words = sentences.divergence_words(checked.divergence)
    return {
        "reason": "exception",
        "description": f"Prediction diverged at line {checked.line}",
        "text": words,
    }


def explained(checked: Checked) -> Mapping[str, Any]:
    """The answer to ``exceptionInfo`` at a surprise."""
    found = checked.divergence
    assert found is not None
    words = sentences.divergence_words(found)
    rest = _lines(checked.line, [one for one in checked.fragments if one.name != found.name])
    details = {"message": words, "typeName": str(found.kind)}
    return {
        "exceptionId": "Prediction diverged",
        "description": f"line {checked.line}: {words}",
        "breakMode": "always",
        "details": {**details, "stackTrace": rest} if rest else details,
    }


def _lines(line: int, fragments: Sequence[Fragment]) -> str:
    """What else a line shows, in the words for hover."""
    said = (f"{one.name}: {one.words}" if one.name else one.words for one in fragments)
    return "\n".join(f"line {line}: {words}" for words in said)


class Entry:
    """Our own breakpoint at the first statement of a program, for surprises before the first stop."""

    def __init__(self, breakpoints: Breakpoints) -> None:
        self._breakpoints = breakpoints
        self.program = ""
        """The program or module, if it is one file, whose beginning can be found."""
        self.armed = False

    def note(self, configuration: Json) -> None:
        """Note what is launched."""
        program, module, cwd = (configuration.get(key) for key in ("program", "module", "cwd"))
        folder = cwd if isinstance(cwd, str) else ""
        if isinstance(program, str) and program:
            self.program = os.path.abspath(os.path.join(folder, program))
        elif isinstance(module, str) and module:
            self.program = _file_of(module, folder)

    async def arm(self) -> None:
        """Set it, so that it stops where the client's own does not.

        Raises ``AskFailed`` or ``SourceError``.
        """
        source = await asyncio.to_thread(read_source, Path(self.program))
        tree = parse(source.text)
        if tree is None or not tree.body:
            raise SourceError(f"{self.program} does not parse.")
        unasked = self._breakpoints.unasked(self.program)
        line = next((at for at in map(first_line, tree.body) if at not in unasked), None)
        if line is not None:
            begin = f"{loading()} or {module('expect')}.enter()"
            await self._breakpoints.plant(FILTER, self.program, {}, after={line: begin})
            self.armed = True

    async def disarm(self) -> None:
        """Take it away again; the client's stay. Raises ``AskFailed``."""
        self.armed = False
        await self._breakpoints.plant(FILTER, self.program, {})


def _file_of(module: str, folder: str) -> str:
    """The file that ``python -m module`` runs, where it is one below ``folder``; else ""."""
    below = os.path.join(folder, *module.split("."))
    found = (path for path in (f"{below}.py", os.path.join(below, "__main__.py")) if os.path.isfile(path))
    path = next(found, "")
    return os.path.abspath(path) if path else ""
