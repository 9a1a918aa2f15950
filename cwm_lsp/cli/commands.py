"""What ``record``, ``predict``, ``compare`` and ``demo`` do."""

from __future__ import annotations

import asyncio
import io
import os
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from cwm_lsp.align.model import Comparison
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.cli import engines, payload
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.loop import run
from cwm_lsp.cli.model import Model, opened
from cwm_lsp.cli.options import Request
from cwm_lsp.cli.report import comparison_picture, prediction_picture, run_picture
from cwm_lsp.cli.target import SEPARATOR, function_call, names_script, script
from cwm_lsp.config import Loaded, load
from cwm_lsp.errors import ArgumentsError, BackendError, CwmError, SourceError, TargetError
from cwm_lsp.record import FunctionTarget, ModuleTarget, Progress, PytestTarget, ScriptTarget, Target
from cwm_lsp.record import record as record_target
from cwm_lsp.record.session import OnEvents
from cwm_lsp.trace import json as trace_json
from cwm_lsp.trace.model import Trace
from cwm_lsp.trace.normalise import normalise
from cwm_lsp.trace.predicted import PredictedStep

PICTURE_WIDTH = 88


@dataclass(frozen=True, slots=True)
class Job:
    """A target with the settings that hold where it lies, and what the picture calls it."""

    target: Target
    title: str
    near: Path
    loaded: Loaded


@dataclass(frozen=True, slots=True)
class Scored:
    """A run with what the model said of it."""

    comparison: Comparison
    steps: Sequence[PredictedStep | None]
    model: BackendInfo


@dataclass(frozen=True, slots=True)
class Unasked:
    """A run that the model failed to say anything of."""

    trace: Trace
    error: BackendError


# --- commands ----------------------------------------------------------------------------------


def record(request: Request, output: Path | None) -> int:
    """Run the target and show what each line did."""
    shell = Shell(as_json=request.as_json)
    job = job_for(request, shell)
    _check_writable(output)
    trace = run(recorded(job, shell))

    def save() -> None:
        if output is not None:
            _save(output, trace_json.dumps(trace))
            shell.note(f"The trace is in {output}.")

    def picture(width: int) -> RenderableType:
        return run_picture(job.title, normalise(trace), width)

    return _delivered(shell, lambda: payload.recorded(trace), picture, save)


def predict(request: Request, steps: int) -> int:
    """Show what the model expects, without running anything."""
    shell = Shell(as_json=request.as_json)
    if SEPARATOR not in request.target:
        raise TargetError(
            "`predict` needs FILE::FUNCTION.",
            "`compare` takes scripts, modules and tests, since it runs them.",
        )
    found = function_call(request.target, request.words)
    loaded = settings_for(request, Path(found.source.path).parent, shell)
    if found.found:
        shell.note(f"Input: {found.call}, from {found.found}.")

    async def work() -> None:
        async with opened(loaded.settings) as model:
            with shell.progress("Predicting", "steps") as advance:
                made = await engines.run_ahead(model, found.source, found.call, steps=steps, advance=advance)
            if request.as_json:
                shell.object(payload.predicted(made, model.info))
            else:
                shell.out.print(prediction_picture(str(found.call), made, shell.out.width))

    run(work())
    return 0


def compare(request: Request, trace: Path | None, svg: Path | None) -> int:
    """Run the target, predict the same run and show where the two part."""
    shell = Shell(as_json=request.as_json)
    _check_writable(svg)
    if trace is None:
        return _compare(job_for(request, shell), shell, svg)
    if request.target or request.module or request.test:
        raise ArgumentsError(
            "--trace names a saved run, so there is nothing to run.", "Give one or the other."
        )
    saved = _load(trace)
    loaded = settings_for(request, trace.absolute().parent, shell)
    return _compare_trace(saved, saved.entry, loaded, shell, svg)


def demo(request: Request, svg: Path | None) -> int:
    """Compare a run of the packaged program."""
    shell = Shell(as_json=request.as_json)
    _check_writable(svg)
    with resources.as_file(resources.files("cwm_lsp") / "demo" / "scores.py") as path:
        return _compare(job_for(replace(request, target=f"{path}::points"), shell), shell, svg)


# --- steps -------------------------------------------------------------------------------------


def job_for(request: Request, shell: Shell) -> Job:
    """What was typed, as something to run. Raises ``UserError``."""
    named = [name for name in (request.module, request.test) if name]
    if len(named) > 1:
        raise ArgumentsError("Both -m and --pytest are given.", "Give one target.")
    here = Path.cwd()
    if request.module:
        return Job(
            ModuleTarget(request.module, request.arguments),
            f"python -m {' '.join((request.module, *request.arguments))}",
            here,
            settings_for(request, here, shell),
        )
    if request.test:
        if request.arguments:
            raise ArgumentsError(
                "A test takes no arguments.", "Name a parametrised one as pytest does: NODE[1]."
            )
        return Job(PytestTarget(request.test), request.test, here, settings_for(request, here, shell))
    if not request.target:
        raise TargetError(
            "There is nothing to run.", "Name FILE::FUNCTION, FILE, -m MODULE or --pytest NODE."
        )
    if names_script(request.target):
        path = script(request.target)
        title = " ".join(("python", path.name, *request.words))
        return Job(
            ScriptTarget(str(path), request.words),
            title,
            path.parent,
            settings_for(request, path.parent, shell),
        )
    found = function_call(request.target, request.words)
    if found.found:
        shell.note(f"Input: {found.call}, from {found.found}.")
    near = Path(found.source.path).parent
    target = FunctionTarget(found.source.path, found.call.function, found.call.arguments)
    return Job(target, str(found.call), near, settings_for(request, near, shell))


