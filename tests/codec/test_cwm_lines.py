"""Which statement a line of output is: by control flow, by class, folded where it is part of one."""

from __future__ import annotations

from tests.codec.pictures import BYTES, REPEATED, check, fed
from tests.codec.programs import record


def test_repeated_lines_are_told_apart_by_where_they_can_follow() -> None:
    trace = record(REPEATED.lstrip(), "f(1)")
    encoded = BYTES.encode(trace)
    steps, problems = fed(BYTES, trace, encoded.tokens[encoded.starts[1] :], [10**6])
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
