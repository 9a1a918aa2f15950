"""Ghost sessions of generators and coroutines: where they are left for a while, they do not return."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dap.client import ghost
from tests.dap.world import Knowing, haunted, truth

SOURCE = """\
import asyncio


def pairs(n):
    a = n + 1
    yield a


async def late(n):
    a = n + 1
    await asyncio.sleep(0)
    return a


def drive(n):
    return next(pairs(n)), asyncio.run(late(n))
"""

RUNS = {name: truth(f"{name}(3)", SOURCE) for name in ("pairs", "late")}  # before a test's own loop runs


@pytest.mark.parametrize(
    ("function", "at", "says", "named"),
    [
        ("pairs", 6, "pairs yields ≈ 4", {"n", "a", "(yields)"}),
        ("late", 11, "late waits at line 11", {"n", "a"}),
    ],
)
async def test_what_yields_or_waits_is_not_said_to_return(
    function: str, at: int, says: str, named: set[str], tmp_path: Path
) -> None:
    path = tmp_path / "ghost.py"
    path.write_text(SOURCE, encoding="utf-8")
    async with haunted(Knowing([RUNS[function]], source=SOURCE)) as client:
        await ghost(client, path, function, arguments="3")
        while (await client.where())[0][1] != at:
            await client.stop("next")
        stop = await client.stop("next")
        assert says in stop["description"]
        assert set(await client.variables()) == named
