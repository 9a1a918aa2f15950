"""What settings and the client's abilities change, and what the workspace's tests give."""

from __future__ import annotations

import pytest

from tests.lsp.talk import FULL_CLIENT, MEAN, WHOLE, Talk, edit, texts


async def test_clients_that_know_nothing_of_us_get_hints(talk: Talk) -> None:
    await talk.initialize({"workspace": {"inlayHint": {"refreshSupport": True}}})
    talk.open()
    await talk.command("cwm.compare", talk.call)
    hints = await talk.request("textDocument/inlayHint", {"textDocument": {"uri": talk.uri}, "range": WHOLE})
    assert [(hint["position"]["line"], hint["position"]["character"], hint["label"]) for hint in hints][
        2:4
    ] == [
        (2, 16, "x = 2 ✓ ⟨3/5⟩"),
        (3, 21, "◆ → next line 3 ✗ predicted line 5 · 64 % ⟨3/4⟩"),
    ]
    assert hints[2]["tooltip"] == "x: observed 2, as predicted (98 %)"
    assert talk.last("cwm/states") is None
    assert any(heard.get("method") == "workspace/inlayHint/refresh" for heard in talk.heard)


async def test_clients_that_pull_diagnostics_are_told_to(talk: Talk) -> None:
    pulls = {
        "textDocument": {"diagnostic": {}},
        "workspace": {"diagnostics": {"refreshSupport": True}},
    }
    await talk.initialize(pulls)
    talk.open()
    await talk.command("cwm.compare", talk.call)
    assert any(heard.get("method") == "workspace/diagnostic/refresh" for heard in talk.heard)
    assert talk.last("textDocument/publishDiagnostics") is None
    report = await talk.request("textDocument/diagnostic", {"textDocument": {"uri": talk.uri}})
    assert [item["code"] for item in report["items"]] == ["next_line"]


@pytest.mark.parametrize(
    ("encoding", "end"),
    [(["utf-8", "utf-16"], 14), (["utf-16"], 12), (["utf-32"], 11), ([], 12), (["utf-7"], 12)],
)
async def test_positions_are_in_the_negotiated_encoding(talk: Talk, encoding: list[str], end: int) -> None:
    capabilities = {**FULL_CLIENT, "general": {"positionEncodings": encoding}}
    initialized = await talk.initialize(capabilities)
    assert initialized["capabilities"]["positionEncoding"] == (encoding[0] if end != 12 else "utf-16")
    talk.open("def f():\n    s = '🐍'\n    return s\n")
    call = {"uri": talk.uri, "function": "f", "arguments": ""}
    await talk.command("cwm.record", call)
    first, _ = talk.last("cwm/states")["lines"]
    assert first["at"] == {"line": 1, "character": end}


@pytest.mark.parametrize(
    ("switch", "line", "text"),
    [
        ("all", 3, None),
        ("predictions", 3, "x = 7"),
        ("observed", 3, None),
        ("observed", 6, "← 5.0 ✗ predicted 6.67 · 58 %"),
    ],
)
async def test_switches_take_their_kind_away(ready: Talk, switch: str, line: int, text: str | None) -> None:
    await ready.command("cwm.compare", ready.call)
    assert await ready.command("cwm.toggle", {"name": switch}) == {switch: False}
    assert texts(ready.last("cwm/states")).get(line) == text
    assert await ready.command("cwm.toggle", {"name": switch}) == {switch: True}
    assert texts(ready.last("cwm/states"))[3] == "x = 2 ✓"


