"""Going back over lines at which nothing stopped, in real debugpy sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.dap.client import CWM, Client, Connect, Message, ways
from tests.dap.programs import line
from tests.dap.test_predicting import launched, step

PROGRAM = """\
def collatz(n):
    steps = 0
    while n != 1:
        if n % 2:
            n = 3 * n + 1
        else:
            n = n // 2
        steps = steps + 1
    return steps


def longest(limit):
    best = 0
    for start in range(1, limit):
        length = collatz(start)
        if length > best:
            best = length
    return best


print(longest(90))
"""
"""It runs through more than 10,000 lines and fewer than are kept."""

COUNTS, BACK, CALLS, DONE = (
    line(text, source=PROGRAM) for text in ("steps + 1", "return steps", "length = collatz", "return best")
)
WITHOUT = (*CWM, "--backend", "off")


async def replaced(dap: Client, folder: Path, breakpoints: list[dict[str, Any]]) -> None:
    """Let these be the breakpoints of the program."""
    await dap.ask("setBreakpoints", source={"path": str(folder / "program.py")}, breakpoints=breakpoints)


async def ago(dap: Client, command: str, thread: int) -> int:
    """How many moments back a command leads."""
    text = (await step(dap, command, thread))["text"]
    return int(text.split()[1].replace(",", "")) if "ago" in text else 0


async def held(dap: Client, thread: int) -> dict[str, Any]:
    found: dict[str, Message] = await dap.variables(thread=thread)
    return {name: one["value"] for name, one in found.items()}


@ways
async def test_ten_thousand_lines_that_ran_are_gone_back_over(connect: Connect, tmp_path: Path) -> None:
    stops = [{"line": DONE}]
    how: dict[str, Any] = {"command": WITHOUT, "connect": connect}
    async with launched(tmp_path, stops, source=PROGRAM, history=True, **how) as dap:
        thread = int((await dap.event("stopped"))["threadId"])
        assert (await held(dap, thread))["best"] == "115"
        assert await ago(dap, "stepBack", thread) == 1
        assert (await dap.where(thread))[0] == ("longest ↶", line("for start", source=PROGRAM))
        whole = await ago(dap, "reverseContinue", thread)
        assert whole >= 10_000
        assert (await dap.where(thread))[0] == ("<module> ↶", 1)
        await dap.ask(
            "setBreakpoints", source={"path": str(tmp_path / "program.py")}, breakpoints=[{"line": BACK}]
        )
        assert await ago(dap, "continue", thread) < whole
        assert (await dap.where(thread))[:2] == [
            ("collatz ↶", BACK),
            ("longest ↶", line("collatz(", 2, PROGRAM)),
        ]
        assert await held(dap, thread) == {"n": "1 ↶", "steps": "0 ↶"}
        await ago(dap, "continue", thread)
        assert await held(dap, thread) == {"n": "1 ↶", "steps": "1 ↶"}
        await ago(dap, "stepBack", thread)
        await ago(dap, "stepBack", thread)
        assert (await dap.where(thread))[0] == ("collatz ↶", COUNTS)
        assert await held(dap, thread) == {"n": "1 ↶", "steps": "0 ↶"}
        await replaced(dap, tmp_path, [])
        assert await ago(dap, "continue", thread) == 0
        assert (await dap.where(thread))[0] == ("longest", DONE)
        await dap.ask("continue", threadId=thread)
        assert (await dap.event("exited"))["exitCode"] == 0


async def test_without_the_key_only_stops_are_kept(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BACK}], source=PROGRAM, command=WITHOUT) as dap:
        thread = int((await dap.event("stopped"))["threadId"])
        await step(dap, "continue", thread)
        assert await ago(dap, "reverseContinue", thread) == 1


async def test_a_step_over_a_call_can_be_gone_back_into(tmp_path: Path) -> None:
    stops = [{"line": CALLS, "condition": "start == 3"}]
    async with launched(tmp_path, stops, source=PROGRAM, history=True, command=WITHOUT) as dap:
        thread = int((await dap.event("stopped"))["threadId"])
        await step(dap, "next", thread)
        await dap.ask(
            "setBreakpoints", source={"path": str(tmp_path / "program.py")}, breakpoints=[{"line": BACK}]
        )
        await ago(dap, "reverseContinue", thread)
        assert (await dap.where(thread))[0] == ("collatz ↶", BACK)
        assert (await held(dap, thread))["steps"] == "7 ↶"
