"""Model output in the CWM format that is wrong, and where it ends."""

from __future__ import annotations

import pytest

from tests.codec.pictures import BYTES, CALLER, check, decoded, entry, fed
from tests.codec.programs import record


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
    steps, problems = fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
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
