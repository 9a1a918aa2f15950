"""Who may connect: this machine only, and over a websocket only who holds the token.

A web page in the user's browser can open a websocket to this machine, and by rebinding a name it can
pretend to be one of its own; so Host, Origin and token are all checked, the token in constant time.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from cwm_lsp.errors import SettingsError

Listening = Callable[[str, int], None]
"""Told the host and port once clients can connect."""

TOKEN_BYTES = 32
SUBPROTOCOL = "cwm-lsp.token."
"""A browser cannot set headers on a websocket; it offers the token as a subprotocol with this prefix."""


def require_loopback(host: str) -> None:
    """Raise :class:`SettingsError` for an address that other machines can reach."""
    if not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines.", "Listen on 127.0.0.1 and forward the port."
        )


def deaf(host: str, port: int, error: OSError) -> SettingsError:
    """That nobody can be heard there. asyncio's own words name the address once more."""
    number = error.errno or 0
    why = os.strerror(number) if number > 0 else error.strerror or error
    return SettingsError(f"Cannot listen on {host}:{port}: {why}.", "Choose another port.")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def make_token() -> str:
    """A token that cannot be guessed, in characters that a header and a subprotocol may hold."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def refusal(
    hosts: Sequence[str], origins: Sequence[str], offered: Sequence[str], *, port: int, token: str
) -> str | None:
    """Why a handshake is refused, ``None`` if it is not.

    ``hosts`` and ``origins`` are the values of all such headers, ``offered`` the tokens that came.
    Any input is answered; a header that makes no sense is one that is refused.
    """
    if not is_own_host(hosts, port):
        return "The Host header is not this server's."
    if len(origins) > 1 or (origins and not _is_local_origin(origins[0])):
        return "The Origin is not allowed."
    if not holds(offered, token):
        return "The token is missing or wrong."
    return None


def is_own_host(hosts: Sequence[str], port: int) -> bool:
    """Whether a request that came with these ``Host`` headers was meant for this server and no other."""
    return len(hosts) == 1 and hosts[0].lower() in own_hosts(port)


def own_hosts(port: int) -> tuple[str, ...]:
    """The names of a server on ``port``, as a ``Host`` header has them."""
    return tuple(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))


def holds(offered: Sequence[str], token: str) -> bool:
    """Whether ``token`` is among those that came, in constant time for each."""
    matches = [hmac.compare_digest(one.encode("utf-8", "replace"), token.encode()) for one in offered]
    return any(matches)


def tokens(authorizations: Sequence[str], protocols: Sequence[str]) -> list[str]:
    """The tokens of a handshake, from its ``Authorization`` and ``Sec-WebSocket-Protocol`` headers."""
    bearers = [value[len("Bearer ") :].strip() for value in authorizations if value.startswith("Bearer ")]
    offered = [one.strip() for value in protocols for one in value.split(",")]
    return bearers + [one[len(SUBPROTOCOL) :] for one in offered if one.startswith(SUBPROTOCOL)]


def _is_local_origin(origin: str) -> bool:
    """A page served by this machine; ``null`` (a file, a sandboxed frame) is not."""
    try:
        parts = urlsplit(origin)
        return (
            parts.scheme in {"http", "https"} and parts.hostname is not None and is_loopback(parts.hostname)
        )
    except ValueError:
        return False
