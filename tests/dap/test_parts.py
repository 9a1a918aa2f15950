"""The pure parts: bytes kept with their messages."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.dap.channel import Channel
from cwm_lsp.dap.evaluation import EvaluationLimit
from cwm_lsp.dap.stream import MessageReader
from cwm_lsp.dap.upstream import listening_at
from cwm_lsp.wire.dap import Event, Malformed, Request
from cwm_lsp.wire.framing import frame

NOWHERE: list[bytes] = []
ODD_BODY = b'{ "seq":1 , "type":"request","command":"a","unknown":[1e2]}'
STREAM = (
    b"content-length: %d\r\nX-Odd: yes\r\n\r\n%b" % (len(ODD_BODY), ODD_BODY)
    + b"Content-Length: 2\n\n[]"
    + frame({"seq": 2, "type": "request", "command": "é"})
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_messages_keep_their_bytes_in_any_split(cuts: list[int]) -> None:
    reader = MessageReader()
    edges = [0, *sorted(cuts), len(STREAM)]
    found = [one for start, end in pairwise(edges) for one in reader.feed(STREAM[start:end])]
    assert b"".join(one.raw for one in found) == STREAM
    assert [type(one.message) for one in found] == [Request, Malformed, Request]


def test_a_broken_header_is_told() -> None:
    reader = MessageReader()
    assert reader.feed(b"Content-Length: x\r\n\r\n") == []
    assert "no length" in reader.broken


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        ({"connect": {"host": "::1", "port": 5678}}, ("::1", 5678)),
        ({"connect": {"port": "5678"}}, ("127.0.0.1", 5678)),
        ({"host": "localhost", "port": 5678}, ("localhost", 5678)),
        ({"connect": {"host": "localhost", "port": 5678}, "subProcessId": 7}, None),
        ({"listen": {"host": "localhost", "port": 5678}}, None),
        ({"processId": 7}, None),
        ({"connect": 5678}, None),
        ({"connect": {"port": True}}, None),
    ],
)
def test_an_attach_by_port_is_told_from_others(arguments: dict[str, Any], where: object) -> None:
    assert listening_at(arguments) == where


def test_the_time_for_an_evaluation_is_told_when_it_is_another_one() -> None:
    limit = EvaluationLimit(Channel(NOWHERE.append, NOWHERE.append))
    asked = [limit.request(Request(n, "evaluate", {"context": c})) for n, c in enumerate(("watch", "hover"))]
    assert [one is not None for one in asked] == [True, False]
    limit.request(Request(3, "launch", {"evaluateTimeout": 0}))
    first = limit.request(Request(4, "evaluate", {"context": "repl", "frameId": 5}))
    assert first is not None
    assert first.arguments["frameId"] == 5
    assert "-1.0" in first.arguments["expression"]
    limit.event(Event(5, "stopped", {}))
    assert limit.request(Request(6, "evaluate", {"context": "repl"})) is not None
