"""What a client asked at one stop is asked in its place at the next: as a table, then on the real debugpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.stream import Framed, whole
from cwm_lsp.dap.traffic import OWN, Action, ToClient, ToDebugpy, Traffic
from cwm_lsp.wire.dap import Event, Malformed, Message, Request, Response
from tests.dap.client import Client, over_stdio
from tests.dap.debugging import both, launch, written
from tests.dap.programs import line
from tests.dap.test_traffic import asked, framed

STOPPED = framed(Event(1, "stopped", {"threadId": 5, "allThreadsStopped": True}))
STACK = {"stackFrames": [{"id": 31, "line": 2}]}
SCOPES = {
    "scopes": [{"name": "Locals", "variablesReference": 41}, {"name": "Globals", "variablesReference": 42}]
}
LOOK: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("threads", {}, {"threads": []}),
    ("stackTrace", {"threadId": 5, "startFrame": 0, "levels": 20}, STACK),
    ("scopes", {"frameId": 31}, SCOPES),
    ("variables", {"variablesReference": 41}, {"variables": []}),
)


class Wire:
    """A traffic, what it has sent debugpy and not got answered, and what the client got."""

    def __init__(self) -> None:
        self.traffic = Traffic()
        self.sent: list[Request] = []
        self.got: list[Message] = []
        self._seq = 0

    def client(self, command: str, **arguments: Any) -> int:
        self._seq += 1
        self._do(self.traffic.from_client(asked(self._seq, command, **arguments)))
        return self._seq

    def debugpy(self, framed: Framed) -> None:
        self._do(self.traffic.from_debugpy(framed))

    def answer(self, body: dict[str, Any], success: bool = True) -> str:
        """Answer the oldest question that debugpy has; its command."""
        request = self.sent.pop(0)
        self.debugpy(framed(Response(9, request.seq, request.command, success, body)))
        return request.command

    def look(self) -> None:
        """The client asks what it wants to know, each question when the one before is answered."""
        for command, arguments, body in LOOK:
            self.client(command, **arguments)
            assert self.answer(body) == command

    @property
    def commands(self) -> list[str]:
        return [request.command for request in self.sent]

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case ToDebugpy(data):
                    request = message(data)
                    assert isinstance(request, Request)
                    self.sent.append(request)
                case ToClient(data):
                    self.got.append(message(data))


def message(data: bytes) -> Message:
    one = whole(data)
    assert one is not None
    assert not isinstance(one.message, Malformed)
    return one.message


def second_stop() -> Wire:
    wire = Wire()
    wire.debugpy(STOPPED)
    assert wire.sent == []
    wire.look()
    wire.client("next", threadId=5)
    assert wire.answer({}) == "next"
    wire.debugpy(STOPPED)
    wire.got.clear()
    return wire


def test_the_questions_of_the_stop_before_are_asked_at_once_and_answers_wait_for_the_client() -> None:
    wire = second_stop()
    assert wire.commands == ["threads", "stackTrace"]
    for command, _, body in LOOK:
        assert wire.answer(body) == command
    assert wire.sent == wire.got == []
    asked = [wire.client(command, **arguments) for command, arguments, _ in LOOK]
    assert wire.sent == []
    assert [(one.request_seq, one.body) for one in wire.got if isinstance(one, Response)] == [
        (seq, body) for seq, (_, _, body) in zip(asked, LOOK, strict=True)
    ]


def test_the_client_takes_over_a_question_that_is_on_its_way() -> None:
    wire = second_stop()
    seqs = []
    for command, arguments, body in LOOK:
        before = wire.commands
        seqs.append(wire.client(command, **arguments))
        assert wire.commands == before
        assert wire.answer(body) == command
    assert [one.request_seq for one in wire.got if isinstance(one, Response)] == seqs
    assert wire.sent == []


def test_an_answer_serves_once() -> None:
    wire = second_stop()
    assert wire.answer({}) == "threads"
    wire.client("threads")
    assert "threads" not in wire.commands
    wire.client("threads")
    assert wire.commands[-1] == "threads"


@pytest.mark.parametrize(
    "command", ["evaluate", "setVariable", "setExpression", "setBreakpoints", "unheardOf"]
)
def test_no_answer_serves_after_something_that_may_change_it(command: str) -> None:
    wire = second_stop()
    for name, _, body in LOOK:
        assert wire.answer(body) == name
    wire.client(command)
    assert wire.answer({}) == command
    wire.client("variables", variablesReference=41)
    assert wire.commands == ["variables"]
    assert wire.sent[0].seq < OWN


def test_a_question_on_its_way_when_something_changes_is_asked_again() -> None:
    wire = second_stop()
    assert wire.answer({}) == "threads"
    wire.client("setVariable", variablesReference=41)
    wire.client("stackTrace", **LOOK[1][1])
    assert wire.answer(STACK) == "stackTrace"
    assert wire.answer({}) == "setVariable"
    assert wire.commands == ["stackTrace"]
    assert wire.sent[0].seq < OWN
    assert [one.command for one in wire.got if isinstance(one, Response)] == ["setVariable"]


def test_what_the_client_no_longer_asks_is_not_asked_for_it() -> None:
    wire = second_stop()
    wire.client("next", threadId=5)
    while wire.sent:
        wire.answer({})
    wire.debugpy(STOPPED)
    assert wire.sent == []


def test_a_refusal_is_not_kept() -> None:
    wire = second_stop()
    assert wire.answer({}, success=False) == "threads"
    seq = wire.client("threads")
    assert wire.sent[-1].seq == seq


def test_a_question_asked_ahead_comes_before_one_of_ours() -> None:
    wire = second_stop()
    wire.traffic.ask("evaluate", {"expression": "ours"})
    assert wire.answer({}) == "threads"
    assert wire.answer(STACK) == "stackTrace"
    assert wire.commands == ["scopes"]


CHANGING = """\
def count(n):
    total = 0
    for step in range(n):
        total = total + step
    return total


print(count(5))
"""


async def locals_of(client: Client, thread: int) -> dict[str, str]:
    await client.ask("threads")
    stack = await client.ask("stackTrace", threadId=thread, startFrame=0, levels=20)
    scopes = await client.ask("scopes", frameId=stack["stackFrames"][0]["id"])
    shown = await client.ask("variables", variablesReference=scopes["scopes"][0]["variablesReference"])
    return {one["name"]: one["value"] for one in shown["variables"]}


@both
async def test_each_stop_shows_its_own_values_and_those_that_were_set(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = written(tmp_path, CHANGING)
    async with over_stdio(command=command) as client:
        await launch(client, path, [{"line": line("total + step", source=CHANGING)}])
        for step, total in enumerate((0, 0, 1)):
            thread = (await client.event("stopped"))["threadId"]
            assert await locals_of(client, thread) == {"n": "5", "step": str(step), "total": str(total)}
            await client.ask("continue", threadId=thread)
        thread = (await client.event("stopped"))["threadId"]
        frame = (await client.ask("stackTrace", threadId=thread, startFrame=0, levels=20))["stackFrames"][0]
        scopes = (await client.ask("scopes", frameId=frame["id"]))["scopes"]
        await client.ask(
            "setVariable", variablesReference=scopes[0]["variablesReference"], name="total", value="100"
        )
        assert (await locals_of(client, thread))["total"] == "100"
        await client.ask("next", threadId=thread)
        thread = (await client.event("stopped"))["threadId"]
        assert (await locals_of(client, thread))["total"] == "103"
