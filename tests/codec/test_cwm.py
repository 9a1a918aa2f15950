"""Traces to the CWM format and back: the text is the published one, and nothing that it can say is lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_text import read_locals, write_locals
from cwm_lsp.codec.cwm_tokens import NAMES, CwmTokenizer
from cwm_lsp.codec.protocol import Codec, SpanKind
from cwm_lsp.errors import ContextExceeded, SettingsError, SourceError
from cwm_lsp.trace.model import Event, EventKind, Trace, Value
from tests.codec.generated import generated
from tests.codec.programs import names, program, record
from tests.codec.tokens import ByteTokenizer, merging_tokenizer, shown

BYTES = CwmCodec(ByteTokenizer())
MERGING = CwmCodec(merging_tokenizer())
_AS_CODEC: Codec = BYTES


def text(trace: Trace) -> str:
    """The encoded trace as text, a frame a line."""
    return BYTES.text(BYTES.encode(trace).tokens).replace("<|frame_sep|>", "<|frame_sep|>\n")


def said(trace: Trace) -> tuple[Event, ...]:
    """The events of a trace as far as the format can say them."""
    events: list[Event] = []
    frames: dict[int, int] = {}
    listed: dict[int, dict[str, Value]] = {}
    stack: list[int] = []
    for event in trace.events:
        started = bool(events)
        if started and not stack and event.frame != trace.events[0].frame:
            continue
        if event.kind is EventKind.CALL:
            stack.append(event.frame)
        frame = frames.setdefault(event.frame, len(frames))
        if event.kind in (EventKind.CALL, EventKind.LINE):
            listed[frame] = {name: Value(value.text) for name, value in event.locals.items()}
        value = None if event.value is None else Value(event.value.text)
        if event.kind is EventKind.RETURN and not event.unwinding and value is None:
            value = Value("None")  # what Python itself says of a class body
        events.append(replace(event, locals=listed[frame], value=value, frame=frame))
        if event.kind is EventKind.RETURN:
            stack.pop()
    return tuple(events)


def changes(trace: Trace) -> list[list[str]]:
    """The names that each event writes anew: all of a call's, else those with another text than before."""
    before: dict[int, dict[str, str]] = {}
    found: list[list[str]] = []
    for event in trace.events:
        known = before.get(event.frame, {}) if event.kind is not EventKind.CALL else {}
        found.append([name for name, value in event.locals.items() if known.get(name) != value.text])
        if event.kind in (EventKind.CALL, EventKind.LINE):
            before[event.frame] = {name: value.text for name, value in event.locals.items()}
    return found


def distinct(source: str) -> str:
    """``source`` with a comment on each line, so that no two read the same."""
    return "\n".join(
        f"{line}  # {number}" if line else line for number, line in enumerate(source.split("\n"))
    )


# --- the text ----------------------------------------------------------------------------------


def test_the_published_layout() -> None:
    source = """def count(s, letter):
    n = 0
    for c in s:
        n += int(c == letter)
    return n

def f(c):
    num = count("ab", c)
    num = -num
    return num
"""
    assert text(record(source, "f('b')")) == (
        "<|begin_of_text|><|trace_context_start|>"
        + source.replace("def f(c):", "def f(c):  # << START_OF_TRACE")
        + """<|frame_sep|>
<|call_sep|>{"c": "'b'"}<|action_sep|>def f(c):
<|frame_sep|>
<|line_sep|>{"c": ".."}<|action_sep|>    num = count("ab", c)
<|frame_sep|>
<|call_sep|>{"s": "'ab'", "letter": "'b'"}<|action_sep|>def count(s, letter):
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": ".."}<|action_sep|>    n = 0
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "0"}<|action_sep|>    for c in s:
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "..", "c": "'a'"}<|action_sep|>        n += int(c == letter)
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "..", "c": ".."}<|action_sep|>    for c in s:
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "..", "c": "'b'"}<|action_sep|>        n += int(c == letter)
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "1", "c": ".."}<|action_sep|>    for c in s:
<|frame_sep|>
<|line_sep|>{"s": "..", "letter": "..", "n": "..", "c": ".."}<|action_sep|>    return n
<|frame_sep|>
<|return_sep|><|action_sep|>    return n
<|arg_sep|>"1"<|frame_sep|>
<|line_sep|>{"c": "'b'", "num": "1"}<|action_sep|>    num = -num
<|frame_sep|>
<|line_sep|>{"c": "..", "num": "-1"}<|action_sep|>    return num
<|frame_sep|>
<|return_sep|><|action_sep|>    return num
<|arg_sep|>"-1"<|frame_sep|>
<|end_of_text|>"""
    )


