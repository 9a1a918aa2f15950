"""What-if in words: ``?? total = 0`` in a console, the arguments of ``cwm/whatIf``, the answer as text."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from cwm_lsp.codec.pure import Undecided, literal
from cwm_lsp.dap.arguments import reason
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.features import display
from cwm_lsp.features.foresight import MOST_BRANCHES, Branch, Foresight
from cwm_lsp.trace.model import Value
from cwm_lsp.trace.render import render

PREFIX = "??"
"""What an expression in a console begins with when it is a what-if."""

_SHOWN = 6

Changes = Mapping[str, Value]


def branches_of(arguments: Mapping[str, Any], known: Iterable[str]) -> tuple[Changes, ...]:
    """The branches of ``cwm/whatIf``. Raises ``ArgumentsError``."""
    branches = arguments.get("branches")
    if not isinstance(branches, list) or not 0 < len(branches) <= MOST_BRANCHES:
        raise ArgumentsError(f'"branches" is a list of one to {MOST_BRANCHES} objects of names and values.')
    return tuple(_changes(one, known) for one in branches)


def typed(expression: str, known: Iterable[str]) -> tuple[Changes, ...]:
    """The branches of ``?? x = 1 | x = 2, y = 3``. Raises ``ArgumentsError``."""
    text = expression.strip().removeprefix(PREFIX).strip()
    found = []
    for part in text.split("|"):
        try:
            call = ast.parse(f"f({part.strip()}\n)", mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            call = None
        keywords = call.keywords if isinstance(call, ast.Call) and not call.args else []
        if not keywords:
            raise ArgumentsError(
                f"{part.strip()!r} is no change.", f"Write {PREFIX} name = value | name = other."
            )
        found.append({one.arg: ast.unparse(one.value) for one in keywords})
    return branches_of({"branches": found}, known)


def _changes(wanted: object, known: Iterable[str]) -> Changes:
    if not isinstance(wanted, dict) or not wanted:
        raise ArgumentsError("A branch is an object of names and values.")
    names = set(known)
    changed: dict[str, Value] = {}
    for name, text in wanted.items():
        if name not in names:
            raise ArgumentsError(f"{name} has no value here.", f"There are: {', '.join(sorted(names)[:8])}.")
        try:
            changed[name] = Value(*render(literal(str(text).strip())))
        except Undecided as why:
            raise ArgumentsError(reason(why), "A what-if runs nothing, so its value is written out.") from why
    return changed


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
        fragments = display.predicted_step(step, foresight.threshold)
        text = display.joined((*fragments, display.expected(step, foresight.threshold)))
        said.append(f"{display.MARK} {text}" if place == differs else text)
    return "; ".join(said) or foresight.why or "nothing is predicted"
