"""A table of functions, right as they stand, and the arguments that they are tried with."""

from __future__ import annotations

from typing import Any


class Functions(dict[str, tuple[str, list[tuple[Any, ...]]]]):
    """By the name of a function its source and its arguments."""

    def add(self, source: str, *arguments: tuple[Any, ...]) -> None:
        """Put in a function, named as its source says."""
        name = source.split("(", maxsplit=1)[0].rsplit(maxsplit=1)[-1]
        self[name] = (source.lstrip("\n"), list(arguments))
