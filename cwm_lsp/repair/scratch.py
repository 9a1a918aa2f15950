"""A copy of the user's folder in which candidates run, so that nothing they do reaches the original."""

from __future__ import annotations

import ast
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

FILES = 1000
"""Files copied at most; a folder with more is copied in part."""

BYTES = 32 << 20
"""Bytes copied at most."""

PREFIX = "cwm-repair-"
"""How scratch folders are called: one must not be copied into itself when a project lies beside it."""

_LARGE = 4 << 20  # a single file beyond this is left out
_LEFT_OUT = {
    ".git",
    ".hg",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".tox",
    ".mypy_cache",
    "dist",
    "build",
}
_MARKS = ("pyproject.toml", "setup.py", "setup.cfg", "pytest.ini", "tox.ini", ".git")


@dataclass(frozen=True, slots=True)
class Place:
    """A file in its project: the folder to copy, the folder it is imported from, and its dotted name."""

    file: Path
    root: Path
    import_from: Path
    name: str

    @property
    def shown(self) -> str:
        """The file's path from the current folder, or else from the project's: where a diff applies."""
        here, project = Path.cwd().resolve(), self.project or self.import_from
        start = here if self.file.is_relative_to(here) else project
        return self.file.relative_to(start).as_posix()

    @property
    def project(self) -> Path | None:
        """The nearest folder around the file that has the marks of a project."""
        return next((one for one in self.file.parents if any((one / mark).exists() for mark in _MARKS)), None)

    @property
    def whole(self) -> Path:
        """The folder of the project, as far as it is copied."""
        found = self.project
        return found if found is not None and found.is_relative_to(self.root) else self.root

    @property
    def newline(self) -> str:
        """How the lines of the file end."""
        return "\r\n" if b"\r\n" in self.file.read_bytes() else "\n"

    def used(self, text: str) -> list[Path]:
        """The files of the project that ``text``, the file's, imports directly. Raises ``SyntaxError``."""
        return self._found(text, self.name.split(".")[:-1], [self.import_from])

    def used_by(self, test: Path, text: str) -> list[Path]:
        """The same for ``text``, that of a test: of a package what it takes from its modules.

        Raises ``SyntaxError``.
        """
        bases = [test.parent, self.import_from, self.whole, self.whole / "src"]
        found: dict[Path, None] = {}
        for one in self._found(text, [], bases):
            if one.name == "__init__.py":
                package = one.parent.relative_to(next(base for base in bases if base in one.parents)).parts
                source = one.read_text(encoding="utf-8", errors="replace")
                found.update(dict.fromkeys(self._found(source, list(package), bases)))
            else:
                found[one] = None
        return [one for one in found if one not in (self.file, test) and one.name != "__init__.py"]

    def _found(self, text: str, package: list[str], bases: Sequence[Path]) -> list[Path]:
        """The files below ``bases`` that a module of ``package`` with this text imports."""
        found: dict[Path, None] = {}
        for node in ast.walk(ast.parse(text)):
            dotted: list[list[str]] = []
            if isinstance(node, ast.Import):
                dotted = [one.name.split(".") for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package[: len(package) - node.level + 1] if node.level else []
                base = [*above, *(node.module.split(".") if node.module else [])]
                dotted = [base, *([*base, one.name] for one in node.names)]
            for parts in filter(None, dotted):
                paths = [one.joinpath(*parts) for one in bases]
                files = (file for path in paths for file in (path.with_suffix(".py"), path / "__init__.py"))
                file = next((file for file in files if file.is_file()), self.file)
                if file != self.file:
                    found[file] = None
        return list(found)


def place(file: Path, test: Path | None = None) -> Place:
    """Where ``file`` belongs; the folder of ``test`` comes along."""
    file = file.resolve()
    folder, parts = file.parent, [file.stem]
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    root, found = folder, Place(file, folder, folder, ".".join(parts))
    if test is not None:
        project = found.project or folder
        root = Path(os.path.commonpath([project, folder, test.resolve().parent]))
    return replace(found, root=root)


IN_MEMORY = "/dev/shm"
"""Where Linux keeps files in memory: tests that write files, or wait for a disk, run many times as fast."""

SPARE = 512 << 20
"""Bytes that must be free there."""


LEFT_FOR = 6 * 3600
"""Seconds after which a copy was left by a search that was killed: none takes as long."""


def folder() -> Path:
    """An empty folder for a copy, in memory where there is room; what killed searches left there goes."""
    within = None
    for old in Path(IN_MEMORY).glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):
            found = old.stat()
            if os.access(old, os.W_OK) and time.time() - found.st_mtime > LEFT_FOR:
                shutil.rmtree(old, ignore_errors=True)
    if os.access(IN_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(IN_MEMORY).free >= SPARE:
        within = IN_MEMORY
    return Path(tempfile.mkdtemp(prefix=PREFIX, dir=within)).resolve()


def copy(root: Path, target: Path) -> bool:
    """Copy ``root`` to ``target`` within the limits; whether all of it that matters was copied.

    What cannot be read is left out: a program that needs it fails in the copy, and says so.
    """
    files = size = 0
    target.mkdir(parents=True, exist_ok=True)
    for path in _files(root):
        length = path.stat().st_size
        files, size = files + 1, size + length
        if files > FILES or size > BYTES:
            return False
        to = target / path.relative_to(root)
        to.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(PermissionError, FileNotFoundError):
            shutil.copyfile(path, to)
    return True


def _files(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(one for one in names if one not in _LEFT_OUT and not one.startswith(PREFIX))
        for one in sorted(files):
            path = Path(folder, one)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= _LARGE:
                yield path
