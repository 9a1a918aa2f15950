"""The folders of a workspace and its test files, read from disk with bounds. Nothing is imported or run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from cwm_lsp.errors import SourceError
from cwm_lsp.features.runnables import is_test_path
from cwm_lsp.record.source import read_source
from cwm_lsp.trace.model import SourceFile

FILES = 400
FOLDERS = 2_000
FILE_BYTES = 256 << 10

_ENVIRONMENT = "pyvenv.cfg"
"""What an environment has, whatever it is called."""

_SKIPPED = frozenset({"node_modules", "site-packages", "__pycache__", "build", "dist", "venv", "env"})


def test_files(root: Path) -> tuple[SourceFile, ...]:
    """Files under ``root`` that pytest would collect by name, at most ``FILES``, in order of paths.

    Files that cannot be read or decoded are left out: they are someone else's to complain about.
    """
    return tuple(source for path in _test_paths(root) if (source := _read(path)) is not None)


def _test_paths(root: Path) -> Iterator[Path]:
    found = 0
    for visited, (folder, files) in enumerate(own_folders(root)):
        for name in filter(is_test_path, files):
            found += 1
            yield folder / name
        if found >= FILES or visited >= FOLDERS:
            return


def own_folders(root: Path) -> Iterator[tuple[Path, list[str]]]:
    """Folders from ``root`` on that hold a project's own files, with the names of these, in order of paths.

    Left out are hidden ones, environments, and what is installed or built.
    """
    for folder, folders, files in os.walk(root):
        if _ENVIRONMENT in files:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not name.startswith("."))
        yield Path(folder), sorted(files)


def _read(path: Path) -> SourceFile | None:
    try:
        return read_source(path) if path.stat().st_size <= FILE_BYTES else None
    except (OSError, SourceError):
        return None
