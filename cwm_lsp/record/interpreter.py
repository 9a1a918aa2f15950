"""The interpreters that programs can be recorded with: found, asked for their version, refused if too old."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cwm_lsp.errors import InterpreterError

OLDEST = (3, 10)
"""The oldest Python that debugpy runs in."""

NEWEST = 15
"""Minor versions are looked for up to this one."""

_ASK = (
    "import json, sys, platform; print(json.dumps([sys.executable, list(sys.version_info[:3]),"
    " platform.python_implementation()]))"
)
_PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that answered: its path, its own name for itself, and its version."""

    path: str
    executable: str
    version: tuple[int, int, int]
    implementation: str = "CPython"

    @property
    def name(self) -> str:
        """As ``3.12.1``."""
        return ".".join(map(str, self.version))


async def check(path: str) -> Interpreter:
    """The interpreter at ``path`` (a path or a command name).

    Raises ``InterpreterError`` when there is none, when it does not answer, or when it is too old. Answers
    are remembered as long as the file does not change.
    """
    found = shutil.which(os.path.expanduser(path))
    if found is None:
        raise InterpreterError(f"There is no interpreter {path}.", "Select another one.")
    found = os.path.abspath(found)
    key = (found, os.stat(found).st_mtime_ns)
    known = _known.get(key)
    if known is None:
        known = _known[key] = await _ask(found)
    if known.version < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InterpreterError(f"{path} is Python {known.name}; debugpy needs {oldest} or later.")
    return known


_known: dict[tuple[str, int], Interpreter] = {}


async def _ask(path: str) -> Interpreter:
    try:
        process = await asyncio.create_subprocess_exec(
            path,
            "-I",
            "-c",
            _ASK,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise InterpreterError(f"{path} cannot be started: {error.strerror or error}.") from error
    try:
        out, told = await asyncio.wait_for(process.communicate(), _PATIENCE)
        executable, version, implementation = json.loads(out)
        return Interpreter(path, executable, (version[0], version[1], version[2]), implementation)
    except TimeoutError:
        raise InterpreterError(f"{path} did not answer within {_PATIENCE:g} s.") from None
    except (ValueError, TypeError, IndexError) as error:
        said = told.decode("utf-8", "replace").strip().partition("\n")[0]
        raise InterpreterError(
            f"{path} is not a Python that can be asked for its version{said and f': {said}'}.",
            "`cwm-lsp doctor` lists the interpreters that it finds.",
        ) from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def candidates() -> list[str]:
    """Paths where an interpreter may be, ours first; none has been asked yet."""
    names = ["python3", "python", *(f"python3.{minor}" for minor in range(NEWEST, OLDEST[1] - 1, -1))]
    found = [sys.executable, *filter(None, map(shutil.which, names)), *_managed(), *_windows()]
    return list(dict.fromkeys(found))


async def interpreters() -> list[Interpreter]:
    """Every usable interpreter found on this machine, one for each version, ours first."""
    answers: dict[tuple[int, int, int], Interpreter] = {}
    for path in candidates():
        try:
            answer = await check(path)
        except InterpreterError:  # one that cannot be used is none
            continue
        answers.setdefault(answer.version, answer)
    return list(answers.values())


def _managed() -> list[str]:
    """What pyenv and uv have installed for this user."""
    own = Path(os.path.expanduser("~"))  # Path.home raises for a user that has none
    homes = [Path(os.environ.get("PYENV_ROOT", own / ".pyenv")) / "versions"]
    homes.append(Path(os.environ.get("UV_PYTHON_INSTALL_DIR", own / ".local/share/uv/python")))
    inside = ("python.exe",) if os.name == "nt" else ("bin/python3", "bin/python")
    folders = [folder for home in homes if home.is_dir() for folder in sorted(home.iterdir())]
    return [str(path) for folder in folders for name in inside if (path := folder / name).is_file()]


def _windows() -> list[str]:
    """What the launcher ``py`` knows."""
    launcher = shutil.which("py") if os.name == "nt" else None
    if launcher is None:
        return []
    listed = subprocess.run([launcher, "-0p"], capture_output=True, text=True, timeout=_PATIENCE, check=False)
    paths = [line.split(maxsplit=1)[-1].lstrip("* ").strip() for line in listed.stdout.splitlines()]
    return [path for path in paths if path.lower().endswith(".exe")]
