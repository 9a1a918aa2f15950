"""``cwm-lsp doctor``: what is installed, which interpreter and model are used, and why."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from cwm_lsp import __version__
from cwm_lsp.backend import checkpoint, registry
from cwm_lsp.backend.choose import Choice, choose
from cwm_lsp.backend.weights import load, locate
from cwm_lsp.cli import interpreter
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.loop import run
from cwm_lsp.config import Loaded
from cwm_lsp.config import load as load_settings
from cwm_lsp.errors import CwmError
from cwm_lsp.record.interpreter import check, interpreters

if TYPE_CHECKING:
    from cwm_lsp.cli.options import Request

NEEDED = (
    "debugpy",
    "pygls",
    "lsprotocol",
    "onnxruntime",
    "numpy",
    "tokenizers",
    "websockets",
    "click",
    "rich",
)
OPTIONAL = ("torch", "transformers", "vllm", "triton")


def doctor(request: Request) -> int:
    """Print the report; 1 if something that is needed is missing."""
    shell = Shell(as_json=request.as_json)
    loaded = load_settings(Path.cwd(), options=request.options, trusted=request.trusted)
    found = examine(loaded)
    if request.as_json:
        shell.object(found)
    else:
        shell.out.print(_table(found))
        for problem in found["problems"]:
            shell.out.print(Text.assemble(("problem: ", "bold red"), problem["what"]))
            if problem["hint"]:
                shell.out.print(Text(f"hint: {problem['hint']}", style="dim"))
        if not found["problems"]:
            shell.out.print(Text("All is well.", style="green"))
    return 1 if found["problems"] else 0


def examine(loaded: Loaded) -> dict[str, Any]:
    """The whole report, as ``--json`` prints it."""
    problems: list[dict[str, str]] = []
    packages = {name: _version(name) for name in (*NEEDED, *OPTIONAL)}
    problems += [
        {"what": f"{name} is not installed.", "hint": "Install cwm-lsp again."}
        for name in NEEDED
        if packages[name] is None
    ]
    for name in loaded.ignored:
        problems.append(
            {"what": f"The project sets {name}, which is ignored.", "hint": "Add --trust to let it count."}
        )
    settings = loaded.settings.as_dict
    return {
        "version": __version__,
        "python": {"path": sys.executable, "version": platform.python_version()},
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
        "packages": packages,
        "interpreter": _interpreter(loaded, problems),
        "interpreters": _others(),
        "backend": backend_state(loaded, problems),
        "settings": {
            name: {"value": value, "origin": loaded.origins.get(name.replace("-", "_"), "default")}
            for name, value in settings.items()
        },
        "problems": problems,
    }


def _interpreter(loaded: Loaded, problems: list[dict[str, str]]) -> dict[str, Any]:
    """What would run the user's code in the present folder, asked for its version."""
    chosen = interpreter.choose(loaded, Path.cwd())
    try:
        found = run(check(chosen.path))
    except CwmError as error:
        problems.append(_problem(error))
        return {"path": chosen.path, "version": None, "supported": False, "why": chosen.why}
    return {"path": chosen.path, "version": found.name, "supported": True, "why": chosen.why}


def _others() -> list[dict[str, str]]:
    """Every other interpreter of this machine that could be chosen."""
    return [{"path": found.path, "version": found.name} for found in run(interpreters())]


def backend_state(loaded: Loaded, problems: list[dict[str, str]]) -> dict[str, Any]:
    """Who would predict: the weights' checksum verified, or the server asked."""
    try:
        choice = choose(loaded.settings)
    except CwmError as error:
        problems.append(_problem(error))
        return {"chosen": None, "why": error.message, "model": None, "digest": None, "verified": None}
    if choice.backend is None:
        if loaded.settings.backend != "off":
            problems.append({"what": choice.reason, "hint": ""})
        return {"chosen": choice.name, "why": choice.reason, "model": None, "digest": None, "verified": None}
    info, verified = choice.backend.info, None
    try:
        verified = _verified(choice)
        if loaded.settings.backend == choice.name:  # else it was asked before it was chosen
            problems += map(_problem, registry.present(choice.name, loaded.settings))
    except CwmError as error:
        verified = False if choice.name in _WITH_WEIGHTS else None
        problems.append(_problem(error))
    return {
        "chosen": choice.name,
        "why": choice.reason,
        "model": info.model,
        "digest": info.digest or None,
        "verified": verified,
    }


_WITH_WEIGHTS = ("embedded", "transformers")
"""Backends whose weights are read here."""


def _verified(choice: Choice) -> bool | None:
    """Whether the weights have the stated checksum; ``None`` where there is none. Raises ``BackendError``."""
    if choice.name == "embedded":
        load(locate(choice.model))
        return True
    if choice.name == "transformers":
        found = checkpoint.read(choice.model)
        found.verify()
        return True if found.digest else None
    return None


def _problem(error: CwmError) -> dict[str, str]:
    return {"what": error.message, "hint": error.hint}


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _table(found: Mapping[str, Any]) -> Table:
    """Two columns: what, and what there is."""
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in _rows(found):
        table.add_row(name, Text(value))
    return table


def _rows(found: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    packages, backend, own = found["packages"], found["backend"], found["interpreter"]
    here = [f"{name} {version}" for name, version in packages.items() if version]
    absent = [name for name in OPTIONAL if packages[name] is None]
    verified = {True: "checksum verified", False: "checksum WRONG", None: ""}[backend["verified"]]
    rows = [
        ("cwm-lsp", f"{found['version']} on Python {found['python']['version']}, {found['platform']}"),
        ("runs in", found["python"]["path"]),
        ("your code", f"{own['path']} (Python {own['version'] or 'not found'})"),
        ("", own["why"]),
        ("", f"Others: {', '.join(one['version'] for one in found['interpreters']) or 'none'}."),
        ("model", ", ".join(filter(None, (backend["model"] or backend["chosen"] or "none", verified)))),
        ("", backend["why"]),
        ("installed", ", ".join(here)),
    ]
    if absent:
        rows.append(("optional", f"not installed, not needed: {', '.join(absent)}"))
    changed = [
        f"{name} = {one['value']} ({one['origin']})"
        for name, one in found["settings"].items()
        if one["origin"] != "default"
    ]
    rows.append(("settings", ", ".join(changed) or "all at their defaults"))
    return rows
