"""A stop that is changed by hand, one that nothing leads on from, and one that an exception made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dap.client import Client, Message
from tests.dap.programs import line
from tests.dap.test_predicting import BODY, LAST, frame, launched, predicted, step

CAUGHT = """\
def read(words):
    found = []
    for word in words:
        try:
            found.append(int(word))
        except ValueError:
            found.append(0)
    return found


print(read(["4", "x"]))
"""
PARSE, HANDLER, INSTEAD = (line(text, source=CAUGHT) for text in ("int(word)", "except", "append(0)"))


async def foretold(dap: Client, thread: int) -> dict[str, Message]:
    """The variables of the scope "Predicted" once the model has said what comes next."""

    async def ours() -> dict[str, Message]:
        return await predicted(dap, thread)

    shown: dict[str, Message] = await dap.until_asked(ours, lambda rows: "(next)" in rows)
    return shown


async def by_variable(dap: Client, at: int) -> None:
    await dap.ask("setVariable", variablesReference=at, name="n", value="40")


async def by_expression(dap: Client, at: int) -> None:
    await dap.ask("setExpression", frameId=at, expression="n", value="40")


async def typed(dap: Client, at: int) -> None:
    await dap.ask("evaluate", frameId=at, expression="n = 40", context="repl")


@pytest.mark.parametrize("change", [by_variable, by_expression, typed])
async def test_what_was_changed_by_hand_is_predicted_from(change: Any, tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 5"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        assert (await predicted(dap, thread))["n"]["value"].startswith("≈ 1 · ")
        await change(dap, await frame(dap, thread))

        async def ours() -> dict[str, Message]:
            return await predicted(dap, thread)

        await dap.until_asked(ours, lambda shown: shown.get("n", {}).get("value", "").startswith("≈ 41 · "))
        await step(dap, "next", thread)
        after = await predicted(dap, thread)
        assert after[f"(expected at line {BODY})"]["value"].startswith("n = 41 ✓")


async def test_a_change_right_before_a_step_is_no_surprise(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BODY, "condition": "x == 5"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await predicted(dap, thread)
        before = dap.count("stopped")
        at = await frame(dap, thread)
        dap.post("setVariable", {"variablesReference": at, "name": "n", "value": "40"})
        await dap.ask("next", threadId=thread)
        await dap.event("stopped", before + 1)
        said = (await predicted(dap, thread)).get(f"(expected at line {BODY})", {"value": ""})["value"]
        assert "✗" not in said


async def test_a_question_in_the_console_changes_nothing(tmp_path: Path) -> None:
    invalidates = {"supportsInvalidatedEvent": True}
    async with launched(tmp_path, [{"line": LAST, "condition": "n == 2"}], client=invalidates) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        at = await frame(dap, thread)
        await dap.until_asked(lambda: dap.ask("scopes", frameId=at), lambda answer: len(answer["scopes"]) > 2)

        async def ours() -> dict[str, Message]:
            return await predicted(dap, thread)

        shown = await dap.until_asked(ours, lambda rows: "(result)" in rows)
        assert (await dap.ask("evaluate", frameId=at, expression="n + 1", context="repl"))["result"] == "3"
        await dap.ask("evaluate", frameId=at, expression="n + 2", context="watch")
        assert await predicted(dap, thread) == shown


async def test_a_jump_that_is_refused_leaves_the_stop_as_it_was(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": LAST, "condition": "n == 2"}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await step(dap, "stepOut", thread)
        await step(dap, "next", thread)
        shown = await predicted(dap, thread)
        await dap.refused("goto", threadId=thread, targetId=4711)
        assert (await predicted(dap, thread))["(next)"] == shown["(next)"]
        assert (await step(dap, "stepBack", thread))["text"].startswith("↶ 1 step ago")


async def test_what_debugpy_does_not_serve_is_no_way_on(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": BODY}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await foretold(dap, thread)
        await step(dap, "next", thread)
        await foretold(dap, thread)
        assert await dap.refused("restart") == "debugpy does not serve restart."
        assert (await step(dap, "stepBack", thread))["text"].startswith("↶ 1 step ago")


async def test_an_exception_that_is_there_is_not_foretold_but_what_it_leads_to(tmp_path: Path) -> None:
    raised = {"filters": ["raised"]}
    async with launched(tmp_path, [], source=CAUGHT, filters=raised) as dap:
        stop = await dap.event("stopped")
        thread = stop["threadId"]
        assert stop["reason"] == "exception"
        shown = await predicted(dap, thread)
        assert shown["(next)"]["value"].startswith(f"→ line {HANDLER} · ")
        assert "(raises)" not in shown
        await step(dap, "next", thread)
        after = await predicted(dap, thread)
        assert after[f"(expected at line {PARSE})"]["value"] == f"→ line {HANDLER} ✓"
        assert after["(next)"]["value"].startswith(f"→ line {INSTEAD} · ")


PASSING = """\
def first(xs):
    seen = 0
    try:
        seen = xs[0]
    finally:
        seen = seen + 1
        done = True
    return seen


