"""The commands and their options. What they do is imported when they run, so that ``--help`` is instant."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from cwm_lsp import __version__
from cwm_lsp.cli.learning import model
from cwm_lsp.cli.options import (
    COMMON,
    LLM,
    MODEL,
    PORT,
    RECORDING,
    TARGET,
    TargetCommand,
    requested,
    untargeted,
    with_options,
)
from cwm_lsp.errors import ArgumentsError, Cancelled, CwmError, UserError
from cwm_lsp.trace.parsing import parse_one_at_a_time

INTERNAL_ERROR = 1
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
    if isinstance(error, click.NoSuchOption) and context and isinstance(context.command, TargetCommand):
        more = " What is meant for your program goes after `--`."
    return f"See `{context.command_path if context else 'cwm-lsp'} --help`.{more}"


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


@commands.command(cls=TargetCommand)
@with_options(*TARGET, *RECORDING, *COMMON)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Also save the exact trace.")
def record(output: Path | None, **values: Any) -> int:
    """Run TARGET under debugpy and show what each line did.

    \b
    cwm-lsp record shop.py::total "[4, 9]" tax=0.2
    cwm-lsp record shop.py::total "total([4, 9], tax=0.2)"
    cwm-lsp record shop.py -- --verbose
    """
    from cwm_lsp.cli.commands import record

    return record(requested(values), output)


@commands.command(cls=TargetCommand)
@with_options(*TARGET[:2], *MODEL, *COMMON)
@click.option("--steps", type=click.IntRange(min=1), default=200, show_default=True, help="At most so many.")
def predict(steps: int, **values: Any) -> int:
    """Say what TARGET would do, without running it.

    \b
    cwm-lsp predict shop.py::total "[4, 9]" tax=0.2
    """
    from cwm_lsp.cli.commands import predict

    return predict(requested({**values, "module": "", "test": ""}), steps)


@commands.command(cls=TargetCommand)
@with_options(*TARGET, *RECORDING, *MODEL, *COMMON)
@click.option("--trace", type=click.Path(path_type=Path), metavar="FILE", help="Compare a saved run.")
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Also save the picture.")
def compare(trace: Path | None, svg: Path | None, **values: Any) -> int:
    """Run TARGET, predict the same run, and show where the two part.

    \b
    cwm-lsp compare shop.py::total "[4, 9]" tax=0.2
    cwm-lsp compare --pytest tests/test_shop.py::test_total
    """
    from cwm_lsp.cli.commands import compare

    return compare(requested(values), trace, svg)


@commands.command(cls=TargetCommand)
@with_options(*TARGET, *RECORDING, *MODEL, *COMMON)
@click.option(
    "--port", type=PORT, default=0, metavar="PORT", help="Serve the page here; 0 takes a free port."
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

    return view(requested(values), port, opens=not no_open)


@commands.command()
@with_options(*RECORDING, *MODEL, *COMMON)
@click.option("--svg", type=click.Path(path_type=Path), metavar="FILE", help="Also save the picture.")
def demo(svg: Path | None, **values: Any) -> int:
    """Record, predict and compare a small program that comes with cwm-lsp."""
    from cwm_lsp.cli.commands import demo

    return demo(untargeted(values), svg)


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
@with_options(*LLM)
@with_options(RECORDING[0], *COMMON)
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
@with_options(RECORDING[0], *MODEL, *COMMON)
def doctor(**values: Any) -> int:
    """Say what is installed, which interpreter and model are used, and why."""
    from cwm_lsp.cli.doctor import doctor

    return doctor(untargeted(values))


@commands.command()
@click.option("--stdio", is_flag=True, help="Serve one client over stdin and stdout; the default.")
@click.option(
    "--tcp", type=click.IntRange(0, 65535), metavar="PORT", help="Serve over TCP; 0 takes a free port."
)
@click.option("--ws", type=click.IntRange(0, 65535), metavar="PORT", help="Serve over websocket.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@with_options(*RECORDING, *MODEL, *COMMON)
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
    request = untargeted(values)
    return serve(request, Address(transport, host, port))


@commands.command()
@click.option(
    "--port", type=PORT, metavar="PORT", help="Serve over TCP; 0 takes a free port. Without it: stdio."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address of this machine to listen on.")
@click.option("--ghost", is_flag=True, help="Serve ghost sessions only; debugpy is not started.")
@click.option("--access-token", metavar="TOKEN", help="Passed to debugpy's adapter.")
@click.option("--server-access-token", metavar="TOKEN", help="Passed to debugpy's adapter.")
@click.option("--log-dir", metavar="DIR", help="Passed to debugpy's adapter.")
@click.option("--log-stderr", is_flag=True, help="Passed to debugpy's adapter.")
@click.option("--for-server", metavar="PORT", hidden=True)
@with_options(*MODEL, *COMMON)
def dap(port: int | None, host: str, ghost: bool, for_server: str | None, **values: Any) -> int:
    """Run the debug adapter: debugpy's own, and ghost sessions that step a prediction."""
    if for_server is not None:
        raise ArgumentsError(
            "--for-server is for the adapter that debugpy.listen brings along, which is debugpy's own.",
            'Launch "attach" with "connect": {"host", "port"} to reach a program that listens.',
        )
    from cwm_lsp.cli.dap import Address, adapter_options, dap

    request = untargeted(values)
    return dap(request, Address(host, port), adapter_options(values), ghost=ghost)


commands.add_command(model)
