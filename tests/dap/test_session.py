"""The command as editors start it: stdio and TCP, the shipped model, clients that misbehave."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.wire.framing import frame
from tests.dap.client import PATIENCE, Connect, child_of, connected, ghost, over_stdio, over_tcp, ways
from tests.dap.programs import GHOST, line
from tests.dap.world import Knowing, haunted


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "ghost.py"
    path.write_text(GHOST, encoding="utf-8")
    return path


@ways
async def test_a_ghost_session_with_the_shipped_model(connect: Connect, program: Path) -> None:
    lines = range(line("def total") + 1, line("return result") + 1)
    async with connect("--ghost") as client:
        stop = await ghost(client, program, "total", arguments="[4, 9]")
        assert stop["reason"] == "entry"
        assert await client.where() == [("total", line("result = 0"))]
        assert (await client.variables())["xs"]["value"] == "[4, 9]"
        await client.stop("next")
        before = await client.where(), await client.variables()
        assert before[0][0][1] in lines
        await client.stop("stepBack")
        await client.stop("next")
        assert (await client.where(), await client.variables()) == before
        assert (await client.ask("evaluate", expression="len(xs)"))["result"] == "2 · computed"
        await client.stop("restart")
        await client.stop("next")
        assert (await client.where(), await client.variables()) == before
        await client.ask("disconnect")
        await client.end()


async def test_a_ghost_takes_over_from_debugpy_and_says_what_it_can_do(program: Path) -> None:
    async with over_stdio() as client:
        first = await client.ask("initialize", adapterID="cwm")
        assert any(one["filter"] == "raised" for one in first["exceptionBreakpointFilters"])
        await client.ask("launch", ghost=True, program=str(program), function="odd", arguments="7")
        changed = (await client.event("capabilities"))["capabilities"]
        assert changed["supportsStepBack"]
        assert {key for key, able in first.items() if able} <= set(changed)
        assert all(one["filter"] != "raised" for one in changed["exceptionBreakpointFilters"])
        await client.event("initialized")
        await client.ask("configurationDone")
        await client.event("stopped")
        assert await client.where() == [("odd", line("if n % 2"))]
        numbers = [one["seq"] for one in client.events]
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("kind", [{"ghost": "yes"}, {"ghost": 1}, {"cwm": "gost"}])
async def test_a_ghost_that_is_not_spelt_right_runs_nothing(kind: dict[str, Any], program: Path) -> None:
    async with over_stdio() as client:
        await client.ask("initialize", adapterID="cwm")
        why = await client.refused("launch", program=str(program), function="odd", **kind)
        assert why.endswith(f"not {next(iter(kind.values()))!r}. Nothing was run.")
        await client.ask("launch", ghost=True, program=str(program), function="odd", arguments="7")
        await client.ask("disconnect")


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_a_model_that_is_killed_leaves_the_session(program: Path) -> None:
    async with over_stdio("--ghost") as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        assert client.process is not None
        os.kill(child_of(client.process.pid, " -c"), signal.SIGKILL)
        # A what-if drops what was predicted already, so that the model has to be asked.
        scope = (await client.ask("scopes", frameId=1))["scopes"][0]["variablesReference"]
        await client.ask("setVariable", variablesReference=scope, name="xs", value="[1]")
        stop = await client.stop("next")
        assert (await client.variables())["xs"]["value"] == "[1]"
        if stop["reason"] == "pause":  # the host's death was noticed by this step
            assert "model" in stop["text"]
            await client.stop("next")
        assert await client.where() == [("total", line("for x in xs"))]


@pytest.mark.parametrize(
    "data",
    [
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Type: x\r\n\r\n{}",
    ],
)
async def test_a_header_that_cannot_be_read_ends_the_session(data: bytes) -> None:
    async with haunted(Knowing([])) as client:
        client.writer.write(data)
        await client.end()


async def test_a_body_that_is_no_message_is_answered_and_the_session_goes_on() -> None:
    async with over_stdio() as client:
        for seq, data in ((0, b"Content-Length: 2\r\n\r\n[]"), (7, frame({"seq": 7, "type": "riddle"}))):
            assert (await client.refusal(seq, data)).startswith("Not a DAP message")
        await client.ask("initialize", adapterID="cwm")


async def test_a_browser_is_hung_up_on() -> None:
    async with over_tcp("--ghost") as client:
        host, port = client.writer.get_extra_info("peername")[:2]
        reader, writer = await asyncio.open_connection(host, port)
        body = json.dumps({"seq": 1, "type": "request", "command": "initialize"})
        writer.write(f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""
        writer.close()


async def test_only_this_machine_is_listened_on() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cwm_lsp", "dap", "--port", "0", "--host", "0.0.0.0"),
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 2
    assert b"can be reached from other machines" in err


async def test_two_clients_have_sessions_of_their_own(program: Path) -> None:
    async with over_tcp("--ghost") as one:
        host, port = one.writer.get_extra_info("peername")[:2]
        async with connected(host, port) as other:
            await ghost(one, program, "odd", arguments="7")
            await ghost(other, program, "total", arguments="[]")
            assert (await one.where())[0][0] == "odd"
            assert (await other.where())[0][0] == "total"
