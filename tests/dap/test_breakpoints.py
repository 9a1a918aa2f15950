"""Breakpoints of ours beside the client's, and what can be watched, without a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cwm_lsp.dap.breakpoints import Breakpoints
from cwm_lsp.dap.data_breakpoints import way
from cwm_lsp.errors import ArgumentsError
from cwm_lsp.record.agent import watch
from cwm_lsp.wire.dap import Event, Json, Request

PATH = "/home/me/shop.py"


class Debugpy:
    """Gives every breakpoint that is set a number of its own, as debugpy does."""

    def __init__(self) -> None:
        self.held: list[Json] = []
        self._next = 0

    async def ask(self, command: str, arguments: Json | None = None, *, patience: float = 5.0) -> Json:
        assert command == "setBreakpoints"
        return self.set(arguments or {})

    def set(self, arguments: Json) -> Json:
        self.held = list(arguments["breakpoints"])
        told = []
        for one in self.held:
            self._next += 1
            told.append({"id": self._next, "line": one["line"], "verified": True})
        return {"breakpoints": told}

    answer = refuse = forward = announce = lambda self, *told: pytest.fail(f"not asked for: {told}")


def client_sets(beside: Breakpoints, debugpy: Debugpy, *breakpoints: Json) -> list[Any]:
    """The numbers that a client is given for its breakpoints."""
    given = Request(1, "setBreakpoints", {"source": {"path": PATH}, "breakpoints": list(breakpoints)})
    sent = beside.request(given) or given
    body = debugpy.set(sent.arguments)
    shown = beside.response(sent, body) or body
    return [one["id"] for one in shown["breakpoints"]]


async def test_ours_stand_beside_the_clients_and_are_not_told() -> None:
    debugpy = Debugpy()
    beside = Breakpoints(debugpy)
    assert client_sets(beside, debugpy, {"line": 3}) == [1]
    told = await beside.plant("data", PATH, {2: "seen()", 3: "seen()"})
    assert [(line, one["id"]) for line, one in told.items()] == [(2, 2)]
    assert debugpy.held == [
        {"line": 2, "condition": "seen()"},
        {"line": 3, "condition": "(seen()) or (True\n)"},
    ]
    assert beside.lines(PATH) == {3}
    assert len(client_sets(beside, debugpy, {"line": 4, "condition": "x"}, {"line": 5})) == 2
    assert [one["line"] for one in debugpy.held] == [2, 3, 4, 5]
    await beside.plant("data", PATH, {})
    assert debugpy.held == [{"line": 4, "condition": "x"}, {"line": 5}]


async def test_the_client_hears_the_numbers_that_it_knows() -> None:
    debugpy = Debugpy()
    beside = Breakpoints(debugpy)
    (known,) = client_sets(beside, debugpy, {"line": 3})
    await beside.plant("data", PATH, {2: "seen()"})
    stop = beside.event(Event(1, "stopped", {"reason": "breakpoint", "hitBreakpointIds": [3]}))
    assert stop is not None
    assert stop.body["hitBreakpointIds"] == [known]
    moved = beside.event(Event(2, "breakpoint", {"breakpoint": {"id": 3, "line": 4}}))
    assert moved is not None
    assert moved.body["breakpoint"] == {"id": known, "line": 4}


async def test_owners_share_a_line() -> None:
    debugpy = Debugpy()
    beside = Breakpoints(debugpy)
    await beside.plant("history", PATH, {1: "keep()", 2: "keep()"})
    await beside.plant("entry", PATH, {1: ""})
    await beside.plant("data", PATH, {2: "seen()"})
    assert debugpy.held == [{"line": 1}, {"line": 2, "condition": "keep() or seen()"}]


async def test_some_conditions_of_ours_are_asked_where_the_clients_own_is_false() -> None:
    debugpy = Debugpy()
    beside = Breakpoints(debugpy)
    client_sets(
        beside, debugpy, {"line": 1}, {"line": 2, "condition": "n > 1"}, {"line": 4, "logMessage": "n"}
    )
    await beside.plant("search", PATH, {2: "look()", 3: "look()"}, after={1: "due()", 2: "due()", 3: "due()"})
    await beside.plant("data", PATH, {3: "seen()"})
    assert debugpy.held == [
        {"line": 3, "condition": "look() or seen() or due()"},
        {"line": 1},
        {"line": 2, "condition": "(look()) or (n > 1\n) or (due())"},
        {"line": 4, "logMessage": "n"},
    ]
    assert beside.unasked(PATH) == {4}


@pytest.mark.parametrize("own", [{"hitCondition": "5"}, {"logMessage": "{n}"}, {"condition": "n >"}])
async def test_a_breakpoint_that_counts_or_logs_or_does_not_parse_is_left_alone(own: Json) -> None:
    debugpy = Debugpy()
    beside = Breakpoints(debugpy)
    theirs = {"line": 3, **own}
    client_sets(beside, debugpy, theirs)
    await beside.plant("data", PATH, {3: "seen()"})
    assert debugpy.held == [theirs]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("total", ("total", (), False)),
        ("self.rows[-1]['id']", ("self", (("attribute", "rows"), ("item", -1), ("item", "id")), False)),
        ("globals()['LEVEL'].name", ("LEVEL", (("attribute", "name"),), True)),
    ],
)
def test_how_a_value_is_reached(expression: str, found: object) -> None:
    assert way(expression) == found


@pytest.mark.parametrize("expression", ["f(x)", "a + b", "rows[n]", "rows[1:2]", "", "x ="])
def test_what_would_have_to_be_run_is_not_reached(expression: str) -> None:
    with pytest.raises(ArgumentsError):
        way(expression)


class Plain:
    def __init__(self) -> None:
        self.count = 1

    @property
    def asked(self) -> int:
        raise AssertionError("code of the user's was run")


class Slots:
    __slots__ = ("count", "unset")

    def __init__(self) -> None:
        self.count = 1


class Below(Slots):
    pass


class Sly:
    def __getattribute__(self, name: str) -> object:
        raise AssertionError("code of the user's was run")


class Items(dict[str, int]):
    def __getitem__(self, key: str) -> int:
        raise AssertionError("code of the user's was run")


@pytest.mark.parametrize(
    ("holder", "step", "value"),
    [
        (Plain(), ("attribute", "count"), 1),
        (Slots(), ("attribute", "count"), 1),
        (Below(), ("attribute", "count"), 1),
        ({"a": 1}, ("item", "a"), 1),
        ([1, 2], ("item", -1), 2),
    ],
)
def test_a_part_is_read(holder: object, step: watch.Step, value: object) -> None:
    assert watch.part(holder, step) == value


@pytest.mark.parametrize(
    ("make", "step"),
    [
        (Plain, ("attribute", "asked")),
        (Slots, ("attribute", "unset")),
        (Slots, ("attribute", "__init__")),
        (Sly, ("attribute", "count")),
        (lambda: Items(a=1), ("item", "a")),
        (lambda: [1], ("item", 7)),
        (lambda: {"a": 1}, ("item", "b")),
    ],
)
def test_a_part_that_code_would_give_is_not_there(make: Callable[[], object], step: watch.Step) -> None:
    assert watch.part(make(), step) is watch.part([], ("item", 0))
