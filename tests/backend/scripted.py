"""A server that speaks as much of vLLM's HTTP as we use, answers with the tiny model, and fails on demand."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cwm_lsp.backend.embedded import EmbeddedEngine
from cwm_lsp.backend.protocol import Logs, Sampling
from cwm_lsp.backend.scoring import HostLogits
from cwm_lsp.backend.weights import load
from tests.backend import tiny

Reply = tuple[int, Any]


def _logs(row: Logs) -> Logs:
    shifted = row - row.max()
    logs: Logs = shifted - np.log(np.exp(shifted).sum())
    return logs


@dataclass(slots=True)
class ScriptedServer:
    """``faults`` are taken one for each request to ``faulty``: a status, or what to do instead of an answer.

    ``model`` is the name it serves, ``tokenize`` what it answers to any text; ``requests`` are the bodies
    that came, ``hung_up`` counts clients that left before their answer.
    """

    model: str = "tiny"
    context: int = tiny.CONTEXT
    tokenize: list[int] = field(default_factory=list)
    faulty: str = "/v1/completions"
    faults: deque[int | str | bytes] = field(default_factory=deque)
    requests: list[dict[str, Any]] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    engine: EmbeddedEngine = field(default_factory=lambda: EmbeddedEngine(load(tiny.FOLDER)))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = int(head.lower().split("content-length:")[1].split("\r\n")[0])
            body = json.loads(await reader.readexactly(length)) if length else {}
            await self._reply(head.split()[1], body, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()

    async def _reply(
        self, path: str, body: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        fault = self.faults.popleft() if self.faults and path == self.faulty else None
        if fault == "hang":
            await reader.read()
            self.hung_up.set()
            return
        if isinstance(fault, bytes):
            writer.write(fault)
            await writer.drain()
            return
        status, answer = (
            (fault, {"error": {"message": "no"}}) if isinstance(fault, int) else self._answer(path, body)
        )
        text = json.dumps(answer).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(text)}\r\n\r\n".encode()
        writer.write(head + (text[: len(text) // 2] if fault == "drop" else text))
        await writer.drain()

    def _answer(self, path: str, body: dict[str, Any]) -> Reply:
        routes: dict[str, Callable[[dict[str, Any]], Reply]] = {
            "/v1/models": lambda _: (200, {"data": [{"id": self.model, "max_model_len": self.context}]}),
            "/tokenize": lambda _: (200, {"tokens": self.tokenize}),
            "/v1/completions": self._complete,
        }
        return routes[path](body)

    def _complete(self, body: dict[str, Any]) -> Reply:
        self.requests.append(body)
        if body["model"] != self.model:
            return 404, {"error": {"message": f"The model `{body['model']}` does not exist."}}
        prompt = body["prompt"]
        memory = self.engine.memory()
        rows = self.engine.forward(memory, np.array(prompt, np.int32), 0)
        choice: dict[str, Any] = {}
        if body.get("prompt_logprobs"):
            given = [self._ranked(_logs(row), token) for row, token in zip(rows, prompt[1:], strict=False)]
            choice["prompt_logprobs"] = [None, *given]
        tokens: list[int] = []
        logs: list[float] = []
        ranked: list[dict[str, float]] = []
        row = rows[-1]
        while len(tokens) < body["max_tokens"]:
            ids = body.get("allowed_token_ids")
            sampling = Sampling(body["temperature"], body.get("seed", 0))
            token, _ = HostLogits(row).choose(0, None if ids is None else np.array(ids), sampling)
            likely = _logs(row)
            tokens.append(token)
            logs.append(float(likely[token]))
            shown = body.get("logprob_token_ids") or [int(likely.argmax())]
            ranked.append({f"token_id:{one}": float(likely[one]) for one in {*shown, token}})
            if token in body.get("stop_token_ids", ()) or len(tokens) >= body["max_tokens"]:
                break
            row = self.engine.forward(memory, np.array([token], np.int32), 0)[0]
        choice |= {"token_ids": tokens, "logprobs": {"token_logprobs": logs, "top_logprobs": ranked}}
        return 200, {"choices": [choice]}

    @staticmethod
    def _ranked(logs: Logs, token: int) -> dict[str, dict[str, Any]]:
        best = int(logs.argmax())
        rank = int((logs > logs[token]).sum()) + 1
        return {
            str(token): {"logprob": float(logs[token]), "rank": rank},
            str(best): {"logprob": float(logs[best]), "rank": 1},
        }


@asynccontextmanager
async def scripted(**facts: Any) -> AsyncIterator[ScriptedServer]:
    """A running server."""
    made = ScriptedServer(**facts)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
