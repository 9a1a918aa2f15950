"""Frames between server and model host, at every split and with every kind of damage."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import MAX_BODY, MAX_HEADER, Frame, FrameDecoder, FramingError, encode
from cwm_lsp.backend.protocol import BackendInfo, Continuation
from cwm_lsp.backend.scoring import NOTHING
from cwm_lsp.errors import BackendError, ContextExceeded, CwmError, ModelCrashed, ModelUnavailable

scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()
headers = st.dictionaries(st.text(), scalars | st.lists(scalars, max_size=4), max_size=5)
frames = st.lists(st.builds(Frame, headers, st.binary(max_size=50)), max_size=4)


@given(frames, st.data())
def test_frames_survive_any_split(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(encode(frame) for frame in sent)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    decoder, got = FrameDecoder(), []
    for begin, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        got += decoder.feed(stream[begin:end])
    assert got == sent


def test_one_byte_at_a_time() -> None:
    sent = [Frame({"id": 1}, b"abc"), Frame({}), Frame({"é": "\n"}, b"\x00" * 9)]
    decoder, got = FrameDecoder(), []
    for byte in b"".join(encode(frame) for frame in sent):
        got += decoder.feed(bytes([byte]))
    assert got == sent


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(struct.pack("<II", MAX_HEADER + 1, 0), id="header too large"),
        pytest.param(struct.pack("<II", 2, MAX_BODY + 1), id="body too large"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", id="another protocol"),
        pytest.param(struct.pack("<II", 2, 0) + b"{x", id="no JSON"),
        pytest.param(struct.pack("<II", 2, 0) + b"\xff\xfe", id="no UTF-8"),
        pytest.param(struct.pack("<II", 2, 0) + b"[]", id="no object"),
    ],
)
def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(FramingError):
        FrameDecoder().feed(data)


def test_a_frame_too_large_is_not_sent() -> None:
    with pytest.raises(FramingError):
        encode(Frame({"long": "x" * MAX_HEADER}))


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_tokens_survive(tokens: list[int]) -> None:
    assert messages.body_tokens(messages.tokens_body(tokens)) == tokens


def test_no_scores_survive() -> None:
    assert len(messages.body_scores(messages.scores_body(NOTHING)).best) == 0


def test_a_continuation_survives() -> None:
    written = Continuation((1, 2), (-0.5, -0.25), True)
    assert messages.header_continuation(messages.continuation_header(written)) == written


def test_hello_says_who() -> None:
    info = BackendInfo("a", "b", "compact", 1, 2, "cpu", "d")
    assert BackendInfo(**messages.hello(info).header["hello"]) == info


@pytest.mark.parametrize("kind", [BackendError, ContextExceeded, ModelCrashed, ModelUnavailable])
def test_errors_keep_kind_message_and_hint(kind: type[BackendError]) -> None:
    frame = messages.error(kind("It broke.", "Mend it."), request=3)
    raised = messages.raised(frame.header["error"])
    assert frame.header["id"] == 3
    assert (type(raised), raised.message, raised.hint) == (kind, "It broke.", "Mend it.")


@pytest.mark.parametrize("failure", [ValueError("seven"), CwmError("seven")])
def test_other_errors_become_the_backend_s(failure: Exception) -> None:
    raised = messages.raised(messages.error(failure).header["error"])
    assert type(raised) is BackendError
    assert "seven" in raised.message
