"""The processes of a session, plain and through the proxy: children, forks, programs attached to, ends."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.upstream import AdapterProcess
from tests.dap.client import CWM, PATIENCE, Client, Connect, connected, over_stdio
from tests.dap.debugging import (
    LISTENS,
    PARENT,
    SUM,
    at_port,
    both,
    configured,
    dead,
    endless,
    everywhere,
    finished,
    launch,
    listening,
    posix,
    printed,
    reported,
    top,
    went_on,
    written,
)
from tests.dap.programs import line
from tests.dap.test_predicting import predicted
from tests.record.test_client import ADAPTER, runs

Command = tuple[str, ...]

CALLS_BACK = """\
import sys

import debugpy

debugpy.connect(("127.0.0.1", int(sys.argv[1])), access_token=None)
debugpy.wait_for_client()
seen = "called back"
print(seen)
"""

FORKS = """\
import os


def work(n):
    pid = os.fork()
    if pid == 0:
        child = n * 2
        os._exit(child)
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)


print("code", work(4))
"""

POOL = """\
import multiprocessing
import sys


def double(n):
    twice = n * 2
    return twice


if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(1) as pool:
        print("got", pool.map(double, [1, 2, 3], chunksize=3))
"""


@both
async def test_child_processes_are_announced_and_debugged(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, PARENT)
    stops = [{"line": line("print(word)", source=PARENT)}]
    async with over_stdio(command=command) as parent:
        await launch(parent, path, stops)
        announced = await parent.until(lambda: parent.named("startDebugging"))
        given = announced[0]["arguments"]["configuration"]
        async with connected(given["connect"]["host"], given["connect"]["port"]) as child:
            await child.ask("initialize", adapterID="debugpy")
            await configured(child, path, child.post("attach", given), stops)
            thread = (await child.event("stopped"))["threadId"]
            frame_id = (await top(child, thread))["id"]
            asked = [child.post("evaluate", {"expression": "word", "frameId": frame_id}) for _ in range(3)]
            assert [(await child.answer(seq))["body"]["result"] for seq in asked] == ["'hello'"] * 3
            await child.ask("continue", threadId=thread)
            await child.event("terminated")
        await parent.event("terminated")
        assert "parent read hello" in printed(parent)


@both
async def test_attach_by_port_and_detach(command: Command, tmp_path: Path) -> None:
    async with listening(tmp_path) as (path, port, link):
        stops = [{"line": line("print(seen)", source=LISTENS)}]
        async with at_port(command, port) as client:
            await client.ask("initialize", adapterID="debugpy")
            start = client.post("attach", {"connect": {"host": "127.0.0.1", "port": port}})
            await configured(client, path, start, stops)
            thread = (await client.event("stopped"))["threadId"]
            assert (await client.variables(thread=thread))["seen"]["value"] == "'attached'"
            await client.ask("continue", threadId=thread)
            await client.ask("disconnect", terminateDebuggee=False)
            await client.end()
        async with at_port(command, port) as client:  # it still listens, and is attached to anew
            await client.ask("initialize", adapterID="debugpy")
            start = client.post("attach", {"connect": {"host": "127.0.0.1", "port": port}})
            await configured(client, path, start, [])
            assert "MainThread" in [one["name"] for one in (await client.ask("threads"))["threads"]]
            link.sendall(b"!")
            await client.event("terminated")


@both
async def test_a_program_that_calls_back(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, CALLS_BACK)
    async with over_stdio(command=command) as client:
        await client.ask("initialize", adapterID="debugpy")
        start = client.post("attach", {"listen": {"host": "127.0.0.1", "port": 0}, "restart": True})
        port = (await client.event("debugpyWaitingForServer"))["port"]
        program = await asyncio.create_subprocess_exec(sys.executable, str(path), str(port))
        await configured(client, path, start, [{"line": line("print(seen)", source=CALLS_BACK)}])
        thread = (await client.event("stopped"))["threadId"]
        assert (await client.variables(thread=thread))["seen"]["value"] == "'called back'"
        await client.ask("continue", threadId=thread)
        assert (await client.event("terminated")).get("restart")
        assert await asyncio.wait_for(program.wait(), PATIENCE) == 0


@both
@pytest.mark.skipif(not (sys.platform == "linux" and shutil.which("gdb")), reason="debugpy injects by gdb")
async def test_attach_by_process(command: Command, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server):
        program = subprocess.Popen([sys.executable, str(path)])
        try:
            link = await reported(server)
            async with over_stdio(command=command) as client:
                await client.ask("initialize", adapterID="debugpy")
                start = client.post("attach", {"processId": program.pid})
                await configured(client, path, start, [])
                stop = await went_on(client, "pause", 1)
                assert (await top(client, stop["threadId"]))["name"] == "<module>"
                await client.ask("disconnect", terminateDebuggee=False)
            assert program.poll() is None
        finally:
            program.kill()
            program.wait()
        await dead(link)


@both
@pytest.mark.parametrize("goodbye", ["terminate", "disconnect"])
async def test_the_program_ends_with_the_session(command: Command, goodbye: str, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio(command=command) as client:
        await launch(client, path)
        link = await reported(server)
        await client.ask(goodbye)
        await dead(link)
        if goodbye == "terminate":
            await client.event("terminated")


@both
async def test_an_endless_loop_is_paused(command: Command, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), over_stdio(command=command) as client:
        await launch(client, path)
        link = await reported(server)
        stop = await went_on(client, "pause", 1)
        assert stop["reason"] == "pause"
        assert (await top(client, stop["threadId"]))["line"] >= 5
        await client.ask("disconnect")
        await dead(link)


@everywhere
@posix
async def test_a_program_that_is_killed_ends_the_session(connect: Connect, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), connect() as client:
        await launch(client, path)
        link = await reported(server)
        os.kill((await client.event("process"))["systemProcessId"], signal.SIGKILL)
        await client.event("terminated")
        await dead(link)


@everywhere
async def test_a_client_that_goes_takes_the_program_with_it(connect: Connect, tmp_path: Path) -> None:
    async with endless(tmp_path) as (path, server), connect() as client:
        await launch(client, path)
        link = await reported(server)
        client.writer.close()
        await dead(link)


def _has_more(client: Client, events: int) -> bool:
    return len(client.events) > events


async def children(client: Client, path: Path, stops: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Debug every child that is announced, to its end; where the first stop was."""
    found: list[tuple[str, int]] = []

    async def debugged(given: dict[str, Any]) -> None:
        async with connected(given["connect"]["host"], given["connect"]["port"]) as child:
            await child.ask("initialize", adapterID="debugpy")
            await configured(child, path, child.post("attach", given), stops)
            while await child.until(lambda: child.count("terminated") or child.count("stopped") > len(found)):
                if child.count("terminated"):
                    return
                thread = child.named("stopped")[-1]["body"]["threadId"]
                found.extend((await child.where(thread))[:1])
                await child.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
                await child.ask("continue", threadId=thread)

    async with asyncio.TaskGroup() as group:
        seen = 0
        while not client.count("terminated"):
            for one in client.named("startDebugging")[seen:]:
                group.create_task(debugged(one["arguments"]["configuration"]))
                seen += 1
            await client.until(partial(_has_more, client, len(client.events)))
    return found


