"""The commands and their options. What they do is imported when they run, so that ``--help`` is instant."""

from __future__ import annotations

import errno
import functools
import itertools
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

import click

from cwm_lsp import __version__
from cwm_lsp.cli.learning import model
from cwm_lsp.config import BACKENDS, Settings
from cwm_lsp.errors import ArgumentsError, Cancelled, CwmError, UserError
from cwm_lsp.trace.parsing import parse_one_at_a_time

INTERNAL_ERROR = 1
INTERRUPTED = Cancelled.exit_code
PIPE_CLOSED = 141

FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""How a disk or a quota says that nothing more can be written."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The console script: runs one command and exits with its code (see ``docs/cli.md``)."""
    _reopen_closed()
    sys.exit(run(sys.argv[1:] if argv is None else argv))


def run(argv: Sequence[str]) -> int:
    """Run one command; every failure becomes one clear line and an exit code."""
    parse_one_at_a_time()
    try:
        result = commands.main(args=list(argv), prog_name="cwm-lsp", standalone_mode=False)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        return 0
    except click.ClickException as error:
        return _refused(argv, UserError(_sentence(error.format_message()), _usage_hint(error)))
    except (KeyboardInterrupt, click.Abort):
        return _refused(argv, Cancelled("Stopped."))
    except CwmError as error:
        return _refused(argv, error)
    except BrokenPipeError:
        # Whoever read our output has gone; python would complain once more when it flushes at exit.
        _dropped_output()
        return PIPE_CLOSED
    except OSError as error:
        if error.errno not in FULL or error.filename is not None:
            return _broken(argv, error)
        _dropped_output()
        return _refused(argv, UserError(f"The output cannot be written: {error.strerror}."))
    except Exception as error:
        return _broken(argv, error)
    return result if isinstance(result, int) else 0


def _reopen_closed() -> None:
    """Let standard streams that are closed lead nowhere: files that are opened would take their numbers."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - open to the end


def _dropped_output() -> None:
    """Let what is still to be written to stdout go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _refused(argv: Sequence[str], error: CwmError) -> int:
    from cwm_lsp.cli.console import Shell

    Shell(as_json="--json" in itertools.takewhile("--".__ne__, argv)).error(error)
    return error.exit_code


