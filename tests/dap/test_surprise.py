"""The exception filter "Prediction diverged", with the shipped weights and the real debugpy."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from tests.dap.client import Client, Connect, Message, ways
from tests.dap.programs import line
from tests.dap.test_predicting import AWAITS, BODY, LAST, LOOP, PROGRAM, launched, predicted, step

NEVER = {"filters": [], "filterOptions": [{"filterId": "cwm_diverged", "condition": "100 %"}]}

LONG = """\
def total(xs, floor):
    result = 0
    for x in xs:
        if x > floor:
            result = result + x
    return result


print(total(list(range(12)), 3))
"""

_EXPECTED = re.compile(r"\(expected at line (\d+)\)")
_DIFFERS = re.compile(r"(?:(\w+) = )?(\S+) ✗ predicted (\S+) · (\d+) %")
_TOLD = re.compile(r"(?:(\w+): )?the model expected (.+), at (\d+) %; the run gave (.+)")

DIVERGED = {"filters": [], "filterOptions": [{"filterId": "cwm_diverged", "condition": "0.6"}]}


async def stopped(dap: Client, field: str, value: str) -> Message:
    """The stop of which ``field`` says ``value``; a model may be surprised elsewhere before it."""
    for nth in range(1, 6):
        stop = await dap.event("stopped", nth)
        if stop.get(field) == value:
            return stop
        await dap.ask("continue", threadId=stop["threadId"])
    raise AssertionError(f"never came: {field} = {value}")


async def surprised(dap: Client, description: str) -> Message:
    """The surprise so described."""
    return await stopped(dap, "description", description)


@ways
async def test_the_program_stops_where_it_surprises_the_model(connect: Connect, tmp_path: Path) -> None:
    async with launched(tmp_path, [], filters=DIVERGED, connect=connect) as dap:
        stop = await surprised(dap, f"Prediction diverged at line {BODY}")
        assert stop["reason"] == "exception"
        assert re.fullmatch(r"n: the model expected 3, at \d+ %; the run gave 1", stop["text"])
        thread = stop["threadId"]
        assert (await dap.where(thread))[:2] == [("count", LOOP), ("main", line("Sly(2)", source=PROGRAM))]
        told = await dap.ask("exceptionInfo", threadId=thread)
        assert told["exceptionId"] == "Prediction diverged"
        assert "the model expected 3" in told["details"]["message"]
        assert "expected 3" not in told["details"].get("stackTrace", ""), "it is said once"
        back = await step(dap, "stepBack", thread)
        assert "1 step ago" in back["text"]
        assert (await dap.where(thread))[0] == ("count ↶", BODY)
        await step(dap, "next", thread)
        assert (await dap.where(thread))[0] == ("count", LOOP)
        stops = dap.count("stopped")
        await dap.ask("setExceptionBreakpoints", filters=[])
        await dap.ask("continue", threadId=thread)
        await dap.event("terminated")
        assert dap.count("stopped") == stops


@pytest.mark.parametrize(("module", "name"), [("shop.counts", "counts.py"), ("shop", "__main__.py")])
async def test_a_module_is_searched_from_its_first_line(module: str, name: str, tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / name).write_text(PROGRAM, encoding="utf-8")
    begun = launched(tmp_path, [], filters=DIVERGED, program=None, module=module, cwd=str(tmp_path))
    async with begun as dap:
        stop = await surprised(dap, f"Prediction diverged at line {BODY}")
        assert (await dap.where(stop["threadId"]))[0] == ("count", LOOP)


async def test_breakpoints_still_stop_while_surprises_are_looked_for(tmp_path: Path) -> None:
    at = [{"line": LAST}]
    async with launched(tmp_path, at, filters={"filters": ["cwm_diverged"]}) as dap:
        stop = await stopped(dap, "reason", "breakpoint")
        assert (await dap.where(stop["threadId"]))[0] == ("count", LAST)


async def test_a_wait_is_no_surprise(tmp_path: Path) -> None:
    async with launched(tmp_path, [], source=AWAITS, filters={"filters": ["cwm_diverged"]}) as dap:
        await dap.event("terminated")
        assert dap.count("stopped") == 0


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


def found(words: str) -> tuple[str, str, str, int] | None:
    """Name, prediction, observation and percentage of a surprise, from the words that tell of it."""
    told = _TOLD.fullmatch(words)
    return (told[1] or "", told[2], told[4], int(told[3])) if told else None


async def by_stepping(dap: Client, thread: int) -> list[tuple[int, str, str, str, int]]:
    """The surprising values of a program that is stepped to its end: line, name, both values, percentage."""
    surprises = []
    while (await dap.where(thread))[0][0] != "<module>":
        shown = await predicted(dap, thread)
        for name, row in shown.items():
            at, differs = _EXPECTED.fullmatch(name), _DIFFERS.search(row["value"])
            if at and differs and differs[1]:
                surprises.append((int(at[1]), differs[1], differs[3], differs[2], int(differs[4])))
        await step(dap, "stepIn", thread)
    return surprises


def _has_news(dap: Client, stops: int) -> bool:
    return dap.count("stopped") > stops or dap.count("terminated") > 0


async def by_searching(dap: Client, thread: int) -> list[tuple[int, str, str, str, int]]:
    """The same of one that is searched."""
    surprises: list[tuple[int, str, str, str, int]] = []
    while True:
        before = dap.count("stopped")
        await dap.ask("continue", threadId=thread)
        await dap.until(partial(_has_news, dap, before))
        if dap.count("terminated"):
            return surprises
        stop = dap.named("stopped")[-1]["body"]
        told = found(stop["text"])
        if told is not None and told[0]:
            surprises.append((int(stop["description"].rpartition(" ")[2]), *told))


async def test_a_search_finds_what_stepping_finds(tmp_path: Path) -> None:
    """Both begin at one stop. Where a probability is near the bound one of them may be under it."""
    at = [{"line": line("a = count", source=PROGRAM)}]
    async with launched(tmp_path, at) as dap:
        stepped = await by_stepping(dap, (await dap.event("stopped"))["threadId"])
    async with launched(tmp_path, at) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await dap.ask("setExceptionBreakpoints", **DIVERGED)
        searched = await by_searching(dap, thread)
    assert any(one[:4] == (BODY, "n", "3", "1") for one in searched)
    for mine, others in ((stepped, searched), (searched, stepped)):
        known = {one[:4] for one in others}
        assert [one for one in mine if one[4] >= 75 and one[:4] not in known] == []


async def test_a_breakpoint_within_an_expected_stretch_stops_at_its_state(tmp_path: Path) -> None:
    body = line("result + x", source=LONG)
    at = [{"line": body, "condition": "x == 9"}]
    async with launched(tmp_path, at, source=LONG, filters=NEVER) as dap:
        stop = await dap.event("stopped")
        thread = stop["threadId"]
        assert stop["reason"] == "breakpoint"
        assert (await dap.where(thread))[0] == ("total", body)
        shown = await dap.variables(thread=thread)
        assert [shown[name]["value"] for name in ("x", "result")] == ["9", "30"]
        back = await step(dap, "stepBack", thread)
        assert "1 step ago" in back["text"]
        assert (await dap.where(thread))[0] == ("total ↶", body - 1)
        await step(dap, "reverseContinue", thread)
        assert (await dap.variables(thread=thread))["x"]["value"] == "8 ↶"


@pytest.mark.parametrize("own", [{"condition": "False"}, {"logMessage": "begun"}, {"hitCondition": "7"}])
async def test_a_breakpoint_on_the_first_line_does_not_keep_a_search_from_it(
    own: dict[str, str], tmp_path: Path
) -> None:
    async with launched(tmp_path, [{"line": 1, **own}], source=PROGRAM, filters=DIVERGED) as dap:
        await surprised(dap, f"Prediction diverged at line {BODY}")


async def test_a_log_point_in_the_way_of_a_search_logs_and_is_no_surprise(tmp_path: Path) -> None:
    at = [{"line": line("result + x", source=LONG), "logMessage": "x is {x}"}]
    async with launched(tmp_path, at, source=LONG, filters=DIVERGED) as dap:
        seen = 0
        while await dap.until(partial(_has_news, dap, seen)) and not dap.count("terminated"):
            seen += 1
            stop = await dap.event("stopped", seen)
            assert "the run gave line" not in stop["text"]
            await dap.ask("continue", threadId=stop["threadId"])
        logged = "".join(one["body"]["output"] for one in dap.named("output"))
        assert [logged.count(f"x is {x}\n") for x in range(3, 12)] == [0] + [1] * 8


NAPS = """\
import time