async def test_marks_diagnostics_and_lenses_have_switches(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    for switch in ("divergence", "diagnostics", "lenses"):
        await ready.command("cwm.toggle", {"name": switch})
    assert not any(line["mark"] for line in ready.last("cwm/states")["lines"])
    assert ready.last("cwm/states")["divergences"] == []
    assert ready.last("textDocument/publishDiagnostics")["diagnostics"] == []
    assert await ready.request("textDocument/codeLens", {"textDocument": {"uri": ready.uri}}) == []


async def test_without_predictions_nothing_tells_of_the_model(ready: Talk) -> None:
    await ready.command("cwm.compare", ready.call)
    await ready.command("cwm.toggle", {"name": "predictions"})
    document = {"textDocument": {"uri": ready.uri}}
    lenses = await ready.request("textDocument/codeLens", document)
    assert [one["command"]["title"] for one in lenses] == ["Compare mean_above([4, 9, 2, 7], 3)", "clear"]
    at = {**document, "position": {"line": 5, "character": 8}}
    hover = (await ready.request("textDocument/hover", at))["contents"]["value"]
    assert "5.0" in hover
    assert "6.67" not in hover
    await ready.command("cwm.toggle", {"name": "all"})
    assert await ready.request("textDocument/hover", at) is None


@pytest.mark.parametrize("way", ["settings", "toggle", "clear"])
async def test_a_client_asks_anew_once_for_all_its_documents(ready: Talk, way: str) -> None:
    for number in range(3):
        uri = f"{ready.uri}{number}.py"
        item = {"uri": uri, "languageId": "python", "version": 1, "text": MEAN}
        ready.notify("textDocument/didOpen", {"textDocument": item})
        await ready.command("cwm.predict", {**ready.call, "uri": uri})

    def refreshes() -> int:
        return sum(heard.get("method") == "workspace/codeLens/refresh" for heard in ready.heard)

    before = refreshes()
    if way == "settings":
        ready.notify("workspace/didChangeConfiguration", {"settings": {"cwm": {"show": {"lenses": False}}}})
    elif way == "toggle":
        await ready.command("cwm.toggle", {"name": "lenses"})
    else:
        await ready.request("workspace/executeCommand", {"command": "cwm.clear", "arguments": []})
    await ready.until(lambda _: refreshes() > before)
    await ready.command("cwm.visits", {"uri": ready.uri, "line": 0})  # what was sent before it has come
    assert refreshes() == before + 1


async def test_only_a_saved_test_changes_what_tests_say(ready: Talk) -> None:
    def refreshes() -> int:
        return sum(heard.get("method") == "workspace/codeLens/refresh" for heard in ready.heard)

    before = refreshes()
    ready.notify("textDocument/didSave", {"textDocument": {"uri": ready.uri}})
    await ready.command("cwm.visits", {"uri": ready.uri, "line": 0})
    assert refreshes() == before
    ready.notify("textDocument/didSave", {"textDocument": {"uri": f"{ready.uri}/../test_shop.py"}})
    await ready.command("cwm.visits", {"uri": ready.uri, "line": 0})
    assert refreshes() == before + 1


async def test_settings_reach_the_engines_and_bad_ones_are_named(talk: Talk) -> None:
    await talk.initialize(options={"maxEvents": 500, "thresold": 0.5, "threshold": 3})
    talk.notify("workspace/didChangeConfiguration", {"settings": {"cwm": {"backend": "off"}}})
    talk.open()
    await talk.command("cwm.record", talk.call)
    assert dict(talk.engines.settings) == {"max_events": 500, "backend": "off"}
    said = [heard["params"]["message"] for heard in talk.heard if heard.get("method") == "window/showMessage"]
    assert said == [
        "'thresold' is no setting of cwm-lsp. docs/editors.md lists the settings.",
        "threshold in the editor's settings must be between 0 and 1, not 3.",
    ]


async def test_trust_that_is_neither_true_nor_false_is_none(talk: Talk) -> None:
    await talk.initialize(options={"trusted": "yes"})
    assert talk.server.session.trusted is False


async def test_lines_end_where_lsp_says_they_do(talk: Talk) -> None:
    """A form feed ends no line for LSP; ``\\r\\n`` does, and the values still find theirs."""
    await talk.initialize()
    talk.open("x = 1\r\n\x0c\r\ndef f():\r\n    y = 1\r\n    return y\r\n")
    edit(talk, 2, "2", line=3, character=9)
    await talk.request("textDocument/hover", talk.hover)
    snapshot = talk.server.session.snapshot(talk.uri)
    assert snapshot.line(4) == "    y = 12"
    talk.save("x = 1\r\n\x0c\r\ndef f():\r\n    y = 12\r\n    return y\r\n")
    await talk.command("cwm.record", {"uri": talk.uri, "function": "f", "arguments": ""})
    assert texts(talk.last("cwm/states")) == {4: "y = 12", 5: "← 12"}


async def test_tests_of_the_workspace_give_inputs(talk: Talk) -> None:
    root = talk.path.parent
    talk.save(MEAN)
    (root / "test_shop.py").write_text(
        "from shop import mean_above\ndef test_mean():\n    mean_above([1], 0)\n"
    )
    await talk.request(
        "initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": FULL_CLIENT}
    )
    talk.open("def mean_above(xs, floor):\n    return 1\n")
    lenses = await talk.request("textDocument/codeLens", {"textDocument": {"uri": talk.uri}})
    assert lenses[0]["command"]["title"] == "Compare mean_above([1], 0)"


async def test_changed_tests_are_read_again(talk: Talk) -> None:
    watches = {
        "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}, **FULL_CLIENT["workspace"]}
    }
    talk.save("")
    root = {"rootUri": talk.path.parent.as_uri(), "processId": None}
    await talk.request("initialize", {**root, "capabilities": watches})
    talk.notify("initialized", {})
    talk.open("def f(n):\n    return n\n")
    document = {"textDocument": {"uri": talk.uri}}
    assert await talk.request("textDocument/codeLens", document) == []
    registered = await talk.until(lambda heard: heard.get("method") == "client/registerCapability")
    (registration,) = registered["params"]["registrations"]
    assert [one["globPattern"] for one in registration["registerOptions"]["watchers"]] == [
        "**/test_*.py",
        "**/*_test.py",
    ]
    (talk.path.parent / "test_shop.py").write_text("from shop import f\ndef test_f():\n    f(1)\n")
    talk.notify("workspace/didChangeWatchedFiles", {"changes": []})
    assert len(await talk.request("textDocument/codeLens", document)) == 2
    assert any(heard.get("method") == "workspace/codeLens/refresh" for heard in talk.heard)


# --- the trace page ------------------------------------------------------------------------------
