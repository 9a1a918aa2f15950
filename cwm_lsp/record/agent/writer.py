"""Events to a file that outlives the program.

The file is mapped into memory and each event is copied there before the program goes on, so a
program that is killed leaves all that was recorded of it, at the cost of a copy and no system call.
It grows by blocks of zeros that are *written* before they are mapped: a full disk is then an error
here, not a signal that kills the user's program. They are written a block ahead: where no more can be,
there is room to say so. The first zero byte ends the recording.

Lines of UTF-8 with tabs between fields; numbers are decimal; the order is the order of time::

    H  header                              a Python literal: a dict
    F  index file function                 the last two as literals; a code object, before its first event
    C  frame line thread depth code ...    a call, or a suspended frame going on
    L  frame line ...                      a line
    R  frame line left value ...           left: 0 returned, 1 yielded, 2 unwinding (value empty)
    X  frame line value ...                an exception
    Z  reason message                      cut; the message a literal
    E  status                              the end, a literal: how the target ended

``...`` stands for what changed since the last event of that frame: ``name=value`` or ``-name``. A value
is a letter for its type and its text, or ``!`` and the literal of all its fields.
"""

from __future__ import annotations

import mmap
from _thread import allocate_lock
from builtins import OSError, ascii, bytes, dict, len, list, min, open, str, tuple  # noqa: UP029 - may be rebound

from ...trace.render import Rendered
from .core import CALL, RETURN, Activation, CodeInfo

LETTERS = {
    "int": "i",
    "str": "s",
    "float": "f",
    "bool": "b",
    "NoneType": "n",
    "list": "l",
    "tuple": "t",
    "dict": "d",
    "set": "e",
}
"""Types common enough for a letter."""

_BLOCK = 1 << 20
_RESERVE = 1 << 17
"""Bytes of the last block that are kept for what is being written when it begins, and for the end."""

_letter = LETTERS.get


def token(rendered: Rendered) -> str:
    """One value as a field without tabs or newlines."""
    letter = _letter(rendered[1])
    if (
        letter is None
        or rendered[2] is not None
        or rendered[3]
        or rendered[4]
        or not rendered[0].isprintable()
    ):
        return "!" + ascii(rendered)
    return letter + rendered[0]


class FileSink:
    """A sink that writes to ``path``, at most ``room`` bytes of events, and nothing once it is ``muted``.

    ``full`` says why the file does not grow any more, "" while it does. Raises ``OSError`` at once.
    """

    def __init__(self, path: str, room: int) -> None:
        self.room = room
        self.full = ""
        self.muted = False
        self._file = open(path, "w+b", buffering=0)  # noqa: SIM115 - open as long as the program runs
        self._fill()
        self._filled = _BLOCK
        self._offset = 0
        self._at = _BLOCK
        self._map: mmap.mmap | None = None
        self._lock = allocate_lock()

    def code(self, info: CodeInfo) -> None:
        """Announce a code object."""
        self.write(f"F\t{info.index}\t{info.file!a}\t{info.function!a}")

    def event(
        self,
        kind: str,
        activation: Activation,
        line: int,
        changed: list[tuple[str, Rendered]],
        removed: tuple[str, ...],
        value: Rendered | None,
        left: int,
    ) -> None:
        """Write one event."""
        if kind == "L":
            text = f"L\t{activation.frame}\t{line}"
        elif kind == CALL:
            a = activation
            text = f"C\t{a.frame}\t{line}\t{a.thread}\t{a.depth}\t{a.info.index}"
        else:
            shown = "" if value is None else token(value)
            how = f"\t{left}" if kind == RETURN else ""
            text = f"{kind}\t{activation.frame}\t{line}{how}\t{shown}"
        for name in removed:
            text += "\t-" + name
        for name, rendered in changed:
            text += f"\t{name}={token(rendered)}"
        self.write(text)

    def cut(self, reason: str, message: str) -> None:
        """Say that the recording ends here."""
        self.write(f"Z\t{reason}\t{message!a}")

    def write(self, text: str) -> None:
        """Append one line. Safe from several threads."""
        if self.muted:  # before the lock, which may have been held when a child was forked
            return
        data = (text + "\n").encode("utf-8", "backslashreplace")
        size = len(data)
        self.room -= size
        with self._lock:
            end = self._at + size
            if self._map is not None and end <= _BLOCK:
                self._map[self._at : end] = data
                self._at = end
            else:
                self._span(data)

    def _span(self, data: bytes) -> None:
        """Write what does not fit into the block at hand, taking as many blocks as needed."""
        while data:
            if self._map is None or self._at == _BLOCK:
                if self._offset == self._filled:
                    self.muted = True  # an event longer than what was left in reserve
                    return
                self._grow()
            piece = data[: _BLOCK - self._at]
            if self._map is not None:
                self._map[self._at : self._at + len(piece)] = piece
            self._at += len(piece)
            data = data[len(piece) :]

    def _grow(self) -> None:
        """Go on in the next block, and see to the one behind it."""
        self._map = mmap.mmap(self._file.fileno(), _BLOCK, offset=self._offset)
        self._offset += _BLOCK
        self._at = 0
        if self.full:
            return
        try:
            self._fill()
            self._filled += _BLOCK
        except OSError as error:
            self.full = str(error.strerror)
            self.room = min([self.room, _BLOCK - _RESERVE])

    def _fill(self) -> None:
        """Add a block of zeros. Raises ``OSError``, maybe behind a part of it."""
        left = _BLOCK
        while left:
            left -= self._file.write(bytes(left))


def header(**facts: object) -> str:
    """The first line of a recording."""
    return "H\t" + ascii(dict(facts))


def end(**facts: object) -> str:
    """The last line of a recording that was not cut."""
    return "E\t" + ascii(dict(facts))