@both
@posix
async def test_a_fork_in_a_function_is_stepped_over_and_its_child_debugged(
    command: Command, tmp_path: Path
) -> None:
    path = written(tmp_path, FORKS)
    forks, child = line("os.fork()", source=FORKS), line("child = n * 2", source=FORKS)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": forks}])
        thread = (await client.event("stopped"))["threadId"]
        debugging = asyncio.create_task(children(client, path, [{"line": child}]))
        await went_on(client, "next", thread)
        assert (await client.where(thread))[0] == ("work", forks + 1)
        await finished(client, thread)
        assert await debugging == [("work", child)]
        assert "code 8" in printed(client)


@both
@pytest.mark.parametrize("way", [pytest.param("fork", marks=posix), "spawn"])
async def test_the_worker_of_a_pool_is_debugged(command: Command, way: str, tmp_path: Path) -> None:
    path = written(tmp_path, POOL)
    stops = [{"line": line("twice = n * 2", source=POOL)}]
    async with over_stdio(command=command) as client:
        await launch(client, path, args=[way])
        assert await children(client, path, stops) == [("double", stops[0]["line"])]
        assert "got [2, 4, 6]" in printed(client)


@both
async def test_a_program_that_is_started_by_hand_is_attached_to(command: Command, tmp_path: Path) -> None:
    path, told = written(tmp_path, SUM), tmp_path / "endpoints.json"
    words = ("-m", "debugpy", "--listen", "127.0.0.1:0", "--wait-for-client", str(path))
    told_in = {**os.environ, "DEBUGPY_ADAPTER_ENDPOINTS": str(told)}
    program = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=subprocess.DEVNULL, env=told_in
    )
    async with asyncio.timeout(PATIENCE):
        while not (told.is_file() and told.read_text()):
            await asyncio.sleep(0.05)
    port = json.loads(told.read_text())["client"]["port"]
    async with at_port(command, port) as client:
        await client.ask("initialize", adapterID="debugpy")
        start = client.post("attach", {"connect": {"host": "127.0.0.1", "port": port}})
        at = line("result + x", source=SUM)
        await configured(client, path, start, [{"line": at}])
        thread = (await client.event("stopped"))["threadId"]
        if command is CWM:
            assert (await predicted(client, thread))["result"]["value"].startswith("≈ 4 · ")
        await went_on(client, "next", thread)
        assert (await client.variables(thread=thread))["result"]["value"] == "4"
        await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
        await finished(client, thread)
    assert await asyncio.wait_for(program.wait(), PATIENCE) == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("cut", [True, False], ids=["cut", "closed"])
async def test_a_program_that_was_not_announced_ends_with_its_adapter(tmp_path: Path, cut: bool) -> None:
    told = tmp_path / "pid"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ADAPTER, str(told)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    adapter = AdapterProcess(process, process.stdout, "")
    async with asyncio.timeout(PATIENCE):
        while not told.exists() or not told.read_text():
            await asyncio.sleep(0.01)
        pid = int(told.read_text())
        try:
            if cut:
                adapter.cut()
            await adapter.close(None)
            while runs(pid):
                await asyncio.sleep(0.01)
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
