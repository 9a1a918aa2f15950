"""What a step turned out to be, told from where the thread stood before and stands now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from cwm_lsp.dap.journey import Journey
from cwm_lsp.dap.shots import Frame, Left, Shot
from cwm_lsp.predict.standing import Standing, premise
from cwm_lsp.trace.model import Event, EventKind, SourceFile, Value

SOURCE = SourceFile(
    "shop.py",
    "def outer(n):\n    m = inner(\n        n,\n    ) + inner(3)\n    return m\n\n\n"
    "def inner(k):\n    return k\n",
)
OUTER, INNER = Frame(1, "shop.py", "outer", 1, 2), Frame(2, "shop.py", "inner", 8, 9)


class Walk:
    """A journey that stands at lines of ``outer``, or of ``inner`` called from line 2."""

    def __init__(self) -> None:
        self.journey = Journey()
        self.standing: Standing | None = None

    def to(
        self,
        line: int,
        command: str = "stepIn",
        *,
        inner: bool = False,
        returned: Mapping[str, Value] | None = None,
        raised: Value | None = None,
        left: Left | None = None,
    ) -> Event | None:
        caller = Frame(OUTER.identity, OUTER.path, OUTER.function, OUTER.first, 2 if inner else line)
        frames = (Frame(2, "shop.py", "inner", 8, line), caller) if inner else (caller,)
        shown = {"k": Value("3")} if inner else {"n": Value("3")}
        shot = Shot(1, 7, frames, shown, returned or {}, raised, left=left)
        top = frames[0]
        here = Standing(SOURCE, top.function, top.first, line, shown, frame=top.identity)
        stand, came = self.journey.arrive(shot, here, command)
        self.standing = stand.standing
        return came


def test_a_step_within_a_frame_is_a_line() -> None:
    walk = Walk()
    assert walk.to(2) is None, "nothing is known of how it got to the first stop"
    came = walk.to(5, "next")
    assert came is not None
    assert (came.kind, came.line, came.depth) == (EventKind.LINE, 5, 0)


@pytest.mark.parametrize("command", ["continue", "stepOut", "goto"])
def test_other_ways_on_are_compared_with_nothing(command: str) -> None:
    walk = Walk()
    walk.to(2)
    assert walk.to(5, command) is None


def test_fragments_of_a_statement_are_one() -> None:
    walk = Walk()
    walk.to(2)
    assert walk.to(3) is None
    assert walk.to(2) is None
    assert walk.to(5) is not None


def test_in_and_out_of_a_call() -> None:
    walk = Walk()
    walk.to(2)
    entered = walk.to(9, inner=True)
    assert entered is not None
    assert (entered.kind, entered.line, entered.depth) == (EventKind.CALL, 8, 1)
    given = walk.to(2, returned={"inner": Value("3")})
    assert given is not None
    assert (given.kind, given.value) == (EventKind.RETURN, Value("3"))
    assert walk.standing is not None
    assert list(walk.standing.returned) == [Value("3")]
    assert not walk.standing.midway
    walk.to(9, inner=True)
    walk.to(2, returned={"inner": Value("4")})
    assert list(walk.standing.returned) == [Value("3"), Value("4")]


def test_a_value_that_nobody_saw_leaves_the_line_unjudged() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    came = walk.to(2)
    assert came is not None
    assert came.value is None
    assert walk.standing is not None
    assert walk.standing.midway
    walk.to(5)
    assert not walk.standing.midway


def test_an_exception_is_one_of_the_line_that_stood() -> None:
    walk = Walk()
    walk.to(5)
    came = walk.to(5, "next", raised=Value("ValueError('no')"))
    assert came is not None
    assert (came.kind, came.value) == (EventKind.EXCEPTION, Value("ValueError('no')"))


def test_what_no_line_leads_to_is_another_activation_in_the_same_place() -> None:
    """CPython gives the memory of a frame that has ended to the next one."""
    walk = Walk()
    walk.to(9, inner=True)
    assert walk.to(9, "next", inner=True) is None
    walk.to(5, "next")
    assert walk.to(2, "next") is None


def test_a_caller_that_stands_elsewhere_was_not_returned_to() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    assert walk.to(5) is None


def test_a_step_out_of_a_call_brings_its_value_and_is_compared_with_nothing() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    assert walk.to(2, "stepOut", returned={"inner": Value("3")}) is None
    assert walk.standing is not None
    assert (walk.standing.returned, walk.standing.midway) == ((Value("3"),), False)
    walk.to(9, inner=True)
    walk.to(2, "stepOut")
    assert walk.standing.midway, "nobody saw what the second call gave back"


def test_a_step_from_a_return_may_end_behind_the_call() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    given = walk.to(5, "next", returned={"inner": Value("3")})
    assert given is not None
    assert (given.kind, given.value) == (EventKind.RETURN, Value("3"))
    assert walk.standing is not None
    assert (walk.standing.returned, walk.standing.midway) == ((), False)


def test_a_frame_that_an_exception_takes_out_has_not_returned() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    came = walk.to(2, returned={"inner": Value("None")}, left=Left(INNER.identity, "exception"))
    assert came is not None
    assert (came.kind, came.value) == (EventKind.EXCEPTION, None)
    assert walk.standing is not None
    assert walk.standing.unforeseen.startswith("An exception is on its way")


def test_a_generator_that_waits_has_not_ended() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    came = walk.to(2, returned={"inner": Value("3")}, left=Left(INNER.identity, "yield"))
    assert came is not None
    assert (came.kind, came.yielded) == (EventKind.RETURN, True)


def test_of_a_constructor_the_object_comes_back_to_the_line() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    came = walk.to(2, returned={"inner": Value("None")}, left=Left(INNER.identity, "return", Value("Box(3)")))
    assert came is not None
    assert came.value == Value("None")
    assert walk.standing is not None
    assert list(walk.standing.returned) == [Value("Box(3)")]


def test_of_another_frame_that_leaves_nothing_is_taken() -> None:
    walk = Walk()
    walk.to(2)
    walk.to(9, inner=True)
    came = walk.to(2, returned={"inner": Value("3")}, left=Left(99, "exception", Value("Box(3)")))
    assert came is not None
    assert (came.kind, came.value) == (EventKind.RETURN, Value("3"))


TRIED = SourceFile(
    "try.py",
    "def f(x):\n    try:\n        y = int(x)\n        z = y\n    except ValueError:\n        y = 0\n"
    "    finally:\n        z = 1\n    return z\n",
)


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (3, 4, EventKind.LINE),
        (3, 5, EventKind.EXCEPTION),
        (4, 5, EventKind.EXCEPTION),
        (5, 6, EventKind.LINE),
        (6, 8, EventKind.LINE),
    ],
)
def test_a_line_that_only_an_exception_leads_to_tells_of_one(before: int, now: int, kind: EventKind) -> None:
    journey, said = Journey(), Value("ValueError('no')")
    for at in (before, now):
        frame = Frame(1, "try.py", "f", 1, at)
        shot = Shot(1, 7, (frame,), {}, {}, None, said)
        _, came = journey.arrive(shot, Standing(TRIED, "f", 1, at, {}, frame=1), "next")
    assert came is not None
    assert came.kind is kind
    assert (came.line, came.value) == ((before, said) if kind is EventKind.EXCEPTION else (now, None))


GIVES = SourceFile(
    "gives.py",
    "def each(xs):\n    for x in xs:\n        yield x\n\n\n"
    "def use(xs):\n    with box() as b:\n        b = list(each(xs))\n        c = [y for y in each(b)]\n"
    "    for d in each(b):\n        c = d\n    return c\n",
)
USE, EACH, ITEMS = Frame(1, "gives.py", "use", 6, 8), Frame(2, "gives.py", "each", 1, 3), "<listcomp>"


class Round:
    """A journey through the frames of ``GIVES``, each named with its line, innermost first."""

    def __init__(self) -> None:
        self.journey = Journey()

    def to(self, *frames: tuple[str, int], left: Left | None = None, returned: str = "") -> Event | None:
        known = {"use": USE, "each": EACH, "enter": Frame(4, "lib.py", "enter", 1, 1)} | {
            ITEMS: replace(USE, identity=3, function=ITEMS, first=9)
        }
        stack = tuple(replace(known[name], line=line) for name, line in frames)
        top = stack[0]
        shot = Shot(1, 7, stack, {}, {"each": Value(returned)} if returned else {}, None, left=left)
        here = Standing(GIVES, top.function, top.first, top.line, {}, frame=top.identity)
        stand, came = self.journey.arrive(shot, here, "stepIn")
        assert stand.standing is not None
        self.standing = stand.standing
        return came


def test_a_generator_that_was_gone_through_unseen_is_compared_with_nothing() -> None:
    walk = Round()
    walk.to(("each", 3), ("use", 8))
    assert walk.to(("each", 2), ("use", 8)) is None, "list() took the value and asked for the next"
    came = walk.to(("each", 3), ("use", 8))
    assert came is not None
    assert (came.kind, came.line) == (EventKind.LINE, 3)


def test_of_a_value_that_is_handed_out_an_older_return_says_nothing() -> None:
    walk = Round()
    walk.to(("each", 3), ("use", 10))
    came = walk.to(("use", 10), left=Left(EACH.identity, "yield"), returned="None")
    assert came is not None
    assert (came.kind, came.value, came.yielded) == (EventKind.RETURN, None, True)
    walk.to(("each", 3), ("use", 10))
    assert walk.to(("use", 11), returned="None") is None


def test_the_end_of_a_generator_is_no_value_of_the_line_that_goes_through_it() -> None:
    walk = Round()
    walk.to(("use", 8))
    walk.to(("each", 2), ("use", 8))
    walk.to(("use", 8), left=Left(EACH.identity, "return"), returned="None")
    assert walk.standing.midway
    assert walk.standing.returned == ()
    walk.to(("use", 10))
    walk.to(("each", 2), ("use", 10))
    walk.to(("use", 10), left=Left(EACH.identity, "return"), returned="None")
    assert (walk.standing.midway, list(walk.standing.returned)) == (False, [Value("None")])


def test_a_comprehension_is_no_call_and_gives_the_line_a_part() -> None:
    walk = Round()
    walk.to(("use", 9))
    assert walk.to((ITEMS, 9), ("use", 9)) is None
    walk.to(("use", 9), left=Left(3, "return"))
    assert walk.standing.midway


def test_the_head_of_a_with_that_runs_once_more_leaves_it() -> None:
    walk = Round()
    walk.to(("use", 7))
    assert walk.standing.closing == 0
    walk.to(("use", 8))
    walk.to(("use", 9))
    came = walk.to(("use", 7))
    assert came is not None
    assert walk.standing.closing == 9
    given = premise(walk.standing).trace
    assert [event.line for event in given.events] == [6, 9, 7]
    walk.to(("use", 10))
    assert walk.standing.closing == 0


def test_a_call_by_way_of_a_library_leaves_the_line_unjudged() -> None:
    walk = Round()
    walk.to(("use", 8))
    walk.to(("each", 3), ("enter", 1), ("use", 8))
    walk.to(("use", 8))
    assert walk.standing.midway
    walk.to(("use", 9))
    assert not walk.standing.midway
