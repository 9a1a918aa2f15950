"""Exceptions of the builtin classes as values: made by a call, shown, asked for their message."""

from __future__ import annotations

from typing import Any

from cwm_lsp.codec.records import Record, text_within

PLAIN = frozenset(
    {
        *("ArithmeticError", "AssertionError", "AttributeError", "Exception", "IndexError", "KeyError"),
        *("LookupError", "NotImplementedError", "OverflowError", "RuntimeError", "TypeError", "ValueError"),
        *("ZeroDivisionError", "RecursionError", "StopIteration", "SystemExit", "BufferError", "EOFError"),
        *("MemoryError", "NameError", "ReferenceError", "Warning", "UserWarning", "DeprecationWarning"),
    }
)
"""Classes whose objects hold what they were made with and nothing else."""


class Failure(Record):
    """An exception and its arguments; one that is ``quoted`` gives a lone text as it is written."""

    def __init__(self, kind: str, args: tuple[Any, ...], quoted: bool = False) -> None:
        super().__init__(kind, {"args": args})
        if kind == "SystemExit":
            self.fields["code"] = args if len(args) > 1 else args[0] if args else None
        if kind == "StopIteration":
            self.fields["value"] = args[0] if args else None
        self.quoted = quoted or kind == "KeyError"

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(text_within, self.fields['args']))})"

    def __str__(self) -> str:
        args = self.fields["args"]
        if len(args) == 1 and isinstance(args[0], str) and not self.quoted:
            return args[0]
        if len(args) == 1:
            return text_within(args[0])
        return text_within(args) if args else ""
