"""Real debugpy, plain and through the proxy: the same story; and nothing is left running."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from cwm_lsp.dap import children
from cwm_lsp.dap.unserved import CAPABILITY
from cwm_lsp.wire.framing import frame
from tests.dap.client import CWM, PATIENCE, child_of, connected, over_stdio, over_tcp
from tests.dap.debugging import (
    PARENT,
    SUM,
    both,
    configuration,
    configured,
    dead,
    endless,
    finished,
    launch,
    posix,
    printed,
    reported,
    served,
    top,
    went_on,
    written,
)
from tests.dap.programs import line


@both
async def test_the_story_is_the_same(command: tuple[str, ...], tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        body = line("result + x", source=SUM)
        await launch(client, path, [{"line": body, "condition": "x == 9"}])
        stop = await client.event("stopped")
        assert stop["reason"] == "breakpoint"
        thread = stop["threadId"]
        assert (await client.where(thread))[0] == ("total", body)
        found = await client.variables(thread=thread)
        assert (found["result"]["value"], found["x"]["value"]) == ("4", "9")
        frame_id = (await client.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
        scope = (await client.ask("scopes", frameId=frame_id))["scopes"][0]["variablesReference"]
        await client.ask("setVariable", variablesReference=scope, name="x", value="10")
        asked = [
            client.post("evaluate", {"expression": f"x + {extra}", "frameId": frame_id}) for extra in range(8)
        ]
        results = [(await client.answer(seq))["body"]["result"] for seq in asked]
        assert results == [str(10 + extra) for extra in range(8)]
        await client.ask("next", threadId=thread)
        assert (await client.event("stopped", 2))["reason"] == "step"
        assert (await client.where(thread))[0] == ("total", body - 1)
        await client.ask("continue", threadId=thread)
        assert (await client.event("exited"))["exitCode"] == 0
        await client.event("terminated")
        assert "total: 14" in printed(client)
        await client.ask("disconnect")


async def test_a_child_process_is_debugged_through_our_port(tmp_path: Path) -> None:
    path = written(tmp_path, PARENT)
    stops = [{"line": line("print(word)", source=PARENT)}]
    async with over_stdio() as parent:
        await launch(parent, path, stops, lookAhead=False)
        announced = await parent.until(
            lambda: next((one for one in parent.events if one.get("command") == "startDebugging"), None)
        )
        given = announced["arguments"]["configuration"]
        assert given["lookAhead"] is False, "a child is debugged as its parent is"
        address = given["connect"]["host"], given["connect"]["port"]
        async with connected(*address) as stranger:
            await stranger.ask("initialize", adapterID="debugpy")
            for wrong in (given | {"cwmToken": "guess"}, configuration(path)):
                command = "attach" if "subProcessId" in wrong else "launch"
                async with connected(*address) as other:
                    await other.ask("initialize", adapterID="debugpy")
                    assert "announced" in await other.refused(command, **wrong)
                    await other.end()
        async with connected(*address) as child:
            await child.ask("initialize", adapterID="debugpy")
            await configured(child, path, child.post("attach", given), stops)
            stop = await child.event("stopped")
            assert (await child.variables(thread=stop["threadId"]))["word"]["value"] == "'hello'"
            await child.ask("continue", threadId=stop["threadId"])
            await parent.event("terminated")
        assert "parent read hello" in printed(parent)
        await parent.ask("disconnect")


@posix
async def test_an_adapter_that_is_killed_ends_session_and_program(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio() as client:
        await launch(client, path)
        link = await reported(server)
        assert client.process is not None
        os.kill(child_of(client.process.pid, "adapter_boot"), signal.SIGKILL)
        await client.event("terminated")
        await client.end()
        await dead(link)


async def test_attach_where_nobody_listens_says_so() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with over_stdio() as client:
        await client.ask("initialize", adapterID="debugpy")
        message = await client.refused("attach", connect={"port": port})
        assert f"127.0.0.1:{port}" in message
        assert "--listen" in message


@pytest.mark.parametrize("refuses", [True, False])
async def test_a_child_that_nobody_comes_for_runs(
    refuses: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parent waits for its child, which would wait for a client for ever."""
    if not refuses:
        monkeypatch.setattr(children, "CLAIM", 0.0)
    path = written(tmp_path, PARENT)
    async with served(()) as address, connected(*address) as client:
        client.refuses = ("startDebugging",)
        await client.ask("initialize", adapterID="debugpy", supportsStartDebuggingRequest=refuses)
        await configured(client, path, client.post("launch", configuration(path)), [])
        await client.event("terminated")
        assert client.count("startDebugging" if refuses else "debugpyAttach") == 1
        assert "parent read hello" in printed(client)


