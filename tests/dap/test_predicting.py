"""A real debugpy session that predicts, with the shipped weights: what any client sees, over stdio."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.dap.client import CWM, Client, Connect, Message, children_of, over_stdio, over_tcp, ways
from tests.dap.programs import line

PROGRAM = """\
class Sly(int):
    __add__ = int.__sub__


def count(xs, n):
    for x in xs:
        n = n + 1
    return n


def main():
    a = count([5, 6], 0)
    b = count([7, 8, 9], Sly(2))
    return a, b


print(main())
"""
"""``n + 1`` counts down on a number that prints as 2: no model can know, and no Python code runs in it."""

LOOP, BODY, LAST = (line(text, source=PROGRAM) for text in ("for x in xs", "n + 1", "return n"))


@asynccontextmanager
async def launched(
    folder: Path,
    breakpoints: Sequence[Mapping[str, Any]],
    *,
    source: str = PROGRAM,
    filters: Mapping[str, Any] | None = None,
    client: Mapping[str, Any] | None = None,
    command: tuple[str, ...] = CWM,
    connect: Connect = over_stdio,
    **configuration: Any,
) -> AsyncIterator[Client]:
    """A session of ``source`` that has begun; it is seen to its end."""
    path = folder / "program.py"
    path.write_text(source, encoding="utf-8")
    async with connect(command=command) as dap:
        await dap.ask("initialize", adapterID="debugpy", supportsVariableType=True, **(client or {}))
        launch = {"program": str(path), "console": "internalConsole", **configuration}
        start = dap.post("launch", {key: value for key, value in launch.items() if value is not None})
        await dap.event("initialized")
        await dap.ask("setBreakpoints", source={"path": str(path)}, breakpoints=breakpoints)
        if filters is not None:
            await dap.ask("setExceptionBreakpoints", **filters)
        await dap.ask("configurationDone")
        assert (await dap.answer(start))["success"]
        yield dap
        await dap.ask("disconnect", terminateDebuggee=True)


async def predicted(dap: Client, thread: int) -> dict[str, Message]:
    """The variables of the scope "Predicted" of the innermost frame, once the model has answered."""
    found: dict[str, Message] = await dap.until_asked(
        lambda: _shown(dap, thread), lambda rows: rows and "(predicting)" not in rows
    )
    return found


async def _shown(dap: Client, thread: int) -> dict[str, Message]:
    scopes = await dap.ask("scopes", frameId=await frame(dap, thread))
    reference = next(one for one in scopes["scopes"] if one["name"] == "Predicted")["variablesReference"]
    found = await dap.ask("variables", variablesReference=reference)
    return {one["name"]: one for one in found["variables"]}


async def frame(dap: Client, thread: int) -> int:
    return int((await dap.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"])


async def step(dap: Client, command: str, thread: int) -> Message:
    before = dap.count("stopped")
    await dap.ask(command, threadId=thread)
    return await dap.event("stopped", before + 1)


async def test_a_stop_is_predicted_and_the_step_after_it_is_compared(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP, "condition": "len(xs) == 2"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        before = await predicted(dap, thread)
        assert before["x"]["value"].startswith("≈ 5 · ")
        assert before["x"]["type"].startswith("predicted 5, at ")
        assert before["(next)"]["value"].startswith(f"→ line {BODY} · ")
        assert (await dap.variables(await frame(dap, thread)))["n"]["value"] == "0"
        await step(dap, "next", thread)
        after = await predicted(dap, thread)
        assert after[f"(expected at line {LOOP})"]["value"] == f"x = 5 ✓ · → line {BODY} ✓"
        assert after["(score)"]["value"] == "right in 100 % of 1 value here"
        ahead = await dap.ask("variables", variablesReference=after["(ahead)"]["variablesReference"])
        assert [one["name"] for one in ahead["variables"]][:2] == [f"line {LOOP}", f"line {BODY}"]


async def test_a_step_that_goes_otherwise_is_told_with_both_values(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 7"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        assert (await predicted(dap, thread))["n"]["value"].startswith("≈ 3 · ")
        await step(dap, "next", thread)
        after = await predicted(dap, thread)
        assert after[f"(expected at line {BODY})"]["value"].startswith("n = 1 ✗ predicted 3 · ")
        assert after["(score)"]["value"] == "right in 0 % of 1 value here"


NESTED = """\
def add(a, b):
    c = a + b
    return c


