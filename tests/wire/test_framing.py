"""Framing: whatever the split, the same messages; whatever the bytes, no exception."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.wire.framing import MAX_HEADER, BadBody, BadHeader, Fed, Framer, frame, one

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
OBJECTS = st.dictionaries(
    st.text(),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8),
)


def feed_in(pieces: list[bytes]) -> list[Fed]:
    framer = Framer()
    return [item for piece in pieces for item in framer.feed(piece)]


@settings(max_examples=50, deadline=None)
@given(st.lists(OBJECTS, max_size=4), st.data())
def test_round_trip_in_any_split(messages: list[dict[str, Any]], data: st.DataObject) -> None:
    stream = b"".join(map(frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert feed_in(pieces) == messages


def test_every_two_way_split_of_awkward_frames() -> None:
    bodies = [b'{"a":"\xc3\xa9\xf0\x9f\x98\x80"}', b"[1]", b"nonsense", b"\xff", b'{"b":2}']
    stream = b"".join(b"content-LENGTH:%d\r\nContent-Type: x\r\n\r\n%s" % (len(b), b) for b in bodies)
    whole = feed_in([stream])
    assert [type(item) for item in whole] == [dict, BadBody, BadBody, BadBody, dict]
    for at in range(len(stream) + 1):
        assert feed_in([stream[:at], stream[at:]]) == whole
    assert feed_in([bytes([byte]) for byte in stream]) == whole


def test_line_feeds_alone_are_understood() -> None:
    assert feed_in([b'Content-Length: 8\n\n{"a": 1}']) == [{"a": 1}]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"Content-Length: 99999999999\r\n\r\n", "no length"),
        (b"Content-Length: 100000000\r\n\r\n", "the most is"),
        (b"Content-Length: -1\r\n\r\n", "no length"),
        (b"Content-Length: 1e3\r\n\r\n", "no length"),
        (b"Content-Length: \r\n\r\n", "no length"),
        (b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "Two"),
        (b"Content-Type: a\r\n\r\n{}", "No Content-Length"),
        (b"GET / HTTP/1.1\r\n\r\n", "without a colon"),
        (b"x" * (MAX_HEADER + 1), "more than"),
        (b"\r\n\r\n", "No Content-Length"),
    ],
)
def test_bad_headers_break_the_stream_once(stream: bytes, reason: str) -> None:
    framer = Framer()
    (fault,) = framer.feed(stream)
    assert isinstance(fault, BadHeader)
    assert reason in fault.reason
    assert framer.broken
    assert framer.feed(frame({"a": 1})) == []


def test_a_body_nested_beyond_reason_costs_one_message() -> None:
    body = b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    fed = feed_in([b"Content-Length: %d\r\n\r\n" % len(body) + body + frame({"next": 1})])
    assert isinstance(fed[0], BadBody)
    assert fed[1] == {"next": 1}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"Content-Length: 2\r\n\r\n", b"{}", b"\r\n\r\n"])))
def test_any_bytes_in_any_split_mean_the_same(pieces: list[bytes]) -> None:
    split = feed_in(pieces)
    assert split == feed_in([b"".join(pieces)])
    assert all(isinstance(item, (dict, BadBody, BadHeader)) for item in split)


def test_idle_says_whether_a_message_is_unfinished() -> None:
    framer = Framer()
    told = [framer.idle]
    for piece in (b"Content-Len", b"gth: 2\r\n\r\n", b"{}"):
        framer.feed(piece)
        told.append(framer.idle)
    assert told == [True, False, False, True]


def test_what_json_cannot_say_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        frame({"a": float("nan")})


def test_surrogates_survive() -> None:
    message = {"a": "\ud800"}
    assert feed_in([frame(message)]) == [message]
    assert json.loads(frame(message).partition(b"\r\n\r\n")[2]) == message


@settings(max_examples=50, deadline=None)
@given(OBJECTS, st.binary(max_size=4))
def test_a_message_that_comes_alone_is_taken_whole_and_nothing_else_is(
    message: dict[str, Any], more: bytes
) -> None:
    data = frame(message)
    assert one(data) == message
    assert one(data[:-1]) is None
    if more:
        assert one(data + more) is None
        assert one(more + data) is None


@pytest.mark.parametrize("body", [b"[1]", b"nonsense", b"\xff", b""])
def test_what_is_no_message_is_left_to_the_framer(body: bytes) -> None:
    assert one(b"Content-Length: %d\r\n\r\n%s" % (len(body), body)) is None
    assert one(frame({"a": 1}), max_body=4) is None
