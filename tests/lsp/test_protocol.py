"""Whatever a client sends, every request gets exactly one answer, and the next one is served."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.wire.framing import BadBody, BadHeader
from tests.lsp.talk import Talk

EXECUTE = "workspace/executeCommand"


@pytest.mark.parametrize(
    ("method", "params", "code", "says"),
    [
        ("textDocument/hover", {}, -32602, "position"),
        ("textDocument/hover", None, -32602, "textDocument/hover"),
        ("textDocument/hover", [1, 2], -32602, "textDocument/hover"),
        ("textDocument/hover", {"textDocument": {"uri": 3}, "position": {"line": "x"}}, -32602, "line"),
        ("textDocument/nothing", {}, -32601, "textDocument/nothing"),
        (EXECUTE, {"command": "rm"}, -32602, "'rm' is no command"),
        (EXECUTE, {"command": "cwm.compare"}, -32602, "uri, function, arguments"),
        (
            EXECUTE,
            {"command": "cwm.compare", "arguments": [{"uri": "URI"}]},
            -32602,
            "function",
        ),
        (
            EXECUTE,
            {"command": "cwm.toggle", "arguments": [{"name": "x"}]},
            -32803,
            "no switch",
        ),
        (
            EXECUTE,
            {
                "command": "cwm.compare",
                "arguments": [{"uri": "file:///no.py", "function": "f", "arguments": ""}],
            },
            -32803,
            "not open",
        ),
        (
            EXECUTE,
            {
                "command": "cwm.compare",
                "arguments": [{"uri": "URI", "function": "mean_above", "arguments": "1 +"}],
            },
            -32803,
            "(1 +)",
        ),
        (
            EXECUTE,
            {"command": "cwm.predict", "arguments": [{"uri": "URI", "function": "nothing", "arguments": ""}]},
            -32803,
            "no function nothing",
        ),
        ("initialize", {"capabilities": {}}, -32600, "initialized already"),
    ],
)
async def test_bad_requests_are_refused_with_the_cause(
    ready: Talk, method: str, params: Any, code: int, says: str
) -> None:
    error = await ready.refused(method, json.loads(json.dumps(params).replace("URI", ready.uri)))
    assert error["code"] == code
    assert says in error["message"]
    assert await ready.request("textDocument/hover", ready.hover) is None


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"id": 7, "method": "shutdown"}, -32600),
        ({"jsonrpc": "1.0", "id": 7, "method": "shutdown"}, -32600),
        ({"jsonrpc": "2.0", "id": 7, "method": 3}, -32600),
        ({"jsonrpc": "2.0", "id": {"a": 1}, "method": "shutdown"}, -32600),
        ({"jsonrpc": "2.0", "id": None, "method": "shutdown"}, -32600),
        (BadBody("Not JSON: it is a poem.", 12), -32700),
    ],
)
async def test_what_is_no_request_is_refused(ready: Talk, message: Any, code: int) -> None:
    ready.say(message)
    answer = await ready.until(lambda heard: "error" in heard)
    assert answer["error"]["code"] == code
    assert await ready.request("textDocument/hover", ready.hover) is None


async def test_a_header_that_cannot_be_read_ends_the_connection(ready: Talk) -> None:
    ready.say(BadHeader("No Content-Length header."))
    assert (await ready.until(lambda heard: "error" in heard))["error"]["code"] == -32700
    assert await ready.end() == 1
    assert ready.closed


async def test_requests_before_initialize_and_after_shutdown_are_refused(talk: Talk) -> None:
    assert (await talk.refused("textDocument/hover", talk.hover))["code"] == -32002
    await talk.initialize()
    assert await talk.request("shutdown") is None
    assert (await talk.refused("textDocument/hover", talk.hover))["code"] == -32600
    talk.notify("exit", None)
    assert await talk.end() == 0


async def test_exit_without_shutdown_is_an_error(ready: Talk) -> None:
    ready.notify("exit", None)
    assert await ready.end() == 1


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {}},
        {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": None},
        {"jsonrpc": "2.0", "method": "no/such"},
        {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 99}},
        {"jsonrpc": "2.0", "method": "$/setTrace", "params": {"value": "loud"}},
        {"jsonrpc": "2.0", "id": 99, "result": None},
        {"jsonrpc": "2.0", "id": 99, "error": {"code": 1, "message": "no"}},
        {"jsonrpc": "2.0", "id": 99},
        {},
    ],
)
async def test_bad_notifications_and_stray_answers_change_nothing(ready: Talk, message: Any) -> None:
    ready.say(message)
    assert await ready.request("textDocument/hover", ready.hover) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
METHODS = [
    "textDocument/hover",
    "textDocument/codeLens",
    "textDocument/inlayHint",
    EXECUTE,
]


@settings(max_examples=25, deadline=None)
@given(
    messages=st.lists(st.tuples(st.sampled_from(METHODS) | st.text(max_size=8), JSON), min_size=4, max_size=8)
)
async def test_any_params_get_exactly_one_answer(messages: list[tuple[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        talk = Talk(Path(folder))
        await talk.initialize()
        talk.open()
        for method, params in messages:
            request = talk.ask(method, params)
            await talk.answer(request)
            assert await talk.request("textDocument/hover", talk.hover) is None
            assert len([heard for heard in talk.heard if heard.get("id") == request]) == 1
        await talk.end()
