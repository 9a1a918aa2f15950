"""The recording's format: what is written is read, in any split, and a torn end costs the last line alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.record.agent.core import Activation, CodeInfo
from cwm_lsp.record.agent.writer import FileSink, end, header, token
from cwm_lsp.record.reader import RecordingReader
from cwm_lsp.trace.model import Cut, CutReason, Value
from cwm_lsp.trace.render import Rendered

RENDERED = st.tuples(
    st.text(),
    st.sampled_from(["int", "str", "Foo"]),
    st.none() | st.integers(0),
    st.booleans(),
    st.booleans(),
)


def recording(folder: Path, values: list[Rendered]) -> bytes:
    """A call, a line for each value, a return, and the end."""
    sink = FileSink(str(folder / "recording"), 1 << 20)
    sink.write(header(path="/a b.py", python="3.12.1"))
    info = CodeInfo((lambda: None).__code__, 0)
    sink.code(info)
    activation = Activation(info, 0, 0, 0)
    sink.event("C", activation, 1, [], (), None, 0)
    for value in values:
        sink.event("L", activation, 2, [("x", value)], (), None, 0)
    sink.event("R", activation, 3, [], ("x",), values[0], 1)
    sink.write(end(status="done"))
    return (folder / "recording").read_bytes()


def read(pieces: list[bytes]) -> RecordingReader:
    reader = RecordingReader()
    for piece in pieces:
        if reader.feed(piece) < len(piece):
            break
    return reader


def test_every_split_reads_the_same(tmp_path: Path) -> None:
    values: list[Rendered] = [("'é\n\t'", "str", None, False, False), ("<Foo>", "Foo", 3, True, True)]
    data = recording(tmp_path, values)
    written = data[: data.index(b"\0") + 1]
    whole = read([data])
    assert whole.problems == 0
    assert whole.status == {"status": "done"}
    assert [event.kind for event in whole.events] == ["call", "line", "line", "return"]
    assert [event.locals.get("x") for event in whole.events] == [None, *(Value(*v) for v in values), None]
    assert whole.events[-1].yielded
    for at in range(len(written)):
        split = read([written[:at], written[at:]])
        assert (split.events, split.status, split.problems) == (whole.events, whole.status, 0)


def test_a_torn_end_costs_one_line(tmp_path: Path) -> None:
    data = recording(tmp_path, [("1", "int", None, False, False)])
    written = data[: data.index(b"\0")]
    for at in range(len(written)):
        reader = read([written[:at]])
        assert reader.problems == 0
        assert len(reader.events) <= 3


@given(RENDERED)
def test_any_value_survives_its_field(rendered: Rendered) -> None:
    field = token(rendered)
    assert not {"\t", "\n", "\0"} & set(field)
    assert RecordingReader()._value(field) == Value(*rendered)


@given(st.binary())
def test_any_bytes_are_read_without_raising(data: bytes) -> None:
    assert read([data, b"\n"]).events == []


def test_blocks_are_crossed(tmp_path: Path) -> None:
    sink = FileSink(str(tmp_path / "recording"), 1 << 30)
    sink.write(header(path="/a.py"))
    sink.write("Z\tevents\t" + ascii("x" * 3_000_000))
    reader = read([(tmp_path / "recording").read_bytes()])
    assert reader.cut is not None
    assert (reader.cut.reason, len(reader.cut.message)) == (CutReason.EVENTS, 3_000_000)
    assert reader.events == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files by resource")
@pytest.mark.parametrize("width", [40, 5_000])
def test_where_a_disk_is_full_what_was_written_is_kept_and_the_reason_said(
    tmp_path: Path, width: int
) -> None:
    """A limit on the size of files stands for a disk: either lets a part of a block be written."""
    import resource
    import signal

    path = tmp_path / "recording"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    usual = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, hard))
        sink, count = FileSink(str(path), 1 << 30), 0
        sink.write(header(path="/a.py"))
        while sink.room >= 0:
            sink.write(f"Z\tevents\t'{count:0{width}}'")
            count += 1
        sink.cut("bytes", sink.full)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
        with pytest.raises(OSError, match="too large"):
            FileSink(str(tmp_path / "other"), 1 << 30)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, usual)
    reader = read([path.read_bytes()])
    assert reader.cut == Cut(CutReason.BYTES, "File too large")
    assert (reader.problems, count > (1 << 20) / width) == (0, True)
