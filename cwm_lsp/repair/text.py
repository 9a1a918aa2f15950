"""Source text addressed as the syntax tree does, edits applied to it, and the diff that shows them."""

from __future__ import annotations

import ast
import difflib
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from cwm_lsp.repair.model import Edit


class Text:
    """A source text. Offsets count characters; lines count from 1, columns are the tree's UTF-8 bytes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.lines = source.split("\n")
        self._starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
        self._ascii = source.isascii()

    def offset(self, line: int, column: int) -> int:
        """Characters before a place of the tree."""
        if self._ascii:
            return self._starts[line - 1] + column
        return self._starts[line - 1] + len(self.lines[line - 1].encode("utf-8")[:column].decode("utf-8"))

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.excepthandler) -> tuple[int, int]:
        """Start and end of a node."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def of(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node, as the user wrote it."""
        start, end = self.span(node)
        return self.source[start:end]

    def line_start(self, line: int) -> int:
        """Offset of the first character of a line; the text's length for the line after the last."""
        return min(self._starts[line - 1], len(self.source))

    def indent(self, node: ast.stmt) -> str:
        """The white space before a statement's first line."""
        line = self.lines[node.lineno - 1]
        return line[: len(line) - len(line.lstrip())]

    def alone(self, node: ast.stmt) -> bool:
        """Whether a statement has its lines for itself: nothing before it, no ``;`` after it."""
        assert node.end_lineno is not None
        before = self.source[self.line_start(node.lineno) : self.span(node)[0]]
        after = self.source[self.span(node)[1] : self.line_start(node.end_lineno + 1)]
        return not before.strip() and (not after.strip() or after.lstrip().startswith("#"))

    def block(self, first: ast.stmt, last: ast.stmt | None = None) -> tuple[int, int]:
        """The whole lines of a statement, or of several, the last newline included."""
        end = (last or first).end_lineno
        assert end is not None
        return self.line_start(first.lineno), self.line_start(end + 1)


def apply(source: str, edits: Iterable[Edit]) -> str:
    """``source`` with disjoint ``edits``."""
    if isinstance(edits, tuple) and len(edits) == 1:  # nearly all of many thousands
        return source[: edits[0].start] + edits[0].text + source[edits[0].end :]
    for edit in sorted(edits, reverse=True):
        source = source[: edit.start] + edit.text + source[edit.end :]
    return source


def overlap(edits: Sequence[Edit]) -> bool:
    """Whether two edits touch the same characters or insert at the same place."""
    ordered = sorted(edits)
    return any(one.end > other.start or one.start == other.start for one, other in pairwise(ordered))


HEAD = 2
"""Lines of a diff that name the file."""


def diff(before: str, after: str, path: str, newline: str = "\n") -> str:
    """A unified diff that ``patch -p1`` and ``git apply`` take where ``path`` starts from.

    ``newline``: how the lines of the file end, which ``before`` and ``after`` end with a line feed.
    """
    tab = "\t" if " " in path else ""  # the end of a name that a blank does not end
    names = f"a/{path}{tab}", f"b/{path}{tab}"
    found = []
    for n, line in enumerate(difflib.unified_diff(_lines(before), _lines(after), *names, n=2)):
        if n < HEAD or line.startswith("@@"):
            found.append(line)
        elif line.endswith("\n"):
            found.append(line.removesuffix("\n") + newline)
        else:
            found.append(f"{line}\n\\ No newline at end of file\n")
    return "".join(found)


def _lines(text: str) -> list[str]:
    """The lines, each with its end; what else Python takes for one, a form feed, is none to ``patch``."""
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]
