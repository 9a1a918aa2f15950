"""What a frame is expected to do, held against what it does: by a tracer that asks as a breakpoint would."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

from cwm_lsp.record.agent import expect

SOURCE = """\
def total(xs):
    result = 0
    for x in xs:
        result = result + x
    return result


def called(xs):
    return total(xs)
"""
SUM: list[expect.Step] = [
    (3, {"result": "0"}, []),
    (4, {"x": "4"}, []),
    (3, {"result": "4"}, []),
    (4, {"x": "9"}, []),
]


class Odd(int):
    __slots__ = ()

    def __repr__(self) -> str:
        raise ValueError


def run(call: str, steps: Sequence[expect.Step], function: str = "total", first: int = 2) -> dict[str, Any]:
    """The place that the course stopped at, and what it tells there."""
    names: dict[str, Any] = {"OBJECT": Odd()}
    exec(compile(SOURCE, "shop.py", "exec"), names)
    found: dict[str, Any] = {}
    course: list[expect.Course] = []

    def local(frame: FrameType, event: str, arg: object) -> Any:
        if event == "line" and not found:
            if not course:
                if (frame.f_code.co_name, frame.f_lineno) == (function, first):
                    course.append(expect.Course(frame, list(steps)))
            else:
                course[0].came(frame)
                if course[0].left:
                    found.update(at=(frame.f_code.co_name, frame.f_lineno), **course[0].told(frame))
        return local

    before = sys.gettrace()
    sys.settrace(lambda frame, event, arg: local if frame.f_code.co_filename == "shop.py" else None)
    try:
        eval(call, names)
    finally:
        sys.settrace(before)
    assert found
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def lines(found: dict[str, Any]) -> list[int]:
    return [one[0] for one in found["passed"]]


def test_what_comes_as_expected_goes_on_to_the_end_of_the_course() -> None:
    found = run("total([4, 9])", SUM)
    assert lines(found) == [3, 4, 3, 4]
    assert found["at"] == ["total", 3]
    assert found["here"]
    assert found["passed"][2][1] == {"result": ["4", "int", None, False, False]}


def test_another_value_stops_at_its_line() -> None:
    found = run("total([5, 9])", SUM)
    assert (found["at"], lines(found)) == (["total", 4], [3])


def test_another_line_stops_there() -> None:
    found = run("total([])", SUM)
    assert (found["at"], lines(found)) == (["total", 5], [3])


def test_a_change_that_was_not_expected_stops() -> None:
    found = run("total([4])", [(3, {}, [])])
    assert (found["at"], lines(found)) == (["total", 3], [])


def test_a_name_that_was_to_go_and_stays_stops() -> None:
    found = run("total([4])", [(3, {"result": "0"}, ["xs"])])
    assert (found["at"], lines(found)) == (["total", 3], [])


def test_another_frame_stops() -> None:
    found = run("called([4])", [(9, {}, [])], "called", 9)
    assert (found["at"], lines(found), found["here"]) == (["total", 2], [], True)


def test_a_value_that_its_text_does_not_describe_is_never_as_expected() -> None:
    found = run("total([OBJECT])", [SUM[0], (4, {"x": "<Odd object>"}, [])])
    assert (found["at"], lines(found)) == (["total", 4], [3])
