"""One model behind one server or several: which is asked, what is retried, and when a server is left alone.

A prefix stays with the server that has it in its cache; a new one goes to the server with the fewest
requests of ours under way. A server that failed is left alone for a growing while and then looked at
anew before it is used: it may serve another model by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from cwm_lsp.backend.backoff import Backoff
from cwm_lsp.backend.http import PASSING, Address, Fault, RequestFailed, ask
from cwm_lsp.errors import BackendError, RequestRefused, ServerLost

logger = logging.getLogger(__name__)

ATTEMPTS = 3
"""How often one thing is asked of one server."""

FIRST_PAUSE = 0.25
"""Seconds before the second attempt; each further pause is twice as long."""

_NOT_FOUND = 404
"""What a server answers that serves another model by now, or that is no vLLM."""

_SAID = {
    Fault.DOWN: "cannot be reached",
    Fault.SLOW: "did not answer in time",
    Fault.DROPPED: "closed the connection before it had answered",
    Fault.GARBAGE: "answers what is no answer of a model server",
    Fault.BROKEN: "failed",
    Fault.REFUSED: "refused the request",
}
_HINTS = {
    Fault.DOWN: "Start it, for example with `cwm-lsp model serve`, or correct the setting `endpoint`.",
    Fault.SLOW: "It may be overloaded: `cwm-lsp doctor` asks it again.",
    Fault.DROPPED: "Its log says why.",
    Fault.GARBAGE: "The setting `endpoint` must name a vLLM server.",
    Fault.BROKEN: "Its log says why.",
    Fault.REFUSED: "Its log says why.",
}
_STATUS_HINTS = {
    401: "Put the key that it wants into the environment variable VLLM_API_KEY.",
    403: "Put the key that it wants into the environment variable VLLM_API_KEY.",
    _NOT_FOUND: _HINTS[Fault.GARBAGE],
}


class Endpoint:
    """One server. ``load`` counts our requests under way, ``checked`` says that it was looked at."""

    def __init__(self, address: Address, backoff: Backoff | None = None) -> None:
        self.address = address
        self.backoff = backoff or Backoff()
        self.load = 0
        self.checked = False
        self.failure: BackendError | None = None

    def failed(self, error: RequestFailed) -> BackendError:
        """Leave it alone for a while; the error to raise."""
        self.backoff.failed()
        self.checked = False
        kind = RequestRefused if error.fault is Fault.REFUSED else ServerLost
        hint = _STATUS_HINTS.get(error.status, _HINTS[error.fault])
        self.failure = kind(f"The model server {self.address} {_SAID[error.fault]}: {error}.", hint)
        return self.failure

    def worked(self) -> None:
        """Forget its failures."""
        self.backoff.worked()
        self.failure = None


Check = Callable[[Endpoint], Awaitable[None]]
"""Looks at a server before it is used; raises ``BackendError`` where it is not the right one."""


class Endpoints:
    """The servers of one model. ``within`` are seconds for one answer."""

    def __init__(
        self,
        addresses: Sequence[Address],
        check: Check,
        *,
        key: str = "",
        within: float,
        attempts: int | None = None,
    ) -> None:
        self.all = [Endpoint(address) for address in addresses]
        self._check = check
        self._key = key
        self._within = within
        self._attempts = ATTEMPTS if attempts is None else attempts

    def pick(self, kept: Endpoint | None, failed: Sequence[Endpoint] = ()) -> Endpoint:
        """Where to ask: ``kept`` while it works, otherwise the least busy of those that do.

        ``failed`` are left out. Raises ``BackendError`` where every other server is being left alone.
        """
        ready = [one for one in self.all if one.backoff.remaining <= 0 and one not in failed]
        if kept in ready:
            return kept
        if ready:
            return min(ready, key=lambda one: one.load)
        soonest = min(self.all, key=lambda one: one.backoff.remaining)
        failure = soonest.failure or ServerLost("No model server can be asked.")
        pause = f"After repeated failures it is tried again in {soonest.backoff.remaining:.0f} s."
        raise type(failure)(failure.message, pause)

    async def ask(self, body: Mapping[str, Any], path: str, kept: Endpoint | None) -> tuple[Any, Endpoint]:
        """The answer and who gave it: ``kept``, or another where that one fails. Raises ``BackendError``."""
        failed: list[Endpoint] = []
        failure: BackendError | None = None
        while failure is None or len(failed) < len(self.all):
            try:
                endpoint = self.pick(kept, failed)
            except BackendError as error:
                raise failure or error from error
            try:
                return await self._asked(endpoint, path, body), endpoint
            except RequestFailed as error:
                said = endpoint.failed(error)
                failure = failure or said
                logger.warning("%s: %s", endpoint.address, error)
                if error.fault is Fault.REFUSED:
                    endpoint.worked()
                    if error.status == _NOT_FOUND:
                        await self._looked_at(endpoint)
                    raise failure from error
                failed.append(endpoint)
        raise failure

    async def _asked(self, endpoint: Endpoint, path: str, body: Mapping[str, Any]) -> Any:
        if not endpoint.checked:
            await self._check(endpoint)
            endpoint.checked = True
        answer = await self.tried(endpoint, path, body)
        endpoint.worked()
        return answer

    async def _looked_at(self, endpoint: Endpoint) -> None:
        """Raise ``ServerLost`` where it does not serve our model any more."""
        try:
            await self._check(endpoint)
        except RequestFailed as error:
            raise endpoint.failed(error) from error

    async def tried(self, endpoint: Endpoint, path: str, body: Mapping[str, Any] | None) -> Any:
        """One answer of one server, asked again where a fault may pass. Raises ``RequestFailed``."""
        endpoint.load += 1
        try:
            for attempt in range(1, self._attempts):
                try:
                    return await ask(endpoint.address, path, body, within=self._within, key=self._key)
                except RequestFailed as error:
                    if error.fault not in PASSING:
                        raise
                    await asyncio.sleep(FIRST_PAUSE * 2 ** (attempt - 1))
            return await ask(endpoint.address, path, body, within=self._within, key=self._key)
        finally:
            endpoint.load -= 1
