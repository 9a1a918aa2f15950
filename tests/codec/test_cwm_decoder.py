"""Model output in the CWM format, good and bad, fed in any split.

The picture of an output is one line a step (event, line, depth, what it writes, what it carries) and one a
problem. The ten defects of the published demo debugger that a codec can have each have a test here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cwm_lsp.codec.cwm import CwmCodec
from cwm_lsp.codec.cwm_decoder import CwmDecoder
from cwm_lsp.codec.protocol import Decoder, SpanKind
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import PredictedStep, Problem
from tests.codec.programs import names, program, record
from tests.codec.tokens import ByteTokenizer, merging_tokenizer, shown

BYTES = CwmCodec(ByteTokenizer())
MERGING = CwmCodec(merging_tokenizer())


def entry(source: str, values: dict[str, str], line: int = 0) -> Trace:
    """A trace of nothing but the entry call of the last top-level function."""
    source = dedent(source).lstrip("\n")
    lines = source.split("\n")
    line = line or max(number for number, text in enumerate(lines, 1) if text.startswith("def "))
    name = re.match(r"def (\w+)", lines[line - 1])
    assert name is not None
    state = {key: Value(text) for key, text in values.items()}
    call = Event(EventKind.CALL, line, name[1], 0, state)
    return Trace((SourceFile("", source),), (call,), name[1], "3.12.1")


def decoded(
    trace: Trace, output: str, codec: CwmCodec = BYTES, *, end: bool = True
) -> tuple[list[PredictedStep], list[Problem]]:
    """Steps and problems of an output, written with the names of its tokens and space between its frames."""
    written = re.sub(r"(<\|frame_sep\|>)\s+(?=<\|)", r"\1", output.strip())
    decoder = codec.decoder(trace)
    decoder.accept()
    tokens = codec.read(written)
    read = decoder.feed(tokens, [math.log(0.99)] * len(tokens))
    rest = decoder.finish() if end else decoder.feed((), ())
    return [*read.steps, *rest.steps], [*read.problems, *rest.problems]


def draw(steps: Sequence[PredictedStep], problems: Sequence[Problem]) -> str:
    return "\n".join([*map(_step, steps), *(f"! {problem.message}" for problem in problems)])


def _step(step: PredictedStep) -> str:
    changed = [f"{name}={guess.text}" for name, guess in step.changed.items()]
    kept = [f"{name}={guess.text}" for name, guess in step.locals.items() if name not in step.changed]
    gone = [f"-{name}" for name in step.removed]
    value = [f"<- {step.value.text}"] if step.value is not None else []
    state = f"({' '.join(kept)})" if kept else ""
    parts = [step.kind, str(step.line), step.function, str(step.depth), *changed, *gone, state, *value]
    return " ".join(filter(None, parts))


def check(source: str, values: dict[str, str], output: str, picture: str) -> None:
    """Decode ``output`` after the entry call with ``values`` and expect ``picture``."""
    assert draw(*decoded(entry(source, values), output)) == dedent(picture).strip("\n")


# --- good output -------------------------------------------------------------------------------


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
    whole = _fed(BYTES, trace, output, [len(output)])
    assert whole[1] == []
    assert _fed(BYTES, trace, output, [1] * len(output)) == whole


def test_every_split_gives_the_same() -> None:
    trace = record(REPEATED.lstrip(), "f(1)")
    encoded = BYTES.encode(trace)
    output = encoded.tokens[encoded.starts[1] :]
    whole = _fed(BYTES, trace, output, [len(output)])
    for split in range(len(output) + 1):
        assert _fed(BYTES, trace, output, [split, len(output) - split]) == whole


def _fed(
    codec: CwmCodec, trace: Trace, output: Sequence[int], lengths: Sequence[int]
) -> tuple[list[PredictedStep], list[Problem]]:
    decoder = codec.decoder(replace(trace, events=trace.events[:1]))
    decoder.accept()
    steps: list[PredictedStep] = []
    problems: list[Problem] = []
    place = 0
    for length in lengths:
        part = output[place : place + length]
        read = decoder.feed(part, [-0.01 * (token % 7) for token in part])
        steps += read.steps
        problems += read.problems
        place += length
    last = decoder.finish()
    return [*steps, *last.steps], [*problems, *last.problems]


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
    assert _fed(BYTES, _SOME, output, lengths) == _fed(BYTES, _SOME, output, [len(output)])


@given(st.lists(st.integers(-3, 300), max_size=60))
@settings(deadline=None)
def test_any_tokens_at_all_never_raise(tokens: list[int]) -> None:
    steps, problems = _fed(BYTES, _SOME, tokens, [len(tokens)])
    assert len(steps) + len(problems) > 0


# --- lines by control flow (defect 2: a repeated line is not the first of its kind) ----------------

REPEATED = """
def f(x):
    x += 1
    x += 1
    if x > 2:
        x += 1
    else:
        x -= 1
    x += 1
    return x
