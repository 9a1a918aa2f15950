"""Messages together with the very bytes they came as.

A proxy must pass on what it does not understand unchanged, so every message keeps its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

from cwm_lsp.wire.dap import Json, Malformed, Message, Response, parse
from cwm_lsp.wire.framing import MAX_BODY, BadBody, BadHeader, Fed, Framer, one


@dataclass(frozen=True, slots=True)
class Framed:
    """A message, or what stood in its place, with its bytes, header included.

    ``content`` is ``None`` where the bytes are no JSON object at all.
    """

    message: Message | Malformed
    raw: bytes
    content: Json | None = None


def whole(data: bytes) -> Framed | None:
    """The message that ``data`` is, if it is one and nothing beside it, as most are that come one by one."""
    content = one(data)
    return Framed(parse(content), data, content) if content is not None else None


class MessageReader:
    """Bytes in, messages with their bytes out. ``broken`` says why it cannot be read on, "" if it can."""

    def __init__(self) -> None:
        self._framer = _CountingFramer()
        self._raw = bytearray()
        self.broken = ""

    @property
    def idle(self) -> bool:
        """Whether nothing of the next message has come, and more can be read."""
        return not self._raw and not self.broken

    def feed(self, data: bytes) -> list[Framed]:
        """Take some bytes; return the messages that they completed."""
        if self.idle and (framed := whole(data)) is not None:
            return [framed]
        self._raw += data
        found: list[Framed] = []
        for item, size in self._framer.feed_counting(data):
            raw = bytes(self._raw[:size])
            del self._raw[:size]
            if isinstance(item, BadHeader):
                self.broken = item.reason
            elif isinstance(item, BadBody):
                found.append(Framed(Malformed(item.reason), raw))
            else:
                found.append(Framed(parse(item), raw, item))
        return found


class _CountingFramer(Framer):
    """A framer that also says how many bytes each message took."""

    def __init__(self, max_body: int = MAX_BODY) -> None:
        super().__init__(max_body)
        self._size = 0
        self._sizes: list[int] = []

    def feed_counting(self, data: bytes) -> list[tuple[Fed, int]]:
        """Like :meth:`feed`, each item with its size in bytes."""
        self._sizes = []
        return list(zip(self.feed(data), self._sizes, strict=True))

    def _take(self) -> Fed | None:
        before = len(self._buffer)
        item = super()._take()
        self._size += before - len(self._buffer)
        if item is not None:
            self._sizes.append(self._size)
            self._size = 0
        return item


def refusal(malformed: Malformed, seq: int) -> Response:
    """The answer to what is no message. Without a request to refer to, ``request_seq`` is 0."""
    return Response(seq, malformed.seq or 0, "", False, message=f"Not a DAP message: {malformed.reason}")
