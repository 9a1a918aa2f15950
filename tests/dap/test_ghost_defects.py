"""What a debugger of predictions is apt to get wrong, stepped through; what a codec is: test_cwm_defects."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.trace.model import Trace
from tests.dap.client import Client, ghost
from tests.dap.programs import line
from tests.dap.world import Knowing, haunted, truth

SOURCE = """\
import package_that_does_not_exist


def outer(xs):
    a = middle(xs)
    return a


def middle(xs):
    n = 0
    n += 1
    n += 1
    b = inner(xs, n)
    return b


def inner(ys, k):
    z = ys[k]
    return z
"""


def run(call: str) -> Trace:
    return truth(call, SOURCE)


def at(text: str, nth: int = 1) -> int:
    return line(text, nth, SOURCE)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "ghost.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


async def shown(client: Client) -> dict[str, str]:
    """The values of the innermost frame, without their probabilities."""
    found = await client.variables()
    return {name: one["value"].removeprefix("≈ ").partition(" · ")[0] for name, one in found.items()}


async def to(client: Client, text: str, nth: int = 1) -> None:
    """Step until the innermost frame stands at a line."""
    while (await client.where())[0][1] != at(text, nth):
        await client.stop("stepIn")


async def test_a_line_that_stands_twice_is_told_from_the_other(program: Path) -> None:
    async with haunted(Knowing([run("outer([7, 8, 9])")], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        await to(client, "n += 1")
        assert (await shown(client))["n"] == "0"
        await client.stop("next")
        assert (await client.where())[0] == ("middle", at("n += 1", 2))
        assert (await shown(client))["n"] == "1"


async def test_stepping_out_is_not_ended_by_a_call_on_the_way(program: Path) -> None:
    async with haunted(Knowing([run("outer([7, 8, 9])")], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        await to(client, "n = 0")
        await client.stop("stepOut")
        assert await client.where() == [("outer", at("return a"))]


async def test_a_call_that_raises_is_stepped_over_to_where_it_does(program: Path) -> None:
    async with haunted(Knowing([run("outer([7])")], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7]")
        await to(client, "b = inner")
        stop = await client.stop("next")
        assert (stop["reason"], stop["text"]) == ("exception", "IndexError('list index out of range')")
        assert (await client.where())[0] == ("inner", at("z = ys"))


async def test_what_is_changed_after_going_back_changes_what_follows(program: Path) -> None:
    told, other = run("outer([7, 8, 9])"), run("outer([7, 8, 5])")
    supposed = replace(other, events=(told.events[0], *other.events[1:]))
    async with haunted(Knowing([told, supposed], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        await client.stop("next")
        assert (await shown(client))["a"] == "9"
        await client.stop("stepBack")
        scope = (await client.ask("scopes", frameId=await frame(client)))["scopes"][0]
        asked: dict[str, Any] = {"variablesReference": scope["variablesReference"], "name": "xs"}
        await client.ask("setVariable", value="[7, 8, 5]", **asked)
        await client.stop("next")
        assert await shown(client) == {"xs": "[7, 8, 5]", "a": "5"}


async def test_after_a_call_the_caller_has_its_own_values_and_all_of_them(program: Path) -> None:
    async with haunted(Knowing([run("outer([7, 8, 9])")], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        await to(client, "b = inner")
        await client.stop("next")
        assert await shown(client) == {"xs": "[7, 8, 9]", "n": "2", "b": "9"}
        await client.stop("next")
        assert await shown(client) == {"xs": "[7, 8, 9]", "a": "9"}


async def test_back_and_forth_is_the_same_history_with_its_probabilities(program: Path) -> None:
    async with haunted(Knowing([run("outer([7, 8, 9])")], source=SOURCE)) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        seen = []
        for _ in range(8):
            seen.append((await client.where(), await client.variables()))
            await client.stop("stepIn")
        assert any("%" in one["value"] for _, values in seen for one in values.values())
        assert (await client.stop("reverseContinue"))["reason"] == "entry"
        for moment in seen:
            assert (await client.where(), await client.variables()) == moment
            await client.stop("stepIn")
        await client.stop("stepBack")
        assert (await client.where(), await client.variables()) == seen[0], "a step back goes over the call"


async def test_the_model_is_told_of_the_program_once_and_not_at_each_step(program: Path) -> None:
    world = Knowing([run("outer([7, 8, 9])")], source=SOURCE, aided=False)
    async with haunted(world) as client:
        await ghost(client, program, "outer", arguments="[7, 8, 9]")
        for command in (*["stepIn"] * 8, "reverseContinue", *["stepIn"] * 8):
            await client.stop(command)
    assert len([tokens for tokens in world.backend.opened if tokens]) == 1


async def frame(client: Client) -> int:
    return int((await client.ask("stackTrace", threadId=1))["stackFrames"][0]["id"])
