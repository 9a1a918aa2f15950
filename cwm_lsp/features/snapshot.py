"""A document as it stood at one moment. Answers are computed on it, and belong to it alone."""

from __future__ import annotations

from dataclasses import dataclass

from cwm_lsp.trace.model import SourceFile


def normalised(text: str) -> str:
    """``text`` with every line ending as ``\\n``, as Python and the trace see it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one document. ``uri`` and ``version`` are the editor's own, kept as they came.

    ``source`` holds the path and the text with ``\\n`` endings; lines of it are the editor's lines.
    """

    uri: str
    version: int | None
    source: SourceFile

    @classmethod
    def of(cls, uri: str, version: int | None, path: str, text: str) -> Snapshot:
        """A snapshot of ``text`` with line endings of any kind."""
        return cls(uri, version, SourceFile(path, normalised(text)))

    @property
    def digest(self) -> str:
        """The version that traces and predictions of this text carry."""
        return self.source.digest

    def line(self, number: int) -> str:
        """The text of a 1-based line, "" beyond the end."""
        lines = self.source.lines
        return lines[number - 1] if 0 < number <= len(lines) else ""
