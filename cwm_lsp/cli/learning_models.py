"""What the commands of ``cwm-lsp model`` work on: rows of data, models to be asked, a person's own runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cwm_lsp.backend import registry
from cwm_lsp.cli import engines
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.model import calibration, predictor_for
from cwm_lsp.config import Settings, load
from cwm_lsp.errors import CwmError, ModelUnavailable, SourceError, TargetError, UserError
from cwm_lsp.features.runnables import runnables
from cwm_lsp.features.workspace import own_folders
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.evaluate import unaided, uncalibrated
from cwm_lsp.learn.own_runs import OwnRun, own_runs
from cwm_lsp.learn.rows import Row, load_rows
from cwm_lsp.predict import Calibration, Predictor
from cwm_lsp.record import FunctionTarget, PytestTarget, Target, read_source, record
from cwm_lsp.record.interpreter import check
from cwm_lsp.trace.model import SourceFile
from cwm_lsp.trace.normalise import normalise

_COLLECTING = 120.0

Say = Callable[[str], None]
"""Takes a line about what is left out."""


def _unsaid(line: str) -> None:
    """For a caller who does not want to know."""


# --- rows --------------------------------------------------------------------------------------


def rows(paths: Sequence[Path], split: str, calls: int, limit: int | None, say: Say = _unsaid) -> list[Row]:
    """The rows of JSONL files, Python files and folders. Raises ``SourceError`` or ``TargetError``."""
    found: list[Row] = []
    for path in paths:
        if path.is_dir() or path.suffix == ".py":
            found += _documented(path, calls, say)
        else:
            found += load_rows(path, split, calls)
    if not found:
        raise TargetError(
            "There is nothing to run in it.",
            "Write doctests or `# cwm: f(3)` comments; a JSONL file has functions with inputs.",
        )
    return found[:limit]


def _documented(path: Path, calls: int, say: Say) -> Iterator[Row]:
    """The calls that Python files make of their own functions in doctests, comments and tests."""
    for source in _sources(path, say):
        counts: dict[str, int] = {}
        for one in runnables(source):
            counts[one.function] = counts.get(one.function, 0) + 1
            if counts[one.function] <= calls:
                yield Row(f"{source.path}::{one.call}", Program(source.text, one.call, "real:own"))


def _sources(path: Path, say: Say) -> Iterator[SourceFile]:
    """A Python file, or those of a folder that can be read; of the others ``say`` is told.

    Raises ``SourceError`` for a file that is named and cannot be read.
    """
    if not path.is_dir():
        yield read_source(path)
        return
    for folder, names in own_folders(path):
        for name in names:
            if name.endswith(".py"):
                try:
                    yield read_source(folder / name)
                except SourceError as error:
                    say(f"Left out: {error.message}")


# --- models ------------------------------------------------------------------------------------


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Say what to install where the requirements of the extra are missing. Raises ``ModelUnavailable``."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"This needs {error.name}, which is not installed.",
            f"Install it with: pip install 'cwm-lsp[{name}]'",
        ) from error


def installed(name: str, *packages: str) -> None:
    """Like :func:`extra`, of packages that are imported later. Raises ``ModelUnavailable``."""
    with extra(name):
        for package in packages:
            if find_spec(package) is None:
                raise ModuleNotFoundError(name=package)


@dataclass(frozen=True, slots=True)
class ModelSource:
    """Which model: a checkpoint, or a backend with its weights. Picklable: a process can load its own."""

    backend: str = "embedded"
    model: str = ""
    endpoint: str = ""
    checkpoint: str = ""
    threads: int = 1
    raw: bool = False
    unaided: bool = False

    def predictor(self) -> Predictor:
        """The model, loaded in this process. Raises ``ModelUnavailable``."""
        made = self._loaded()
        return unaided(made) if self.unaided else made

    def _loaded(self) -> Predictor:
        if self.checkpoint:
            with extra("train"):
                from cwm_lsp.learn.torch_backend import checkpoint_backend
            backend = checkpoint_backend(Path(self.checkpoint), self.threads)
            return predictor_for(backend, Calibration())
        settings = Settings(
            backend=self.backend, model=self.model, endpoint=self.endpoint, threads=self.threads
        )
        opened = registry.create(self.backend, settings)
        made = predictor_for(opened, calibration(self.model, self.backend))
        return uncalibrated(made) if self.raw else made


# --- one's own runs ----------------------------------------------------------------------------


async def recorded_runs(
    files: Sequence[Path], tests: Sequence[str], most: int, trusted: bool, shell: Shell
) -> list[OwnRun]:
    """Runs of functions in ``files`` and under ``tests``; what cannot be run is named and left out."""
    here = Path.cwd()
    loaded = load(here, trusted=trusted)
    shell.ignored(loaded)
    options = engines.options(loaded, here, str(here))
    python = (await check(options.interpreter)).path
    targets: list[Target] = [
        FunctionTarget(str(Path(source.path).absolute()), one.function, one.arguments)
        for path in files
        for source in _sources(path, shell.note)
        for one in runnables(source)
    ]
    if tests:
        targets += [PytestTarget(node) for node in await _collected(python, tests)]
    if not targets:
        raise TargetError("There is nothing to record.", "Name files with doctests, or tests with --pytest.")
    found: list[OwnRun] = []
    with shell.progress("Recording") as advance:
        for done, target in enumerate(targets[:most]):
            advance(done, min(most, len(targets)))
            try:
                trace = normalise(await record(target, options))
            except CwmError as error:
                shell.note(f"Left out: {_named(target)}. {error.message}")
                continue
            found += own_runs(trace, entry=not isinstance(target, PytestTarget))
    if len(targets) > most:
        shell.note(f"{most} of {len(targets)} runs were recorded; --most raises that.")
    return found


def _named(target: Target) -> str:
    return target.node if isinstance(target, PytestTarget) else getattr(target, "function", str(target))


async def _collected(python: str, arguments: Sequence[str]) -> list[str]:
    """The tests that pytest finds, by their ids. Raises ``UserError``."""
    process = await asyncio.create_subprocess_exec(
        python,
        *("-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-o", "addopts=", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _COLLECTING)
    except TimeoutError:
        raise UserError(f"pytest did not list its tests within {_COLLECTING:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = output.decode("utf-8", "replace").splitlines()
    nodes = [line for line in lines if "::" in line and not line.startswith((" ", "ERROR"))]
    if not nodes:
        said = next((line for line in lines[::-1] if line), "it said nothing").rstrip(".")
        raise UserError(f"pytest found no test: {said}.", f"It runs as `{python} -m pytest`.")
    return nodes
