"""The page's server over real sockets: who is let in, what is served, what is answered."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from cwm_lsp.errors import SettingsError
from cwm_lsp.web.messages import Ask, Stage
from cwm_lsp.web.server import CLIENTS, SOCKET_PATH, Pages
from cwm_lsp.web.view import View
from cwm_lsp.wire.loopback import SUBPROTOCOL, make_token
from tests.web import runs
from tests.web.client import Client, client, pages

CLOSED = 0


async def shown(served: Pages) -> View:
    view = await served.open("one", "shop.py")
    view.show([runs.small()])
    return view


# --- who is let in -----------------------------------------------------------------------------

HOSTS = dict.fromkeys(["127.0.0.1:PORT", "localhost:PORT", "[::1]:PORT"], True) | dict.fromkeys(
    ["127.0.0.1", "127.0.0.1:1", "evil.example:PORT", "localhost:PORT.evil.example", "", "\x7f:PORT"], False
)
ORIGINS: dict[str | None, bool] = dict.fromkeys(
    [None, "http://127.0.0.1:PORT", "http://localhost:PORT"], True
)
ORIGINS |= dict.fromkeys(
    ["http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:PORT", "vscode-webview://x", ""],
    False,
)
TOKENS = {"TOKEN": True, "TOKENx": False, "": False, "x": False, "TOKE": False}


async def test_every_combination_of_host_origin_and_token() -> None:
    async with pages() as served:
        view = await shown(served)
        for (host, own), (origin, ours), (token, right) in itertools.product(
            HOSTS.items(), ORIGINS.items(), TOKENS.items()
        ):
            offered = token.replace("TOKEN", view.token).replace("TOKE", view.token[:-1])
            status = await handshake(served.port, host, origin, offered)
            assert (status == 101) == (own and ours and right), (host, origin, token)
            assert status in {101, 403, CLOSED}, (host, origin, token)


async def handshake(port: int, host: str, origin: str | None, token: str) -> int:
    """The status that a raw handshake is answered with, ``CLOSED`` if it is not HTTP enough for one."""
    lines = [
        f"GET {SOCKET_PATH} HTTP/1.1",
        f"Host: {host.replace('PORT', str(port))}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Protocol: {SUBPROTOCOL}{token}",
        *([f"Origin: {origin.replace('PORT', str(port))}"] if origin is not None else []),
    ]
    status, _, _ = await raw(port, lines)
    return status


async def raw(port: int, lines: list[str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a request written by hand."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
    status = await asyncio.wait_for(reader.readline(), 30)
    headers: dict[str, str] = {}
    while (line := await asyncio.wait_for(reader.readline(), 30)) not in (b"\r\n", b""):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    body = await reader.readexactly(int(headers["content-length"])) if "content-length" in headers else b""
    writer.close()
    return (int(status.split()[1]) if status else CLOSED), headers, body


async def test_two_origins_or_hosts_are_refused() -> None:
    async with pages() as served:
        view = await shown(served)
        own = f"127.0.0.1:{served.port}"
        for doubled in (f"Host: {own}", f"Origin: http://{own}\r\nOrigin: http://evil.example"):
            lines = [
                f"GET {SOCKET_PATH} HTTP/1.1",
                f"Host: {own}",
                doubled,
                f"Sec-WebSocket-Protocol: {SUBPROTOCOL}{view.token}",
            ]
            assert (await raw(served.port, lines))[0] == 403


async def test_the_token_of_one_page_does_not_open_another() -> None:
    async with pages() as served:
        one, other = await shown(served), await served.open("two", "other.py")
        other.show([runs.observed()])
        async with client(served, other) as looking:
            assert (await looking.head())["title"] == "other.py"
        async with client(served, one) as looking:
            assert (await looking.head())["title"] == "shop.py"
        with pytest.raises(InvalidStatus, match="403"):
            await connect(
                f"ws://127.0.0.1:{served.port}{SOCKET_PATH}",
                subprotocols=[Subprotocol(SUBPROTOCOL + make_token())],
                origin=Origin(f"http://127.0.0.1:{served.port}"),
            )


async def test_no_more_than_so_many_look_at_a_time() -> None:
    async with pages() as served:
        view = await shown(served)
        offered = [Subprotocol(SUBPROTOCOL + view.token)]
        address = f"ws://127.0.0.1:{served.port}{SOCKET_PATH}"
        inside = [await connect(address, subprotocols=offered) for _ in range(CLIENTS)]
        for socket in inside:
            await Client(socket).head()
        with pytest.raises(InvalidStatus, match="503"):
            await connect(address, subprotocols=offered)
        for socket in inside:
            await socket.close()


async def test_a_port_that_is_taken_is_named() -> None:
    async with pages() as served:
        await shown(served)
        with pytest.raises(
            SettingsError, match=rf"^Cannot listen on 127\.0\.0\.1:{served.port}: [A-Za-z ]+\. Choose"
        ):
            await Pages(served.port).open("two", "other.py")


# --- what is served ----------------------------------------------------------------------------


async def get(served: Pages, path: str, host: str = "127.0.0.1:PORT") -> tuple[int, dict[str, str], bytes]:
    return await raw(served.port, [f"GET {path} HTTP/1.1", f"Host: {host.replace('PORT', str(served.port))}"])


async def test_the_page_is_served_with_a_policy_that_lets_nothing_in() -> None:
    async with pages() as served:
        await shown(served)
        status, headers, body = await get(served, "/")
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert f"connect-src ws://127.0.0.1:{served.port} ws://localhost:{served.port};" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert b"<script>" not in body
        assert b"style=" not in body


async def test_every_file_that_the_page_names_is_there_and_none_is_elsewhere() -> None:
    async with pages() as served:
        await shown(served)
        todo, seen = ["/"], set()
        while todo:
            path = todo.pop()
            seen.add(path)
            status, _, body = await get(served, path)
            assert status == 200, path
            text = body.decode()
            assert not re.findall(r"(?:src|href|from|url\()\s*=?\s*[\"']?(?:https?:)?//", text), path
            named = re.findall(r"(?:src|href)=\"([^\"]+)\"|from \"([^\"]+)\"", text)
            todo += [one for pair in named for one in pair if one and one not in seen]
        assert {"/", "/page.css", "/main.js", "/icon.svg", "/list.js"} <= seen


@pytest.mark.parametrize(
    "path", ["/index.html", "/../server.py", "/%2e%2e/server.py", "//main.js", "/x", "*"]
)
async def test_nothing_else_is_served(path: str) -> None:
    async with pages() as served:
        await shown(served)
        status, _, body = await get(served, path)
        assert status in {400, 404, CLOSED}
        assert b"import" not in body


@pytest.mark.parametrize("host", ["evil.example:PORT", "127.0.0.1", "192.168.1.5:PORT"])
async def test_a_name_that_is_not_ours_gets_no_file(host: str) -> None:
    async with pages() as served:
        await shown(served)
        assert (await get(served, "/", host))[0] == 403


async def test_the_token_is_nowhere_in_what_is_served() -> None:
    async with pages() as served:
        view = await shown(served)
        assert served.url(view) == f"http://127.0.0.1:{served.port}/#{view.token}"
        for path in ("/", "/main.js"):
            _, headers, body = await get(served, path)
            assert view.token not in f"{headers}{body.decode()}"


# --- what is answered --------------------------------------------------------------------------


async def test_a_page_is_told_what_there_is_and_asks_for_what_it_shows() -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        head = await looking.head()
        (run,) = head["runs"]
        assert (run["kind"], run["steps"], run["columns"]) == ("compared", 16, ["xs", "floor", "total", "x"])
        assert run["divergence"]["step"] == 10
        words = r"line 4: the model expected line 5, at \d+ %; the run gave line 3"
        assert re.fullmatch(words, run["divergence"]["words"])
        sheet = (await looking.ask("sheet"))["answer"]
        assert sheet == {"total": 16, "differences": 2, "first": 10, "words": "2 ✗"}
        rows = (await looking.ask("rows", start=9, count=3))["answer"]
        assert [one["step"] for one in rows["left"]] == [9, 10, 11]
        assert rows["right"] == [None] * 3
        assert [one["mark"] for one in rows["left"]] == [False, True, False]


async def test_rows_outside_the_sheet_are_not_there_and_are_no_error() -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        for start, count, got in ((15, 10, 1), (16, 10, 0), (-5, 3, 3), (10**9, 5, 0)):
            rows = (await looking.ask("rows", start=start, count=count))["answer"]
            assert len(rows["left"]) == got


@pytest.mark.parametrize(
    "sent",
    [
        "{no}",
        "[]",
        "[" * 5000,
        "null",
        '"sheet"',
        "{}",
        '{"id": 7, "ask": "everything"}',
        '{"id": 7, "ask": "detail", "about": {"step": 99}}',
        '{"id": 7, "ask": "detail", "about": {"step": true}}',
        '{"id": 7, "ask": "detail", "about": 5}',
        '{"id": 7, "ask": "source", "about": {"file": 5}}',
        '{"id": 7, "ask": "find", "about": {"text": ""}}',
        '{"id": 7, "ask": "sheet", "run": 4}',
        '{"id": 7, "ask": "sheet", "run": -1}',
        '{"id": 7, "ask": "sheet", "run": 0, "beside": 3}',
    ],
)
async def test_a_question_that_makes_no_sense_is_answered_and_ends_nothing(sent: str) -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        await looking.socket.send(sent)
        answer = await looking.answer()
        assert answer["error"]
        assert "answer" not in answer
        assert (await looking.ask("sheet"))["answer"]["total"] == 16


@pytest.mark.parametrize("about", [{}, {"row": "x"}, {"start": "x"}, {"buckets": -1}, {"step": None}])
@pytest.mark.parametrize("ask", list(Ask))
async def test_whatever_is_asked_there_is_one_answer(ask: Ask, about: dict[str, Any]) -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        answer = await looking.ask(str(ask), **about)
        assert ("error" in answer) != ("answer" in answer)
        assert answer["id"] == 7


async def test_the_detail_has_every_variable_with_its_kinds_apart() -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        detail = (await looking.ask("detail", step=13))["answer"]
        entries = {one["name"]: one for one in detail["entries"]}
        assert list(entries) == ["xs", "floor", "total", "x"]
        total = entries["total"]
        assert total["observed"] == "20"
        assert total["predicted"] == {"text": "20", "probability": 0.98}
        assert (total["computed"], total["mark"], total["changed"]) == (None, "✓", True)
        assert total["words"] == "observed 20, as predicted (98 %)"
        assert entries["xs"]["predicted"] is None
        assert detail["words"].startswith("step 14 of 16, mean_above line 5. total: observed 20")


async def test_a_long_value_is_cut_in_the_row_and_whole_in_the_detail() -> None:
    call = f"mean_above({[1000 + n for n in range(40)]}, 3)"
    async with pages() as served:
        view = await served.open("one", "shop.py")
        view.show([runs.observed(call)])
        async with client(served, view) as looking:
            row = (await looking.ask("rows", start=0, count=1))["answer"]["left"][0]
            cell = next(one for one in row["pieces"] if one["column"] == 0)
            assert len(cell["text"]) < 60
            assert cell["text"].endswith("…]")
            entry = (await looking.ask("detail", step=0))["answer"]["entries"][0]
            assert "1000, 1001" in entry["observed"]
            assert len(entry["observed"]) > 150


async def test_who_looks_is_told_of_every_change_and_sees_the_last() -> None:
    async with pages() as served:
        view = await served.open("one", "shop.py")
        async with client(served, view) as looking:
            assert (await looking.head())["runs"] == []
            view.show([runs.observed()], Stage.RECORDING, "Running")
            head = await looking.head()
            assert (head["status"]["words"], head["runs"][0]["kind"]) == ("Running", "observed")
            for share in (0.1, 0.5):
                view.say(Stage.ASKING, "Asking the model", share)
            view.show([runs.small()])
            while head["runs"][0]["kind"] != "compared":
                head = await looking.head()
            assert head["status"] == {"stage": "ready", "words": "", "share": None}
            revisions = [one["revision"] for one in looking.heads]
            assert revisions == sorted(set(revisions))


async def test_all_answers_are_json_that_every_reader_takes() -> None:
    async with pages() as served, client(served, await shown(served)) as looking:
        await looking.head()
        await looking.socket.send(json.dumps({"id": 7, "ask": "overview", "about": {"buckets": 16}}))
        text = str(await looking.socket.recv())
        assert "NaN" not in text
        assert len(json.loads(text)["answer"]["depth"]) == 16
