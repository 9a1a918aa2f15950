"""What stands between the braces of an f-string: the expression, and how it is formatted.

Before Python 3.12 the tree's places inside f-strings cannot always be trusted, so a place counts only if the
text there is what the tree says.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.text import Text

SPECIFICATIONS = ("02", "03", ".1f", ".2f", ".0f", ",", "d")


def formatted(function: ast.AST, text: Text) -> Iterator[Candidate]:
    """Formats given, changed and dropped."""
    for node in ast.walk(function):
        if not isinstance(node, ast.FormattedValue) or not placed(node.value, text):
            continue
        end = text.span(node.value)[1]
        close = text.source.find("}", end)
        rest = text.source[end:close]
        if close < 0 or "{" in rest or "\n" in rest or not (not rest or rest[0] in ":!"):
            continue
        for one in ("", *(f":{form}" for form in SPECIFICATIONS), "!r"):
            if one != rest:
                yield Candidate((Edit(end, close, one),), "format", node.value.lineno, 0.15)


def placed(node: ast.expr, text: Text) -> bool:
    """Whether a node inside an f-string is where the tree says."""
    try:
        return ast.dump(ast.parse(text.of(node), mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError, IndexError):
        return False
