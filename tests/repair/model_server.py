"""A real HTTP server that speaks as an OpenAI-compatible one, with answers written down beforehand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = str | bytes | int | Callable[[], None]
"""A text to say, a raw body, a status to fail with, or something to do before the connection is closed."""


@dataclass
class Script:
    """Answers in order, the last one again and again; the requests that came."""

    answers: Sequence[Answer]
    requests: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""

    def next(self, request: dict[str, Any]) -> Answer:
        """The answer to a request."""
        self.requests.append(request)
        return self.answers[min(len(self.requests), len(self.answers)) - 1]


@contextmanager
def serving(*answers: Answer) -> Iterator[Script]:
    """A server on a free port of this machine while the body runs."""
    script = Script(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer by the script."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = script.next({"path": self.path, **request})
            if callable(answer):
                answer()
                self.close_connection = True
                return
            status = answer if isinstance(answer, int) else 200
            body = answer if isinstance(answer, bytes) else _completion(str(answer))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()
