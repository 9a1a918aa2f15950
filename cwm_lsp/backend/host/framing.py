"""Frames between the server and the model host: a JSON header and raw bytes. No input or output here.

A frame is two little-endian 32-bit lengths, then the header in UTF-8, then the body.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_LENGTHS = struct.Struct("<II")

MAX_HEADER = 1 << 20
MAX_BODY = 1 << 28


class FramingError(Exception):
    """Bytes that are no frame. The stream cannot be read any further."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message. ``header`` is a JSON object."""

    header: Mapping[str, Any]
    body: bytes = b""


def encode(frame: Frame) -> bytes:
    """The bytes of ``frame``. Raises ``FramingError`` where it is too large."""
    header = json.dumps(frame.header, separators=(",", ":")).encode()
    _check(len(header), len(frame.body))
    return _LENGTHS.pack(len(header), len(frame.body)) + header + frame.body


class FrameDecoder:
    """Bytes, fed in any split, to frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that ``data`` completes. Raises ``FramingError``."""
        self._buffer += data
        frames = []
        while (frame := self._next()) is not None:
            frames.append(frame)
        return frames

    def _next(self) -> Frame | None:
        if len(self._buffer) < _LENGTHS.size:
            return None
        header_length, body_length = _LENGTHS.unpack_from(self._buffer)
        _check(header_length, body_length)
        middle = _LENGTHS.size + header_length
        end = middle + body_length
        if len(self._buffer) < end:
            return None
        header, body = bytes(self._buffer[_LENGTHS.size : middle]), bytes(self._buffer[middle:end])
        del self._buffer[:end]
        return Frame(_object(header), body)


def _check(header_length: int, body_length: int) -> None:
    if header_length > MAX_HEADER or body_length > MAX_BODY:
        raise FramingError(f"A frame of {header_length} + {body_length} bytes is too large.")


def _object(header: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(header)
    except ValueError as error:
        raise FramingError(f"A header is no JSON: {error}.") from error
    if not isinstance(document, dict):
        raise FramingError("A header is no JSON object.")
    return document
