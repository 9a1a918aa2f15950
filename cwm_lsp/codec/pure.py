"""Pure expressions as text: computed on values that are literals, without running anything of the user's."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS
from cwm_lsp.codec.literals import literal
from cwm_lsp.codec.records import Passing, Record, Undecided

__all__ = ["Undecided", "compute", "literal", "names_in"]

MAX_TEXT = 2_000
MAX_NODES = 200


def names_in(expression: str) -> tuple[str, ...]:
    """The variables that an expression reads, sorted. Raises :class:`Undecided` for what does not parse."""
    reads = {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)}
    return tuple(sorted(reads))


def compute(expression: str, state: Mapping[str, str]) -> Any:
    """The value of ``expression``, the variables being the literals in ``state``.

    Raises :class:`Undecided` where it is not pure, not literal, too large, or raises.
    """
    tree = _parsed(expression)
    try:
        found = Evaluator(state).value(tree)
    except RecursionError:
        raise Undecided("The expression is nested too deep.") from None
    except (*ERRORS, MemoryError) as error:
        raise Undecided(f"{type(error).__name__}: {error}") from None
    unknown = isinstance(found, Record) and not found.fields
    if isinstance(found, Passing) or unknown or (callable(found) and not isinstance(found, type)):
        raise Undecided(f"{expression[:80]} would have to be run.")
    return found


def _parsed(expression: str) -> ast.expr:
    if len(expression) > MAX_TEXT:
        raise Undecided("The expression is too long.")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Undecided(f"It does not parse: {error}.") from None
    if sum(1 for _ in ast.walk(tree)) > MAX_NODES:
        raise Undecided("The expression is too long.")
    return tree
