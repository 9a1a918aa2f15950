"""The trace page of a document follows the command of an editor: the real server, the real debugpy."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from cwm_lsp.wire.loopback import SUBPROTOCOL
from tests.lsp.test_end_to_end import Editor, over_stdio

WAITS = """\
def steps(gate):
    for n in range(5):
        seen = n * 2
    with open(gate) as file:
        file.read()
    return seen
"""
PATIENCE = 120


async def page_of(editor: Editor) -> Any:
    """A connection to the page that ``cwm.view`` answers, as the page opens it."""
    wanted = types.ExecuteCommandParams("cwm.view", [{"uri": editor.uri}])
    found = await editor.client.workspace_execute_command_async(wanted)
    assert found is not None
    url = found["url"] if isinstance(found, dict) else found.url
    address, _, token = url.partition("/#")
    offered = [Subprotocol(SUBPROTOCOL + token)]
    return connect(f"ws://{address.removeprefix('http://')}/live", subprotocols=offered)


async def head(socket: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE))
    return found


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are POSIX's")
async def test_a_page_opened_while_a_command_runs_shows_the_run_as_it_grows(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual_studio_code", states=True, options={"backend": "off"}, text=WAITS)
        command = asyncio.ensure_future(editor.command("cwm.record", "steps", repr(str(gate)), "bar"))
        while not editor.client.progress_reports["bar"]:
            await asyncio.sleep(0.05)
        async with await page_of(editor) as socket:
            found = await head(socket)
            while not (found["runs"] and found["runs"][0]["steps"] > 10):
                found = await head(socket)
            # The program waits at the pipe, so what is shown was recorded while it runs.
            assert found["status"]["stage"] == "recording"
            assert not command.done()
            await asyncio.to_thread(gate.write_text, "go")
            while found["status"]["stage"] != "ready":
                found = await head(socket)
            assert [run["kind"] for run in found["runs"]] == ["observed"]
            assert (await command)["events"] == found["runs"][0]["steps"]


async def test_a_page_stays_open_for_the_next_command_and_says_what_is_asked(tmp_path: Path) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual_studio_code", states=True)
        await editor.command("cwm.record", "mean_above", "[4, 9], 3")
        async with await page_of(editor) as socket:
            assert (await head(socket))["runs"][0]["kind"] == "observed"
            command = asyncio.ensure_future(editor.command("cwm.compare", "mean_above", "[4, 9], 3"))
            stages: list[str] = []
            found: dict[str, Any] = {"runs": []}
            while not (found["runs"] and found["runs"][0]["kind"] == "compared"):
                found = await head(socket)
                stages.append(found["status"]["stage"])
            await command
            assert stages[0] == "recording"
            assert "asking" in stages
            assert stages[-1] == "ready"
