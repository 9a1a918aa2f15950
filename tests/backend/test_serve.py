"""The host's side of the conversation, without a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cwm_lsp.backend.host import messages
from cwm_lsp.backend.host.framing import Frame
from cwm_lsp.backend.host.serve import Session
from cwm_lsp.backend.protocol import GREEDY
from cwm_lsp.backend.replay import Script, replay

TRUTH = tuple(range(30))


class Client:
    """Sends to a session and keeps what it answers."""

    def __init__(self) -> None:
        self.backend = replay([Script(TRUTH)], vocabulary=64)
        self.answers: asyncio.Queue[Frame] = asyncio.Queue()
        self._session = Session(self.backend, self.answers.put_nowait)
        self._number = 0

    def send(self, op: str, prefix: int, body: bytes = b"", **arguments: Any) -> int:
        self._number += 1
        self._session.handle(Frame({"id": self._number, "op": op, "prefix": prefix, **arguments}, body))
        return self._number

    def cancel(self, request: int) -> None:
        self._session.handle(Frame({"op": "cancel", "request": request}))

    async def ask(self, op: str, prefix: int, body: bytes = b"", **arguments: Any) -> Frame:
        """The answer; others that come before it are dropped."""
        number = self.send(op, prefix, body, **arguments)
        while (answer := await self.answers.get()).header["id"] != number:
            continue
        return answer


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client with prefix 1 open, holding the first ten tokens."""
    made = Client()
    await made.ask("open", 1, messages.tokens_body(TRUTH[:10]))
    yield made
    await made.backend.close()


def one_token(base: int) -> dict[str, Any]:
    return {"base": base, **messages.write_header(frozenset(), 1, None, GREEDY)}


async def test_what_the_client_does_not_know_of_is_taken_back(client: Client) -> None:
    await client.ask("extend", 1, messages.tokens_body([40, 41]), base=10)
    answer = await client.ask("write", 1, **one_token(base=10))
    assert answer.header["tokens"] == (10,)


async def test_requests_on_one_prefix_keep_their_order(client: Client) -> None:
    sent = [
        client.send("extend", 1, messages.tokens_body(TRUTH[10:20]), base=10),
        client.send("write", 1, **one_token(base=20)),
        client.send("close", 1),
        client.send("write", 1, **one_token(base=21)),
    ]
    answers = [await client.answers.get() for _ in sent]
    assert [answer.header["id"] for answer in answers] == sent
    assert answers[1].header["tokens"] == (20,)
    assert "not open" in answers[3].header["error"]["message"]


async def test_a_fork_may_be_closed_before_it_was_made(client: Client) -> None:
    fork = client.send("fork", 1, base=10, twin=2, length=None)
    client.cancel(fork)
    client.send("close", 2)
    answer = await client.ask("write", 1, **one_token(base=10))
    assert answer.header["tokens"] == (10,)


async def test_cancelling_what_is_over_does_nothing(client: Client) -> None:
    done = await client.ask("write", 1, **one_token(base=10))
    client.cancel(done.header["id"])
    client.cancel(999)
    assert "tokens" in (await client.ask("write", 1, **one_token(base=11))).header


async def test_an_open_that_failed_leaves_its_number_free(client: Client) -> None:
    refused = await client.ask("open", 5, messages.tokens_body([64]))
    assert "error" in refused.header
    assert "error" not in (await client.ask("open", 5, messages.tokens_body([1]))).header
