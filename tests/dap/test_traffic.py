"""Traffic as a table: what is fed, what goes where. Then the same seam on the real debugpy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from cwm_lsp.dap.observer import (
    HIDE,
    LATER,
    AskFailed,
    Desk,
    Hide,
    Later,
    Observer,
    Refuse,
    Reply,
    Watch,
    Why,
)
from cwm_lsp.dap.stream import Framed, MessageReader
from cwm_lsp.dap.traffic import OWN, Action, Settled, ToClient, ToDebugpy, Traffic
from cwm_lsp.wire.dap import Event, Json, Message, Request, Response, to_json
from cwm_lsp.wire.framing import frame
from tests.dap.client import connected
from tests.dap.debugging import SUM, launch, served, written
from tests.dap.programs import line


def framed(message: Message) -> Framed:
    (one,) = MessageReader().feed(frame(to_json(message)))
    return one


def asked(seq: int, command: str, **arguments: Any) -> Framed:
    return framed(Request(seq, command, arguments))


def answered(request_seq: int, command: str = "evaluate", success: bool = True, **body: Any) -> Framed:
    return framed(Response(7, request_seq, command, success, body))


def told(event: str, **body: Any) -> Framed:
    return framed(Event(8, event, body))


def shown(actions: list[Action]) -> list[tuple[str, Any]]:
    """Actions as one reads them: ``>`` to debugpy, ``<`` to the client, ``=`` a question of ours settled."""
    rows: list[tuple[str, Any]] = []
    for action in actions:
        if isinstance(action, Settled):
            rows.append(("=", action.outcome if isinstance(action.outcome, Why) else action.outcome.body))
            continue
        (one,) = MessageReader().feed(action.data)
        message, way = one.message, ">" if isinstance(action, ToDebugpy) else "<"
        match message:
            case Request(seq, command):
                rows.append((way, f"{command} {'ours' if seq >= OWN else seq}"))
            case Response(_, request_seq, command, success):
                rows.append((way, f"{command} {request_seq} {'ok' if success else 'no'}"))
            case Event(_, event):
                rows.append((way, event))
    return rows


def test_bytes_are_passed_on_as_they_came() -> None:
    body = b'{"type":"request", "seq" : 3,"command":"threads","z":1e1}'
    odd = b"content-length: %d\r\nX: y\r\n\r\n%b" % (len(body), body)
    body = b'{"seq":9,"type":"response","request_seq":3,"command":"threads", "success" :true}'
    answer = b"Content-Length: %d\n\n%b" % (len(body), body)
    traffic = Traffic()
    (one,), (two,) = MessageReader().feed(odd), MessageReader().feed(answer)
    assert traffic.from_client(one) == [ToDebugpy(odd)]
    assert traffic.from_debugpy(two) == [ToClient(answer)]
    assert traffic.last_seq == 9
    assert traffic.from_debugpy(told("loadedSource")) == [ToClient(told("loadedSource").raw)]


def test_what_one_thread_serves_goes_one_at_a_time_in_order() -> None:
    traffic = Traffic()
    assert shown(traffic.from_client(asked(1, "evaluate"))) == [(">", "evaluate 1")]
    assert traffic.from_client(asked(2, "variables")) == []
    assert traffic.from_client(asked(3, "next")) == []
    assert shown(traffic.from_client(asked(4, "threads"))) == [(">", "threads 4")]
    assert shown(traffic.from_client(asked(5, "pause"))) == [(">", "pause 5")]
    assert shown(traffic.from_debugpy(answered(1))) == [("<", "evaluate 1 ok"), (">", "variables 2")]
    assert shown(traffic.from_debugpy(answered(2))) == [("<", "evaluate 2 ok"), (">", "next 3")]


def test_ours_wait_behind_the_clients_and_are_not_shown() -> None:
    traffic = Traffic()
    traffic.from_client(asked(1, "stackTrace"))
    ticket, actions = traffic.ask("evaluate", {"expression": "x"})
    assert (ticket, actions) == (OWN, [])
    traffic.from_client(asked(2, "scopes"))
    assert shown(traffic.from_debugpy(answered(1)))[1:] == [(">", "scopes 2")]
    assert shown(traffic.from_debugpy(answered(2)))[1:] == [(">", "evaluate ours")]
    assert shown(traffic.from_debugpy(answered(ticket, result="4"))) == [("=", {"result": "4"})]


@pytest.mark.parametrize("going", [asked(3, "next"), asked(3, "continue"), told("continued")])
def test_ours_are_dropped_when_the_program_goes_on(going: Framed) -> None:
    traffic = Traffic()
    sent, _ = traffic.ask("evaluate", {})
    traffic.ask("variables", {})
    free, _ = traffic.ask("modules", {})
    feed = traffic.from_client if isinstance(going.message, Request) else traffic.from_debugpy
    assert [row for row in shown(feed(going)) if row[0] == "="] == [("=", Why.CONTINUED)] * 2
    assert [row for row in shown(traffic.from_debugpy(answered(sent))) if row[0] != ">"] == []
    assert shown(traffic.from_debugpy(answered(free, "modules", modules=[]))) == [("=", {"modules": []})]


def test_a_step_of_ours_survives_what_it_brings_about() -> None:
    traffic = Traffic()
    ticket, _ = traffic.ask("next", {})
    assert shown(traffic.from_debugpy(told("continued"))) == [("<", "continued")]
    assert shown(traffic.from_debugpy(answered(ticket, "next", done=1))) == [("=", {"done": 1})]


def test_a_thread_that_went_on_does_not_hold_the_line() -> None:
    traffic = Traffic()
    traffic.from_client(asked(1, "evaluate"))
    traffic.from_client(asked(2, "evaluate"))
    assert shown(traffic.from_debugpy(told("continued"))) == [("<", "continued"), (">", "evaluate 2")]
    assert traffic.lapse(1) == []
    traffic.from_client(asked(3, "evaluate"))
    assert shown(traffic.lapse(2)) == [(">", "evaluate 3")]
    assert shown(traffic.from_debugpy(answered(2))) == [("<", "evaluate 2 ok")]


def test_a_question_that_nobody_waits_for_is_not_sent() -> None:
    traffic = Traffic()
    traffic.from_client(asked(1, "evaluate"))
    ticket, _ = traffic.ask("evaluate", {})
    assert traffic.withdraw(ticket) == []
    assert shown(traffic.from_debugpy(answered(1))) == [("<", "evaluate 1 ok")]
    sent, _ = traffic.ask("evaluate", {})
    traffic.withdraw(sent)
    assert traffic.from_client(asked(2, "scopes")) == []
    assert shown(traffic.from_debugpy(answered(sent))) == [(">", "scopes 2")]


@pytest.mark.parametrize("seq", [OWN, 5])
def test_a_number_that_is_taken_is_exchanged_and_put_back(seq: int) -> None:
    traffic = Traffic()
    traffic.from_client(asked(5, "modules"))
    (action,) = traffic.from_client(asked(seq, "threads"))
    assert isinstance(action, ToDebugpy)
    (sent,) = MessageReader().feed(action.data)
    assert isinstance(sent.message, Request)
    assert sent.message.seq not in (5, seq) or sent.message.seq >= OWN
    back = traffic.from_debugpy(answered(sent.message.seq, "threads"))
    assert shown(back) == [("<", f"threads {seq} ok")]


def test_who_waits_is_told_when_debugpy_is_gone() -> None:
    traffic = Traffic()
    traffic.from_client(asked(1, "evaluate"))
    traffic.ask("evaluate", {})
    assert shown(traffic.ended()) == [("<", "evaluate 1 no"), ("=", Why.GONE)]
    assert traffic.ended() == []


@dataclass
class Says:
    """An observer that says what it was given to say, once its words match."""

    verdicts: dict[str, Request | Reply | Refuse | Later]
    body: Json | None = None
    happens: Event | Hide | None = None
    broken: bool = False
    heard: list[str] = field(default_factory=list)

    def request(self, request: Request) -> Request | Reply | Refuse | Later | None:
        self.heard.append(request.command)
        return self.verdicts.get(request.command)

    def response(self, request: Request, response: Response) -> Json | None:
        assert response.request_seq == request.seq
        return None if self.body is None else {**response.body, **self.body}

    def event(self, event: Event) -> Event | Hide | None:
        if self.broken:
            raise ZeroDivisionError
        return self.happens

    async def close(self) -> None:
        return


def watched(*observers: Observer) -> Traffic:
    traffic = Traffic()
    traffic.watch(observers)
    return traffic


def test_an_observer_answers_refuses_takes_and_changes() -> None:
    changed = Request(4, "setBreakpoints", {"lines": []})
    says: dict[str, Request | Reply | Refuse | Later] = {
        "stepBack": Reply({"ok": 1}),
        "goto": Refuse("No."),
        "reverseContinue": LATER,
        "setBreakpoints": changed,
    }
    one, other = Says(says), Says({})
    traffic = watched(one, other)
    assert shown(traffic.from_client(asked(1, "stepBack"))) == [("<", "stepBack 1 ok")]
    assert shown(traffic.from_client(asked(2, "goto"))) == [("<", "goto 2 no")]
    assert traffic.from_client(asked(3, "reverseContinue")) == []
    assert traffic.from_client(asked(4, "setBreakpoints")) == [ToDebugpy(frame(to_json(changed)))]
    assert other.heard == ["setBreakpoints"]
    taken = Request(3, "reverseContinue", {})
    assert shown(traffic.forward(taken)) == [(">", "reverseContinue 3")]
    assert shown(traffic.answer(taken, {})) == [("<", "reverseContinue 3 ok")]


def test_observers_change_answers_one_after_the_other_and_keep_what_they_do_not_know() -> None:
    traffic = watched(Says({}, {"a": 1}), Says({}, {"b": 2}))
    traffic.from_client(asked(1, "initialize"))
    reply = framed(Response(2, 1, "initialize", True, {"z": 0}))
    content = {**(reply.content or {}), "unknown": [1]}
    odd = replace(reply, content=content)
    (action,) = traffic.from_debugpy(odd)
    assert isinstance(action, ToClient)
    (back,) = MessageReader().feed(action.data)
    assert back.content == {**content, "body": {"z": 0, "a": 1, "b": 2}}


def test_events_are_hidden_and_changed() -> None:
    assert watched(Says({}, happens=HIDE)).from_debugpy(told("output")) == []
    other = Event(8, "stopped", {"reason": "surprise"})
    traffic = watched(Says({}, happens=other))
    assert traffic.from_debugpy(told("stopped", reason="step")) == [ToClient(frame(to_json(other)))]


def test_an_observer_that_fails_is_let_go_and_the_message_passes() -> None:
    traffic = watched(Says({"threads": Refuse("")}, broken=True))
    assert shown(traffic.from_debugpy(told("stopped"))) == [("<", "stopped")]
    assert shown(traffic.from_client(asked(1, "threads"))) == [(">", "threads 1")]


class Curious:
    """Looks at each stop on its own, as a feature would."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.found: asyncio.Queue[Json | AskFailed] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    def request(self, request: Request) -> Reply | None:
        return Reply({"result": "ours"}) if request.arguments.get("expression") == "ours" else None

    def response(self, request: Request, response: Response) -> Json | None:
        if request.command != "scopes":
            return None
        return {"scopes": [*response.body["scopes"], {"name": "Predicted", "variablesReference": 1 << 29}]}

    def event(self, event: Event) -> None:
        if event.event == "stopped":
            self._task = asyncio.create_task(self._look(event.body["threadId"]))

    async def close(self) -> None:
        if self._task is not None:
            await self._task

    async def _look(self, thread: int) -> None:
        frames = (await self.desk.ask("stackTrace", {"threadId": thread, "levels": 1}))["stackFrames"]
        place = {"frameId": frames[0]["id"]}
        self.found.put_nowait(await self.desk.ask("evaluate", {"expression": "x", **place}))
        try:
            asked = {"expression": "nothing", "context": "watch", **place}
            self.found.put_nowait(await self.desk.ask("evaluate", asked))
        except AskFailed as failed:
            self.found.put_nowait(failed)


