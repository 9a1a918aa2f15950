"""The exception filter "Prediction diverged", with the shipped weights and the real debugpy."""

from __future__ import annotations

from pathlib import Path

from tests.dap.client import Client, Connect, Message, ways
from tests.dap.programs import line
from tests.dap.test_predicting import BODY, LAST, LOOP, PROGRAM, launched

DIVERGED = {"filters": [], "filterOptions": [{"filterId": "cwm_diverged", "condition": "0.6"}]}


async def surprised(dap: Client, description: str) -> Message:
    """The surprise so described; a model may be surprised elsewhere before it."""
    for nth in range(1, 6):
        stop = await dap.event("stopped", nth)
        if stop["description"] == description:
            return stop
        await dap.ask("continue", threadId=stop["threadId"])
    raise AssertionError(f"never came: {description}")


@ways
async def test_the_program_stops_where_it_surprises_the_model(connect: Connect, tmp_path: Path) -> None:
    async with launched(tmp_path, [], filters=DIVERGED, connect=connect) as dap:
        stop = await surprised(dap, f"Prediction diverged at line {BODY}")
        assert stop["reason"] == "exception"
        assert stop["text"].startswith("n: the model expected 3, the run gave 1, p = ")
        thread = stop["threadId"]
        assert (await dap.where(thread))[:2] == [("count", LOOP), ("main", line("Sly(2)", source=PROGRAM))]
        told = await dap.ask("exceptionInfo", threadId=thread)
        assert told["exceptionId"] == "Prediction diverged"
        assert "the model expected 3" in told["details"]["message"]
        stops = dap.count("stopped")
        await dap.ask("setExceptionBreakpoints", filters=[])
        await dap.ask("continue", threadId=thread)
        await dap.event("terminated")
        assert dap.count("stopped") == stops


async def test_breakpoints_still_stop_while_surprises_are_looked_for(tmp_path: Path) -> None:
    at = [{"line": LAST}]
    async with launched(tmp_path, at, filters={"filters": ["cwm_diverged"]}) as dap:
        stop = await dap.event("stopped")
        assert stop["reason"] == "breakpoint"
        assert (await dap.where(stop["threadId"]))[0] == ("count", LAST)


async def test_a_condition_that_is_no_probability_is_refused(tmp_path: Path) -> None:
    wrong = {"filters": [], "filterOptions": [{"filterId": "cwm_diverged", "condition": "sure"}]}
    async with launched(tmp_path, [{"line": LOOP}]) as dap:
        await dap.event("stopped")
        assert "'sure' is no probability" in await dap.refused("setExceptionBreakpoints", **wrong)


async def test_pause_ends_the_search_for_a_surprise(tmp_path: Path) -> None:
    endless = "def spin(n):\n    while True:\n        n = n + 1\n\n\nspin(0)\n"
    certain = {"filters": [], "filterOptions": [{"filterId": "cwm_diverged", "condition": "100 %"}]}
    async with launched(tmp_path, [], source=endless, filters=certain) as dap:
        thread = int((await dap.ask("threads"))["threads"][0]["id"])
        await dap.ask("pause", threadId=thread)
        stop = await dap.event("stopped")
        assert stop["reason"] == "pause"
        assert (await dap.where(stop["threadId"]))[-1][0] == "<module>"
