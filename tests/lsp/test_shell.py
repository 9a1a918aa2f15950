"""Stories of one editor and one server: commands, what is published, what an edit takes away."""

from __future__ import annotations

import asyncio
import re

import pytest

from cwm_lsp.features.runnables import Runnable
from cwm_lsp.trace.model import SourceFile
from tests.lsp.talk import WHOLE, Talk, edit, texts


async def test_a_comparison_shows_values_and_the_first_divergence(ready: Talk) -> None:
    answer = await ready.command("cwm.compare", ready.call)
    shown = ready.last("cwm/states")
    assert texts(shown) == {
        1: "xs = [4, 9, 2, 7] · floor = 3",
        2: "total = 0 ✓",
        3: "x = 2 ✓",
        4: "→ next line 3 ✗ predicted line 5 · 64 %",
        5: "total = 13 ✓",
        6: "← 5.0 ✗ predicted 6.67 · 58 %",
    }
    assert [line["at"]["line"] + 1 for line in shown["lines"] if line["mark"]] == [4]
    assert shown["version"] == 1
    assert shown["summary"] == "right in 89 % of 9 values"
    assert answer["divergence"] == shown["divergences"][0]
    assert answer["divergence"]["message"] == "the model expected line 5, at 64 %; the run gave line 3"


