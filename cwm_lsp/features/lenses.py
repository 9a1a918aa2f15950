"""Code lenses: over functions with inputs to run, and over functions with results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.features import display
from cwm_lsp.features.results import Call, Compared, Result
from cwm_lsp.features.runnables import Runnable
from cwm_lsp.features.text import preview

CALL_CELLS = 32


class Action(StrEnum):
    """What a lens does when it is chosen."""

    PREDICT = "predict"
    COMPARE = "compare"
    CLEAR = "clear"


RUNNING = frozenset({Action.COMPARE})
"""Actions that run the user's code."""


@dataclass(frozen=True, slots=True)
class Lens:
    """A clickable line of text above a 1-based source line. ``call`` is ``None`` for ``CLEAR``."""

    line: int
    title: str
    action: Action
    call: Call | None


def lenses(
    runnables: Iterable[Runnable], results: Sequence[Result], path: str, *, trusted: bool = True
) -> tuple[Lens, ...]:
    """Predict and Compare for each runnable, and what came of it, in order of lines.

    A function's first inputs stand over its ``def``; others where they are written, if that is in ``path``.
    Unless ``trusted``, only what runs no code is offered.
    """
    found: list[Lens] = []
    defined: set[str] = set()
    for runnable in runnables:
        call = Call(runnable.function, runnable.arguments)
        if runnable.function not in defined:
            defined.add(runnable.function)
            found += _pair(runnable.line, call)
        elif runnable.origin_path == path:
            found += _pair(runnable.origin_line, call)
    found += [lens for result in results for lens in _outcome(result)]
    offered = (lens for lens in found if trusted or lens.action not in RUNNING)
    return tuple(sorted(offered, key=lambda lens: lens.line))


def _pair(line: int, call: Call) -> list[Lens]:
    text = preview(str(call), CALL_CELLS)
    return [
        Lens(line, f"Predict {text}", Action.PREDICT, call),
        Lens(line, f"Compare {text}", Action.COMPARE, call),
    ]


def _outcome(result: Result) -> list[Lens]:
    """What a comparison came to, as a lens that clears it."""
    if not isinstance(result, Compared) or not result.trace.events:
        return []
    words = f"{preview(str(result.call), CALL_CELLS)}: {display.tally_words(result.comparison.values)}"
    return [Lens(result.trace.events[0].line, f"{words}{display.SEPARATOR}clear", Action.CLEAR, None)]
