"""Whoever imports the file under repair gets the candidate: inside a test, again, or under another name."""

from __future__ import annotations

import os
from importlib.machinery import SourceFileLoader
from types import CodeType


class Late:
    """The candidate that an import of the file loads; the file itself where there is none."""

    def __init__(self, path: str) -> None:
        self.code: CodeType | None = None
        self._path = os.path.realpath(path)

    def present(self) -> None:
        """From now on stand between the file and those who import it. Cannot be undone in this process."""
        usual = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
            if self.code is not None and os.path.realpath(loader.path) == self._path:
                return self.code
            return usual(loader, fullname)

        setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010 - mypy forbids the plain assignment
