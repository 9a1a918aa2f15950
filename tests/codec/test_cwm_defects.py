"""The defects of the published demo debugger that a codec can have, each as a test that ours passes.

Those of stepping are in ``tests/dap/test_ghost_defects.py``, what takes too long in ``tests/backend``.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from cwm_lsp.trace.model import EventKind, Value
from tests.codec.pictures import BYTES, CALLER, check, decoded, driven, entry, fed
from tests.codec.programs import program, record


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


def test_defect_2_a_line_that_stands_twice_is_found_where_it_runs() -> None:
    trace = record("def f(x):\n    x += 1\n    y = x\n    x += 1\n    return x\n", "f(1)")
    encoded = BYTES.encode(trace)
    steps, _ = fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
    assert [step.line for step in steps] == [2, 3, 4, 5, 5]


def test_defect_3_the_return_of_a_nested_call_is_not_that_of_the_frame() -> None:
    trace = record(*program("calls"))
    encoded = BYTES.encode(trace)
    steps, _ = fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
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
    sent, _, _ = driven(decoder, trace)
    assert prompt + sent == len(BYTES.encode(trace).tokens) - 1  # but for the end of the trace