"""


def test_repeated_lines_are_told_apart_by_where_they_can_follow() -> None:
    trace = record(REPEATED.lstrip(), "f(1)")
    encoded = BYTES.encode(trace)
    steps, problems = _fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
    assert problems == []
    assert [step.line for step in steps] == [2, 3, 4, 5, 8, 9, 9]


def test_two_branches_with_the_same_text_are_told_apart_by_what_follows() -> None:
    check(
        """
        def f(x):
            if x:
                x += 1
                y = 1
            else:
                x += 1
                y = 2
            return y
        """,
        {"x": "0"},
        """
        <|line_sep|>{"x": ".."}<|action_sep|>    if x:\n<|frame_sep|>
        <|line_sep|>{"x": ".."}<|action_sep|>        x += 1\n<|frame_sep|>
        <|line_sep|>{"x": "1"}<|action_sep|>        y = 2\n<|frame_sep|>
        <|line_sep|>{"x": "..", "y": "2"}<|action_sep|>    return y\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return y\n<|arg_sep|>"2"<|frame_sep|><|end_of_text|>
        """,
        """
        line 2 f 0
        line 6 f 0
        line 7 f 0 x=1
        line 8 f 0 y=2 (x=1)
        return 8 f 0 (x=1 y=2) <- 2
        """,
    )


def test_a_line_that_cannot_follow_is_left_out_and_the_values_wait_for_the_next() -> None:
    check(
        """
        def f(x):
            a = x
            b = a
            c = b
            return c
        """,
        {"x": "1"},
        """
        <|line_sep|>{"x": ".."}<|action_sep|>    a = x\n<|frame_sep|>
        <|line_sep|>{"x": "..", "a": "1"}<|action_sep|>    return c\n<|frame_sep|>
        <|line_sep|>{"x": "..", "a": ".."}<|action_sep|>    b = a\n<|frame_sep|>
        <|line_sep|>{"x": "..", "a": "..", "b": "1"}<|action_sep|>    nonsense\n<|frame_sep|>
        """,
        """
        line 2 f 0
        line 3 f 0 a=1
        ! the line 'return c' cannot follow here
        ! the line 'nonsense' cannot follow here
        ! the output ends before the entry scope is left
        """,
    )


def test_methods_that_begin_alike_are_told_apart_by_their_class() -> None:
    check(
        """
        class A:
            def __init__(self, n):
                self.n = n

        class B:
            def __init__(self, n):
                self.n = n

        def f(n):
            b = B(n)
            return b
        """,
        {"n": "1"},
        """
        <|line_sep|>{"n": ".."}<|action_sep|>    b = B(n)\n<|frame_sep|>
        <|call_sep|>{"self": "<B object>", "n": "1"}<|action_sep|>    def __init__(self, n):\n<|frame_sep|>
        <|line_sep|>{"self": "..", "n": ".."}<|action_sep|>        self.n = n\n<|frame_sep|>
        <|return_sep|><|action_sep|>        self.n = n\n<|arg_sep|>"None"<|frame_sep|>
        <|line_sep|>{"n": "1", "b": "<B object>"}<|action_sep|>    return b\n<|frame_sep|>
        """,
        """
        line 10 f 0
        call 6 __init__ 1 self=<B object> n=1
        line 7 __init__ 1 (self=<B object> n=1)
        return 7 __init__ 1 (self=<B object> n=1) <- None
        line 11 f 0 b=<B object>
        ! the output ends before the entry scope is left
        """,
    )


# --- frames of other interpreters --------------------------------------------------------------


def test_comprehension_and_lambda_frames_of_older_interpreters_are_folded() -> None:
    check(
        """
        def g(x):
            return -x

        def f(xs):
            ys = sorted([g(x) for x in xs], key=lambda y: 1)
            return ys
        """,
        {"xs": "[1]"},
        """
        <|line_sep|>{"xs": ".."}<|action_sep|>SORTED<|frame_sep|>
        <|call_sep|>{".0": "<list_iterator object>"}<|action_sep|>SORTED<|frame_sep|>
        <|line_sep|>{".0": ".."}<|action_sep|>SORTED<|frame_sep|>
        <|line_sep|>{".0": "..", "x": "1"}<|action_sep|>SORTED<|frame_sep|>
        <|call_sep|>{"x": "1"}<|action_sep|>def g(x):\n<|frame_sep|>
        <|line_sep|>{"x": ".."}<|action_sep|>    return -x\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return -x\n<|arg_sep|>"-1"<|frame_sep|>
        <|return_sep|><|action_sep|>SORTED<|arg_sep|>"[-1]"<|frame_sep|>
        <|call_sep|>{"y": "-1"}<|action_sep|>SORTED<|frame_sep|>
        <|return_sep|><|action_sep|>SORTED<|arg_sep|>"1"<|frame_sep|>
        <|line_sep|>{"xs": "[1]", "ys": "[-1]"}<|action_sep|>    return ys\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return ys\n<|arg_sep|>"[-1]"<|frame_sep|><|end_of_text|>
        """.replace("SORTED", "    ys = sorted([g(x) for x in xs], key=lambda y: 1)\n"),
        """
        line 5 f 0
        call 1 g 1 x=1
        line 2 g 1 (x=1)
        return 2 g 1 (x=1) <- -1
        line 6 f 0 ys=[-1]
        return 6 f 0 (ys=[-1]) <- [-1]
        """,
    )


def test_a_statement_of_several_lines_is_one_step_however_it_is_reported() -> None:
    check(
        """
        def f(n):
            x = max(
                n,
                3,
            )
            return x
        """,
        {"n": "1"},
        """
        <|line_sep|>{"n": ".."}<|action_sep|>    x = max(\n<|frame_sep|>
        <|line_sep|>{"n": ".."}<|action_sep|>        n,\n<|frame_sep|>
        <|line_sep|>{"n": ".."}<|action_sep|>        3,\n<|frame_sep|>
        <|line_sep|>{"n": ".."}<|action_sep|>    x = max(\n<|frame_sep|>
        <|line_sep|>{"n": "..", "x": "3"}<|action_sep|>    return x\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return x\n<|arg_sep|>"3"<|frame_sep|><|end_of_text|>
        """,
        """
        line 2 f 0
        line 6 f 0 x=3
        return 6 f 0 (x=3) <- 3
        """,
    )


# --- the other defects of the published demo ---------------------------------------------------


def test_defect_1_the_start_mark_is_cut_as_a_whole() -> None:
    source = "def f(A):  # << START_OF_TRACE\n    return A\n"
    check(
        source,
        {"A": "1"},
        """
        <|line_sep|>{"A": ".."}<|action_sep|>    return A\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return A\n<|arg_sep|>"1"<|frame_sep|><|end_of_text|>
        """,
        """
        line 2 f 0
        return 2 f 0 <- 1
        """,
    )
    assert BYTES.text(BYTES.prompt(source, 1)).count("START_OF_TRACE") == 1


def test_defect_3_the_return_of_a_nested_call_is_not_that_of_the_frame() -> None:
    trace = record(*program("calls"))
    encoded = BYTES.encode(trace)
    steps, _ = _fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
    returns = [(step.function, step.depth) for step in steps if step.kind is EventKind.RETURN]
    expected = [(e.function, e.depth) for e in trace.events if e.kind is EventKind.RETURN]
    assert returns == expected
    assert steps[-1].depth == 0


def test_defect_4_a_called_function_may_raise() -> None:
    trace = record("def g(n):\n    return 1 // n\n\ndef f(n):\n    return g(n)\n", "f(0)")
    decoder = BYTES.decoder(replace(trace, events=trace.events[:4]))
    decoder.accept()
    assert decoder.choices is not None
    raised = BYTES.read("<|exception_sep|>")[0]
    assert raised in decoder.choices
    encoded = BYTES.encode(trace)
    rest = encoded.tokens[encoded.starts[4] :]
    steps = decoder.feed(rest, [0.0] * len(rest)).steps
    assert [(step.kind, step.depth) for step in steps] == [
        (EventKind.EXCEPTION, 1),
        (EventKind.RETURN, 1),
        (EventKind.EXCEPTION, 0),
        (EventKind.RETURN, 0),
    ]
    assert steps[0].value is not None
    assert steps[0].value.text == "ZeroDivisionError('integer division or modulo by zero')"
    assert [step.value for step in steps if step.kind is EventKind.RETURN] == [None, None]


def test_defect_5_an_edited_value_reaches_the_prompt_and_the_state() -> None:
    trace = record("def f(n):\n    a = n\n    b = a\n    return b\n", "f(1)")
    edited = replace(trace.events[2], locals={"n": Value("1"), "a": Value("99")})
    decoder = BYTES.decoder(replace(trace, events=(*trace.events[:2], edited)))
    assert '"a": "99"' in BYTES.text(decoder.forced)
    top = decoder.state.top
    assert top is not None
    assert top.slots["a"].text == "99"


CALLER = """
def g(x):
    y = x + 1
    return y

def f(x):
    z = g(5)
    w = g(6)
    return x + z
"""
CALLS = """
<|line_sep|>{"x": ".."}<|action_sep|>    z = g(5)\n<|frame_sep|>
<|call_sep|>{"x": "5"}<|action_sep|>def g(x):\n<|frame_sep|>
<|line_sep|>{"x": ".."}<|action_sep|>    y = x + 1\n<|frame_sep|>
<|line_sep|>{"x": "..", "y": "6"}<|action_sep|>    return y\n<|frame_sep|>
<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"6"<|frame_sep|>
"""


def test_defect_6_values_are_carried_over_a_call() -> None:
    check(
        CALLER,
        {"x": "1"},
        CALLS
        + """
<|line_sep|>{"x": "1", "z": "6"}<|action_sep|>    w = g(6)\n<|frame_sep|>
<|call_sep|>{"x": "6"}<|action_sep|>def g(x):\n<|frame_sep|>
<|line_sep|>{"x": ".."}<|action_sep|>    y = x + 1\n<|frame_sep|>
<|line_sep|>{"x": "..", "y": "7"}<|action_sep|>    return y\n<|frame_sep|>
<|return_sep|><|action_sep|>    return y\n<|arg_sep|>"7"<|frame_sep|>
<|line_sep|>{"x": "..", "z": "..", "w": "7"}<|action_sep|>    return x + z\n<|frame_sep|>
""",
        """
        line 6 f 0
        call 1 g 1 x=5
        line 2 g 1 (x=5)
        line 3 g 1 y=6 (x=5)
        return 3 g 1 (x=5 y=6) <- 6
        line 7 f 0 z=6
        call 1 g 1 x=6
        line 2 g 1 (x=6)
        line 3 g 1 y=7 (x=6)
        return 3 g 1 (x=6 y=7) <- 7
        line 8 f 0 w=7 (z=6)
        ! the output ends before the entry scope is left
        """,
    )


def test_defect_7_the_arguments_of_a_called_function_are_never_the_callers_locals() -> None:
    steps, _ = decoded(
        entry(CALLER, {"x": "1"}),
        CALLS + '<|line_sep|>{"x": "1", "z": "6"}<|action_sep|>    w = g(6)\n<|frame_sep|>',
    )
    returned, caller = steps[-2], steps[-1]
    assert (returned.depth, {n: g.text for n, g in returned.locals.items()}) == (1, {"x": "5", "y": "6"})
    assert (caller.depth, {n: g.text for n, g in caller.locals.items()}) == (0, {"z": "6"})


def test_defect_8_a_frame_that_is_cut_off_is_a_problem_and_no_step() -> None:
    check(
        CALLER,
        {"x": "1"},
        '<|line_sep|>{"x": ".."}<|action_sep|>    z = g(5)\n<|frame_sep|>\n<|line_sep|>{"x": "1", "z',
        """
        line 6 f 0
        ! the output is cut off inside a frame
        """,
    )


@pytest.mark.parametrize(
    ("locals_text", "changed", "problem"),
    [
        ('{"n": "..", "a": 2', "a=2", "broken JSON in the locals"),
        ('{"n": "..", "a": "2', "", "broken JSON in the locals"),
        ('{"n": "..", "a": "2"} }', "a=2", "broken JSON in the locals"),
        ('{"n": "..", "a" "2"}', "", "broken JSON in the locals"),
        ('{"n": "..", "a": "\\x"}', "", "broken JSON in the locals"),
        ('{"n": "..", "a": 2}', "a=2", "a value of 'a' that is no JSON string"),
        ('{"n": "..", "a": "1", "a": "2"}', "a=2", "'a' twice in the locals"),
        ('{"n": "..", "q": ".."}', "", "'q' is said to be unchanged, and nothing is known of it"),
        ("[1]", "", "locals that are no JSON object"),
        ("", "", "locals that are no JSON object"),
    ],
)
def test_defect_8_malformed_locals_never_become_a_variable(
    locals_text: str, changed: str, problem: str
) -> None:
    trace = entry("def f(n):\n    a = n + 1\n    return a\n", {"n": "1"})
    steps, problems = decoded(
        trace,
        '<|line_sep|>{"n": ".."}<|action_sep|>    a = n + 1\n<|frame_sep|>'
        f"<|line_sep|>{locals_text}<|action_sep|>    return a\n<|frame_sep|>",
        end=False,
    )
    assert [problem.message for problem in problems] == [problem]
    assert steps[-1].line == 3
    assert " ".join(f"{name}={guess.text}" for name, guess in steps[-1].changed.items()) == changed


def test_defect_9_going_back_and_forward_again_gives_the_same() -> None:
    trace = record(*program("calls"))
    encoded = BYTES.encode(trace)
    for step in range(1, len(trace.events)):
        end = encoded.starts[step + 1] if step + 1 < len(trace.events) else len(encoded.tokens)
        written = encoded.tokens[encoded.starts[step] : end]
        one, two = (BYTES.decoder_at(encoded, step) for _ in range(2))
        assert one.feed(written, [0.0] * len(written)) == two.feed(written, [0.0] * len(written))
        assert one.done


def test_defect_10_nothing_is_sent_twice() -> None:
    trace = record(*program("calls"))
    decoder = BYTES.decoder(replace(trace, events=trace.events[:1]))
    prompt = len(decoder.forced)
    decoder.accept()
    sent, _, _ = _driven(decoder, trace)
    assert prompt + sent == len(BYTES.encode(trace).tokens) - 1  # but for the end of the trace


# --- more bad output ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("hello", "text outside of a frame"),
        ("<|frame_sep|>", "a separator outside of a frame"),
        ('<|line_sep|>{"x": ".."}<|frame_sep|>', "a frame without a source line"),
        (
            '<|line_sep|>{"x": ".."}    z = g(5)\n<|line_sep|>',
            "a frame that is not closed before the next one",
        ),
        (
            '<|line_sep|>{"x": ".."}<|action_sep|><|action_sep|>    z = g(5)\n<|frame_sep|>',
            "a separator out of place in a line frame",
        ),
        ("<|return_sep|><|action_sep|>def f(x):\n<|frame_sep|>", "return frame without a value"),
        (
            "<|return_sep|><|action_sep|>def f(x):\n<|arg_sep|>4<|frame_sep|>",
            "a return value that is no JSON string",
        ),
        (
            '<|return_sep|><|action_sep|>    return x\n<|arg_sep|>"4"<|frame_sep|>',
            "return at 'return x', where the frame is not",
        ),
        (
            '<|call_sep|>{"q": "1"}<|action_sep|>def q(q):\n<|frame_sep|>',
            "a call of 'def q(q):', where no function of this file begins",
        ),
        ("<|end_of_text|>", "the trace ends before the entry scope is left"),
        ("<|begin_of_text|>", "a separator outside of a frame"),
        ("", "the output ends before the entry scope is left"),
    ],
)
def test_problems(output: str, problem: str) -> None:
    _, problems = decoded(entry(CALLER, {"x": "1"}), output)
    assert problem in [one.message for one in problems]


def test_frames_of_an_unknown_function_do_not_touch_those_of_the_caller() -> None:
    check(
        "def f(x):\n    y = print(x)\n    return y\n",
        {"x": "1"},
        """
        <|line_sep|>{"x": ".."}<|action_sep|>    y = print(x)\n<|frame_sep|>
        <|call_sep|>{"x": "7", "file": "None"}<|action_sep|>def print(x, file):\n<|frame_sep|>
        <|line_sep|>{"x": "8", "file": ".."}<|action_sep|>    write(x)\n<|frame_sep|>
        <|return_sep|><|action_sep|>    write(x)\n<|arg_sep|>"None"<|frame_sep|>
        <|line_sep|>{"x": "1", "y": "None"}<|action_sep|>    return y\n<|frame_sep|>
        <|return_sep|><|action_sep|>    return y\n<|arg_sep|>"None"<|frame_sep|><|end_of_text|>
        """,
        """
        line 2 f 0
        line 3 f 0 y=None
        return 3 f 0 (y=None) <- None
        ! a call of 'def print(x, file):', where no function of this file begins
        """,
    )


def test_a_model_that_repeats_itself_is_stopped() -> None:
    trace = entry("def f(x):\n    while True:\n        x = x\n", {"x": "1"})
    again = (
        '<|line_sep|>{"x": ".."}<|action_sep|>    while True:\n<|frame_sep|>'
        '<|line_sep|>{"x": ".."}<|action_sep|>        x = x\n<|frame_sep|>'
    )
    steps, problems = decoded(trace, again * 500)
    assert [problem.message for problem in problems] == ["the model repeats itself"]
    assert len(steps) < 60


def test_a_long_loop_that_gets_somewhere_is_not_repetition() -> None:
    trace = record("def f(n):\n    while n:\n        n -= 1\n    return n\n", "f(100)")
    encoded = BYTES.encode(trace)
    steps, problems = _fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
    assert (len(steps), problems) == (len(trace.events) - 1, [])


def test_lost_output_ends_after_a_few_frames_that_fit_nowhere() -> None:
    trace = entry(CALLER, {"x": "1"})
    nonsense = "".join(
        f'<|line_sep|>{{"x": "{n}"}}<|action_sep|>nonsense {n}\n<|frame_sep|>' for n in range(9)
    )
    decoder = BYTES.decoder(trace)
    decoder.accept()
    tokens = BYTES.read(nonsense)
    problems = decoder.feed(tokens, [0.0] * len(tokens)).problems
    assert decoder.done
    assert len(problems) == 3


# --- driven by an engine -----------------------------------------------------------------------


def _driven(decoder: CwmDecoder, trace: Trace) -> tuple[int, int, list[PredictedStep]]:
    """Let a model that knows ``trace`` write what is not forced: tokens in all, tokens forced, steps."""
    encoded = BYTES.encode(trace)
    place = encoded.starts[1]
    total = forced = 0
    steps: list[PredictedStep] = []
    while not decoder.done:
        known = decoder.forced
        if known:
            assert encoded.tokens[place : place + len(known)] == known
            decoder.accept()
            place, total, forced = place + len(known), total + len(known), forced + len(known)
            continue
        if isinstance(choices := decoder.choices, frozenset):  # a grammar is tried in test_cwm_grammar.py
            assert encoded.tokens[place] in choices
        end = place + 1
        while encoded.tokens[end - 1] not in decoder.stop:
            end += 1
        written = encoded.tokens[place:end]
        steps += decoder.feed(written, [-0.1] * len(written)).steps
        place, total = end, total + len(written)
    return total, forced, [*steps, *decoder.feed((), ()).steps]


@pytest.mark.parametrize("name", [name for name in names() if name not in ("generators", "interleaved")])
def test_what_is_forced_is_what_a_right_model_would_write(name: str) -> None:
    trace = record(*program(name))
    decoder = BYTES.decoder(replace(trace, events=trace.events[:1]))
    as_decoder: Decoder = decoder
    assert as_decoder.forced[-1] in as_decoder.stop
    decoder.accept()
    total, forced, steps = _driven(decoder, trace)
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
    plain, _ = _fed(BYTES, trace, output, [len(output)])
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
