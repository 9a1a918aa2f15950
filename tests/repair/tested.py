"""Bugs made by hand in programs that come with pytest tests, as most code does.

A program file has, for each program, its name (``===``), its source, the tests that the search is given
(``--- tests``), those that judge (``--- kept``) and one edit a line (``--- bugs``), as in
:mod:`tests.repair.handmade`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.repair.specification import Specification
from tests.repair.handmade import FOLDER, edit
from tests.repair.seeded import first_difference

FILES = ("tested", "tested_aside")


@dataclass(frozen=True, slots=True)
class Tested:
    """A program that is right, its tests, those kept back, and ``(kind, old, new)`` that break it."""

    name: str
    source: str
    tests: str
    kept: str
    edits: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """One bug: the source with it, the first line that differs, and the program that it is in."""

    program: Tested
    kind: str
    source: str
    line: int

    @property
    def name(self) -> str:
        """The program's."""
        return self.program.name

    def asked(self, place: Path) -> Specification:
        """What the search is told: the given tests, which are put beside the program."""
        test = place / f"test_{self.name}.py"
        test.write_text(self.program.tests, encoding="utf-8")
        return Specification((), (), str(test))

    def mended(self, place: Path, text: str) -> bool:
        """Whether a text passes all tests, those kept back too."""
        with tempfile.TemporaryDirectory(dir=place) as folder:
            return passes(Path(folder), self.program, text)


def programs(name: str) -> Iterator[Tested]:
    """The programs of a file."""
    for part in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        head, tests, kept, edits = part.split("\n--- ")
        called, _, source = head.partition("\n")
        given, judging = (one.partition("\n")[2] + "\n" for one in (tests, kept))
        yield Tested(called, source + "\n", given, judging, tuple(map(edit, edits.splitlines()[1:])))


def bugs(name: str) -> Iterator[Broken]:
    """The bugs of a file. Raises ``ValueError`` where an edit does not fit its program."""
    for program in programs(name):
        for kind, old, new in program.edits:
            if old not in program.source:
                raise ValueError(f"{program.name}: {old!r} is not there")
            source = program.source.replace(old, new, 1)
            yield Broken(program, kind, source, first_difference(program.source, source))


def passes(folder: Path, program: Tested, source: str) -> bool:
    """Whether a text of the program passes all tests, those kept back too."""
    (folder / f"{program.name}.py").write_text(source, encoding="utf-8")
    for name, text in (("test_given.py", program.tests), ("test_kept.py", program.kept)):
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(folder)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=120, cwd=folder, check=False)
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0
