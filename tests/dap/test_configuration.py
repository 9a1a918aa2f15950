"""What a configuration says about the program reaches debugpy, plain and through the proxy alike."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.strict import DEFINED
from tests.dap.client import PATIENCE, Client, over_stdio
from tests.dap.debugging import (
    PARENT,
    SUM,
    both,
    configuration,
    configured,
    finished,
    launch,
    order,
    printed,
    top,
    went_on,
    written,
)

Command = tuple[str, ...]

TELLS = """\
import json
import os
import sys

told = {"args": sys.argv[1:], "cwd": os.getcwd(), "word": os.environ.get("WORD"), "flag": sys.flags.dev_mode}
print(json.dumps(told))
"""


async def told(client: Client) -> dict[str, Any]:
    """What the program says of how it was started."""
    await client.event("terminated")
    found: dict[str, Any] = json.loads(printed(client))
    return found


async def started(client: Client, **configuration: Any) -> None:
    """Begin a session without breakpoints."""
    await client.ask("initialize", adapterID="debugpy", supportsRunInTerminalRequest=True)
    start = client.post("launch", {"console": "internalConsole", "python": [sys.executable], **configuration})
    await client.event("initialized")
    await client.ask("configurationDone")
    assert (await client.answer(start))["success"]


@both
async def test_arguments_folder_environment_and_interpreter(command: Command, tmp_path: Path) -> None:
    path, folder = written(tmp_path, TELLS), tmp_path / "elsewhere"
    folder.mkdir()
    async with over_stdio(command=command) as client:
        await started(
            client,
            program=str(path),
            args=["a b", "--c=é", ""],
            cwd=str(folder),
            env={"WORD": "said"},
            python=[sys.executable, "-X", "dev"],
        )
        said = {"args": ["a b", "--c=é", ""], "cwd": os.path.realpath(folder), "word": "said", "flag": True}
        assert await told(client) == said


@both
@pytest.mark.parametrize("what", ["code", "module"])
async def test_code_and_modules_are_launched(command: Command, what: str, tmp_path: Path) -> None:
    written(tmp_path, TELLS)
    given = {"code": TELLS} if what == "code" else {"module": "program", "args": ["x"]}
    async with over_stdio(command=command) as client:
        await started(client, cwd=str(tmp_path), **given)
        found = await told(client)
        assert found["cwd"] == os.path.realpath(tmp_path)
        assert found["args"] == given.get("args", [])


@both
async def test_the_first_line_can_be_stopped_at(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await launch(client, path, stopOnEntry=True)
        stop = await client.event("stopped")
        assert stop["reason"] == "entry"
        assert (await client.where(stop["threadId"]))[0] == ("<module>", 1)
        await finished(client, stop["threadId"])


@both
async def test_a_module_of_a_package_is_stepped_from_its_first_line_to_its_end(
    command: Command, tmp_path: Path
) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    written(package, SUM)
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        given = {"module": "shop.program", "cwd": str(tmp_path), "stopOnEntry": True}
        start = client.post("launch", {"console": "internalConsole", "python": [sys.executable], **given})
        await client.event("initialized")
        await client.ask("configurationDone")
        assert (await client.answer(start))["success"]
        assert (await client.event("stopped"))["reason"] == "entry"
        lines = [(await client.where())[0][1]]
        await went_on(client, "next", 1)
        lines.append((await client.where())[0][1])
        await finished(client, 1)
        assert lines == [1, 8]
        assert "total: 13" in printed(client)


@both
async def test_without_debugging_a_program_runs_to_its_end(command: Command, tmp_path: Path) -> None:
    """debugpy says ``initialized`` to nobody then, and takes no breakpoints."""
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        await client.ask("launch", **configuration(path), noDebug=True)
        for asked, given in (
            ("setBreakpoints", {"source": {"path": str(path)}, "breakpoints": [{"line": 2}]}),
            ("setExceptionBreakpoints", {"filters": ["cwm_diverged"]}),
            ("configurationDone", {}),
        ):
            await client.refused(asked, **given)
        await client.event("terminated")
        assert (await client.event("exited"))["exitCode"] == 0
        assert printed(client) == "total: 13\n"
        assert [one["body"] for one in client.named("output") if "predictions" in one["body"]["output"]] == []
        await client.ask("disconnect")


@both
async def test_files_that_are_elsewhere_are_mapped(command: Command, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
        path = written(folder, SUM)
    mapped = [{"localRoot": str(here), "remoteRoot": str(there)}]
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        configuration = {"program": str(path), "console": "internalConsole", "python": [sys.executable]}
        start = client.post("launch", {**configuration, "pathMappings": mapped})
        await configured(client, here / "program.py", start, [{"line": 2}])
        thread = (await client.event("stopped"))["threadId"]
        assert (await top(client, thread))["source"]["path"] == str(here / "program.py")
        assert (await client.variables(thread=thread))["xs"]["value"] == "[4, 9]"
        await finished(client, thread)


@both
async def test_a_terminal_of_the_editors_has_the_output(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy", supportsRunInTerminalRequest=True)
        configuration = {"program": str(path), "python": [sys.executable], "redirectOutput": False}
        start = client.post("launch", {**configuration, "console": "integratedTerminal"})
        asked = (await client.until(lambda: client.named("runInTerminal")))[0]["arguments"]
        assert asked["kind"] == "integrated"
        terminal = await spawned(asked)
        await configured(client, path, start, [{"line": 2}])
        await finished(client, (await client.event("stopped"))["threadId"])
        await client.ask("disconnect")
        said, _ = await asyncio.wait_for(terminal.communicate(), PATIENCE)
        assert b"total: 13" in said
        assert printed(client) == ""


@both
async def test_child_processes_are_left_alone_if_so_configured(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, PARENT)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": 9}], subProcess=False)
        await client.event("terminated")
        assert "parent read hello" in printed(client)
        assert order(client, "startDebugging", "debugpyAttach", "stopped") == []


@both
@pytest.mark.parametrize(
    "given", [{"guiEventLoop": "none"}, {"sudo": False}, {"autoReload": {"enable": True}}]
)
async def test_what_only_debugpy_understands_passes(
    command: Command, given: dict[str, Any], tmp_path: Path
) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": 2}], **given)
        await finished(client, (await client.event("stopped"))["threadId"])


@both
async def test_what_debugpy_refuses_is_refused(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        assert "args" in await client.refused("launch", program=str(path), args=5)


async def spawned(asked: dict[str, Any]) -> asyncio.subprocess.Process:
    """What an editor does in its terminal."""
    return await asyncio.create_subprocess_exec(
        *asked["args"],
        cwd=asked.get("cwd") or None,
        env={**os.environ, **asked.get("env", {})},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )


@pytest.mark.parametrize(("client_id", "hears"), [("hx", False), ("vscode", True)])
async def test_a_client_that_ends_at_foreign_events_hears_of_none(
    client_id: str, hears: bool, tmp_path: Path
) -> None:
    """debugpy says ``debugpySockets`` to everybody."""
    path = written(tmp_path, SUM)
    async with over_stdio() as client:
        await client.ask("initialize", adapterID="debugpy", clientID=client_id)
        start = client.post("launch", configuration(path))
        await client.event("initialized")
        await client.ask("configurationDone")
        assert (await client.answer(start))["success"]
        await client.event("terminated")
        foreign = {str(one.get("event")) for one in client.events} - DEFINED
        assert ("debugpySockets" in foreign) is hears
        assert hears or not foreign