first([4])
try:
    first([])
except IndexError:
    try:
        raise KeyError
    except KeyError:
        first([5])
"""


async def test_an_exception_goes_on_at_the_end_of_finally_and_only_where_there_is_one(tmp_path: Path) -> None:
    last = 7
    async with launched(tmp_path, [{"line": last}], source=PASSING) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        assert (await predicted(dap, thread))["(next)"]["value"].startswith("→ line 8 · ")
        await step(dap, "continue", thread)
        shown = await predicted(dap, thread)
        assert shown["(raises)"]["value"].startswith("≈ IndexError('list index out of range') · ")
        assert shown["(next)"]["value"].startswith("→ exception · ")
        await step(dap, "next", thread)
        assert (await predicted(dap, thread))[f"(expected at line {last})"]["value"] == "→ exception ✓"
        await step(dap, "continue", thread)
        assert (await predicted(dap, thread))["(next)"]["value"].startswith("→ line 8 · ")


HOOKED = """\
import json


def hook(found):
    size = len(found)
    raise KeyError(size)


json.loads('{"a": 1}', object_hook=hook)
"""


async def test_an_exception_that_goes_into_a_library_is_not_foretold_either(tmp_path: Path) -> None:
    filters = {"filters": ["userUnhandled"]}
    async with launched(tmp_path, [], source=HOOKED, filters=filters) as dap:
        stop = await dap.event("stopped")
        assert stop["reason"] == "exception"
        shown = await predicted(dap, stop["threadId"])
        assert "(raises)" not in shown
        why = "An exception is on its way through this line; which one is not known here."
        assert shown["(not predicted)"]["value"] == why


async def test_an_exception_to_come_is_called_one(tmp_path: Path) -> None:
    async with launched(tmp_path, [{"line": PARSE, "condition": "word == 'x'"}], source=CAUGHT) as dap:
        shown = await predicted(dap, (await dap.event("stopped"))["threadId"])
        assert shown["(raises)"]["value"].startswith('≈ ValueError("invalid literal')
        assert "(result)" not in shown


QUEUE = """\
import queue


def work(box):
    total = 0
    while True:
        item = box.get()
        if item is None:
            break
        total += item * item
    return total


box = queue.Queue()
for one in (4, 9, None):
    box.put(one)
print(work(box))
"""


async def test_what_follows_doubt_is_not_foretold(tmp_path: Path) -> None:
    at = line("total += item", source=QUEUE)
    async with launched(tmp_path, [{"line": at, "condition": "item == 4"}], source=QUEUE) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        shown = await foretold(dap, thread)
        assert shown["total"]["value"].startswith("≈ 16 · ")

        async def ours() -> dict[str, Message]:
            return await predicted(dap, thread)

        shown = await dap.until_asked(ours, lambda rows: "(why no more)" in rows)
        assert shown["(why no more)"]["value"] == "The model is not sure of what follows."
        ahead = await dap.ask("variables", variablesReference=shown["(ahead)"]["variablesReference"])
        doubtful = [one["name"] for one in ahead["variables"] if one["value"] == "→ ?"]
        assert len(doubtful) <= 1, ahead


async def test_a_project_may_be_called_like_the_debugger(tmp_path: Path) -> None:
    folder = tmp_path / "debugpy-and-pydevd"
    folder.mkdir()
    async with launched(folder, [{"line": BODY}]) as dap:
        thread = (await dap.event("stopped"))["threadId"]
        await foretold(dap, thread)
        await step(dap, "next", thread)
        shown = await foretold(dap, thread)
        assert shown[f"(expected at line {BODY})"]["value"].startswith("n = 1 ✓")
        assert (await step(dap, "stepBack", thread))["text"].startswith("↶ 1 step ago")
