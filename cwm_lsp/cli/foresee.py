"""What the world model expects at suspicious lines: a language model is told it beside what was recorded."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Sequence

from cwm_lsp.cli import engines
from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.model import opened
from cwm_lsp.config import Settings
from cwm_lsp.errors import CwmError
from cwm_lsp.features.results import Call
from cwm_lsp.repair.llm.consult import Predict
from cwm_lsp.repair.llm.prompt import State
from cwm_lsp.trace.model import EventKind, SourceFile
from cwm_lsp.trace.predicted import PredictedStep

STEPS = 40
"""Events that are predicted."""


def foresight(settings: Settings, source: SourceFile, shell: Shell) -> Predict:
    """States that the model of ``settings`` predicts for a call; none, and a note, where it cannot."""

    async def steps(call: Call) -> Sequence[PredictedStep]:
        async with opened(settings) as model:
            return (await engines.run_ahead(model, source, call, steps=STEPS)).steps

    def predict(text: str, lines: Sequence[int]) -> Sequence[State]:
        call = called(text)
        if call is None:
            return ()
        try:
            return states(asyncio.run(steps(call)), lines)
        except CwmError as error:
            shell.note(f"The language model is told no predicted values: {error}")
            return ()

    return predict


def called(text: str) -> Call | None:
    """The call that a check is, if it is one of a function by its name."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return None
    words = [*map(ast.unparse, node.args), *map(ast.unparse, node.keywords)]
    return Call(node.func.id, ", ".join(words))


def states(steps: Sequence[PredictedStep], lines: Sequence[int]) -> list[State]:
    """The predicted states before some lines ran."""
    return [
        State(step.line, tuple((name, guess.text) for name, guess in step.locals.items()), predicted=True)
        for step in steps
        if step.kind is EventKind.LINE and step.line in lines and step.locals
    ]
