"""DAP messages: parsed from any JSON object without raising, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.wire.dap import Event, Malformed, Message, Request, Response, parse, to_json

BODIES = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)
MESSAGES: st.SearchStrategy[Message] = st.one_of(
    st.builds(Request, st.integers(), st.text(), BODIES),
    st.builds(Response, st.integers(), st.integers(), st.text(), st.booleans(), BODIES, st.text()),
    st.builds(Event, st.integers(), st.text(), BODIES),
)


@given(MESSAGES)
def test_round_trip(message: Message) -> None:
    assert parse(to_json(message)) == message


FIELDS = st.sampled_from(
    ["seq", "type", "command", "arguments", "request_seq", "success", "body", "event", "message"]
)
VALUES = (
    st.none() | st.booleans() | st.integers() | st.sampled_from(["request", "response", "event"]) | BODIES
)


@given(st.dictionaries(FIELDS, VALUES))
def test_any_object_parses_or_is_malformed(message: dict[str, Any]) -> None:
    assert isinstance(parse(message), (Request, Response, Event, Malformed))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({}, "seq"),
        ({"seq": True}, "seq"),
        ({"seq": 1, "type": "x"}, "type"),
        ({"seq": 1, "type": "request"}, "command"),
        ({"seq": 1, "type": "request", "command": "next", "arguments": []}, "arguments of next"),
        ({"seq": 1, "type": "response", "success": True}, "request_seq"),
        ({"seq": 1, "type": "event"}, "name"),
    ],
)
def test_malformed_messages_say_what_is_wrong(message: dict[str, Any], reason: str) -> None:
    parsed = parse(message)
    assert isinstance(parsed, Malformed)
    assert reason in parsed.reason
