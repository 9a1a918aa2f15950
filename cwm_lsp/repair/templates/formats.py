"""How values are formatted: what stands between the braces of an f-string, and behind a percent sign.

Before Python 3.12 the tree's places inside f-strings cannot always be trusted, so a place counts only if the
text there is what the tree says.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.text import Text

SPECIFICATIONS = ("02", "03", ".1f", ".2f", ".0f", ",", "d")


_CONVERSION = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?(?P<letter>[dxXfs])")
_CONVERSIONS = {"d": ("%02d", "%03d"), "x": ("%02x",), "X": ("%02X",), "f": ("%.2f", "%.1f"), "s": ("%r",)}


def formatted(function: ast.AST, text: Text) -> Iterator[Candidate]:
    """Formats given, changed and dropped."""
    for node in ast.walk(function):
        match node:
            case ast.BinOp(left=ast.Constant(str()) as left, op=ast.Mod()):
                for new in _converted(text.of(left)):
                    yield Candidate((Edit(*text.span(left), new),), "format", left.lineno, 0.2)
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


def _converted(source: str) -> Iterator[str]:
    """A text with other conversions behind its percent signs: all of a kind, or one."""
    found = list(_CONVERSION.finditer(source))
    for letter in dict.fromkeys(one["letter"] for one in found):
        alike = [one for one in found if one["letter"] == letter]
        for new in (*_CONVERSIONS[letter], f"%{letter}"):
            for chosen in (alike, *([one] for one in alike if len(alike) > 1)):
                made = source
                for one in reversed(chosen):
                    made = made[: one.start()] + new + made[one.end() :]
                if made != source:
                    yield made


def placed(node: ast.expr, text: Text) -> bool:
    """Whether a node inside an f-string is where the tree says."""
    try:
        return ast.dump(ast.parse(text.of(node), mode="eval").body) == ast.dump(node)
    except (SyntaxError, ValueError, IndexError):
        return False