def nap():
    n = 0
    while n < 3000:
        time.sleep(0.02)


nap()
"""


async def test_pause_ends_a_search_while_the_program_naps(tmp_path: Path) -> None:
    async with launched(tmp_path, [], source=NAPS, filters=NEVER) as dap:
        thread = int((await dap.ask("threads"))["threads"][0]["id"])
        await dap.ask("pause", threadId=thread)
        assert (await dap.event("stopped"))["reason"] == "pause"


EVERYDAY = """\
import contextlib


@contextlib.contextmanager
def opened(log):
    log.append("open")
    yield log
    log.append("close")


def each(xs):
    for x in xs:
        yield x


def inner(nested):
    for part in nested:
        yield from each(part)


def used(log):
    with opened(log) as found:
        found.append("used")
    return len(log)


def total(xs):
    result = 0
    for x in each(xs):
        result += x
    return result


found = list(each([3, 1]))
flat = list(inner([found, [2]]))
squares = {x: x * x for x in each(flat)}
ordered = sorted(flat, key=lambda x: -x)
print(found, flat, squares, ordered, total(flat), used([]))
"""


async def test_generators_comprehensions_and_with_blocks_are_no_surprise(tmp_path: Path) -> None:
    async with launched(tmp_path, [], source=EVERYDAY, filters={"filters": ["cwm_diverged"]}) as dap:
        stops = 0
        while await dap.until(partial(_has_news, dap, stops)) and not dap.count("terminated"):
            stops += 1
            await dap.ask("continue", threadId=(await dap.event("stopped", stops))["threadId"])
        assert [one["body"]["text"] for one in dap.named("stopped")] == []
