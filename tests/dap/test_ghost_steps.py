"""Every kind of step through a predicted run, over stdio and TCP, and its beginning anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from cwm_lsp.dap.ghost_run import GhostRun
from cwm_lsp.dap.stepping import Rules, Step, go
from cwm_lsp.predict import entry_trace
from cwm_lsp.trace.model import SourceFile
from tests.dap.client import Connect, ghost
from tests.dap.programs import GHOST, line
from tests.dap.test_ghost import DOUBLE, TOTAL, values
from tests.dap.world import Knowing, haunted, knowing_over_stdio, knowing_over_tcp, truth

ARGUMENTS = "{'a': 1}, 'b'"


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "ghost.py"
    path.write_text(GHOST, encoding="utf-8")
    return path


@pytest.mark.parametrize("knowing", [knowing_over_stdio, knowing_over_tcp], ids=["stdio", "tcp"])
async def test_a_session_with_every_kind_of_step(knowing: Connect, program: Path) -> None:
    outside, inside = ("double", line("m = add")), ("add", line("c = a + b"))
    async with knowing("double(3)") as client:
        at = [{"line": line("return c")}]
        stop = await ghost(client, program, "double", arguments="3", breakpoints=at)
        assert (stop["reason"], await client.where()) == ("entry", [outside])
        assert (await client.variables())["n"]["value"] == "3"
        assert (await client.ask("evaluate", expression="n + 1"))["result"] == "4 · computed"
        await client.stop("stepIn")
        assert await client.where() == [inside, outside]
        assert (await client.stop("continue"))["reason"] == "breakpoint"
        assert await client.where() == [("add", line("return c")), outside]
        seen = await client.variables()
        await client.stop("stepBack")
        assert await client.where() == [inside, outside]
        await client.stop("next")
        assert await client.variables() == seen
        await client.stop("stepOut")
        assert await client.where() == [("double", line("return m"))]
        assert (await client.stop("reverseContinue"))["reason"] == "breakpoint"
        assert await client.where() == [("add", line("return c")), outside]
        assert (await client.stop("reverseContinue"))["reason"] == "entry"
        assert await client.where() == [outside]
        await client.ask("setBreakpoints", source={"path": str(program)}, breakpoints=[])
        await client.stop("next")
        assert await client.where() == [("double", line("return m"))]
        assert (await client.stop("restart"))["reason"] == "entry"
        assert await client.where() == [outside]
        await client.ask("continue", threadId=1)
        await client.event("terminated")
        await client.ask("disconnect")
        await client.end()


async def test_a_frame_can_be_begun_again(program: Path) -> None:
    async with haunted(Knowing([DOUBLE])) as client:
        await ghost(client, program, "double", arguments="3")
        await client.stop("stepIn")
        await client.stop("next")
        assert await client.where() == [("add", line("return c")), ("double", line("m = add"))]
        frames = (await client.ask("stackTrace", threadId=1))["stackFrames"]
        stop = await client.stop("restartFrame", frameId=frames[0]["id"])
        assert stop["reason"] == "restart"
        assert await client.where() == [("add", line("c = a + b")), ("double", line("m = add"))]
        await client.stop("restartFrame", frameId=frames[1]["id"])
        assert await client.where() == [("double", line("m = add"))]


async def test_a_restart_begins_anew_with_the_file_as_it_is(program: Path) -> None:
    async with haunted(Knowing([TOTAL, truth("total([1])")])) as client:
        at = [{"line": line("return result")}]
        await ghost(client, program, "total", arguments="[4, 9]", breakpoints=at)
        await client.stop("continue")
        assert await client.where() == [("total", line("return result"))]
        assert (await client.stop("restart"))["reason"] == "entry"
        assert values(await client.variables()) == {"xs": "[4, 9]"}
        program.write_text("def total(xs:\n", encoding="utf-8")
        assert "was never closed" in await client.refused("restart")
        assert await client.where() == [("total", line("result = 0"))]
        program.write_text(GHOST, encoding="utf-8")
        other = {"program": str(program), "function": "total", "arguments": "[1]"}
        await client.stop("restart", arguments=other)
        assert values(await client.variables()) == {"xs": "[1]"}
        stop = await client.stop("continue")
        assert (stop["reason"], await client.where()) == ("breakpoint", [("total", line("return result"))])


async def test_an_exception_that_is_not_sure_is_not_told_in_passing() -> None:
    fails = truth("pick({'a': 1}, 'b')")
    run = GhostRun(
        Knowing([fails], aided=False).predictor,
        entry_trace(SourceFile("shop.py", GHOST), "pick", ARGUMENTS),
        50,
    )
    stop = await go(run, 0, Step.CONTINUE, Rules(0.5))
    assert (stop.reason, stop.text) == ("exception", "KeyError('b')")
    moment = run.moments[stop.index]
    assert moment.value is not None
    assert moment.probability > moment.value.guess.probability
    between = (moment.probability + moment.value.guess.probability) / 2
    unsure = await go(run, 0, Step.CONTINUE, Rules(between))
    assert (unsure.reason, unsure.text) == ("exception", "")
