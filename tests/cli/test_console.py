"""The console: glyphs where the encoding carries them, plain ASCII of the same width where it does not."""

from __future__ import annotations

import io
import json

import pytest

from cwm_lsp.cli.console import ASCII_GLYPHS, AsciiGlyphs, Shell, Spoken, carries_glyphs
from cwm_lsp.errors import TargetError
from cwm_lsp.features import display, sentences
from cwm_lsp.features.text import ELLIPSIS, cells


@pytest.mark.parametrize(
    ("encoding", "carries"),
    [("utf-8", True), ("utf-16", True), ("ascii", False), ("cp1252", False), ("cp437", False), (None, False)],
)
def test_which_encodings_carry_the_glyphs(encoding: str | None, carries: bool) -> None:
    assert carries_glyphs(encoding) is carries


def test_every_glyph_of_the_display_has_an_ascii_twin_of_the_same_width() -> None:
    glyphs = [display.AGREE, display.DIFFER, display.APPROX, display.PAST, display.RETURN, display.NEXT]
    glyphs += [display.MARK, display.SEPARATOR.strip(), ELLIPSIS, *sentences.visits_label(3, 4)]
    for glyph in glyphs:
        twin = glyph.translate(ASCII_GLYPHS)
        assert twin.isascii()
        assert len(twin) == cells(glyph)


def test_an_ascii_stream_gets_ascii() -> None:
    raw = io.BytesIO()
    stream = AsciiGlyphs(io.TextIOWrapper(raw, encoding="ascii", errors="strict"))
    stream.write("total = 6 ✗ 5 · 71 % ⟨3/4⟩")
    stream.flush()
    assert raw.getvalue() == b"total = 6 x 5 | 71 % <3/4>"


def test_a_value_that_the_encoding_cannot_say_costs_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    shell = Shell()
    shell.out.print("name = 'ж'")
    shell.out.file.flush()
    assert raw.getvalue().split() == [b"name", b"=", rb"'\u0436'"]


def test_an_object_has_a_line_for_each_key_and_each_item(capsys: pytest.CaptureFixture[str]) -> None:
    value = {
        "version": 1,
        "events": [{"line": 1, "locals": {"n": "ж"}}, {}],
        "none": [],
        "cut": {"reason": "x"},
    }
    Shell().object(value)
    out = capsys.readouterr().out
    assert json.loads(out) == value
    assert out.splitlines()[2:5] == [
        '  "events": [', r'    {"line": 1, "locals": {"n": "\u0436"}},', "    {}"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="JSON"):
        Shell().object({"seconds": float("nan")})


@pytest.mark.parametrize(("columns", "width"), [("0", 80), ("1", 20), ("20", 20), ("33", 33)])
def test_there_is_always_room_to_show_something(
    monkeypatch: pytest.MonkeyPatch, columns: str, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Shell().out.width == width


def test_an_error_is_a_line_and_a_hint_and_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    Shell(as_json=True).error(TargetError("No function g.", "Did you mean f?"))
    out, err = capsys.readouterr()
    error = {"kind": "TargetError", "message": "No function g.", "hint": "Did you mean f?"}
    assert json.loads(out) == {"error": error}
    assert out.count("\n") == 1
    assert err == "error: No function g.\nhint: Did you mean f?\n"


def test_a_log_is_told_how_far_long_work_is_at_ever_longer_intervals() -> None:
    now, said = 0.0, list[str]()
    spoken = Spoken("Asking the model", said.append, lambda: now, unit="steps")
    for second in range(1, 200):
        now = float(second)
        spoken.advance(second * 10, 20_000)
    assert [line.rpartition(" after ")[2] for line in said] == [
        "4 s",
        "8 s",
        "16 s",
        "32 s",
        "64 s",
        "124 s",
        "184 s",
    ]
    assert said[0] == "Asking the model: 40 of 20,000 steps after 4 s"
    spoken.advance(0, 0)
    now = 400.0
    spoken.advance(0, 0)
    assert said[-1] == "Asking the model: 400 s"