UNREADABLE = [b"Content-Length: many\r\n\r\n{}", b"Content-Length: 99999999999\r\n\r\n"]
NO_MESSAGES = [(0, b"Content-Length: 2\r\n\r\n[]"), (7, frame({"seq": 7, "type": "riddle"}))]


@posix
@pytest.mark.parametrize("data", UNREADABLE)
async def test_a_frame_that_cannot_be_read_ends_session_and_program(data: bytes, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio() as client:
        await launch(client, path, predictions=False)
        link = await reported(server)
        client.writer.write(data)
        await client.end()
        await dead(link)


async def test_what_is_no_message_is_refused_and_the_program_debugged_on(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await launch(client, path, [{"line": 2}], predictions=False)
        thread = (await client.event("stopped"))["threadId"]
        for seq, data in NO_MESSAGES:
            refused = await client.refusal(seq, data)
            assert refused.startswith("Not a DAP message")
        assert "xs" in await client.variables(thread=thread)
        await finished(client, thread)


HUNG = "[n for n in iter(int, 1)]"


@pytest.mark.parametrize("context", ["watch", "hover", "repl"])
async def test_an_evaluation_that_hangs_is_interrupted(context: str, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await launch(client, path, [{"line": 2}], evaluateTimeout=0.5)
        thread = (await client.event("stopped"))["threadId"]
        frame_id = (await top(client, thread))["id"]
        hung = client.post("evaluate", {"expression": HUNG, "frameId": frame_id, "context": context})
        after = client.post("evaluate", {"expression": "xs", "frameId": frame_id, "context": context})
        assert "KeyboardInterrupt" in str(await client.answer(hung))
        assert (await client.answer(after))["body"]["result"] == "[4, 9]"
        await went_on(client, "next", thread)
        assert "xs" in await client.variables(thread=thread)
        await finished(client, thread)
        assert "total: 13" in printed(client)


async def test_a_hung_prompt_does_not_keep_the_client_from_leaving(tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio() as client:
        await launch(client, path, evaluateTimeout=0)
        link = await reported(server)
        stop = await went_on(client, "pause", 1)
        frame_id = (await top(client, stop["threadId"]))["id"]
        client.post("evaluate", {"expression": HUNG, "frameId": frame_id, "context": "repl"})
        client.post("variables", {"variablesReference": frame_id})
        assert (await client.ask("threads"))["threads"]
        await client.ask("disconnect")
        await dead(link)


async def test_what_pydevd_never_answers_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await launch(client, path, [{"line": 2}], predictions=False)
        thread = (await client.event("stopped"))["threadId"]
        for command in CAPABILITY:
            assert command in await client.refused(command, threadId=thread)
        await finished(client, thread)


async def test_the_log_of_debugpy_on_standard_error() -> None:
    process = await asyncio.create_subprocess_exec(
        *CWM, "--log-stderr", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    request = {"seq": 1, "type": "request", "command": "initialize", "arguments": {"adapterID": "debugpy"}}
    _, log = await asyncio.wait_for(process.communicate(frame(request)), PATIENCE)
    assert b'"command": "initialize"' in log


def test_what_only_debugpys_own_adapter_can_be_asked_is_refused_in_words() -> None:
    asked = subprocess.run([*CWM, "--for-server", "5", "--port", "0"], capture_output=True, text=True)
    assert asked.returncode == 2
    assert "--for-server is for the adapter that debugpy.listen" in " ".join(asked.stderr.split())


async def test_an_adapter_says_in_a_file_where_it_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "endpoints.json"
    monkeypatch.setenv("DEBUGPY_ADAPTER_ENDPOINTS", str(told))
    async with over_tcp() as client:
        await client.ask("initialize", adapterID="debugpy")
        where = json.loads(told.read_text(encoding="utf-8"))["client"]
        async with connected(where["host"], where["port"]) as other:
            await other.ask("initialize", adapterID="debugpy")
    assert not told.exists()