async def test_the_divergence_is_one_diagnostic_that_names_no_bug(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    (diagnostic,) = ready.last("textDocument/publishDiagnostics")["diagnostics"]
    assert diagnostic["range"] == {"start": {"line": 3, "character": 8}, "end": {"line": 3, "character": 21}}
    assert diagnostic["severity"] == 4
    assert diagnostic["message"] == (
        "mean_above([4, 9, 2, 7], 3): the model expected line 5, at 64 %; the run gave line 3"
    )


async def test_a_recording_shows_observed_values_alone(ready: Talk) -> None:
    assert (await ready.command("cwm.record", ready.call))["events"] == 16
    states = {part["state"] for line in ready.last("cwm/states")["lines"] for part in line["fragments"]}
    assert states == {"observed"}


async def test_a_prediction_runs_nothing(ready: Talk) -> None:
    await ready.command("cwm.predict", ready.call)
    shown = texts(ready.last("cwm/states"))
    assert shown[2] == "total ≈ 0 · 98 %"
    assert shown[6] == "← ≈ 6.67 · 58 %"
    assert ready.engines.ran == []


async def test_a_visit_of_a_loop_is_chosen_and_all_lines_follow(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    visits = await ready.command("cwm.visits", {"uri": ready.uri, "line": 2})
    assert [(one["visit"], one["visits"], one["text"]) for one in visits] == [
        (1, 5, "x = 4 ✓ ⟨1/5⟩"),
        (2, 5, "x = 9 ✓ ⟨2/5⟩"),
        (3, 5, "x = 2 ✓ ⟨3/5⟩"),
        (4, 5, "x = 7 ✓ ⟨4/5⟩"),
        (5, 5, "⟨5/5⟩"),
    ]
    call = visits[0]["call"]
    await ready.command("cwm.visit", {"uri": ready.uri, "call": call, "focus": visits[0]["focus"]})
    shown = texts(ready.last("cwm/states"))
    assert (shown[3], shown[5]) == ("x = 4 ✓", "total = 4 ✓")
    await ready.command("cwm.visit", {"uri": ready.uri, "call": call, "focus": None})
    assert texts(ready.last("cwm/states"))[3] == "x = 2 ✓"
    argument = {"uri": ready.uri, "call": "other()", "focus": 1}
    error = await ready.refused("workspace/executeCommand", {"command": "cwm.visit", "arguments": [argument]})
    assert error["message"].startswith("other() has no result")


async def test_an_untrusted_workspace_is_not_run_but_may_be_predicted(talk: Talk) -> None:
    await talk.initialize(options={"trusted": False})
    talk.open()
    for command in ("cwm.record", "cwm.compare"):
        error = await talk.refused("workspace/executeCommand", {"command": command, "arguments": [talk.call]})
        assert error["message"].startswith("This workspace is not trusted")
    assert talk.engines.ran == []
    assert (await talk.command("cwm.predict", talk.call))["events"] == 15


async def test_opening_and_looking_run_nothing(ready: Talk) -> None:
    document = {"textDocument": {"uri": ready.uri}}
    await ready.request("textDocument/codeLens", document)
    await ready.request("textDocument/hover", ready.hover)
    await ready.request("textDocument/inlayHint", {**document, "range": WHOLE})
    assert ready.engines.ran == []


async def test_an_edit_takes_values_and_diagnostics_away_at_once(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    edit(ready, 2, "#\n")
    await ready.request("textDocument/hover", ready.hover)
    assert ready.last("cwm/states")["lines"] == []
    assert ready.last("cwm/states")["version"] == 2
    assert ready.last("textDocument/publishDiagnostics")["diagnostics"] == []


async def test_a_new_version_of_the_same_text_keeps_its_values(ready: Talk) -> None:
    await ready.command("cwm.record", ready.call)
    before = ready.last("cwm/states")
    edit(ready, 2, "")
    await ready.request("textDocument/hover", ready.hover)
    assert ready.last("cwm/states") == {**before, "version": 2}


@pytest.mark.parametrize("command", ["cwm.record", "cwm.predict", "cwm.compare"])
async def test_an_edit_ends_what_goes_on_with_an_older_text(ready: Talk, command: str) -> None:
    ready.engines.held = asyncio.Event()  # never set: the work would go on for ever
    request = ready.ask("workspace/executeCommand", {"command": command, "arguments": [ready.call]})
    await ready.engines.started.wait()
    edit(ready, 2, "#\n")
    assert "was changed meanwhile" in (await ready.answer(request))["error"]["message"]
    assert ready.last("cwm/states") is None or ready.last("cwm/states")["lines"] == []


async def test_closing_a_document_ends_what_goes_on_with_it(ready: Talk) -> None:
    ready.engines.held = asyncio.Event()
    request = ready.ask("workspace/executeCommand", {"command": "cwm.record", "arguments": [ready.call]})
    await ready.engines.started.wait()
    ready.notify("textDocument/didClose", {"textDocument": {"uri": ready.uri}})
    assert "was closed" in (await ready.answer(request))["error"]["message"]


async def test_unsaved_text_is_not_run(ready: Talk) -> None:
    edit(ready, 2, "#\n")
    error = await ready.refused(
        "workspace/executeCommand", {"command": "cwm.record", "arguments": [ready.call]}
    )
    assert error["message"].endswith("is not on disk as it is in the editor. Save it first.")
    assert ready.engines.ran == []


async def test_losing_the_model_leaves_the_observed_run(ready: Talk) -> None:
    ready.engines.broken = True
    error = await ready.refused(
        "workspace/executeCommand", {"command": "cwm.compare", "arguments": [ready.call]}
    )
    assert error["data"] == {
        "kind": "ModelCrashed",
        "message": "The model host has died.",
        "hint": "Run it again to start another.",
    }
    assert texts(ready.last("cwm/states"))[6] == "← 5.0"


async def test_what_was_observed_is_shown_while_the_model_is_asked(ready: Talk) -> None:
    ready.engines.asked = asyncio.Event()
    request = ready.ask("workspace/executeCommand", {"command": "cwm.compare", "arguments": [ready.call]})
    await ready.until(lambda message: message.get("method") == "cwm/states" and message["params"]["lines"])
    assert texts(ready.last("cwm/states"))[6] == "← 5.0"
    ready.engines.asked.set()
    await ready.answer(request)
    assert texts(ready.last("cwm/states"))[6].startswith("← 5.0 ✗")


@pytest.mark.parametrize("way", ["request", "progress"])
async def test_work_is_cancelled_and_answered_once(ready: Talk, way: str) -> None:
    ready.engines.held = asyncio.Event()
    params = {"command": "cwm.compare", "arguments": [ready.call], "workDoneToken": "bar"}
    request = ready.ask("workspace/executeCommand", params)
    await ready.engines.started.wait()
    assert await ready.request("textDocument/hover", ready.hover) is None
    if way == "request":
        ready.notify("$/cancelRequest", {"id": request})
    else:
        ready.notify("window/workDoneProgress/cancel", {"token": "bar"})
    assert (await ready.answer(request))["error"]["code"] == -32800
    kinds = [one["params"]["value"]["kind"] for one in ready.heard if one.get("method") == "$/progress"]
    assert (kinds[0], kinds[-1], kinds.count("end")) == ("begin", "end", 1)
    assert ready.server.running == {}


async def test_long_work_without_a_token_makes_one(ready: Talk) -> None:
    ready.engines.held = asyncio.Event()
    request = ready.ask("workspace/executeCommand", {"command": "cwm.record", "arguments": [ready.call]})
    created = await ready.until(lambda heard: heard.get("method") == "window/workDoneProgress/create")
    begin = await ready.until(lambda heard: heard.get("method") == "$/progress")
    assert begin["params"]["token"] == created["params"]["token"]
    assert begin["params"]["value"]["title"] == "Record mean_above([4, 9, 2, 7], 3)"
    ready.engines.held.set()
    await ready.answer(request)
    assert [one for one in ready.heard if one.get("method") == "$/progress"][-1]["params"]["value"][
        "kind"
    ] == "end"


async def test_hanging_up_stops_what_is_running(ready: Talk) -> None:
    ready.engines.held = asyncio.Event()
    ready.ask("workspace/executeCommand", {"command": "cwm.record", "arguments": [ready.call]})
    await ready.engines.started.wait()
    (task,) = ready.server.running.values()
    await ready.end()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_hover_is_the_table_of_visits(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    place = {"textDocument": {"uri": ready.uri}, "position": {"line": 4, "character": 14}}
    text = (await ready.request("textDocument/hover", place))["contents"]["value"]
    assert text.splitlines()[2:] == [
        "| visit | | observed | predicted | probability |",
        "|---:|---|---|---|---:|",
        "| 1/3 | total | 4 | 4 | 98 % |",
        "| 2/3 | total | 13 | 13 | 98 % |",
        "| 3/3 | total | 20 | 20 | 98 % |",
    ]


async def test_lenses_offer_both_ways_and_say_how_it_went(ready: Talk) -> None:
    document = {"textDocument": {"uri": ready.uri}}
    lenses = await ready.request("textDocument/codeLens", document)
    assert [(lens["range"]["start"]["line"], lens["command"]["title"]) for lens in lenses] == [
        (0, "Compare mean_above([4, 9, 2, 7], 3)"),
        (0, "Predict"),
    ]
    chosen = lenses[0]["command"]
    await ready.request("workspace/executeCommand", {k: chosen[k] for k in ("command", "arguments")})
    lenses = await ready.request("textDocument/codeLens", document)
    assert lenses[-1]["command"]["title"] == ("right in 89 % of 9 values · clear")
    assert any(heard.get("method") == "workspace/codeLens/refresh" for heard in ready.heard)
    await ready.command("cwm.clear", {"uri": ready.uri})
    assert ready.last("cwm/states")["lines"] == []


async def test_lenses_and_actions_of_a_text_that_is_past_are_not_worked_out(
    ready: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"textDocument": {"uri": ready.uri}}
    here = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    await ready.request("textDocument/codeLens", document)
    session, worked_out = ready.server.session, list[str]()
    find = session.runnables

    def counted(uri: str, tests: tuple[SourceFile, ...]) -> tuple[Runnable, ...]:
        worked_out.append(uri)
        return find(uri, tests)

    monkeypatch.setattr(session, "runnables", counted)
    async with ready.server.looking:  # as one that takes its time
        asked = []
        for version in range(2, 12):
            edit(ready, version, "# typed\n")
            asked.append(ready.ask("textDocument/codeLens", document))
            ready.ask("textDocument/codeAction", {**document, "range": here, "context": {"diagnostics": []}})
        await ready.request("textDocument/hover", ready.hover)
    answers = [(await ready.answer(one))["result"] for one in asked]
    assert [len(one) for one in answers] == [*[0] * 9, 2]
    assert worked_out == [ready.uri]


async def test_inputs_seen_in_a_run_come_behind_what_came_of_it(talk: Talk) -> None:
    await talk.initialize()
    talk.open(
        "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n\n\n# cwm: fib(2)\n",
    )
    await talk.command("cwm.compare", {"uri": talk.uri, "function": "fib", "arguments": "2"})
    lenses = await talk.request("textDocument/codeLens", {"textDocument": {"uri": talk.uri}})
    titles = [lens["command"]["title"] for lens in lenses]
    assert titles[:2] == ["Compare fib(2)", "Predict"]
    assert titles[2].endswith(" · clear")
    assert titles[-2:] == ["Compare fib(n=0)", "Predict"]


async def test_lenses_that_run_code_are_offered_where_it_is_trusted_alone(talk: Talk) -> None:
    await talk.initialize(options={"trusted": False})
    talk.open()
    document = {"textDocument": {"uri": talk.uri}}
    for trusted, offered in ((False, ["cwm.predict"]), (True, ["cwm.compare", "cwm.predict"])):
        talk.notify("workspace/didChangeConfiguration", {"settings": {"trusted": trusted}})
        lenses = await talk.request("textDocument/codeLens", document)
        assert [lens["command"]["command"] for lens in lenses] == offered
        assert lenses[0]["command"]["title"].endswith(" mean_above([4, 9, 2, 7], 3)")


async def test_the_page_of_a_document_needs_results_and_keeps_its_address(ready: Talk) -> None:
    document = {"uri": ready.uri}
    error = await ready.refused("workspace/executeCommand", {"command": "cwm.view", "arguments": [document]})
    assert error["data"]["kind"] == "TargetError"
    await ready.command("cwm.record", ready.call)
    first = await ready.command("cwm.view", document)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#[\w-]{40,}", first["url"])
    await ready.command("cwm.compare", ready.call)
    assert await ready.command("cwm.view", document) == first
