"""What clients send, read leniently, and what they are told of expressions that are not computed."""

from __future__ import annotations

import re

from cwm_lsp.codec.pure import Undecided
from cwm_lsp.wire.dap import Json

_OF_NO_FILE = re.compile(r" \(<unknown>, line \d+\)")


def number(arguments: Json, key: str) -> int:
    """The number under ``key``, 0 where there is none."""
    value = arguments.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def reason(why: Undecided) -> str:
    """Why an expression is not computed, as a sentence."""
    return f"{_OF_NO_FILE.sub('', str(why)).rstrip('.')}."


def not_computed(expression: str, why: Undecided) -> str:
    """The same, with the expression."""
    said = expression.strip()
    return f"{said} cannot be computed here: {reason(why)}" if said else "There is nothing to compute."