def double(n):
    m = add(n, n)
    return m


print(double(3))
"""


async def test_what_a_call_gives_back_is_foretold_and_told(tmp_path: Path) -> None:
    at = line("return c", source=NESTED)
    async with launched(tmp_path, [{"line": at}], source=NESTED) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        inside = await predicted(dap, thread)
        assert inside["(result)"]["value"].startswith("≈ 6 · ")
        assert inside["(next)"]["value"].startswith("→ return · ")
        await step(dap, "next", thread)
        assert (await dap.where(thread))[0] == ("double", line("return m", source=NESTED))
        assert (await predicted(dap, thread))[f"(expected at line {at})"]["value"] == "← 6 ✓ · → return ✓"


async def test_a_line_that_is_stepped_out_to_goes_on_from_what_came(tmp_path: Path) -> None:
    call = line("m = add", source=NESTED)
    sly = NESTED.replace("c = a + b", "c = int.__sub__(a, b) + 40")
    async with launched(tmp_path, [{"line": line("return c", source=sly)}], source=sly) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "stepOut", thread)
        assert (await dap.where(thread))[0] == ("double", call)
        found = await predicted(dap, thread)
        # Whether the model says what m becomes is its affair; it knows that the call is over, and what came.
        assert found["(next)"]["value"].startswith(f"→ line {call + 1}")
        assert "m" not in found or found["m"]["value"].startswith("≈ 40 · ")
        await step(dap, "next", thread)
        told = (await predicted(dap, thread))[f"(expected at line {call})"]["value"]
        assert "m = 40" in told
        assert f"→ line {call + 1} ✓" in told


async def test_a_condition_that_is_pure_is_computed_not_predicted(tmp_path: Path) -> None:
    source = PROGRAM.replace("        n = n + 1", "        if x > n:\n            n = n + 1")
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 5"}], source=source) as dap:
        found = await predicted(dap, (await dap.event("stopped"))["threadId"])
        assert found["(x > n)"]["value"] == "True · computed"
        assert found["(x > n)"]["type"] == "computed from observed values"


async def test_a_scope_of_an_earlier_stop_says_so(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        scopes = (await dap.ask("scopes", frameId=await frame(dap, thread)))["scopes"]
        await step(dap, "next", thread)
        old = await dap.refused("variables", variablesReference=scopes[-1]["variablesReference"])
        assert "earlier stop" in old


async def test_states_follow_every_stop_and_are_cleared_when_it_goes_on(tmp_path: Path) -> None:
    stops = [{"line": LOOP, "condition": "len(xs) == 2"}]
    understands = {"supportsInvalidatedEvent": True}
    async with launched(tmp_path, stops, cwmStates=True, client=understands) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        shown = await dap.until(lambda: states(dap, LOOP, "x ≈ 5 · "))
        assert shown["stop"] == 1
        assert shown["uri"].startswith("file://")
        assert shown["lines"][0]["at"]["character"] == len(PROGRAM.splitlines()[LOOP - 1])
        assert (await dap.event("invalidated"))["areas"] == ["variables"]
        await step(dap, "next", thread)
        came = await dap.until(lambda: states(dap, LOOP, "x = 5 ✓"))
        assert came["summary"] == "right in 100 % of 1 value"
        order = [one["body"]["stop"] for one in dap.named("cwm/states")]
        assert 0 in order[: order.index(2)], "the first stop's values were not taken away before the second's"


async def test_what_came_in_a_file_that_was_left_is_not_shown_in_another(tmp_path: Path) -> None:
    helper = tmp_path / "helper.py"
    helper.write_text("def six(n):\n    m = n + 1\n    return m\n", encoding="utf-8")
    source = "import helper\n\n\ndef f(n):\n    k = helper.six(n)\n    return k\n\n\nprint(f(5))\n"
    async with launched(tmp_path, [{"line": 5}], source=source, cwmStates=True) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "stepIn", thread)
        await dap.until(lambda: states(dap, 2, "m ≈ 6 · "))
        await step(dap, "next", thread)
        inside = await dap.until(lambda: states(dap, 2, "m = 6 ✓") and states(dap, 3, "← ≈ 6 · "))
        assert inside["uri"] == helper.as_uri()
        await step(dap, "next", thread)
        assert (await dap.where(thread))[0] == ("f", 6)
        outside = await dap.until(lambda: states(dap, 6, "← ≈ "))
        assert [one["at"]["line"] + 1 for one in outside["lines"]] == [6]


def states(dap: Client, number: int, text: str) -> Message | None:
    """The latest states that say ``text`` at a line."""
    for one in reversed(dap.named("cwm/states")):
        for shown in one["body"]["lines"]:
            if shown["at"]["line"] == number - 1 and any(
                fragment["text"].startswith(text) for fragment in shown["fragments"]
            ):
                body: Message = one["body"]
                return body
    return None


async def test_one_key_turns_it_off(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}], predictions=False, cwmStates=True) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        scopes = (await dap.ask("scopes", frameId=await frame(dap, thread)))["scopes"]
        assert "Predicted" not in {one["name"] for one in scopes}
        assert dap.count("cwm/states") == 0
        off = (await dap.event("capabilities"))["capabilities"]
        assert off["supportsStepBack"] is False


async def test_what_is_asked_out_of_place_is_refused_in_words(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}]) as dap:
        number = await frame(dap, (await dap.event("stopped"))["threadId"])
        ours = (await dap.ask("scopes", frameId=number))["scopes"][-1]
        assert ours["name"] == "Predicted"
        changed = {"variablesReference": ours["variablesReference"], "name": "x", "value": "1"}
        assert "cannot be changed; ??" in await dap.refused("setVariable", **changed)
        typed = {"expression": "really?", "frameId": number, "context": "repl"}
        assert "This program does run" in await dap.refused("evaluate", **typed)
        assert "This program does run" in await dap.refused("cwm/really")


async def test_what_cannot_be_read_is_refused_and_the_session_goes_on(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP, "condition": "len(xs) == 2"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        for command, arguments in (
            ("setBreakpoints", {"source": "program.py", "breakpoints": []}),
            ("setBreakpoints", {"source": {"path": "program.py"}, "breakpoints": [5]}),
            ("setExceptionBreakpoints", {"filters": 7}),
            ("setExceptionBreakpoints", {"filters": [], "filterOptions": ["raised"]}),
            ("setDataBreakpoints", {"breakpoints": {}}),
            ("stackTrace", {"threadId": "main"}),
            ("evaluate", {"expression": 5}),
        ):
            assert f" of {command} is a" in await dap.refused(command, **arguments)
        await dap.until_asked(lambda: predicted(dap, thread), lambda rows: "(next)" in rows)
        await step(dap, "next", thread)
        assert (await predicted(dap, thread))[f"(expected at line {LOOP})"]["value"].startswith("x = 5 ✓")


async def test_a_stop_that_is_not_predicted_says_why(tmp_path: Path) -> None:
    names = ", ".join(f"name{number}" for number in range(120))
    source = f"first = 1\n{names} = range(120)\nraise ValueError('no')\n"
    uncaught = {"filters": ["uncaught"]}
    async with launched(tmp_path, [{"line": 2}], source=source, filters=uncaught) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        found = await dap.until_asked(lambda: predicted(dap, thread), lambda rows: "(not predicted)" in rows)
        assert "96 different names" in found["(not predicted)"]["value"]
        assert "(predicting)" not in found
        stop = await step(dap, "continue", thread)
        assert stop["reason"] == "exception"
        over = await predicted(dap, thread)
        assert over["(not predicted)"]["value"].startswith("The frame of this stop has ended")
        assert len(_said(dap)) == 1, "an exception that nobody caught is no trouble of the model's"


async def test_look_ahead_has_a_key_of_its_own(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}], lookAhead=False) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        assert {"x", "(next)"} <= (found := await predicted(dap, thread)).keys()
        assert "(ahead)" not in found


async def test_a_key_that_means_nothing_is_refused_by_name(tmp_path: Path) -> None:
    async with over_stdio() as dap:
        await dap.ask("initialize", adapterID="debugpy")
        said = await dap.refused("launch", program=str(tmp_path / "a.py"), predictions="never")
        assert "predictions" in said
        assert "'never'" in said


@pytest.mark.parametrize(
    ("count", "connect"), [(1, over_stdio), (3, over_stdio), (3, over_tcp), (8, over_stdio)]
)
async def test_what_if_compares_futures_and_changes_nothing(
    tmp_path: Path, count: int, connect: Connect
) -> None:
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 5"}], connect=connect) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        branches = [{"n": str(number)} for number in range(count)]
        body = await dap.ask("cwm/whatIf", branches=branches)
        assert [one["changes"] for one in body["branches"]] == branches
        assert body["branches"][0]["differs"] is None, "n is 0 already"
        for one in body["branches"][1:]:
            assert one["steps"][one["differs"]]["mark"]
            assert not any(two["mark"] for two in one["steps"][: one["differs"]])
        assert body["base"]["steps"][0]["line"] == LOOP
        assert (await dap.variables(thread=thread))["n"]["value"] == "0"


async def test_what_if_in_the_console(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 5"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        number = await frame(dap, thread)
        said = await dap.ask("evaluate", expression="?? n = 0 | n = 4", frameId=number, context="repl")
        same, other = said["result"].splitlines()[1:]
        assert same.endswith("(no difference is predicted)")
        assert other.startswith("n = 4: ◆ ")
        wrong = await dap.refused("evaluate", expression="?? m = 4", frameId=number, context="repl")
        assert "m has no value here" in wrong


@ways
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
async def test_a_model_that_is_killed_leaves_a_debugger(connect: Connect, tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}], cwmStates=True, connect=connect) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await dap.until(lambda: states(dap, LOOP, "x ≈ 5 · "))
        assert dap.process is not None
        killed = 0
        for _ in range(3):
            for pid in children_of(dap.process.pid, "backend.host"):
                os.kill(pid, signal.SIGKILL)
                killed += 1
            await step(dap, "next", thread)
            assert (await dap.variables(thread=thread))["n"]["value"].isdecimal()
        await dap.ask("setBreakpoints", source={"path": str(tmp_path / "program.py")}, breakpoints=[])
        await dap.ask("continue", threadId=thread)
        assert (await dap.event("exited"))["exitCode"] == 0
        assert killed
        assert len(_said(dap)) <= 1


async def test_without_a_model_it_is_said_once_and_debugging_goes_on(tmp_path: Path) -> None:
    without = (*CWM, "--backend", "off")
    async with launched(tmp_path, [{"line": LOOP}], command=without) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await dap.until(lambda: _said(dap))
        for _ in range(2):
            await step(dap, "next", thread)
        assert (await dap.variables(thread=thread))["n"]["value"] == "1"
        await dap.ask("threads")
        assert len(_said(dap)) == 1


def _said(dap: Client) -> list[str]:
    said = [one["body"]["output"] for one in dap.named("output")]
    return [one for one in said if "without predictions" in one]


AWAITS = """\
import asyncio


async def main():
    a = 1
    await asyncio.sleep(0)
    async with asyncio.Lock():
        b = 2
    async for c in late():
        b = c
    return a


async def late():
    while (n := await asyncio.sleep(0, 3)) is None:
        pass
    yield n


asyncio.run(main())
"""


async def test_a_wait_is_not_foretold_as_a_return(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": 5}], source=AWAITS) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "next", thread)
        waits = await predicted(dap, thread)
        assert waits["(not predicted)"]["value"].startswith("What is awaited at line 6 is not foretold")
        assert "(next)" not in waits
        await step(dap, "next", thread)
        assert "(expected at line 6)" not in await predicted(dap, thread)
