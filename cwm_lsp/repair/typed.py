"""Whether a fix adds errors of the type checker that the user's project has set up, where it is installed."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections import Counter
from collections.abc import Sequence
from configparser import ConfigParser, Error
from dataclasses import dataclass, replace
from pathlib import Path

from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Fix

LONGEST = 30.0
SHORTEST = 5.0
"""Seconds that the checker may take: those that the search has left, within these bounds."""


@dataclass(frozen=True, slots=True)
class Checker:
    """A type checker's name, and the command that it is run with, the file to come last."""

    name: str
    command: tuple[str, ...]


def checked(fixes: Sequence[Fix], job: Job, work: Path) -> tuple[tuple[Fix, ...], tuple[str, ...]]:
    """Fixes, those that add errors no longer verified, and notes. ``work`` is the scratch copy."""
    root = next((one for one in job.place.file.parents if _named(one)), None)
    if not fixes or root is None:
        return tuple(fixes), ()
    seconds = min(LONGEST, max(SHORTEST, job.deadline.left))
    checker = configured(root, job.python, seconds)
    if checker is None:
        return tuple(fixes), (f"Types were not checked: no checker that {root} is set up for is installed.",)
    file = work / job.place.file.relative_to(job.place.root)
    before, *after = errors(checker, work, file, (job.text, *(fix.text for fix in fixes)), seconds)
    pairs = zip(fixes, after, strict=True)
    judged = sorted((_judged(checker, before, *pair) for pair in pairs), key=lambda one: not one.verified)
    return tuple(judged), ((f"{checker.name} said nothing usable.",) if before is None else ())


def _judged(checker: Checker, before: int | None, fix: Fix, after: int | None) -> Fix:
    if before is None or after is None or after <= before:
        return fix
    note = f"{checker.name} has {after} errors in the file with it, {before} without."
    evidence = replace(fix.evidence, notes=(*fix.evidence.notes, note))
    return replace(fix, verified=False, evidence=evidence)


def configured(root: Path, python: str, seconds: float = LONGEST) -> Checker | None:
    """The checker that the project in ``root`` has settings for and ``python`` can run."""
    for name in _named(root):
        words: tuple[str, ...] = ("--outputjson",)
        if name == "mypy":
            words = ("--output", "json", "--no-incremental", *_settings(root))
        command = (python, "-m", name, *words)
        if _runs((python, "-m", name, "--version"), seconds):
            return Checker(name, command)
    return None


def _named(root: Path) -> list[str]:
    found = []
    if (root / "mypy.ini").is_file() or (root / ".mypy.ini").is_file() or _in_ini(root / "setup.cfg", "mypy"):
        found.append("mypy")
    if (root / "pyrightconfig.json").is_file():
        found.append("pyright")
    return list(dict.fromkeys([*found, *_in_toml(root / "pyproject.toml")]))


def _settings(root: Path) -> tuple[str, ...]:
    """The file that holds mypy's settings: the scratch copy may not have it."""
    names = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")
    found = next((root / name for name in names if (root / name).is_file()), None)
    return ("--config-file", str(found)) if found is not None else ()


def _in_ini(path: Path, section: str) -> bool:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read(path, encoding="utf-8")
    except (Error, UnicodeDecodeError):
        return False
    return parser.has_section(section)


def _in_toml(path: Path) -> list[str]:
    try:
        tools = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, ValueError):
        return []
    return [name for name in ("mypy", "pyright") if name in tools]


def _runs(command: Sequence[str], seconds: float) -> bool:
    try:
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def errors(
    checker: Checker, folder: Path, file: Path, texts: Sequence[str], seconds: float = LONGEST
) -> list[int | None]:
    """How many errors the checker has in ``file`` with each text; ``None`` for all when it takes longer
    than ``seconds`` or says nothing usable.

    The texts lie side by side, in one run: a checker takes much longer to start than for one more file.
    """
    files = [file.with_name(f"{file.stem}_with_{n}.py") for n in range(len(texts))]
    try:
        for path, text in zip(files, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [*checker.command, *map(str, files)],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return [None] * len(texts)
    finally:
        for path in files:
            path.unlink(missing_ok=True)
    found = counted(checker.name, done.stdout)
    return [None if found is None else found[path.name] for path in files]


def counted(name: str, said: str) -> Counter[str] | None:
    """The errors in a checker's JSON by the name of the file; ``None`` where it is none."""
    try:
        if name == "pyright":
            rows = json.loads(said)["generalDiagnostics"]
        else:
            rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        return Counter(Path(row["file"]).name for row in rows if row.get("severity") == "error")
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