def test_an_exception_goes_up_as_a_trace_function_sees_it() -> None:
    source = """def g(s):
    return s.index('x')

def f(s):
    try:
        return g(s)
    except ValueError:
        return -1
"""
    raised = "(<class 'ValueError'>, ValueError('substring not found'), <traceback object>)"
    frames = text(record(source, "f('ab')")).partition("    try:\n<|frame_sep|>\n")[2]
    assert frames == (
        """<|line_sep|>{"s": ".."}<|action_sep|>        return g(s)
<|frame_sep|>
<|call_sep|>{"s": "'ab'"}<|action_sep|>def g(s):
<|frame_sep|>
<|line_sep|>{"s": ".."}<|action_sep|>    return s.index('x')
<|frame_sep|>
<|exception_sep|><|action_sep|>    return s.index('x')
<|arg_sep|>"RAISED"<|frame_sep|>
<|return_sep|><|action_sep|>    return s.index('x')
<|arg_sep|>"None"<|frame_sep|>
<|exception_sep|><|action_sep|>        return g(s)
<|arg_sep|>"RAISED"<|frame_sep|>
<|line_sep|>{"s": "'ab'"}<|action_sep|>    except ValueError:
<|frame_sep|>
<|line_sep|>{"s": ".."}<|action_sep|>        return -1
<|frame_sep|>
<|return_sep|><|action_sep|>        return -1
<|arg_sep|>"-1"<|frame_sep|>
<|end_of_text|>"""
    ).replace("RAISED", raised)


# --- there and back ----------------------------------------------------------------------------


@pytest.mark.parametrize("codec", [BYTES, MERGING], ids=["bytes", "merging"])
@pytest.mark.parametrize("name", names())
def test_every_program_comes_back(name: str, codec: CwmCodec) -> None:
    trace = record(*program(name))
    back = codec.trace(codec.encode(trace).tokens)
    assert back.events == said(trace)
    assert back.source.text == trace.source.text
    assert back.entry == trace.events[0].function


@given(generated())
@settings(deadline=None, max_examples=15)
def test_generated_programs_come_back(made: tuple[str, str]) -> None:
    source, call = made
    trace = record(distinct(source), call, events=300)
    assert BYTES.trace(BYTES.encode(trace).tokens).events == said(trace)


@given(generated())
@settings(deadline=None, max_examples=15)
def test_where_lines_read_the_same_all_but_the_line_comes_back(made: tuple[str, str]) -> None:
    source, call = made
    trace = record(source, call, events=300)
    lines = trace.source.lines
    back = BYTES.trace(BYTES.encode(trace).tokens).events
    expected = said(trace)
    assert [replace(event, line=0) for event in back] == [replace(event, line=0) for event in expected]
    assert [lines[event.line - 1].strip() for event in back] == [
        lines[event.line - 1].strip() for event in expected
    ]


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5), st.none() | st.text(max_size=8) | st.just(".."), max_size=5
    )
)
@settings(deadline=None)
def test_locals_come_back_whatever_they_say(values: dict[str, str | None]) -> None:
    written, ends = write_locals(values.items())
    read = read_locals(written)
    assert read.problem == ""
    assert {entry.name: entry.text for entry in read.entries} == values
    assert [entry.end for entry in read.entries] == list(ends)
    assert written.isascii()


@given(st.text(max_size=40))
@settings(deadline=None)
def test_any_text_can_stand_where_locals_should(junk: str) -> None:
    read_locals(junk)
    read_locals("{" + junk)
    read_locals('{"a": "1", ' + junk)


