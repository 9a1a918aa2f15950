"""Bugs made by hand in programs that come with pytest tests, as most code does.

A program file has, for each program, its name or path (``===``), its source, the files beside it if there are
any (``--- file PATH``), the tests that the search is given (``--- tests``), those that judge (``--- kept``)
and one bug a line (``--- bugs``): an edit as in :mod:`tests.repair.handmade`, or several, `` ;; `` between.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.repair.specification import Specification
from tests.repair.handmade import FOLDER
from tests.repair.seeded import first_difference

FILES = (
    "tested",
    "tested_aside",
    "real",
    "real_aside",
    "projects",
    "libraries",
    "beginners",
    "commits",
    "commits_aside",
    "newcomers",
    "reported",
    "reported_aside",
    "trackers",
    "trackers_aside",
)


@dataclass(frozen=True, slots=True)
class Bug:
    """What kind of mistake, and each ``(old, new)`` of it."""

    kind: str
    edits: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Tested:
    """A program that is right, the files beside it, its tests, those kept back, and the bugs to make."""

    path: str
    source: str
    others: Mapping[str, str]
    tests: str
    kept: str
    bugs: tuple[Bug, ...]

    @property
    def name(self) -> str:
        """The program's path, which may be only its name, as a file's."""
        return self.path if self.path.endswith(".py") else f"{self.path}.py"

    def written(self, folder: Path, source: str) -> Path:
        """The file of the program with this source, all that belongs to it beside it."""
        for name, text in {**self.others, self.name: source}.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        return folder / self.name


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
        return self.program.path

    def written(self, place: Path) -> Path:
        """The file with the bug."""
        return self.program.written(place, self.source)

    def asked(self, place: Path) -> Specification:
        """What the search is told: the given tests, which are put beside the program."""
        test = place / f"test_{Path(self.name).stem}.py"
        test.write_text(self.program.tests, encoding="utf-8")
        return Specification((), (), str(test))

    def mended(self, place: Path, text: str) -> bool:
        """Whether a text passes all tests, those kept back too."""
        with tempfile.TemporaryDirectory(dir=place) as folder:
            return passes(Path(folder), self.program, text)


def programs(name: str) -> Iterator[Tested]:
    """The programs of a file."""
    for part in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        head, *sections, tests, kept, made = part.split("\n--- ")
        called, _, source = head.partition("\n")
        others = dict(_content(section.removeprefix("file ")) for section in sections)
        found = tuple(map(_bug, made.splitlines()[1:]))
        yield Tested(called, f"{source}\n", others, _content(tests)[1], _content(kept)[1], found)


def _content(section: str) -> tuple[str, str]:
    """The title of a section and its text."""
    title, _, text = section.partition("\n")
    return title, f"{text}\n"


def _bug(line: str) -> Bug:
    kind, _, changes = line.partition(": ")
    pairs = (change.split(" => ") for change in changes.replace("\\n", "\n").split(" ;; "))
    return Bug(kind, tuple((old, new) for old, new in pairs))


def bugs(name: str) -> Iterator[Broken]:
    """The bugs of a file. Raises ``ValueError`` where an edit does not fit its program."""
    for program in programs(name):
        for bug in program.bugs:
            source = program.source
            for old, new in bug.edits:
                if old not in source:
                    raise ValueError(f"{program.name}: {old!r} is not there")
                source = source.replace(old, new, 1)
            yield Broken(program, bug.kind, source, first_difference(program.source, source))


def passes(folder: Path, program: Tested, source: str) -> bool:
    """Whether a text of the program passes all tests, those kept back too."""
    program.written(folder, source)
    for name, text in (("test_given.py", program.tests), ("test_kept.py", program.kept)):
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(folder)]
    try:
        ended = subprocess.run(command, capture_output=True, timeout=120, cwd=folder, check=False)
    except subprocess.TimeoutExpired:
        return False
    return ended.returncode == 0
