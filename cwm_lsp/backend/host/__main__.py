"""The model host: ``python -m cwm_lsp.backend.host BACKEND SETTINGS``, ``SETTINGS`` being JSON.

Speaks frames over its standard streams and ends when its input does, so that it never outlives the
server. It is not for use by hand.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable

from cwm_lsp.backend import registry
from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import Frame, FrameDecoder, encode
from cwm_lsp.backend.host.serve import Session
from cwm_lsp.config import Settings
from cwm_lsp.errors import BackendError
from cwm_lsp.trace.parsing import parse_one_at_a_time

_READ = 1 << 16


def main(arguments: list[str]) -> int:
    """Load the backend, say hello, serve until the input ends. Returns the exit code."""
    # Ctrl-C in a terminal reaches the whole group; the server decides when we go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parse_one_at_a_time()
    send = _claim_stdout()
    name, settings = arguments
    try:
        backend = registry.create(name, Settings(**json.loads(settings)))
    except BackendError as failure:
        send(messages.error(failure))
        return failure.exit_code

    async def serve() -> None:
        session = Session(backend, send)
        loop = asyncio.get_running_loop()
        threading.Thread(target=_read, args=(loop, session), daemon=True).start()
        send(messages.hello(backend.info))
        await loop.create_future()

    asyncio.run(serve())
    return 0


def _claim_stdout() -> Callable[[Frame], None]:
    """Keep the output to ourselves: what any library prints goes to the errors, not between two frames."""
    private = os.dup(1)
    os.dup2(2, 1)
    if sys.platform == "win32":
        import msvcrt

        for stream in (0, private):
            msvcrt.setmode(stream, os.O_BINARY)

    def send(frame: Frame) -> None:
        data = memoryview(encode(frame))
        while data:
            data = data[os.write(private, data) :]

    return send


def _read(loop: asyncio.AbstractEventLoop, session: Session) -> None:
    """Feed the session until the server is gone, then end at once, whatever is being computed."""
    decoder = FrameDecoder()
    while data := os.read(0, _READ):
        for frame in decoder.feed(data):
            loop.call_soon_threadsafe(session.handle, frame)
    for child in multiprocessing.active_children():  # an engine that computes in processes of its own
        child.kill()
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
