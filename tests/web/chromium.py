"""The real Chromium, headless, driven over its DevTools protocol. Run as a script it gets one.

The browser is ``$CWM_CHROMIUM``, else one on PATH, else Debian's package where we are root and apt is there.
What cannot be had is named, and is an error: a test that needs a browser is never left out in silence.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome", "msedge")
PATIENCE = 60.0
"""Seconds after which something that a test waits for counts as never coming."""

CODES = {
    "Enter": 13,
    "Escape": 27,
    "End": 35,
    "Home": 36,
    "ArrowLeft": 37,
    "ArrowUp": 38,
    "ArrowRight": 39,
    "ArrowDown": 40,
}
"""Keys that have no text, by the code that Chromium wants for them."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--force-color-profile=srgb",
    "--remote-debugging-port=0",
)


class Unavailable(Exception):
    """There is no browser on this machine and none could be installed."""


def chromium(*, may_install: bool = False) -> str:
    """The program. Raises :class:`Unavailable`."""
    named = os.environ.get("CWM_CHROMIUM")
    if named:
        return named
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None and may_install:
        _install()
        found = shutil.which("chromium")
    if found is None:
        raise Unavailable(
            "The trace page is tested in Chromium: `apt-get install chromium`, or name one in CWM_CHROMIUM."
        )
    return found


def _install() -> None:
    apt = shutil.which("apt-get")
    if apt is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        return
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "-y", "--no-install-recommends", "chromium")):
        command = [apt, "-qq", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"`apt-get {' '.join(words)}` failed:\n{done.stderr.strip()}")


class Tab:
    """One page. ``send`` is a DevTools command, the rest what tests do with it."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.console: list[str] = []
        self._reading = asyncio.ensure_future(self._read())

    async def send(self, method: str, **params: Any) -> dict[str, Any]:
        """A command and its result. Raises ``AssertionError`` with what the browser says is wrong."""
        self._number += 1
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = future
        await self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        answer = await asyncio.wait_for(future, PATIENCE)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str) -> None:
        """Go to an address."""
        for domain in ("Page", "Runtime", "Log"):
            await self.send(f"{domain}.enable")
        await self.send("Page.navigate", url=url)

    async def value(self, expression: str) -> Any:
        """What an expression (a promise is waited for) gives in the page."""
        result = await self.send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    async def until(self, condition: str) -> None:
        """Wait until an expression holds; it is looked at in every frame that the browser draws."""
        # What is not there yet may make the condition raise: then it does not hold yet, either.
        holds = f"const holds = () => {{ try {{ return {condition} }} catch {{ return false }} }}"
        look = "const look = () => holds() ? done(true) : requestAnimationFrame(look)"
        watch = f"new Promise(done => {{ {holds}; {look}; look(); }})"
        try:
            await asyncio.wait_for(self.value(watch), PATIENCE)
        except TimeoutError:
            raise AssertionError(f"never came: {condition}\n{await self.text()}") from None

    async def text(self) -> str:
        """All text that can be seen."""
        return str(await self.value("document.body.innerText"))

    async def press(self, key: str, modifiers: int = 0) -> None:
        """A key, as the keyboard sends it."""
        written: dict[str, Any] = {"text": key} if len(key) == 1 else {"windowsVirtualKeyCode": CODES[key]}
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, modifiers=modifiers, **written)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key, modifiers=modifiers)

    async def type(self, text: str) -> None:
        """Text into what has the focus."""
        await self.send("Input.insertText", text=text)

    async def size(self, width: int, height: int) -> None:
        """The size of the window."""
        metrics: dict[str, Any] = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", **metrics)

    async def media(self, **features: str) -> None:
        """What the user prefers, such as ``prefers_color_scheme="dark"``."""
        listed = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.send("Emulation.setEmulatedMedia", features=listed)

    async def picture(self, path: Path) -> None:
        """A screenshot as PNG."""
        shot = await self.send("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(shot["data"]))

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for message in self._socket:
                self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._waiting.pop(message["id"]).set_result(message)
        elif message["method"] == "Runtime.exceptionThrown":
            self.console.append(str(message["params"]["exceptionDetails"]))
        elif message["method"] == "Log.entryAdded" and message["params"]["entry"]["level"] == "error":
            self.console.append(str(message["params"]["entry"]["text"]))


@contextlib.asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser of its own with one tab, gone at the end. Raises :class:`Unavailable`."""
    program = await asyncio.to_thread(chromium)
    with tempfile.TemporaryDirectory(prefix="cwm-chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            *FLAGS,
            f"--user-data-dir={profile}",
            "about:blank",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            port = await asyncio.wait_for(_port(process), PATIENCE)
            async with connect(await _tab(port), max_size=None, compression=None) as socket:
                yield Tab(socket)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _port(process: asyncio.subprocess.Process) -> int:
    """The port that the browser says it listens on."""
    assert process.stderr is not None
    heard = b""
    async for line in process.stderr:
        heard += line
        if line.startswith(b"DevTools listening on ws://"):
            return int(line.split(b":")[2].partition(b"/")[0])
    raise Unavailable(f"Chromium ended before it listened:\n{heard.decode(errors='replace')}")


async def _tab(port: int) -> str:
    """Where the first tab is spoken to."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /json HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    tabs = json.loads(await reader.readexactly(int(length.partition(b":")[2])))
    writer.close()
    return str(next(tab for tab in tabs if tab["type"] == "page")["webSocketDebuggerUrl"])


def main() -> int:
    """Get a browser where there is none; 1 if none can be had."""
    try:
        print(f"chromium: {chromium(may_install=True)}")
    except Unavailable as why:
        print(f"chromium cannot be had: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
