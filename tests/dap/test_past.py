"""The history of a session's stops, without a session: moving over it, and what is said of what was."""

from __future__ import annotations

from typing import Any

import pytest

from cwm_lsp.dap.backwards import told
from cwm_lsp.dap.journey import Stand
from cwm_lsp.dap.observer import Refuse, Reply
from cwm_lsp.dap.past import MOST, Look, Past
from cwm_lsp.dap.predicted_scope import References
from cwm_lsp.dap.shots import Frame, Shot
from cwm_lsp.trace.model import Value
from cwm_lsp.wire.dap import Request

PATH = "/home/me/shop.py"


def stand(line: int, *, depth: int = 1, thread: int = 1, **values: object) -> Stand:
    """A stop in the function number ``depth``, of which all callers are there as well."""
    frames = tuple(Frame(100 * thread + one, PATH, f"f{one}", one, line) for one in range(depth, 0, -1))
    hidden = Frame(2, "/lib/python3.11/threading.py", "run", 1, 1, hidden=True)
    strange = Frame(1, "/lib/debugpy/runpy.py", "run", 1, 1)
    shown = {name: Value(repr(value)) for name, value in values.items()}
    return Stand(Shot(thread, 7, (*frames, hidden, strange), shown, {}, None), None)


def past(*stands: Stand, stops: frozenset[int] = frozenset()) -> Past:
    made = Past(References(), lambda path: stops if path == PATH else frozenset())
    for one in stands:
        made.add(one)
    return made


def moved(history: Past, command: str) -> tuple[int, int | None]:
    """How far back a command led, and the line there."""
    look = history.move(command)
    assert isinstance(look, Look), look
    moment = history.moment
    return look.ago, moment.frames[0].line if moment is not None else None


def test_back_and_forth_ends_in_the_present() -> None:
    history = past(stand(1), stand(2), stand(3))
    assert [moved(history, "stepBack") for _ in range(2)] == [(1, 2), (2, 1)]
    assert isinstance(history.move("stepBack"), Refuse)
    assert [moved(history, "next") for _ in range(2)] == [(1, 2), (0, None)]
    assert not history.looking


def test_steps_keep_to_their_depth() -> None:
    history = past(stand(1), stand(5, depth=2), stand(6, depth=2), stand(2))
    assert moved(history, "stepBack") == (3, 1), "over the call"
    assert moved(history, "stepIn") == (2, 5)
    assert moved(history, "stepOut") == (0, None)


def test_reverse_continue_stops_at_breakpoints_of_then() -> None:
    history = past(*(stand(line) for line in (1, 2, 3, 2, 4)), stops=frozenset({2}))
    assert [moved(history, "reverseContinue") for _ in range(3)] == [(1, 2), (3, 2), (4, 1)]
    assert moved(history, "continue") == (3, 2)


def test_restart_frame_views_the_first_stop_of_that_frame() -> None:
    history = past(stand(1), stand(5, depth=2), stand(9, depth=3), stand(6, depth=2))
    assert moved(history, "restartFrame") == (2, 5)


def test_ten_thousand_stops_are_gone_over_one_by_one() -> None:
    history = past(*(stand(line, n=line) for line in range(10_000)))
    assert [moved(history, "stepBack")[1] for _ in range(9_999)] == list(range(9_998, -1, -1))
    assert history.ago == 9_999


def test_the_oldest_stops_go_first() -> None:
    history = past(*(stand(line) for line in range(MOST + 1)))
    ago, line = moved(history, "reverseContinue")
    assert line == MOST // 10
    assert ago == MOST - MOST // 10


def test_callers_are_as_they_last_stood() -> None:
    history = past(stand(1, a=1), stand(5, depth=2, b=2), stand(6, depth=2, b=3))
    history.move("stepBack")
    stack = answered(history, "stackTrace", threadId=1)["stackFrames"]
    assert [one["name"] for one in stack] == ["f2 ↶", "f1 ↶"], "the debugger's own frames are left out"
    shown = [answered(history, "variables", variablesReference=one["id"])["variables"] for one in stack]
    assert [(one["name"], one["value"]) for rows in shown for one in rows] == [("b", "2 ↶"), ("a", "1 ↶")]


