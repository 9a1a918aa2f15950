"""How frames are left, under the real debugpy: by an exception, by a constructor, and within one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.dap.programs import line
from tests.dap.test_predicting import launched, predicted, step

SOURCE = """\
class Box:
    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return f"Box({self.size})"


def check(n):
    raise ValueError(n)


def boxed(n):
    box = Box(n)
    return box


def tried(n):
    try:
        check(n)
    except ValueError as error:
        n = n + 1
    return n


def keyed(xs):
    best = max(xs, key=lambda x: -x)
    return best


boxed(3)
tried(4)
keyed([5, 6])
"""
PARSE = """\
def parse(text):
    try:
        value = int(text)
    except ValueError as problem:
        value = len(str(problem))
    return value


parse("zz")
"""
RAISE, CHECK, HANDLER, WITHIN, BOX, SIZE, KEY = (
    line(text, source=SOURCE)
    for text in ("raise", "  check", "except", "n + 1", "Box(n)", "self.size =", "key=lambda")
)


async def test_a_function_that_raises_has_not_returned(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": RAISE}], source=SOURCE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        await step(dap, "stepIn", thread)
        places = [(await dap.where(thread))[0]]
        if places == [("tried", CHECK)]:  # up to Python 3.11 a debugger stops on the way
            found = await predicted(dap, thread)
            assert "return" not in found.get(f"(expected at line {RAISE})", {"value": ""})["value"]
            assert "An exception is on its way" in found["(not predicted)"]["value"]
            await step(dap, "stepIn", thread)
            places.append((await dap.where(thread))[0])
        assert places[-1] == ("tried", HANDLER)


@pytest.mark.parametrize("command", ["next", "stepIn"])
async def test_a_handler_is_what_comes_after_an_exception(command: str, tmp_path: Path) -> None:
    at = line("value = int", source=PARSE)
    async with launched(tmp_path, [{"line": at}], source=PARSE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        said = "ValueError(\"invalid literal for int() with base 10: 'zz'\")"
        assert (await predicted(dap, thread))["(raises)"]["value"].startswith(f"≈ {said}")
        await step(dap, command, thread)
        assert (await dap.where(thread))[0] == ("parse", line("except", source=PARSE))
        found = await predicted(dap, thread)
        assert found[f"(expected at line {at})"]["value"] == f"raises {said} ✓ · → exception ✓"


async def test_the_name_of_an_exception_is_expected_to_go(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": WITHIN}], source=SOURCE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        await step(dap, "next", thread)
        told = (await predicted(dap, thread))[f"(expected at line {WITHIN})"]["value"]
        assert told == f"n = 5 ✓ · → line {WITHIN + 1} ✓"


async def test_what_a_class_gives_back_is_the_object_and_not_none(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": SIZE}], source=SOURCE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        await step(dap, "stepOut", thread)
        assert (await dap.where(thread))[0] == ("boxed", BOX)
        found = await predicted(dap, thread)
        assert "None" not in found.get("box", {"value": ""})["value"]
        assert "What the call" not in found.get("(not predicted)", {"value": ""})["value"]


async def test_a_lambda_on_a_line_is_not_taken_for_the_line(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": KEY}], source=SOURCE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        await step(dap, "stepIn", thread)
        for place in ("<lambda>", "keyed", "<lambda>"):
            assert (await dap.where(thread))[0] == (place, KEY)
            assert ("xs" in await dap.variables(thread=thread)) == (place == "keyed")
            found = await predicted(dap, thread)
            assert not any("✗" in one["value"] for one in found.values()), found
            assert place == "keyed" or "lambda" in found["(not predicted)"]["value"]
            await step(dap, "stepIn", thread)
