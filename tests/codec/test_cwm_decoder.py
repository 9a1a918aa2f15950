"""Model output in the CWM format, fed in any split and driven by an engine."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec.protocol import Decoder, SpanKind
from tests.codec.pictures import BYTES, MERGING, REPEATED, check, driven, fed
from tests.codec.programs import names, program, record
from tests.codec.tokens import shown


def test_steps_with_what_they_write_and_what_they_carry() -> None:
    check(
        """
        def f(n):
            a = n + 1
            b = a * 2
            return b
        """,
        {"n": "1"},
        """
        <|line_sep|>{"n": ".."}<|action_sep|>    a = n + 1\n<|frame_sep|>
        <|line_sep|>{"n": "..", "a": "2"}<|action_sep|>    b = a * 2\n<|frame_sep|>
        <|line_sep|>{"n": "..", "a": "..", "b": "4"}<|action_sep|>    return b\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return b\n<|arg_sep|>"4"<|frame_sep|><|end_of_text|>
        """,
        """
        line 2 f 0
        line 3 f 0 a=2
        line 4 f 0 b=4 (a=2)
        return 4 f 0 (a=2 b=4) <- 4
        """,
    )


def test_the_probability_of_a_value_is_that_of_all_its_tokens() -> None:
    trace = record("def f(n):\n    a = n + 1\n    return a\n", "f(1)")
    for codec in (BYTES, MERGING):
        encoded = codec.encode(trace)
        start = encoded.starts[1]
        logs = [-0.001 * index for index in range(len(encoded.tokens))]
        decoder = codec.decoder(replace(trace, events=trace.events[:1]))
        decoder.accept()
        steps = decoder.feed(encoded.tokens[start:], logs[start:]).steps
        for span in encoded.spans:
            step = steps[span.step - 1]
            likely = math.exp(sum(logs[span.start : span.end]))
            if span.kind is SpanKind.VALUE and span.name in step.changed:
                assert step.changed[span.name].probability == pytest.approx(likely)
            if span.kind is SpanKind.RESULT:
                assert step.value is not None
                assert step.value.probability == pytest.approx(likely)
        assert all(0 < step.probability <= 1 for step in steps)


@pytest.mark.parametrize("name", names())
def test_token_by_token_gives_the_same_as_all_at_once(name: str) -> None:
    trace = record(*program(name))
    encoded = BYTES.encode(trace)
    output = encoded.tokens[encoded.starts[1] :]
    whole = fed(BYTES, trace, output, [len(output)])
    assert whole[1] == []
    assert fed(BYTES, trace, output, [1] * len(output)) == whole


def test_every_split_gives_the_same() -> None:
    trace = record(REPEATED.lstrip(), "f(1)")
    encoded = BYTES.encode(trace)
    output = encoded.tokens[encoded.starts[1] :]
    whole = fed(BYTES, trace, output, [len(output)])
    for split in range(len(output) + 1):
        assert fed(BYTES, trace, output, [split, len(output) - split]) == whole


_SOME = record(*program("try_paths"))
_OUTPUT = BYTES.encode(_SOME).tokens[BYTES.encode(_SOME).starts[1] :]


@given(
    st.lists(st.tuples(st.integers(0, len(_OUTPUT)), st.integers(0, 300), st.integers(0, 275)), max_size=6),
    st.lists(st.integers(1, 400), min_size=1, max_size=30),
)
@settings(deadline=None, max_examples=100)
def test_damaged_output_in_any_split_gives_the_same_and_never_raises(
    damage: list[tuple[int, int, int]], lengths: list[int]
) -> None:
    output = list(_OUTPUT)
    for place, length, token in damage:
        output[place : place + length] = [token] if length % 2 else []
    lengths = [*lengths, len(output)]
    assert fed(BYTES, _SOME, output, lengths) == fed(BYTES, _SOME, output, [len(output)])


@given(st.lists(st.integers(-3, 300), max_size=60))
@settings(deadline=None)
def test_any_tokens_at_all_never_raise(tokens: list[int]) -> None:
    steps, problems = fed(BYTES, _SOME, tokens, [len(tokens)])
    assert len(steps) + len(problems) > 0


@pytest.mark.parametrize("name", [name for name in names() if name not in ("generators", "interleaved")])
def test_what_is_forced_is_what_a_right_model_would_write(name: str) -> None:
    trace = record(*program(name))
    decoder = BYTES.decoder(replace(trace, events=trace.events[:1]))
    as_decoder: Decoder = decoder
    assert as_decoder.forced[-1] in as_decoder.stop
    decoder.accept()
    total, forced, steps = driven(decoder, trace)
    assert [(s.kind, s.line) for s in steps] == [(e.kind, e.line) for e in trace.events[1:]]
    assert 0 < forced < total


@pytest.mark.parametrize("name", ["calls", "try_paths", "decorated", "multi_line"])
def test_one_event_is_decoded_from_the_observed_state_before_it(name: str) -> None:
    trace = record(*program(name))
    encoded = BYTES.encode(trace)
    for step in range(1, len(trace.events)):
        event = trace.events[step]
        end = encoded.starts[step + 1] if step + 1 < len(trace.events) else len(encoded.tokens)
        decoder = BYTES.decoder_at(encoded, step)
        written = encoded.tokens[encoded.starts[step] : end]
        (found,) = decoder.feed(written, [0.0] * len(written)).steps
        assert (found.kind, found.line, found.depth) == (event.kind, event.line, event.depth)
        assert {name: guess.text for name, guess in found.changed.items()}.items() <= {
            name: value.text for name, value in event.locals.items()
        }.items()


@pytest.mark.parametrize("name", ["calls", "try_paths", "classes", "closures"])
def test_going_on_in_a_fresh_context_changes_nothing_but_what_the_model_sees(name: str) -> None:
    trace = record(*program(name))
    encoded = BYTES.encode(trace)
    output = encoded.tokens[encoded.starts[1] :]
    plain, _ = fed(BYTES, trace, output, [len(output)])
    ends = [start - encoded.starts[1] for start in encoded.starts[2:]]
    for end in ends[:: max(1, len(ends) // 6)]:
        decoder = BYTES.decoder(replace(trace, events=trace.events[:1]))
        decoder.accept()
        steps = list(decoder.feed(output[:end], [-0.01 * (token % 7) for token in output[:end]]).steps)
        again = shown(BYTES.text(decoder.restart()))
        top = decoder.state.top
        assert top is not None
        assert again[-1].source in {trace.source.lines[line - 1] for line in top.lines}
        if not top.raised:
            assert again[-1].locals == {name: slot.text for name, slot in top.slots.items()}
        assert decoder.forced == ()
        rest = decoder.feed(output[end:], [-0.01 * (token % 7) for token in output[end:]])
        assert [*steps, *rest.steps, *decoder.finish().steps] == plain
