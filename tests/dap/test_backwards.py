"""Backwards over the stops of a real session, also those that were not looked into."""

from __future__ import annotations

from pathlib import Path

from tests.dap.test_predicting import BODY, LOOP, frame, launched, predicted, states, step

SLOW = """\
import time


class Slow:
    def __repr__(self):
        time.sleep(1.5)
        return "slow"


slow = Slow()
a = 1
b = 2
"""


async def test_stops_can_be_gone_back_to(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        for _ in range(3):
            await step(dap, "next", thread)
        assert (await dap.variables(thread=thread))["x"]["value"] == "6"
        back = await step(dap, "stepBack", thread)
        assert "1 step ago" in back["text"]
        assert (await dap.where(thread))[0] == ("count ↶", LOOP)
        assert (await dap.variables(thread=thread))["n"]["value"] == "1 ↶"
        assert (await dap.variables(thread=thread))["x"]["value"] == "5 ↶"
        past = await frame(dap, thread)
        frames = (await dap.ask("stackTrace", threadId=thread))["stackFrames"]
        hints = [one.get("presentationHint") for one in frames]
        assert "subtle" not in hints, "VS Code looks into none that is, and shows no variables"
        computed = await dap.ask("evaluate", expression="n + x", frameId=past)
        assert computed["result"] == "6 ↶ · computed"
        assert "Nothing is run" in await dap.refused("evaluate", expression="print(n)", frameId=past)
        assert "past" in await dap.refused("setVariable", variablesReference=past, name="n", value="3")
        first = await step(dap, "reverseContinue", thread)
        assert (await dap.where(thread))[0] == ("count ↶", LOOP)
        assert first["reason"] in ("breakpoint", "entry")
        for _ in range(3):
            await step(dap, "next", thread)
        assert (await dap.where(thread))[0] == ("count", BODY)
        assert (await dap.variables(thread=thread))["x"]["value"] == "6"
        await step(dap, "next", thread)
        assert (await dap.variables(thread=thread))["n"]["value"] == "2"


async def test_a_stop_that_is_left_before_it_was_seen_can_be_gone_back_to(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": 11}], source=SLOW) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "next", thread)
        await step(dap, "stepBack", thread)
        assert (await dap.where(thread))[0] == ("<module> ↶", 11)
        assert (await dap.variables(thread=thread))["slow"]["value"] == "slow ↶"


async def test_an_exception_that_nobody_caught_is_a_stop_to_go_back_from(tmp_path: Path) -> None:
    source = "a = 1\nb = 2\nraise ValueError(a)\n"
    uncaught = {"filters": ["uncaught"]}
    async with launched(tmp_path, [{"line": 1}], source=source, filters=uncaught) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "next", thread)
        assert (await step(dap, "continue", thread))["reason"] == "exception"
        await step(dap, "stepBack", thread)
        assert (await dap.where(thread))[0] == ("<module> ↶", 2)


async def test_the_past_is_drawn_as_past(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}], cwmStates=True) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        for _ in range(3):
            await step(dap, "next", thread)
        await step(dap, "stepBack", thread)
        shown = await dap.until(lambda: states(dap, BODY, "n = 1 ↶"))
        assert shown["past"] == 1
        assert [one["state"] for one in shown["lines"][0]["fragments"]] == ["past"]


async def test_before_the_first_stop_there_is_no_past(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LOOP}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        assert "before this stop" in await dap.refused("stepBack", threadId=thread)
