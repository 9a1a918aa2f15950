"""What-if in words: ``?? total = 0`` in a console, the arguments of ``cwm/whatIf``, the answer as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cwm_lsp.errors import ArgumentsError
from cwm_lsp.features import display
from cwm_lsp.features.foresight import MOST_BRANCHES, Branch, Foresight, speakable
from cwm_lsp.features.supposing import Changes, changes

PREFIX = "??"
"""What an expression in a console begins with when it is a what-if."""

_SHOWN = 6


def branches_of(arguments: Mapping[str, Any], known: Iterable[str]) -> tuple[Changes, ...]:
    """The branches of ``cwm/whatIf``. Raises ``ArgumentsError``."""
    branches = arguments.get("branches")
    if not isinstance(branches, list):
        raise ArgumentsError(f'"branches" is a list of one to {MOST_BRANCHES} objects of names and values.')
    return changes(branches, known)


def typed(expression: str, known: Iterable[str]) -> tuple[Changes, ...]:
    """The branches of ``?? x = 1 | x = 2, y = 3``. Raises ``ArgumentsError``."""
    return changes(expression.strip().removeprefix(PREFIX).strip(), known)


def spoken(base: Foresight, branches: Iterable[Branch]) -> str:
    """A what-if as a few lines of text, the first difference of each branch marked."""
    lines = [f"as it is: {_way(base, None)}"]
    for one in branches:
        change = ", ".join(f"{name} = {value.text}" for name, value in one.changes.items())
        same = "" if one.differs is not None else " (no difference is predicted)"
        lines.append(f"{change}: {_way(one.foresight, one.differs)}{same}")
    return "\n".join(lines)


def _way(foresight: Foresight, differs: int | None) -> str:
    """The first steps of a future; of a branch, those from its first difference on."""
    start = differs or 0
    said = []
    for place, step in enumerate(foresight.steps[start : start + _SHOWN], start):
        fragments = display.predicted_step(speakable(step, foresight.threshold), foresight.threshold)
        text = display.joined((*fragments, display.expected(step, foresight.threshold)))
        said.append(f"{display.MARK} {text}" if place == differs else text)
    return "; ".join(said) or foresight.why or "nothing is predicted"
