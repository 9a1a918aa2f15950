"""``cwm-lsp model``: making and measuring the embedded model. What the commands do is imported late."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from cwm_lsp.config import BACKENDS

_Option = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What is put above a command to give it an option."""

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)

_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
_DATA = click.argument("data", nargs=-1, required=True, type=_EXISTING)
_CHECKPOINT = click.option(
    "--checkpoint", type=_FILE, metavar="FILE", help="A training checkpoint in place of exported weights."
)
_MODEL = click.option(
    "--model", type=_FOLDER, metavar="FOLDER", help="Weights; the shipped ones if not given."
)
_SPLIT = click.option(
    "--split",
    type=click.Choice(("train", "held_out", "odd", "even")),
    help="Of corpus data, only the functions that training uses, or those it does not, or every other one.",
)
_LIMIT = click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most so many rows.")


def _count(name: str, default: int, help: str | None = None, least: int = 1) -> _Option:
    """An option that takes an integer of at least ``least``."""
    return click.option(name, type=click.IntRange(min=least), default=default, show_default=True, help=help)


_CALLS = _count("--calls", 2, "Rows of a function with many.")
_JOBS = _count("--jobs", 1, "Processes, each with a model.")
_THREADS = _count("--threads", 1, "Threads of a model.")

_REAL = click.option(
    "--real", type=_EXISTING, multiple=True, metavar="FILE", help="JSONL of functions with inputs."
)
_EXCLUDE = click.option(
    "--exclude",
    type=_EXISTING,
    multiple=True,
    metavar="FILE",
    help="Evaluation data: its functions and near copies of them stay out.",
)


@click.group()
def model() -> None:
    """Measure and make the embedded model; serve a larger one."""


@model.command("eval")
@_DATA
@_JSON
@_LIMIT
@_CALLS
@_SPLIT
@_JOBS
@_THREADS
@click.option("--backend", type=click.Choice(BACKENDS[1:-1]), default="embedded", show_default=True)
@click.option("--endpoint", default="", metavar="URL", help="The server of the backend vllm.")
@_MODEL
@_CHECKPOINT
@_count("--free-events", 400, "How far a free run goes; 0 leaves free runs out.", least=0)
@click.option("--raw", is_flag=True, help="The model's own probabilities, not calibrated.")
@click.option("--unaided", is_flag=True, help="Work nothing out for the model: what it can say by itself.")
@click.option("--output", type=_FILE, metavar="FILE", help="Also save the JSON object.")
def evaluate(**values: Any) -> int:
    """Score a model on DATA: JSONL files, or Python files and folders with doctests or `# cwm:` comments.

    Each row is run in a child process, so DATA must be code that you would run. docs/evaluation.md defines
    the figures.

    \b
    cwm-lsp model eval rows.jsonl --json --limit 60
    """
    from cwm_lsp.cli.learning_commands import evaluate

    return evaluate(values)


@model.command()
@_DATA
@_JSON
@_LIMIT
@_CALLS
@_SPLIT
@_JOBS
@_THREADS
@_MODEL
@click.option(
    "--precision",
    type=click.FloatRange(0.5, 1.0),
    default=0.95,
    show_default=True,
    help="Withhold below the probability at which this share of the values shown is right.",
)
def calibrate(**values: Any) -> int:
    """Fit the probabilities of the weights in --model on DATA, and store the map with them.

    DATA must be neither trained on nor reported on: take `--split held_out` of a corpus file.
    """
    from cwm_lsp.cli.learning_commands import calibrate

    return calibrate(values)


@model.command()
@click.option(
    "--out", type=_FOLDER, required=True, help="Folder of the shards; a build that was stopped goes on."
)
@_count("--shards", 8)
@_count("--size", 2000, "Programs in a shard.")
@_REAL
@_EXCLUDE
@click.option(
    "--library", is_flag=True, help="Add the standard library and the doctests of installed packages."
)
@click.option("--workers", type=click.IntRange(min=1), help="Processes; all cores if not given.")
@click.option("--ray", metavar="ADDRESS", help="Make the shards on a Ray cluster: `auto`, `local`.")
@click.option("--seed", type=int, default=0, show_default=True)
@_JSON
def corpus(**values: Any) -> int:
    """Record a corpus of runs: generated programs, mutants and real functions. The same seed gives the same.

    \b
    cwm-lsp model corpus --out corpus --real mbpp.jsonl.gz --exclude cruxeval.jsonl
    """
    from cwm_lsp.cli.learning_commands import corpus

    return corpus(values)