def test_what_a_caller_held_is_not_made_up() -> None:
    history = past(stand(5, depth=2, b=2), stand(6, depth=2, b=3))
    history.move("stepBack")
    outer = answered(history, "stackTrace", threadId=1)["stackFrames"][1]["id"]
    assert answered(history, "variables", variablesReference=outer)["variables"][0]["name"] == "(not seen)"


@pytest.mark.parametrize(
    ("expression", "said"),
    [("n", "4 ↶"), ("n * 2 + 1", "9 ↶ · computed"), ("n in [4, 5]", "True ↶ · computed")],
)
def test_pure_expressions_are_computed_on_what_was(expression: str, said: str) -> None:
    history = past(stand(1, n=4), stand(2, n=5))
    history.move("stepBack")
    assert answered(history, "evaluate", expression=expression)["result"] == said


@pytest.mark.parametrize("command", ["setVariable", "goto", "completions", "exceptionInfo"])
def test_what_only_the_present_can_is_refused(command: str) -> None:
    history = past(stand(1), stand(2))
    history.move("stepBack")
    refused = history.answer(Request(1, command))
    assert isinstance(refused, Refuse)
    assert "present" in refused.message


def test_a_what_if_is_of_the_present() -> None:
    history = past(stand(1, n=4), stand(2, n=5))
    history.move("stepBack")
    refused = history.answer(Request(1, "evaluate", {"expression": "?? n = 3"}))
    assert refused == Refuse("A what-if starts from the present. Continue to come back to it.")


def test_the_present_is_left_to_debugpy() -> None:
    history = past(stand(1), stand(2))
    assert history.answer(Request(1, "stackTrace", {"threadId": 1})) is None
    assert Past.moves("stepBack", looking=False)
    assert not Past.moves("next", looking=False)


def answered(history: Past, command: str, **arguments: object) -> dict[str, Any]:
    reply = history.answer(Request(1, command, arguments))
    assert isinstance(reply, Reply), reply
    return dict(reply.body)


def test_frames_that_the_debugger_does_not_show_are_not_shown_of_the_past() -> None:
    history = past(stand(1), stand(2))
    history.move("stepBack")
    told = history.answer(Request(1, "stackTrace", {"threadId": 1}))
    assert isinstance(told, Reply)
    assert [one["name"] for one in told.body["stackFrames"]] == ["f1 ↶"]


def test_a_stop_of_another_thread_is_looked_at_as_that_one_s() -> None:
    history = past(stand(1, thread=3), stand(2), stops=frozenset({1}))
    look = history.move("reverseContinue")
    assert isinstance(look, Look)
    assert told(look, 1)["threadId"] == 3
    assert isinstance(history.answer(Request(1, "stackTrace", {"threadId": 3})), Reply)
    assert isinstance(history.answer(Request(2, "stackTrace", {"threadId": 1})), Refuse)
    ended = history.threads({"threads": [{"id": 1, "name": "MainThread"}]})
    assert ended == {"threads": [{"id": 1, "name": "MainThread"}, {"id": 3, "name": "Thread 3 ↶"}]}
    assert history.threads({"threads": [{"id": 3, "name": "worker"}]}) is None


def test_a_step_back_keeps_to_its_thread() -> None:
    history = past(stand(1), stand(7, thread=3))
    assert history.move("stepBack") == Refuse(
        "Nothing of this thread was seen before this stop; reverse continue goes on to others."
    )
    assert not history.looking
    assert moved(history, "reverseContinue") == (1, 1)
    history = past(stand(7, thread=3), stand(1), stand(8, thread=3))
    assert moved(history, "stepBack") == (2, 7)


def test_a_stop_that_was_not_looked_into_is_one_all_the_same() -> None:
    history = past(stand(1, a=1), stand(2, a=2))
    history.glimpsed(1, (Frame(-5, PATH, "f1", 0, 3),))
    assert moved(history, "stepBack") == (1, 2), "the stop before the present, not the one before that"
    history.leave()
    history.add(stand(4, a=4))
    assert moved(history, "stepBack") == (1, 3)
    (frame,) = answered(history, "stackTrace", threadId=1)["stackFrames"]
    (shown,) = answered(history, "variables", variablesReference=frame["id"])["variables"]
    assert shown["name"] == "(not seen)"