def settings_for(request: Request, near: Path, shell: Shell) -> Loaded:
    """The settings that hold ``near``; what was ignored of them is said."""
    loaded = load(near, options=request.options, trusted=request.trusted)
    shell.ignored(loaded)
    return loaded


async def recorded(job: Job, shell: Shell, on_events: OnEvents | None = None) -> Trace:
    """The run, with a bar that counts events; ``on_events`` is offered the run as it grows."""
    options = engines.options(job.loaded, job.near, str(Path.cwd()))
    with shell.progress(f"Running {job.title}"[:40], "events") as advance:

        def tell(progress: Progress) -> None:
            advance(progress.events, 0)

        return await record_target(job.target, options, progress=tell, on_events=on_events)


def _compare(job: Job, shell: Shell, svg: Path | None) -> int:
    async def work() -> Scored | Unasked:
        async with opened(job.loaded.settings) as model:
            model.require()  # before anything is run
            warming = asyncio.ensure_future(model.warm())
            try:
                trace = await recorded(job, shell)
                failure = await _failure(warming)
            finally:
                warming.cancel()
                await asyncio.gather(warming, return_exceptions=True)
            return Unasked(trace, failure) if failure is not None else await _scored(model, trace, shell)

    return _shown(run(work()), job.title, shell, svg)


async def _failure(warming: Awaitable[None]) -> BackendError | None:
    """Why the model did not start, ``None`` if it did."""
    try:
        await warming
    except BackendError as error:
        return error
    return None


def _compare_trace(trace: Trace, title: str, loaded: Loaded, shell: Shell, svg: Path | None) -> int:
    async def work() -> Scored | Unasked:
        async with opened(loaded.settings) as model:
            return await _scored(model, trace, shell)

    return _shown(run(work()), title, shell, svg)


async def _scored(model: Model, trace: Trace, shell: Shell) -> Scored | Unasked:
    try:
        with shell.progress("Asking the model", "steps") as advance:
            return Scored(*await engines.score(model, normalise(trace), advance=advance), model.info)
    except BackendError as error:
        return Unasked(trace, error)


def _shown(found: Scored | Unasked, title: str, shell: Shell, svg: Path | None) -> int:
    """Show the comparison, or what was observed though the model failed."""

    def picture(width: int) -> RenderableType:
        if isinstance(found, Unasked):
            return run_picture(title, normalise(found.trace), width, found.error.message)
        return comparison_picture(title, found.comparison, width)

    def result() -> dict[str, Any]:
        if isinstance(found, Unasked):
            return payload.recorded(found.trace)
        return payload.compared(found.comparison, found.steps, found.model)

    def save() -> None:
        if svg is not None:
            _save(svg, _svg(picture(PICTURE_WIDTH), title))
            shell.note(f"The picture is in {svg}.")

    return _delivered(shell, result, picture, save, found.error if isinstance(found, Unasked) else None)


def _delivered(
    shell: Shell,
    result: Callable[[], dict[str, Any]],
    picture: Callable[[int], RenderableType],
    save: Callable[[], None],
    failure: CwmError | None = None,
) -> int:
    """Save and show a result; what cannot be saved is shown all the same. The exit code."""
    try:
        save()
    except SourceError as error:
        failure = failure or error
    if not shell.as_json:
        shell.out.print(picture(shell.out.width))
    elif failure is None:
        shell.object(result())
    if failure is None:
        return 0
    shell.error(failure, result() if shell.as_json else None)
    return failure.exit_code


def _svg(picture: RenderableType, title: str) -> str:
    """The picture as an image that stands alone: rich's own would fetch fonts from the web."""
    console = Console(file=io.StringIO(), record=True, width=PICTURE_WIDTH, force_terminal=True)
    console.print(picture)
    image = console.export_svg(title=f"cwm-lsp compare: {title}", unique_id="cwm")
    return re.sub(r"\s*@font-face \{.*?\}", "", image, flags=re.DOTALL)


def _check_writable(path: Path | None) -> None:
    """Raise ``SourceError`` where a file cannot be written: to be known before anything is run."""
    if path is None:
        return
    try:
        there = os.path.lexists(path)
        if not there or path.is_file() or path.is_dir():  # of a pipe, the reader would go away
            path.open("ab").close()
        if not there:
            path.unlink()
    except OSError as error:
        raise _unwritable(path, error) from error


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> SourceError:
    return SourceError(f"{path} cannot be written: {error.strerror or error}.")


def _load(path: Path) -> Trace:
    try:
        return trace_json.loads(path.read_bytes())
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror or error}.") from error
