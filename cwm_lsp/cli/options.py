"""What the commands take: the target, an option for each setting, and what is made of them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import click

from cwm_lsp.config import BACKENDS, Settings


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


def setting(name: str, **attributes: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option of a setting, with the help and the limits that ``config`` gives it."""
    return click.option(
        f"--{name.replace('_', '-')}", name, help=_SETTINGS[name].metadata["help"], default=None, **attributes
    )


TARGET = (
    click.argument("target", required=False, default=""),
    click.argument("words", nargs=-1, metavar="[ARGS]..."),
    click.option("-m", "--module", default="", metavar="MODULE", help="Run a module, as `python -m` does."),
    click.option("--pytest", "test", default="", metavar="NODE", help="Run one pytest test."),
)
RECORDING = (
    setting("python", metavar="PATH"),
    setting("max_seconds", type=float, metavar="N"),
    setting("max_events", type=int, metavar="N"),
    setting("max_bytes", type=int, metavar="N"),
    setting("max_depth", type=int, metavar="N"),
)
MODEL = (
    setting("backend", type=click.Choice(BACKENDS)),
    setting("model", metavar="FOLDER"),
    setting("endpoint", metavar="URL"),
    setting("threshold", type=float, metavar="P"),
    setting("threads", type=int, metavar="N"),
)
PORT = click.IntRange(0, 65535)
LLM = (
    click.option("--llm", default="", metavar="URL", help="Also ask a model at an OpenAI-compatible server."),
    click.option("--llm-model", default="", metavar="NAME", help="The model's name there."),
    click.option(
        "--llm-form", type=click.Choice(["plain", "tools"]), default="plain", help="tools: CWM's own form."
    ),
    click.option("--llm-candidates", type=click.IntRange(1, 20), default=4, metavar="N", help="Ask for N."),
    click.option("--llm-timeout", type=click.FloatRange(min=1), default=60.0, metavar="N", help="Seconds."),
    click.option("--llm-anywhere", is_flag=True, help="The server may be outside this network."),
)
COMMON = (
    click.option(
        "--trust",
        "trusted",
        is_flag=True,
        help="Let the project's own settings choose interpreter and model.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)


class TargetCommand(click.Command):
    """A command whose words may look like options: ``-5`` is a number, and all after ``--`` is literal."""

    ignore_unknown_options = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Note whether ``--`` was given, which click drops."""
        ctx.meta["literal"] = "--" in args
        return super().parse_args(ctx, args)


def with_options(
    *options: Callable[[Callable[..., Any]], Callable[..., Any]],
) -> Callable[[Callable[..., Any]], Any]:
    """Add ``options`` in the order in which ``--help`` lists them."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        return functools.reduce(lambda inner, option: option(inner), reversed(options), command)

    return add


def requested(values: dict[str, Any]) -> Request:
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


def untargeted(values: dict[str, Any]) -> Request:
    """The settings alone, of a command that has no target."""
    return requested({**values, "target": "", "words": (), "module": "", "test": ""})
