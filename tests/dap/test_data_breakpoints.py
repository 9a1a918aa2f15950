"""Data breakpoints in real debugpy sessions: what changed, where it is seen, what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.dap.client import CWM, Client, Message
from tests.dap.programs import line
from tests.dap.test_predicting import launched

PROGRAM = """\
class Box:
    def __init__(self):
        self.count = 0

    def add(self, n):
        self.count = self.count + n
        return self.count


def total(xs):
    result = 0
    box = Box()
    for x in xs:
        if x > 2:
            result = result + x
            box.add(x)
    return result


LEVEL = 1


def raised():
    global LEVEL
    LEVEL = LEVEL + 1
    return LEVEL


print(total([1, 4, 2, 9]))
print(raised())
"""

LOOP, BODY, ADDS, COUNTS, ENDS = (
    line(text, source=PROGRAM)
    for text in ("for x in xs", "result + x", "box.add(x)", "return self.count", "return result")
)

ENDLESS = """\
seen = 0
while True:
    pass
"""


async def stopped(dap: Client) -> int:
    return int((await dap.event("stopped"))["threadId"])


def begun(
    folder: Path, breakpoints: Sequence[Mapping[str, Any]], source: str = PROGRAM, **configuration: Any
) -> AbstractAsyncContextManager[Client]:
    """A session without a model: data breakpoints need none."""
    return launched(folder, breakpoints, source=source, command=(*CWM, "--backend", "off"), **configuration)


async def cleared(dap: Client, folder: Path, others: Sequence[Mapping[str, Any]]) -> None:
    """Let these be all breakpoints of the program."""
    await dap.ask("setBreakpoints", source={"path": str(folder / "program.py")}, breakpoints=others)


async def info(dap: Client, expression: str, thread: int) -> Message:
    """What is said of an expression of the innermost frame."""
    frame = (await dap.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
    return await dap.ask("dataBreakpointInfo", name=expression, frameId=frame)


async def watched(dap: Client, expression: str, thread: int, **options: Any) -> Mapping[str, Any]:
    """Ask about an expression of the innermost frame, and set a data breakpoint on it alone."""
    found = await info(dap, expression, thread)
    assert found["dataId"], found
    set_to = await dap.ask("setDataBreakpoints", breakpoints=[{"dataId": found["dataId"], **options}])
    row: Mapping[str, Any] = set_to["breakpoints"][0]
    return row


async def went_on(dap: Client, thread: int) -> tuple[Message, tuple[str, int]]:
    """The next stop of a program that runs on, and where that is."""
    before = dap.count("stopped")
    await dap.ask("continue", threadId=thread)
    stop = await dap.event("stopped", before + 1)
    return stop, (await dap.where(thread))[0]


async def ended(dap: Client, thread: int) -> None:
    await dap.ask("continue", threadId=thread)
    assert (await dap.event("exited"))["exitCode"] == 0


async def test_a_local_stops_the_program_wherever_it_changes(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": LOOP}]) as dap:
        thread = await stopped(dap)
        frame = (await dap.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
        scope = (await dap.ask("scopes", frameId=frame))["scopes"][0]["variablesReference"]
        await dap.ask("variables", variablesReference=scope)
        found = await dap.ask("dataBreakpointInfo", variablesReference=scope, name="result")
        assert found["description"] == "result in total()"
        assert found["accessTypes"] == ["write"]
        await cleared(dap, tmp_path, [])
        one = {"dataId": found["dataId"]}
        (row,) = (await dap.ask("setDataBreakpoints", breakpoints=[one]))["breakpoints"]
        assert row["verified"]
        stop, where = await went_on(dap, thread)
        assert (stop["reason"], stop["text"]) == ("data breakpoint", "result: 0 → 4")
        assert stop["hitBreakpointIds"] == [row["id"]]
        assert where == ("total", ADDS)
        stop, where = await went_on(dap, thread)
        assert (stop["text"], where) == ("result: 4 → 13", ("total", ADDS))
        await ended(dap, thread)


async def test_conditions_and_hits_are_counted_in_the_program(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": LOOP}]) as dap:
        thread = await stopped(dap)
        await cleared(dap, tmp_path, [])
        await watched(dap, "x", thread, condition="x > 1", hitCondition=">= 2")
        stop, _ = await went_on(dap, thread)
        assert stop["text"] == "x: 4 → 2"
        await watched(dap, "x", thread, condition="nonsense > 1")
        stop, _ = await went_on(dap, thread)
        assert stop["text"] == "x: 2 → 9 (the condition raised NameError)"
        wrong = await watched(dap, "x", thread, hitCondition="often")
        assert "'often' is no hit condition" in wrong["message"]
        wrong = await watched(dap, "x", thread, condition="x >")
        assert "its condition is no expression" in wrong["message"]
        wrong = await watched(dap, "x", thread, accessType="read")
        assert not wrong["verified"]
        await ended(dap, thread)


async def test_an_attribute_is_watched_in_every_function_of_the_file(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": LOOP}, {"line": COUNTS}]) as dap:
        thread = await stopped(dap)
        stop, _ = await went_on(dap, thread)
        assert stop["reason"] == "breakpoint"
        row = await watched(dap, "box.count", thread)
        await cleared(dap, tmp_path, [{"line": COUNTS, "condition": "n == 9"}])
        stop, where = await went_on(dap, thread)
        assert (stop["reason"], stop["text"]) == ("data breakpoint", "box.count: 0 → 4")
        assert where == ("add", COUNTS)
        await dap.ask("setDataBreakpoints", breakpoints=[])
        stop, where = await went_on(dap, thread)
        assert (stop["reason"], where) == ("breakpoint", ("add", COUNTS))
        assert row["id"] not in stop["hitBreakpointIds"]
        await ended(dap, thread)


async def test_a_global_and_a_local_whose_function_returns(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": ENDS}]) as dap:
        thread = await stopped(dap)
        local = await info(dap, "result", thread)
        module = await info(dap, "LEVEL", thread)
        wanted = [{"dataId": one["dataId"]} for one in (local, module)]
        rows = (await dap.ask("setDataBreakpoints", breakpoints=wanted))["breakpoints"]
        assert [one["verified"] for one in rows] == [True, True]
        stop, where = await went_on(dap, thread)
        assert (stop["text"], where[0]) == ("LEVEL: 1 → 2", "raised")
        gone = (await dap.event("breakpoint"))["breakpoint"]
        assert (gone["id"], gone["verified"]) == (rows[0]["id"], False)
        assert gone["message"] == "total() has returned."
        again = (await dap.ask("setDataBreakpoints", breakpoints=wanted))["breakpoints"]
        assert "its function has returned" in again[0]["message"]
        await ended(dap, thread)


async def test_a_step_that_changes_a_value_says_so(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": BODY}]) as dap:
        thread = await stopped(dap)
        await watched(dap, "result", thread)
        before = dap.count("stopped")
        await dap.ask("next", threadId=thread)
        stop = await dap.event("stopped", before + 1)
        assert (stop["reason"], stop["text"]) == ("data breakpoint", "result: 0 → 4")
        await dap.ask("setDataBreakpoints", breakpoints=[])
        await cleared(dap, tmp_path, [])
        await ended(dap, thread)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("len(xs)", "would have to be run"),
        ("xs[x]", "subscript"),
        ("nowhere", "no such name"),
        ("xs.nothing", "without running code"),
        ("1 +", "no"),
    ],
)
async def test_what_cannot_be_watched_says_why(expression: str, why: str, tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": LOOP}]) as dap:
        found = await info(dap, expression, await stopped(dap))
        assert found["dataId"] is None
        assert why in found["description"]


async def test_a_program_that_runs_can_be_freed_but_not_watched(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": line("while", source=ENDLESS)}], ENDLESS) as dap:
        thread = await stopped(dap)
        found = await info(dap, "seen", thread)
        await cleared(dap, tmp_path, [])
        await dap.ask("continue", threadId=thread)
        one = {"dataId": found["dataId"]}
        (row,) = (await dap.ask("setDataBreakpoints", breakpoints=[one]))["breakpoints"]
        assert row["message"] == "The program runs. Pause it first."


async def test_without_predictions_none_are_promised(tmp_path: Path) -> None:
    async with begun(tmp_path, [{"line": LOOP}], predictions=False) as dap:
        await stopped(dap)
        assert (await dap.event("capabilities"))["capabilities"]["supportsDataBreakpoints"] is False
        assert "dataBreakpointInfo" in await dap.refused("dataBreakpointInfo", name="xs")