async def test_our_questions_beside_the_clients_on_the_real_debugpy(tmp_path: Path) -> None:
    path = written(tmp_path, SUM)
    observers: list[Curious] = []

    def watch(desk: Desk) -> Observer:
        observers.append(Curious(desk))
        return observers[-1]

    watches: tuple[Watch, ...] = (watch,)
    async with served(watches) as address, connected(*address) as client:
        await launch(client, path, [{"line": line("result + x", source=SUM), "condition": "x == 9"}])
        thread = (await client.event("stopped"))["threadId"]
        frame_id = (await client.ask("stackTrace", threadId=thread))["stackFrames"][0]["id"]
        asked = [client.post("evaluate", {"expression": f"x + {n}", "frameId": frame_id}) for n in range(8)]
        assert [(await client.answer(seq))["body"]["result"] for seq in asked] == [
            str(9 + n) for n in range(8)
        ]
        (observer,) = observers
        value, failed = await observer.found.get(), await observer.found.get()
        assert isinstance(failed, AskFailed)
        assert not isinstance(value, AskFailed)
        assert (value["result"], failed.why) == ("9", Why.REFUSED)
        assert "NameError" in str(failed)
        assert (await client.ask("evaluate", expression="ours"))["result"] == "ours"
        scopes = (await client.ask("scopes", frameId=frame_id))["scopes"]
        assert [one["name"] for one in scopes] == ["Locals", "Globals", "Predicted"]
        await client.ask("continue", threadId=thread)
        await client.event("terminated")
        with pytest.raises(AskFailed) as late:
            await observer.desk.ask("evaluate", {"expression": "x", "frameId": frame_id})
        assert late.value.why in (Why.REFUSED, Why.GONE)