def test_a_cut_trace_comes_back_without_an_end() -> None:
    trace = record(*program("calls"), events=9)
    assert trace.cut is not None
    encoded = BYTES.encode(trace)
    assert BYTES.text(encoded.tokens[-1:]) == "<|frame_sep|>"
    assert BYTES.trace(encoded.tokens).events == said(trace)


# --- tokens ------------------------------------------------------------------------------------

TOKENIZERS: list[CwmTokenizer] = [ByteTokenizer(), merging_tokenizer()]


@pytest.mark.parametrize("tokenizer", TOKENIZERS, ids=["bytes", "merging"])
@given(
    st.lists(st.sampled_from([*NAMES, "<|", "|>", "x", "<|frame_sep", "é", "\n"]), max_size=8).map("".join)
)
@settings(deadline=None)
def test_no_text_becomes_a_trace_token(tokenizer: CwmTokenizer, text: str) -> None:
    ids = tokenizer.encode(text)
    assert not {tokenizer.special(name) for name in NAMES} & set(ids)
    assert b"".join(map(tokenizer.token_bytes, ids)).decode() == text


def test_the_source_of_a_user_cannot_end_its_own_context() -> None:
    source = "def f(s):\n    '<|frame_sep|><|return_sep|>'\n    return s + '<|end_of_text|>'\n"
    for codec in (BYTES, MERGING):
        trace = record(source, "f('<|call_sep|>')")
        encoded = codec.encode(trace)
        plain = codec.encode(record(source.replace("<|", "__"), "f('__call_sep|>')"))
        kinds = [codec.text([token]) for token in encoded.tokens if codec.text([token]) in NAMES]
        assert kinds == [codec.text([token]) for token in plain.tokens if codec.text([token]) in NAMES]
        assert codec.trace(encoded.tokens).events == said(trace)


def test_a_tokenizer_without_the_trace_tokens_is_refused() -> None:
    class Plain(ByteTokenizer):
        def special(self, name: str) -> int | None:
            return None

    with pytest.raises(SettingsError, match="no <|call_sep|>".replace("|", r"\|")):
        CwmCodec(Plain())


@pytest.mark.parametrize("codec", [BYTES, MERGING], ids=["bytes", "merging"])
@pytest.mark.parametrize("name", ["calls", "try_paths", "strange_text"])
def test_spans_cover_what_the_model_answers_for(name: str, codec: CwmCodec) -> None:
    trace = record(*program(name))
    encoded = codec.encode(trace)
    last = 0
    for span in encoded.spans:
        assert last <= span.start < span.end <= len(encoded.tokens)
        last = span.end
    assert encoded.spans[0].step == 1
    written = changes(trace)
    for step, event in enumerate(trace.events[1:], 1):
        of_step = [span for span in encoded.spans if span.step == step]
        assert encoded.starts[step] == of_step[0].start
        named = [span.name for span in of_step if span.kind is SpanKind.VALUE]
        lists = event.kind in (EventKind.CALL, EventKind.LINE)
        assert named == (written[step] if lists else [])
        results = [span for span in of_step if span.kind is SpanKind.RESULT]
        assert len(results) == (0 if lists else 1)


def test_a_value_span_holds_its_name_and_value() -> None:
    encoded = BYTES.encode(record("def f(n):\n    a = n + 1\n    return a\n", "f(1)"))
    spans = [BYTES.text(encoded.tokens[s.start : s.end]) for s in encoded.spans if s.kind is SpanKind.VALUE]
    assert spans == [', "a": "2"']


@pytest.mark.parametrize("codec", [BYTES, MERGING], ids=["bytes", "merging"])
@pytest.mark.parametrize("name", ["calls", "try_paths", "strange_text"])
def test_what_a_model_writes_in_the_place_of_a_span_is_read(name: str, codec: CwmCodec) -> None:
    trace = record(*program(name))
    encoded = codec.encode(trace)
    for span in encoded.spans:
        if span.kind is SpanKind.FLOW:
            continue
        event = trace.events[span.step]
        # A model goes on to the next trace token; the value is the first of what it wrote.
        end = span.end
        while encoded.tokens[end - 1] not in codec.value_stop:
            end += 1
        value = event.locals[span.name] if span.name else event.value
        text = "None" if value is None else value.text
        assert codec.read_value(encoded, span, encoded.tokens[span.start : end]) == text
        assert codec.read_value(encoded, span, encoded.tokens[span.start : span.start + 1]) is None


