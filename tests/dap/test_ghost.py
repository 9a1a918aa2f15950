"""Ghost sessions, driven by a DAP client: the model believes in what really happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.trace.model import EventKind, Trace, Value
from tests.dap.client import Client, ghost
from tests.dap.programs import GHOST, line
from tests.dap.world import Knowing, haunted, truth

TOTAL = truth("total([4, 9])")
DOUBLE = truth("double(3)")


def _raising() -> Trace:
    return truth("pick({'a': 1}, 'b')")


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "ghost.py"
    path.write_text(GHOST, encoding="utf-8")
    return path


def values(variables: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: one["value"] for name, one in variables.items()}


async def finish(client: Client, command: str) -> str:
    """Do ``command``, which ends the session; the last thing said."""
    await client.ask(command, threadId=1)
    await client.event("terminated")
    return str(client.named("output")[-1]["body"]["output"])


async def test_a_call_is_stepped_line_by_line(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        stop = await ghost(client, program, "total", arguments="[4, 9]")
        assert stop["reason"] == "entry"
        assert await client.where() == [("total", line("result = 0"))]
        found = await client.variables()
        assert values(found) == {"xs": "[4, 9]"}
        assert found["xs"]["type"] == "given as input: [4, 9]"
        seen = []
        for _ in range(6):
            await client.stop("next")
            seen.append((await client.where())[0][1] - line("def total"))
        assert seen == [2, 3, 2, 3, 2, 4]
        assert values(await client.variables())["result"] == "≈ 13 · 100 %"
        await client.stop("next")
        assert values(await client.variables())["(result)"] == "≈ 13 · 100 %"
        assert "total returns ≈ 13 · 100 %" in await finish(client, "next")


def drawn(client: Client, nth: int) -> dict[int, str]:
    """What the lines show by the ``nth`` event, by line number."""
    lines = client.named("cwm/states")[nth]["body"]["lines"]
    return {one["at"]["line"] + 1: " · ".join(part["text"] for part in one["fragments"]) for one in lines}


async def test_the_lines_show_what_was_predicted_on_the_way(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await ghost(client, program, "total", arguments="[4, 9]", cwmStates=True)
        await client.stop("next")
        await client.stop("next")
        await client.event("cwm/states", 5)
        assert drawn(client, 4) == {
            line("def total"): "xs = [4, 9]",
            line("result = 0"): "result ≈ 0 · 100 %",
            line("for x in xs"): "x ≈ 4 · 100 %",
        }
        assert drawn(client, 3) == {}, "while it goes on nothing is shown"
        assert [one["body"]["stop"] for one in client.named("cwm/states")] == [1, 0, 2, 0, 3]
        await client.stop("stepBack")
        await client.event("cwm/states", 7)
        assert line("for x in xs") not in drawn(client, 6)


async def test_containers_open(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        reference = (await client.variables())["xs"]["variablesReference"]
        items = (await client.ask("variables", variablesReference=reference))["variables"]
        assert [(one["name"], one["value"]) for one in items] == [("0", "4"), ("1", "9")]


async def test_in_out_over_and_back(program: Path) -> None:
    async with haunted(Knowing([DOUBLE])) as client:
        await ghost(client, program, "double", arguments="3")
        await client.stop("stepIn")
        inside = [("add", line("c = a + b")), ("double", line("m = add"))]
        assert await client.where() == inside
        outer = (await client.ask("stackTrace", threadId=1))["stackFrames"][1]["id"]
        assert values(await client.variables(outer)) == {"n": "3"}
        assert values(await client.variables()) == {"a": "≈ 3 · 100 %", "b": "≈ 3 · 100 %"}
        await client.stop("stepOut")
        assert await client.where() == [("double", line("return m"))]
        assert values(await client.variables())["m"] == "≈ 6 · 100 %"
        await client.stop("stepBack")
        assert await client.where() == [("double", line("m = add"))]
        await client.stop("next")
        assert await client.where() == [("double", line("return m"))]
        await client.stop("stepBack")
        stop = await client.stop("stepBack")
        assert stop["reason"] == "entry"
        await client.stop("stepIn")
        assert await client.where() == inside


async def test_conditions_are_decided_on_predicted_values(program: Path) -> None:
    body = line("result = result + x")
    async with haunted(Knowing([TOTAL])) as client:
        wanted = [{"line": body, "condition": "x > 5 and result == 4"}]
        stop = await ghost(
            client, program, "total", arguments="[4, 9]", stopOnEntry=False, breakpoints=wanted
        )
        assert stop["reason"] == "breakpoint"
        assert values(await client.variables())["x"] == "≈ 9 · 100 %"
        await client.ask("setBreakpoints", source={"path": str(program)}, breakpoints=[{"line": body}])
        await client.stop("reverseContinue")
        assert values(await client.variables())["x"] == "≈ 4 · 100 %"
        stop = await client.stop("reverseContinue")
        assert (stop["reason"], await client.where()) == ("entry", [("total", line("result = 0"))])
        await client.stop("continue")
        await client.stop("continue")
        assert "≈ 13" in await finish(client, "continue")


async def test_an_undecided_condition_stops_and_says_why(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        wanted = [{"line": line("return result"), "condition": "unknown(xs)"}]
        stop = await ghost(
            client, program, "total", arguments="[4, 9]", stopOnEntry=False, breakpoints=wanted
        )
        assert stop["text"].startswith(
            "The condition unknown(xs) is undecided: unknown(xs) would have to be run"
        )


async def test_what_cannot_be_a_breakpoint_is_said(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        wanted = [
            {"line": line("result = 0")},
            {"line": line("def total") - 1},
            {"line": line("return result"), "hitCondition": "3"},
            {"line": line("return result"), "condition": "x =="},
        ]
        told = await client.ask("setBreakpoints", source={"path": str(program)}, breakpoints=wanted)
        assert [one["verified"] for one in told["breakpoints"]] == [True, False, False, False]
        assert all(one["message"] for one in told["breakpoints"][1:])
        other = await client.ask("setBreakpoints", source={"path": "/elsewhere.py"}, breakpoints=wanted[:1])
        assert not other["breakpoints"][0]["verified"]


async def test_an_unsure_model_says_nothing(program: Path) -> None:
    async with haunted(Knowing([TOTAL], threshold=1.0, aided=False)) as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        stop = await client.stop("next")
        assert stop["description"].startswith("Predicted: not sure: line")
        found = await client.variables()
        assert values(found) == {"xs": "[4, 9]", "result": "≈ ?"}
        assert found["result"]["type"] == "the model is not sure: best guess 0 at 99 %"
        assert (await client.ask("evaluate", expression="result + 1"))["result"] == "≈ ? · computed"
        wanted = [{"line": line("return result"), "condition": "result == 13"}]
        await client.ask("setBreakpoints", source={"path": str(program)}, breakpoints=wanted)
        assert "not sure of result" in (await client.stop("continue"))["text"]


async def test_expressions_are_computed_and_marked(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        found = await client.ask("evaluate", expression="sum(xs) / len(xs)", context="repl")
        assert (found["result"], found["type"]) == ("6.5 · computed", "computed from what was given")
        await client.stop("next")
        found = await client.ask("evaluate", expression="xs[0] > result", context="watch")
        assert found["result"] == "≈ True · 100 % · computed"
        assert found["type"] == "computed from predicted values, at 100 %, not run"
        found = await client.ask("evaluate", expression="result", context="hover")
        assert found["result"] == "≈ 0 · 100 %"
        assert "would have to be run" in await client.refused("evaluate", expression="print(xs)")
        assert "no value here" in await client.refused("evaluate", expression="x + 1")
        raised = "1/0 cannot be computed here: ZeroDivisionError: division by zero. Nothing is run"
        assert (await client.refused("evaluate", expression="1/0")).startswith(raised)
        assert "'[' was never closed. Nothing" in await client.refused("evaluate", expression="xs[")
        assert (await client.refused("evaluate", expression="")).startswith("There is nothing to compute.")
        assert "a variable that is set" in await client.refused("evaluate", expression="?? xs = [1]")


async def test_predicted_exceptions_stop(program: Path) -> None:
    async with haunted(Knowing([_raising()])) as client:
        await ghost(client, program, "pick", arguments=["{'a': 1}", "'b'"])
        stop = await client.stop("continue")
        assert stop["reason"] == "exception"
        info = await client.ask("exceptionInfo", threadId=1)
        assert info["exceptionId"] == "KeyError"
        assert info["description"] == "≈ KeyError('b') · 100 %"
        assert values(await client.variables())["(raises)"] == "≈ KeyError('b') · 100 %"
        assert "left by an exception" in await finish(client, "continue")


async def test_an_end_that_is_not_sure_is_not_asserted(program: Path) -> None:
    async with haunted(Knowing([_raising()], threshold=1.0, aided=False)) as client:
        await ghost(client, program, "pick", arguments="{'a': 1}, 'b'")
        assert "not sure: pick is left by an exception" in await finish(client, "continue")


async def test_predicted_exceptions_can_be_passed_over(program: Path) -> None:
    async with haunted(Knowing([_raising()])) as client:
        await ghost(client, program, "pick", arguments="{'a': 1}, 'b'")
        await client.ask("setExceptionBreakpoints", filters=[])
        assert "left by an exception" in await finish(client, "continue")


def supposing(trace: Trace, at: int, name: str, before: int) -> Trace:
    """The run in which the number ``name`` was ``before`` more from the event ``at`` on."""

    def more(value: Value) -> Value:
        return replace(value, text=str(int(value.text) + before))

    events = [
        replace(
            event,
            locals={**event.locals, name: more(event.locals[name])},
            value=more(event.value) if event.kind is EventKind.RETURN and event.value else event.value,
        )
        if step >= at
        else event
        for step, event in enumerate(trace.events)
    ]
    return replace(trace, events=tuple(events))


async def test_a_changed_variable_changes_what_follows(program: Path) -> None:
    async with haunted(Knowing([TOTAL, supposing(TOTAL, 2, "result", 100)])) as client:
        await ghost(client, program, "total", arguments="[4, 9]")
        await client.stop("next")
        scope = (await client.ask("scopes", frameId=1))["scopes"][0]["variablesReference"]
        refused = await client.refused("setVariable", variablesReference=scope, name="result", value="f()")
        assert "not a literal" in refused
        changed = await client.ask("setVariable", variablesReference=scope, name="result", value="100")
        assert (changed["value"], changed["type"]) == ("100", "given as input: 100")
        assert values(await client.variables())["result"] == "100"
        assert "returns ≈ 113 · 100 %" in await finish(client, "continue")


async def test_a_long_prediction_can_be_paused(program: Path) -> None:
    world = Knowing([TOTAL], held=True)
    async with haunted(world) as client:
        await client.ask("initialize", adapterID="cwm")
        await client.ask("launch", ghost=True, program=str(program), function="total", arguments="[4, 9]")
        await client.ask("configurationDone")
        await world.backend.asked.wait()
        assert "running" in await client.refused("stackTrace", threadId=1)
        stop = await client.stop("pause")
        assert stop["reason"] == "pause"
        world.backend.gate.set()
        await client.stop("next")
        assert await client.where() == [("total", line("result = 0"))]


@pytest.mark.parametrize(
    ("launch", "words"),
    [
        ({"function": "total"}, "total needs a value for xs"),
        ({"function": "nothing", "arguments": ""}, "no function nothing"),
        ({"function": "total", "arguments": "[4, "}, "do not parse"),
        ({"function": "total", "arguments": "[open('x')]"}, "not a literal"),
        ({"function": "total", "arguments": 4}, '"arguments" is a text'),
        ({"arguments": "4"}, "'function'"),
        ({"function": "total", "arguments": "[]", "maxEvents": 0}, "maxEvents"),
        ({"function": "total", "arguments": "[]", "program": "missing.py"}, "missing.py"),
    ],
)
async def test_a_launch_that_cannot_be_met_says_why(
    program: Path, launch: dict[str, Any], words: str
) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await client.ask("initialize", adapterID="cwm")
        assert words in await client.refused("launch", **{"ghost": True, "program": str(program), **launch})
        good = {"program": str(program), "function": "total", "arguments": "[4, 9]"}
        await client.ask("launch", ghost=True, **good)


async def test_the_input_is_found_in_the_file(program: Path) -> None:
    program.write_text(GHOST + "\n# cwm: total([4, 9])\n", encoding="utf-8")
    async with haunted(Knowing([TOTAL])) as client:
        await client.ask("initialize", adapterID="cwm")
        await client.ask("launch", program=str(program), function="total")
        await client.event("initialized")
        said = (await client.event("output"))["output"]
        assert "total([4, 9]) (input: the comment at line" in said


async def test_the_limit_ends_the_prediction_and_not_the_session(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        await ghost(client, program, "total", arguments="[4, 9]", maxEvents=4)
        stop = await client.stop("continue")
        assert (stop["reason"], stop["text"]) == ("pause", "The prediction ends after 4 events.")
        await client.stop("stepBack")
        assert (await client.where())[0][1] == line("for x in xs")


async def test_requests_out_of_place_are_refused(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        assert "means nothing now" in await client.refused("next", threadId=1)
        await client.ask("initialize", adapterID="cwm")
        assert "means nothing now" in await client.refused("initialize", adapterID="cwm")
        assert "has no gotoTargets" in await client.refused("gotoTargets", line=1)
        await ghost_after_initialize(client, program)
        assert (await client.ask("stackTrace", threadId=1, levels=None))["totalFrames"] == 1
        wrong = await client.refused("stackTrace", threadId=1, startFrame="first")
        assert wrong == "\"startFrame\" of stackTrace is a number, not 'first'."
        assert "no frame 7" in await client.refused("scopes", frameId=7)
        assert "no variables 99" in await client.refused("variables", variablesReference=99)
        await client.ask("terminate")
        await client.event("terminated")
        await client.ask("terminate")
        await client.ask("disconnect")
        await client.end()
        assert client.count("terminated") == 1


async def ghost_after_initialize(client: Client, program: Path) -> None:
    await client.ask("launch", program=str(program), function="total", arguments="[4, 9]")
    await client.ask("configurationDone")
    await client.event("stopped")


async def test_only_what_can_be_done_is_announced(program: Path) -> None:
    async with haunted(Knowing([TOTAL])) as client:
        announced = await client.ask("initialize", adapterID="cwm")
        assert announced["supportsStepBack"]
        assert announced["supportsSetVariable"]
        can = {key for key, value in announced.items() if value is True}
        assert not can & {
            "supportsLogPoints",
            "supportsHitConditionalBreakpoints",
            "supportsStepInTargetsRequest",
        }