@model.command()
@click.option(
    "--out", type=_FOLDER, required=True, help="Folder of the checkpoint; one in it is gone on from."
)
@click.option("--tokens", type=click.IntRange(min=0), default=0, help="Train on so many tokens.")
@click.option("--seconds", type=click.FloatRange(min=0), default=0.0, help="Train for so long.")
@_REAL
@_EXCLUDE
@click.option("--hidden", type=int, default=256, show_default=True, help="Width.")
@click.option("--layers", type=int, default=6, show_default=True)
@click.option("--heads", type=int, default=4, show_default=True)
@click.option("--kv-heads", type=int, default=2, show_default=True)
@click.option("--inner", type=int, default=704, show_default=True, help="Width inside a layer.")
@_count("--batch-tokens", 4096, least=256)
@_count("--workers", 1, "Processes that run programs.")
@click.option(
    "--init", type=_EXISTING, metavar="PATH", help="Begin from a checkpoint or weights of the same sizes."
)
@click.option(
    "--decay-share",
    type=click.FloatRange(0, 1),
    default=0.4,
    show_default=True,
    help="The last part of the run, in which the rates fall.",
)
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    default=0.02,
    show_default=True,
    help="Of the matrices; the rest follow.",
)
@_count("--longest-start", 384, "Longest example, in tokens, at first.", least=128)
@click.option("--compiled", is_flag=True, help="Use torch.compile; on a CPU it needs a C++ compiler.")
@click.option("--seed", type=int, default=0, show_default=True)
@_THREADS
def train(**values: Any) -> int:
    """Train a model on generated programs that run while it trains. Stop and start it as you like.

    \b
    cwm-lsp model train --out run1 --seconds 1800 --real mbpp.jsonl.gz --exclude cruxeval.jsonl

    Several GPUs, or several cores without one, share the work under torchrun:

    \b
    torchrun --nproc-per-node 2 -m cwm_lsp model train --out run1 --seconds 1800 --compiled
    """
    from cwm_lsp.cli.learning_commands import train

    return train(values)


@model.command()
@click.argument("checkpoint", type=_EXISTING)
@click.option("--out", type=_FOLDER, required=True, help="Folder for the weights.")
@click.option("--name", required=True, help="What the model is called.")
@click.option("--bits", type=click.Choice(("8", "32")), default="8", show_default=True)
@click.option(
    "--device", default="CPU", show_default=True, help="What it was trained on, for the model card."
)
@click.option(
    "--data", multiple=True, metavar="TEXT", help="A source of its corpus with its licence, for the card."
)
def export(**values: Any) -> int:
    """Turn a training CHECKPOINT into weights that the embedded backend runs."""
    from cwm_lsp.cli.learning_commands import export

    return export(values)


@model.command()
@click.argument("files", nargs=-1, type=_EXISTING)
@click.option(
    "--pytest", "tests", multiple=True, metavar="ARG", help="Record these tests: an argument for pytest."
)
@click.option(
    "--seconds", type=click.FloatRange(min=1), default=300.0, show_default=True, help="Train so long."
)
@click.option(
    "--most", type=click.IntRange(min=2), default=60, show_default=True, help="At most so many recordings."
)
@click.option("--out", type=_FOLDER, help="Folder for the weights; your data folder if not given.")
@click.option("--undo", is_flag=True, help="Remove adapted weights.")
@click.option(
    "--trust", "trusted", is_flag=True, help="Let the project's own settings choose the interpreter."
)
@_MODEL
@_THREADS
@_JSON
def adapt(**values: Any) -> int:
    """Fine-tune the embedded model on runs of your own code, on this machine.

    FILES are Python files with doctests or `# cwm:` comments; --pytest records tests. Some functions are kept
    out, and the adapted weights are kept only if they are better on those.

    \b
    cwm-lsp model adapt --pytest tests
    cwm-lsp model adapt shop.py stock.py
    cwm-lsp model adapt --undo
    """
    from cwm_lsp.cli.learning_commands import adapt

    return adapt(values)


@model.command()
@click.argument("evaluations", nargs=-1, type=_EXISTING)
@_MODEL
@click.option("--out", type=_FILE, default=Path("docs", "model-card.md"), show_default=True)
def card(**values: Any) -> int:
    """Write the model card of the weights from EVALUATIONS, files that `model eval --output` wrote."""
    from cwm_lsp.cli.learning_commands import card

    return card(values)


@model.command("serve", context_settings={"ignore_unknown_options": True})
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="MODEL")
@click.argument("rest", nargs=-1, metavar="[VLLM OPTIONS]...")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--quantization", default="", metavar="KIND", help="As vLLM names it: fp8, awq_marlin, ...")
@click.option(
    "--cards", type=click.IntRange(min=1), default=1, show_default=True, help="GPUs that share the model."
)
@click.option("--length", type=click.IntRange(min=1), metavar="N", help="Tokens of a prompt at most.")
@click.option(
    "--program", default="", metavar="PATH", help="The vllm to run; the installed one if not given."
)
def serve(folder: Path, rest: tuple[str, ...], length: int | None, **values: Any) -> int:
    """Serve MODEL with vLLM on this machine, and start it again when it dies.

    What is not known here goes to `vllm serve` as it stands. docs/backends.md has recipes for cards of 80,
    48 and 24 GB.

    \b
    cwm-lsp model serve ./cwm --quantization fp8 --cards 2
    """
    from cwm_lsp.cli.console import Shell
    from cwm_lsp.cli.loop import run
    from cwm_lsp.cli.serving import Wish, serve

    wish = Wish(model=folder, length=length or 0, rest=rest, **values)
    run(serve(wish, Shell().note))
    return 0
