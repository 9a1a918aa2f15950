"""What debugpy does, plain and through the proxy: the same stories with the same assertions."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.dap.client import over_stdio
from tests.dap.debugging import (
    SUM,
    both,
    finished,
    launch,
    order,
    printed,
    top,
    went_on,
    written,
)
from tests.dap.programs import line

Command = tuple[str, ...]

LOOP = """\
def square(n):
    return n * n


def work(count):
    done = 0
    for n in range(count):
        done += square(n)
    return done


print("done", work(5))
"""

RAISES = """\
def risky(n):
    return 10 // n


try:
    risky(0)
except ZeroDivisionError:
    print("caught")
risky(0)
"""

THREADS = """\
import threading

meet = threading.Barrier(2)


def task(name):
    meet.wait()
    return name.upper()


threads = [threading.Thread(target=task, args=(name,), name=name) for name in ("ant", "bee")]
for one in threads:
    one.start()
for one in threads:
    one.join()
print("joined")
"""

ASYNC = """\
import asyncio


async def fetch(n):
    await asyncio.sleep(0)
    return n + 1


async def main():
    first = await fetch(1)
    second = await fetch(first)
    print("sum", first + second)


asyncio.run(main())
"""

LIBRARY = """\
import textwrap

text = textwrap.dedent("  a")
print(text)
"""


@both
async def test_a_session_from_start_to_end_is_told_in_order(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": 2}], django=True, jinja=True, showReturnValue=True)
        thread = (await client.event("stopped"))["threadId"]
        await went_on(client, "next", thread)
        await finished(client, thread)
        names = "initialized", "process", "stopped", "exited", "terminated"
        assert order(client, *names) == [*names[:3], "stopped", *names[3:]]
        assert (await client.event("exited"))["exitCode"] == 0
        await client.ask("disconnect")


@both
async def test_options_of_the_adapter(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    options = "--access-token", "one", "--log-dir", str(tmp_path)
    async with over_stdio(*options, command=command) as client:
        await launch(client, path, [{"line": 2}])
        await finished(client, (await client.event("stopped"))["threadId"])
    assert [one.name for one in tmp_path.glob("debugpy.adapter*.log")]


@both
async def test_hit_counts_log_points_and_functions(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, LOOP)
    inside = line("done += square(n)", source=LOOP)
    points = [
        {"line": inside, "hitCondition": "== 3"},
        {"line": line("return n * n", source=LOOP), "logMessage": "square of {n}"},
    ]
    async with over_stdio(command=command) as client:
        await launch(client, path, points, functions=["work"])
        stop = await client.event("stopped")
        assert (await client.where(stop["threadId"]))[0][0] == "work"
        assert stop["reason"] == "function breakpoint"
        stop = await went_on(client, "continue", stop["threadId"])
        assert (await client.where(stop["threadId"]))[0] == ("work", inside)
        assert (await client.variables(thread=stop["threadId"]))["n"]["value"] == "2"
        await finished(client, stop["threadId"])
        assert client.count("stopped") == 2
        # The program's own output and debugpy's log points come by two ways, and one may cut into the other.
        spoken = printed(client)
        assert re.findall(r"square of \d", spoken) == [f"square of {n}" for n in range(5)]
        assert "done 30" in re.sub(r"square of \d\n", "", spoken)


@both
async def test_exceptions_raised_and_uncaught(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, RAISES)
    async with over_stdio(command=command) as client:
        await launch(client, path, exceptions=["raised", "uncaught"])
        stop = await client.event("stopped")
        assert stop["reason"] == "exception"
        info = await client.ask("exceptionInfo", threadId=stop["threadId"])
        assert (info["exceptionId"], info["breakMode"]) == ("ZeroDivisionError", "always")
        assert (await client.where(stop["threadId"]))[0] == ("risky", 2)
        await client.ask("setExceptionBreakpoints", filters=["uncaught"])
        stop = await went_on(client, "continue", stop["threadId"])
        info = await client.ask("exceptionInfo", threadId=stop["threadId"])
        assert (info["exceptionId"], info["breakMode"]) == ("ZeroDivisionError", "unhandled")
        assert "caught" in printed(client)
        await finished(client, stop["threadId"])
        assert (await client.event("exited"))["exitCode"] == 1


@pytest.mark.parametrize("predictions", [True, False])
async def test_filters_that_come_as_options_are_debugpys_too(predictions: bool, tmp_path: Path) -> None:
    """VS Code writes them so for every adapter that announces conditions, and leaves ``filters`` empty."""
    path = written(tmp_path, RAISES)
    async with over_stdio() as client:
        options = [{"filterId": "uncaught"}]
        await launch(client, path, filter_options=options, predictions=predictions)
        stop = await client.event("stopped")
        info = await client.ask("exceptionInfo", threadId=stop["threadId"])
        assert (info["exceptionId"], info["breakMode"]) == ("ZeroDivisionError", "unhandled")
        await finished(client, stop["threadId"])


@both
async def test_threads_stop_are_named_and_stepped(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, THREADS)
    inside = line("name.upper()", source=THREADS)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": inside}])
        stop = await client.event("stopped")
        named = {one["name"]: one["id"] for one in (await client.ask("threads"))["threads"]}
        assert {"MainThread", "ant", "bee"} <= set(named)
        assert stop["threadId"] in (named["ant"], named["bee"])
        assert (await client.where(stop["threadId"]))[0] == ("task", inside)
        assert "task" not in [name for name, _ in await client.where(named["MainThread"])]
        await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
        await finished(client, stop["threadId"])
        assert "joined" in printed(client)


@both
async def test_coroutines_are_stepped(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, ASYNC)
    first = line("first = await", source=ASYNC)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": first}])
        thread = (await client.event("stopped"))["threadId"]
        await went_on(client, "next", thread)
        assert (await client.where(thread))[0] == ("main", first + 1)
        await went_on(client, "stepIn", thread)
        assert (await client.where(thread))[0][0] == "fetch"
        frame_id = (await top(client, thread))["id"]
        assert (await client.ask("evaluate", expression="n", frameId=frame_id))["result"] == "2"
        await finished(client, thread)
        assert "sum 5" in printed(client)


@both
async def test_values_are_set_completed_and_jumped_over(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, LOOP)
    inside = line("done += square(n)", source=LOOP)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": inside}])
        thread = (await client.event("stopped"))["threadId"]
        frame_id = (await top(client, thread))["id"]
        await client.ask("setExpression", expression="done", value="100", frameId=frame_id)
        assert (await client.variables(frame_id))["done"]["value"] == "100"
        completed = await client.ask("completions", text="squ", column=4, frameId=frame_id)
        assert "square" in [one["label"] for one in completed["targets"]]
        targets = (await client.ask("stepInTargets", frameId=frame_id))["targets"]
        assert [one["label"] for one in targets] == ["square(n)"]
        await went_on(client, "stepIn", thread, targetId=targets[0]["id"])
        assert (await client.where(thread))[0][0] == "square"
        await went_on(client, "stepOut", thread)
        await went_on(client, "next", thread)
        end = line("return done", source=LOOP)
        await client.ask("setBreakpoints", source={"path": str(path)}, breakpoints=[])
        found = await client.ask("gotoTargets", source={"path": str(path)}, line=end)
        stop = await went_on(client, "goto", thread, targetId=found["targets"][0]["id"])
        assert stop["reason"] == "goto"
        assert (await client.where(thread))[0] == ("work", end)
        await finished(client, thread)
        assert "done 100" in printed(client)


@both
@pytest.mark.parametrize("mine", [True, False])
async def test_just_my_code_and_modules(command: Command, mine: bool, tmp_path: Path) -> None:
    path = written(tmp_path, LIBRARY)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": 3}], justMyCode=mine)
        thread = (await client.event("stopped"))["threadId"]
        await went_on(client, "stepIn", thread)
        name, number = (await client.where(thread))[0]
        assert (name, number) == ("<module>", 4) if mine else name == "dedent"
        modules = (await client.ask("modules"))["modules"]
        assert str(path) in [one.get("path") for one in modules]
        await finished(client, thread)


@both
async def test_what_nobody_knows_is_refused_and_the_session_goes_on(command: Command, tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": 2}])
        thread = (await client.event("stopped"))["threadId"]
        assert "riddle" in await client.refused("riddle", threadId=thread)
        frame_id = (await top(client, thread))["id"]
        await client.refused("evaluate", expression="1 +", frameId=frame_id, context="watch")
        await finished(client, thread)
