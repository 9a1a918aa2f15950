"""What the program prints, kept apart from the trace and bounded."""

from __future__ import annotations

from cwm_lsp.trace.model import Output

_STREAMS = ("stdout", "stderr")


class OutputBuffer:
    """Keeps the first ``room`` characters of each stream, bytes that are no text as escapes."""

    def __init__(self, room: int) -> None:
        self._room = dict.fromkeys(_STREAMS, room)
        self._parts: dict[str, list[str]] = {stream: [] for stream in _STREAMS}
        self._cut = False

    def add(self, stream: str, text: str) -> None:
        """Some output; streams other than the program's own two are the debugger talking."""
        if stream not in _STREAMS:
            return
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
        room = self._room[stream]
        self._cut = self._cut or len(text) > room
        if room:
            self._parts[stream].append(text[:room])
            self._room[stream] = max(0, room - len(text))

    def output(self) -> Output:
        """All that was kept."""
        return Output("".join(self._parts["stdout"]), "".join(self._parts["stderr"]), self._cut)