def _broken(argv: Sequence[str], error: Exception) -> int:
    """A defect of ours: said as such, with all that a report needs."""
    import traceback

    traceback.print_exception(error)
    message = f"cwm-lsp itself failed: {type(error).__name__}: {error}."
    _refused(argv, CwmError(message, "This is a defect of cwm-lsp, not of your code; please report it."))
    return INTERNAL_ERROR


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _usage_hint(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    more = ""
    if isinstance(error, click.NoSuchOption) and context and isinstance(context.command, _TargetCommand):
        more = " What is meant for your program goes after `--`."
    return f"See `{context.command_path if context else 'cwm-lsp'} --help`.{more}"


# --- options -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Request:
    """What to run and how, as it was typed."""

    target: str
    words: tuple[str, ...]
    module: str
    test: str
    options: dict[str, object]
    trusted: bool
    as_json: bool

    @property
    def arguments(self) -> tuple[str, ...]:
        """The words after the target. With ``-m`` or ``--pytest`` all words are arguments."""
        named = self.module or self.test
        return (self.target, *self.words) if named and self.target else self.words


_SETTINGS = {field.name: field for field in fields(Settings)}


def _setting(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option of a setting, with the help and the limits that ``config`` gives it."""
    return click.option(
        f"--{name.replace('_', '-')}", name, help=_SETTINGS[name].metadata["help"], default=None, **attributes
    )


_TARGET = (
    click.argument("target", required=False, default=""),
    click.argument("words", nargs=-1, metavar="[ARGS]..."),
    click.option("-m", "--module", default="", metavar="MODULE", help="Run a module, as `python -m` does."),
    click.option("--pytest", "test", default="", metavar="NODE", help="Run one pytest test."),
)
_RECORDING = (
    _setting("python", metavar="PATH"),
    _setting("max_seconds", type=float, metavar="N"),
    _setting("max_events", type=int, metavar="N"),
    _setting("max_bytes", type=int, metavar="N"),
    _setting("max_depth", type=int, metavar="N"),
)
_MODEL = (
    _setting("backend", type=click.Choice(BACKENDS)),
    _setting("model", metavar="FOLDER"),
    _setting("endpoint", metavar="URL"),
    _setting("threshold", type=float, metavar="P"),
    _setting("threads", type=int, metavar="N"),
)
_PORT = click.IntRange(0, 65535)
_LLM = (
    click.option("--llm", default="", metavar="URL", help="Also ask a model at an OpenAI-compatible server."),
    click.option("--llm-model", default="", metavar="NAME", help="The model's name there."),
    click.option(
        "--llm-form", type=click.Choice(["plain", "tools"]), default="plain", help="tools: CWM's own form."
    ),
    click.option("--llm-candidates", type=click.IntRange(1, 20), default=4, metavar="N", help="Ask for N."),
    click.option("--llm-timeout", type=click.FloatRange(min=1), default=60.0, metavar="N", help="Seconds."),
    click.option("--llm-anywhere", is_flag=True, help="The server may be outside this network."),
)
_COMMON = (
    click.option(
        "--trust",
        "trusted",
        is_flag=True,
        help="Let the project's own settings choose interpreter and model.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)


class _TargetCommand(click.Command):
    """A command whose words may look like options: ``-5`` is a number, and all after ``--`` is literal."""

    ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether ``--`` was given, which click drops."""
        ctx.meta["literal"] = "--" in args
        return super().parse_args(ctx, args)


def _with(
    *options: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> Callable[[Callable[..., Any]], Any]:
    """Add ``options`` in the order in which ``--help`` lists them."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        return functools.reduce(lambda inner, option: option(inner), reversed(options), command)

    return add


def _request(values: dict[str, Any]) -> Request:
    """Split click's keyword arguments into what to run and the settings."""
    words = (*([values["target"]] if values["target"] else []), *values["words"])
    stray = next((word for word in words if word.startswith("--") and word[2:3].isalpha()), "")
    context = click.get_current_context()
    if stray and not context.meta.get("literal", False):
        raise click.NoSuchOption(stray, ctx=context)
    options = {name: values[name] for name in _SETTINGS if values.get(name) is not None}
    return Request(
        target=values["target"],
        words=tuple(values["words"]),
        module=values["module"],
        test=values["test"],
        options=options,
        trusted=values["trusted"],
        as_json=values["as_json"],
    )


# --- commands ----------------------------------------------------------------------------------


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="cwm-lsp", message="%(prog)s %(version)s")
def commands() -> None:
    """A world-model debugger for Python: what the code will do, beside what it did.

    TARGET is FILE::FUNCTION (ARGS are Python expressions, or one whole call), or FILE for a
    script. Without ARGS, the function's doctests and `# cwm: f(3)` comments are its inputs.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise UserError("The current folder is not there any more.", "Change to one that is.") from error


@commands.command(cls=_TargetCommand)
@_with(*_TARGET, *_RECORDING, *_COMMON)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Also save the exact trace.")
def record(output: Path | None, **values: Any) -> int:
    """Run TARGET under debugpy and show what each line did.

    \b
    cwm-lsp record shop.py::total "[4, 9]" tax=0.2
    cwm-lsp record shop.py::total "total([4, 9], tax=0.2)"
    cwm-lsp record shop.py -- --verbose
    """
    from cwm_lsp.cli.commands import record

    return record(_request(values), output)


@commands.command(cls=_TargetCommand)
@_with(*_TARGET[:2], *_MODEL, *_COMMON)
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="At most so many.")
def predict(steps: int, **values: Any) -> int:
    """Say what TARGET would do, without running it.

    \b
    cwm-lsp predict shop.py::total "[4, 9]" tax=0.2
    """
    from cwm_lsp.cli.commands import predict

    return predict(_request({**values, "module": "", "test": ""}), steps)


@commands.command(cls=_TargetCommand)
@_with(*_TARGET, *_RECORDING, *_MODEL, *_COMMON)
@click.option("--trace", type=click.Path(path_type=Path), metavar="FILE", help="Compare a saved run.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Also save the picture.")
def compare(trace: Path | None, svg: Path | None, **values: Any) -> int:
    """Run TARGET, predict the same run, and show where the two part.

    \b
    cwm-lsp compare shop.py::total "[4, 9]" tax=0.2
    cwm-lsp compare --pytest tests/test_shop.py::test_total
    """
    from cwm_lsp.cli.commands import compare

    return compare(_request(values), trace, svg)


@commands.command(cls=_TargetCommand)
@_with(*_TARGET, *_RECORDING, *_MODEL, *_COMMON)
@click.option(
    "--port", type=_PORT, default=0, metavar="PORT", help="Serve the page here; 0 takes a free port."
)
@click.option("--no-open", is_flag=True, help="Only print the address; open no browser.")
def view(port: int, no_open: bool, **values: Any) -> int:
    """Show TARGET in a browser page as it runs, beside its prediction; or runs that were saved.

    \b
    cwm-lsp view shop.py::total "[4, 9]" tax=0.2
    cwm-lsp view run.json
    cwm-lsp view before.json after.json
    """
    from cwm_lsp.cli.page import view

    return view(_request(values), port, opens=not no_open)


@commands.command()
@_with(*_RECORDING, *_MODEL, *_COMMON)
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Also save the picture.")
def demo(svg: Path | None, **values: Any) -> int:
    """Record, predict and compare a small program that comes with cwm-lsp."""
    from cwm_lsp.cli.commands import demo

    return demo(_request({**values, "target": "", "words": (), "module": "", "test": ""}), svg)


@commands.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--test", default="", metavar="NODE", help="The pytest test that must pass.")
@click.option(
    "--call", "calls", multiple=True, metavar="CALL", help="A call that goes wrong; may be repeated."
)
@click.option("--expect", "expected", multiple=True, metavar="VALUE", help="The value of the call before it.")
@click.option(
    "--cases", type=click.Path(path_type=Path), metavar="CASES", help="A JSON or JSONL file of cases."
)
@click.option("--function", default="", metavar="NAME", help="The function that the cases are for.")
@click.option(
    "--budget", type=click.FloatRange(min=1), default=20.0, show_default=True, help="Search so many seconds."
)
@click.option("--apply", "write", is_flag=True, help="Write the first verified fix into FILE.")
@click.option("--like", default="", metavar="OTHER", help="A function it should agree with, or module:name.")
@click.option(
    "--answer", "answers", multiple=True, metavar="ANSWER", help="What a call should give: 'f(2, 3) == 5'."
)
@_with(*_LLM)
@_with(_RECORDING[0], *_COMMON)
def repair(python: str | None, **values: Any) -> int:
    """Search edits of FILE that make a failing specification hold, and run them before they are shown.

    \b
    cwm-lsp repair shop.py --call "total([4, 9])" --expect 13
    cwm-lsp repair shop.py --test tests/test_shop.py::test_total
    cwm-lsp repair shop.py --cases cases.jsonl --function total
    cwm-lsp repair shop.py --function total --like plain_total
    cwm-lsp repair script.py                # its doctests, else that it ends well
    """
    from cwm_lsp.cli.repair import Wish, repair

    options: dict[str, object] = {} if python is None else {"python": python}
    return repair(Wish(options=options, **values))


@commands.command()
@_with(_RECORDING[0], *_MODEL, *_COMMON)
def doctor(**values: Any) -> int:
    """Say what is installed, which interpreter and model are used, and why."""
    from cwm_lsp.cli.doctor import doctor

    return doctor(_request({**values, "target": "", "words": (), "module": "", "test": ""}))


@commands.command()
@click.option("--stdio", is_flag=True, help="Serve one client over stdin and stdout; the default.")
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="Serve over TCP; 0 takes a free port."
)
@click.option("--ws", type=click.IntRange(0, 65535), metavar="PORT", help="Serve over websocket.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@_with(*_RECORDING, *_MODEL, *_COMMON)
def serve(stdio: bool, tcp: int | None, ws: int | None, host: str, **values: Any) -> int:
    """Run the language server."""
    from cwm_lsp.cli.serve import Address, serve

    chosen = [
        name for name, given in (("stdio", stdio), ("tcp", tcp is not None), ("ws", ws is not None)) if given
    ]
    if len(chosen) > 1:
        raise click.UsageError(f"--{chosen[0]} and --{chosen[1]} exclude each other.")
    transport = chosen[0] if chosen else "stdio"
    port = tcp if tcp is not None else ws or 0
    request = _request({**values, "target": "", "words": (), "module": "", "test": ""})
    return serve(request, Address(transport, host, port))


@commands.command()
@click.option(
    "--port", type=_PORT, metavar="PORT", help="Serve over TCP; 0 takes a free port. Without it: stdio."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option("--ghost", is_flag=True, help="Serve ghost sessions only; debugpy is not started.")
@click.option("--access-token", metavar="TOKEN", help="Passed to debugpy's adapter.")
@click.option("--server-access-token", metavar="TOKEN", help="Passed to debugpy's adapter.")
@click.option("--log-dir", metavar="DIR", help="Passed to debugpy's adapter.")
@click.option("--log-stderr", is_flag=True, help="Passed to debugpy's adapter.")
@click.option("--for-server", metavar="PORT", hidden=True)
@_with(*_MODEL, *_COMMON)
def dap(port: int | None, host: str, ghost: bool, for_server: str | None, **values: Any) -> int:
    """Run the debug adapter: debugpy's own, and ghost sessions that step a prediction."""
    if for_server is not None:
        raise ArgumentsError(
            "--for-server is for the adapter that debugpy.listen brings along, which is debugpy's own.",
            'Launch "attach" with "connect": {"host", "port"} to reach a program that listens.',
        )
    from cwm_lsp.cli.dap import Address, adapter_options, dap

    request = _request({**values, "target": "", "words": (), "module": "", "test": ""})
    return dap(request, Address(host, port), adapter_options(values), ghost=ghost)


commands.add_command(model)
