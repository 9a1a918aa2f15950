"""Content-Length framing, the outer layer of LSP and DAP, without any input or output.

::

    Content-Length: 119\\r\\n
    \\r\\n
    {"seq": 153, ...}

A :class:`Framer` is fed bytes in any split and returns what they completed. A body that is not a JSON
object is a :class:`BadBody`: the frame's length was good, so the next message is read as usual. A header
that cannot be read is a :class:`BadHeader`: nothing after it can be trusted, the framer is ``broken`` and
its owner should close the connection.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BODY = 64 << 20
"""Bytes of one message. A longer one is refused before it is read."""

MAX_HEADER = 8 << 10
"""Bytes of all header lines of one message."""

_LENGTH = b"content-length"
_DIGITS = 10
_PLAIN = re.compile(rb"Content-Length: ([0-9]{1,10})\r\n\r\n")
"""A header as nearly everybody writes it."""

_DEPTH_HINT = "nested too deep"


@dataclass(frozen=True, slots=True)
class BadBody:
    """A frame whose body is not a JSON object. ``size`` counts its bytes."""

    reason: str
    size: int


@dataclass(frozen=True, slots=True)
class BadHeader:
    """A header that cannot be read; the stream is of no more use."""

    reason: str


Message = dict[str, Any]
Fed = Message | BadBody | BadHeader


def frame(message: Mapping[str, Any]) -> bytes:
    """One message as header and body in one piece, so that it leaves in one packet.

    Raises ``ValueError`` for what JSON cannot say: NaN and the infinities, or a cycle.
    """
    body = json.dumps(message, separators=(",", ":"), allow_nan=False, ensure_ascii=True).encode("ascii")
    return b"Content-Length: %d\r\n\r\n" % len(body) + body


def one(data: bytes, max_body: int = MAX_BODY) -> Message | None:
    """The message that ``data`` is, whole and nothing beside it; ``None`` for all else, good or bad.

    That is how messages come to a debugger that waits for each: the few that do not are left to a framer.
    """
    plain = _PLAIN.match(data)
    if plain is None or len(data) != plain.end() + int(plain[1]) or len(data) > max_body:
        return None
    message = _parse(data[plain.end() :])
    return message if isinstance(message, dict) else None


class Framer:
    """Bytes in, messages out."""

    def __init__(self, max_body: int = MAX_BODY) -> None:
        self._max_body = max_body
        self._buffer = bytearray()
        self._body: int | None = None
        self._scanned = 0
        self.broken = False

    def feed(self, data: bytes) -> list[Fed]:
        """Take some bytes; return the messages and faults that they completed, in order."""
        fed: list[Fed] = []
        if self.broken:
            return fed
        self._buffer += data
        while (item := self._take()) is not None:
            fed.append(item)
            if isinstance(item, BadHeader):
                self.broken = True
                self._buffer.clear()
                break
        return fed

    @property
    def idle(self) -> bool:
        """Whether nothing of a message has been seen yet: a stream that ends here ended well."""
        return not self._buffer and self._body is None

    def _take(self) -> Fed | None:
        if self._body is None:
            header = self._header()
            if isinstance(header, BadHeader) or header is None:
                return header
            self._body = header
        if len(self._buffer) < self._body:
            return None
        body = bytes(self._buffer[: self._body])
        del self._buffer[: self._body]
        self._body = None
        return _parse(body)

    def _header(self) -> int | BadHeader | None:
        """The length that a complete header gives, or ``None`` when it is not complete yet."""
        if (plain := _PLAIN.match(self._buffer)) is not None and (length := int(plain[1])) <= self._max_body:
            del self._buffer[: plain.end()]
            self._scanned = 0
            return length
        end, after = self._blank_line()
        if end < 0:
            too_long = len(self._buffer) > MAX_HEADER
            return BadHeader(f"A header of more than {MAX_HEADER} bytes.") if too_long else None
        if end > MAX_HEADER:
            return BadHeader(f"A header of more than {MAX_HEADER} bytes.")
        head = bytes(self._buffer[:end])
        del self._buffer[:after]
        self._scanned = 0
        return self._length(head)

    def _blank_line(self) -> tuple[int, int]:
        """Where the header ends and where the body begins; ``(-1, -1)`` while neither is known."""
        start = max(0, self._scanned - 3)
        found = [
            (at, at + len(mark))
            for mark in (b"\r\n\r\n", b"\n\n")
            if (at := self._buffer.find(mark, start, MAX_HEADER + len(mark) + 1)) >= 0
        ]
        self._scanned = len(self._buffer)
        return min(found, default=(-1, -1))

    def _length(self, head: bytes) -> int | BadHeader:
        length: int | None = None
        for line in head.splitlines():
            name, colon, value = line.partition(b":")
            if not colon:
                return BadHeader(f"A header line without a colon: {line[:80]!r}.")
            if name.strip().lower() != _LENGTH:
                continue
            digits = value.strip()
            if length is not None:
                return BadHeader("Two Content-Length headers.")
            if not digits.isdigit() or len(digits) > _DIGITS:
                return BadHeader(f"A Content-Length that is no length: {digits[:80]!r}.")
            length = int(digits)
        if length is None:
            return BadHeader("No Content-Length header.")
        if length > self._max_body:
            return BadHeader(f"A message of {length:,} bytes; the most is {self._max_body:,}.")
        return length


def _parse(body: bytes) -> Message | BadBody:
    try:
        message = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        reason = _DEPTH_HINT if isinstance(error, RecursionError) else str(error)
        return BadBody(f"Not JSON: {reason}.", len(body))
    if not isinstance(message, dict):
        return BadBody(f"Not a JSON object but {type(message).__name__}.", len(body))
    return message
