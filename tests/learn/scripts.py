"""How the shipped model follows everyday scripts, each event predicted from the real history before it.

``python -m tests.learn.scripts [NAME...]`` prints the shares of events and of states that it had right.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from cwm_lsp.cli.learning_models import ModelSource
from cwm_lsp.learn.judging import judged_row
from cwm_lsp.predict import Predictor
from cwm_lsp.record.session import record
from cwm_lsp.record.target import ScriptTarget
from cwm_lsp.trace.normalise import normalise

SCRIPTS = Path(__file__).parents[1] / "data" / "scripts"


async def followed(name: str, model: Predictor) -> tuple[list[bool], list[bool]]:
    """For each event of the run of a script whether kind and line were right, and whether values were."""
    trace = normalise(await record(ScriptTarget(str(SCRIPTS / f"{name}.py"))))
    frames = judged_row(name, trace, await model.score(trace), None).frames
    return [one.flow for one in frames], [one.right for one in frames if one.right is not None]


async def _main(names: Sequence[str]) -> None:
    model = ModelSource().predictor()
    total: tuple[list[bool], list[bool]] = ([], [])
    for name in names or sorted(path.stem for path in SCRIPTS.glob("*.py")):
        found = await followed(name, model)
        for whole, part in zip(total, found, strict=True):
            whole += part
        print(_row(name, *found))
    print(_row("all", *total))


def _row(name: str, flow: list[bool], right: list[bool]) -> str:
    return (
        f"{name:12}{len(flow):6} events {sum(flow) / len(flow):6.1%}   states {sum(right) / len(right):6.1%}"
    )


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1:]))