@pytest.mark.parametrize("name", ["calls", "try_nested", "classes", "generators"])
def test_windows_cover_the_trace_and_each_begins_with_the_state_there(name: str) -> None:
    trace = record(*program(name))
    whole = BYTES.encode(trace)
    windows = list(BYTES.windows(trace, 400))
    assert len(windows) > 2
    covered = [step for window in windows for step, start in enumerate(window.starts) if start >= 0]
    assert covered == [step for step, start in enumerate(whole.starts) if start >= 0]
    for window in windows[1:]:
        first = next(step for step, start in enumerate(window.starts) if start >= 0)
        anchor = shown(BYTES.text(window.tokens[: window.starts[first]]))
        assert sum(frame.kind == "call" for frame in anchor) == stack_depth(trace, first) + 1
        last = trace.events[first - 1]
        resumed = any(event.frame == last.frame for event in trace.events[: first - 1])
        if last.kind is EventKind.LINE or (last.kind is EventKind.CALL and not resumed):
            assert anchor[-1].kind == last.kind
            assert anchor[-1].source == trace.source.lines[last.line - 1]
            assert anchor[-1].locals == {name: value.text for name, value in last.locals.items()}
        if last.kind is EventKind.EXCEPTION:
            assert last.value is not None
            assert last.value.text in anchor[-1].value


def stack_depth(trace: Trace, step: int) -> int:
    """Depth of the innermost frame before an event."""
    depth = -1
    for event in trace.events[:step]:
        depth += (event.kind is EventKind.CALL) - (event.kind is EventKind.RETURN)
    return depth


def test_the_context_of_the_model_is_a_limit() -> None:
    trace = record(*program("calls"))
    length = len(BYTES.encode(trace).tokens)
    assert len(CwmCodec(ByteTokenizer(), context=length).encode(trace).tokens) == length
    with pytest.raises(ContextExceeded, match="Predict a smaller function"):
        CwmCodec(ByteTokenizer(), context=length - 1).encode(trace)
    with pytest.raises(ContextExceeded):
        CwmCodec(ByteTokenizer(), context=10).decoder(trace)


def test_events_of_other_files_and_threads_are_left_out() -> None:
    trace = record(*program("calls"))
    other = [replace(event, file=1) if event.function == "g" else event for event in trace.events]
    encoded = BYTES.encode(replace(trace, events=tuple(other)))
    left_out = [step for step, start in enumerate(encoded.starts) if start == -1]
    assert left_out == [step for step, event in enumerate(trace.events) if event.function == "g"]
    assert all(event.function != "g" for event in BYTES.trace(encoded.tokens).events)
    with pytest.raises(ValueError, match="not part of the encoded trace"):
        BYTES.decoder_at(encoded, left_out[0])


@pytest.mark.parametrize(
    "written", ["", "text", "<|frame_sep|>x<|end_of_text|>", "<|frame_sep|><|call_sep|>{}"]
)
def test_tokens_that_are_no_trace_are_refused(written: str) -> None:
    with pytest.raises(SourceError, match="no trace"):
        BYTES.trace(BYTES.read(written))


def test_a_prompt_alone_is_an_empty_trace() -> None:
    back = BYTES.trace(BYTES.prompt("def f(): ...", 1))
    assert (back.events, back.source.text) == ((), "def f(): ...")


def test_a_stored_output_is_read_by_the_names_of_its_tokens() -> None:
    encoded = MERGING.encode(record(*program("calls")))
    stored = MERGING.text(encoded.tokens)
    assert MERGING.trace(MERGING.read(stored)) == MERGING.trace(encoded.tokens)
