"""The three kinds of messages of the Debug Adapter Protocol, as values.

Bodies stay plain JSON: a debugger that does not know a field must still pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """A question, answered by a :class:`Response` with ``request_seq == seq``."""

    seq: int
    command: str
    arguments: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer. ``message`` says why ``success`` is false."""

    seq: int
    request_seq: int
    command: str
    success: bool
    body: Json = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened."""

    seq: int
    event: str
    body: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Malformed:
    """A JSON object that is no DAP message. ``seq`` is what an error reply can refer to, if anything."""

    reason: str
    seq: int | None = None


Message = Request | Response | Event
Parsed = Message | Malformed


def parse(message: Json) -> Parsed:
    """A framed JSON object as a DAP message. Never raises."""
    seq = message.get("seq")
    if not isinstance(seq, int) or isinstance(seq, bool):
        return Malformed("seq is not a number.")
    kind = message.get("type")
    if kind == "request":
        return _request(message, seq)
    if kind == "response":
        return _response(message, seq)
    if kind == "event":
        return _event(message, seq)
    return Malformed(f"type is {kind!r}, not request, response or event."[:200], seq)


def to_json(message: Message) -> dict[str, Any]:
    """The JSON object of a message, for :func:`cwm_lsp.wire.framing.frame`."""
    if isinstance(message, Request):
        return {
            "seq": message.seq,
            "type": "request",
            "command": message.command,
            "arguments": dict(message.arguments),
        }
    if isinstance(message, Event):
        return {"seq": message.seq, "type": "event", "event": message.event, "body": dict(message.body)}
    answer: dict[str, Any] = {
        "seq": message.seq,
        "type": "response",
        "request_seq": message.request_seq,
        "command": message.command,
        "success": message.success,
        "body": dict(message.body),
    }
    if message.message:
        answer["message"] = message.message
    return answer


def _body(message: Json, key: str) -> Json | None:
    """The object under ``key``, empty when absent or null, ``None`` when it is something else."""
    body = message.get(key)
    if body is None:
        return {}
    return body if isinstance(body, dict) else None


def _request(message: Json, seq: int) -> Parsed:
    command, arguments = message.get("command"), _body(message, "arguments")
    if not isinstance(command, str):
        return Malformed("A request without a command.", seq)
    if arguments is None:
        return Malformed(f"The arguments of {command[:80]} are not an object.", seq)
    return Request(seq, command, arguments)


def _response(message: Json, seq: int) -> Parsed:
    request_seq, success, body = message.get("request_seq"), message.get("success"), _body(message, "body")
    if not isinstance(request_seq, int) or not isinstance(success, bool):
        return Malformed("A response without request_seq or success.", seq)
    command, text = str(message.get("command", "")), message.get("message")
    return Response(seq, request_seq, command, success, body or {}, text if isinstance(text, str) else "")


def _event(message: Json, seq: int) -> Parsed:
    event, body = message.get("event"), _body(message, "body")
    if not isinstance(event, str):
        return Malformed("An event without a name.", seq)
    return Event(seq, event, body or {})
