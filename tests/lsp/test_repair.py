"""Fixes by LSP: what is listed, what a chosen action leads to, what is asked, and what is never run."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.lsp.talk import FULL_CLIENT, Talk

BROKEN = '''\
def mean_above(xs, floor):
    """
    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    >>> mean_above([1, 2, 3], 3)
    0.0
    """
    total = 0
    for x in xs:
        if x >= floor:
            total += x
    return total / len(xs)
'''
CALL = {"function": "mean_above", "arguments": "[1, 2, 3], 3"}
WHOLE_FUNCTION = {"start": {"line": 9, "character": 0}, "end": {"line": 9, "character": 0}}


async def listed(talk: Talk, line: int = 9, only: list[str] | None = None) -> list[dict[str, Any]]:
    """The code actions at a 0-based line."""
    at = {"line": line, "character": 0}
    context: dict[str, Any] = {"diagnostics": []} | ({"only": only} if only else {})
    params = {"textDocument": {"uri": talk.uri}, "range": {"start": at, "end": at}, "context": context}
    found: list[dict[str, Any]] = await talk.request("textDocument/codeAction", params)
    return found


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """``text``, of ASCII, with the edits of a client."""
    lines = text.split("\n")
    starts = [sum(len(line) + 1 for line in lines[:n]) for n in range(len(lines))]

    def offset(at: dict[str, int]) -> int:
        return starts[at["line"]] + at["character"]

    for edit in sorted(edits, key=lambda one: offset(one["range"]["start"]), reverse=True):
        start, end = (offset(edit["range"][side]) for side in ("start", "end"))
        text = text[:start] + edit["newText"] + text[end:]
    return text


@pytest.fixture
async def broken(talk: Talk) -> Talk:
    """A client with a function whose doctest fails, not yet run."""
    await talk.initialize()
    talk.open(BROKEN)
    return talk


async def test_a_claim_that_was_not_run_offers_to_look_and_runs_nothing(broken: Talk) -> None:
    assert [one["title"] for one in await listed(broken)] == [
        "If it fails, find a fix: the doctest of mean_above"
    ]
    assert await listed(broken, only=["refactor"]) == []
    assert (broken.engines.ran, broken.engines.repaired) == ([], [])


async def test_a_run_that_breaks_a_doctest_is_a_diagnostic_a_lens_and_an_action(broken: Talk) -> None:
    await broken.command("cwm.record", {"uri": broken.uri, **CALL})
    words = "mean_above([1, 2, 3], 3) gave 1.0; the doctest says 0.0"
    (diagnostic,) = broken.last("textDocument/publishDiagnostics")["diagnostics"]
    assert (diagnostic["message"], diagnostic["code"], diagnostic["severity"]) == (words, "unmet", 2)
    assert diagnostic["range"]["start"] == {"line": 4, "character": 4}
    (action,) = await listed(broken)
    assert action["title"] == f"Find a fix: {words}"
    assert [one["message"] for one in action["diagnostics"]] == [words]
    assert "edit" not in action
    lenses = await broken.request("textDocument/codeLens", {"textDocument": {"uri": broken.uri}})
    (lens,) = [one for one in lenses if one["command"]["command"] == "cwm.fix"]
    assert lens["range"]["start"]["line"] == 4
    assert broken.engines.repaired == []


async def test_resolving_a_chosen_action_gives_an_edit_that_makes_the_doctest_pass(broken: Talk) -> None:
    (action,) = await listed(broken)
    resolved = await broken.request("codeAction/resolve", action)
    (change,) = resolved["edit"]["documentChanges"]
    assert change["textDocument"] == {"uri": broken.uri, "version": 1}
    text = applied(BROKEN, change["edits"])
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    assert namespace["mean_above"]([1, 2, 3], 3) == 0.0
    assert namespace["mean_above"]([4, 9, 2, 7], 3) == 5.0
    assert resolved["isPreferred"] is resolved["data"]["verified"] is True
    assert resolved["data"]["evidence"][0].startswith("verified: ")


async def test_found_fixes_are_offered_until_the_text_changes(broken: Talk) -> None:
    argument = {"uri": broken.uri, "kind": "doctest", "name": "mean_above"}
    answer = await broken.command("cwm.repair", argument)
    assert answer["status"] == "verified"
    assert 1 <= len(answer["fixes"]) <= 3
    first = (await listed(broken))[0]
    assert (first["title"], first["isPreferred"]) == (answer["fixes"][0]["title"], True)
    assert first["edit"]["documentChanges"][0]["edits"] == answer["fixes"][0]["edits"]
    change = {"textDocument": {"uri": broken.uri, "version": 2}, "contentChanges": [{"text": BROKEN + "#\n"}]}
    broken.notify("textDocument/didChange", change)
    assert [one["title"] for one in await listed(broken)] == [
        "If it fails, find a fix: the doctest of mean_above"
    ]


async def test_a_value_that_the_user_says_is_a_specification(talk: Talk) -> None:
    capabilities = {**FULL_CLIENT, "experimental": {"cwmStates": True, "cwmShouldBe": True}}
    await talk.initialize(capabilities)
    talk.open("def clamp(n, low):\n    if n > low:\n        return low\n    return n\n")
    await talk.command("cwm.record", {"uri": talk.uri, "function": "clamp", "arguments": "3, 5"})
    (action,) = await listed(talk, 1)
    assert action["title"] == "clamp(3, 5) gave 3, should be …"
    assert action["command"]["command"] == "cwm.shouldBe"
    (told,) = action["command"]["arguments"]
    assert told == {"uri": talk.uri, "function": "clamp", "arguments": "3, 5", "observed": "3"}
    cases = [{"call": "clamp(7, 5)", "gives": "7"}, {"call": "clamp(5, 5)", "gives": "5"}]
    argument = {"uri": talk.uri, "kind": "call", "name": "clamp(3, 5)", "expect": "5", "answers": cases}
    answer = await talk.command("cwm.repair", argument)
    namespace: dict[str, Any] = {}
    exec(applied(talk.path.read_text(encoding="utf-8"), answer["fixes"][0]["edits"]), namespace)
    assert [namespace["clamp"](n, 5) for n in (3, 7, 5)] == [5, 7, 5]


async def test_a_client_without_the_command_is_not_offered_it(broken: Talk) -> None:
    await broken.command("cwm.record", {"uri": broken.uri, **CALL})
    lenses = await broken.request("textDocument/codeLens", {"textDocument": {"uri": broken.uri}})
    assert {one["command"]["command"] for one in lenses} == {"cwm.predict", "cwm.compare", "cwm.fix"}
    assert all("command" not in one for one in await listed(broken))


async def test_a_fix_of_a_failing_test_is_made_in_the_file_that_it_is_about(talk: Talk) -> None:
    await talk.initialize()
    text = "def half(n):\n    return n * 2\n"
    talk.open(text)
    test = talk.path.with_name("test_shop.py")
    test.write_text(
        "from shop import half\n\n\ndef test_half():\n    assert half(8) == 4\n    assert half(2) == 1\n"
    )
    item = {"uri": test.as_uri(), "languageId": "python", "version": 1, "text": test.read_text()}
    talk.notify("textDocument/didOpen", {"textDocument": item})
    at = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 0}}
    params = {"textDocument": {"uri": test.as_uri()}, "range": at, "context": {"diagnostics": []}}
    (action,) = await talk.request("textDocument/codeAction", params)
    assert action["title"] == "If it fails, find a fix: test_half"
    answer = await talk.command("cwm.repair", action["data"])
    fix = answer["fixes"][0]
    assert (fix["uri"], fix["version"]) == (talk.uri, 1)
    namespace: dict[str, Any] = {}
    exec(applied(text, fix["edits"]), namespace)
    assert namespace["half"](8) == 4


HALF_TESTS = """\
import unittest

import pytest

from shop import half


@pytest.mark.parametrize("n, expected", [(8, 4), (2, 1)])
def test_each(n, expected):
    assert half(n) == expected


class TestHalf:
    def test_half(self):
        assert half(8) == 4
        assert half(2) == 1


class HalfCase(unittest.TestCase):
    def setUp(self):
        self.n = 8

    def test_half(self):
        self.assertEqual(half(self.n), 4)
        self.assertEqual(half(2), 1)
"""


@pytest.mark.parametrize("node", ["test_each", "TestHalf::test_half", "HalfCase::test_half"])
async def test_the_lens_over_a_failing_test_leads_to_a_fix(talk: Talk, node: str) -> None:
    await talk.initialize()
    text = "def half(n):\n    return n * 2\n"
    talk.open(text)
    test = talk.path.with_name("test_shop.py")
    test.write_text(HALF_TESTS)
    item = {"uri": test.as_uri(), "languageId": "python", "version": 1, "text": HALF_TESTS}
    talk.notify("textDocument/didOpen", {"textDocument": item})
    lenses = await talk.request("textDocument/codeLens", {"textDocument": {"uri": test.as_uri()}})
    commands = [one["command"] for one in lenses]
    (argument,) = [arg for one in commands for arg in one["arguments"] if arg.get("name", "").endswith(node)]
    assert {one["title"] for one in commands} == {"If it fails, find a fix"}
    assert talk.engines.repaired == []
    answer = await talk.command("cwm.repair", argument)
    namespace: dict[str, Any] = {}
    exec(applied(text, answer["fixes"][0]["edits"]), namespace)
    assert namespace["half"](8) == 4


VAGUE = '''\
def pick(a, b):
    """
    >>> pick(2, 2)
    4
    """
    return a - b
'''


async def test_where_fixes_disagree_the_input_that_tells_them_apart_is_asked(talk: Talk) -> None:
    await talk.initialize()
    talk.open(VAGUE)
    argument = {"uri": talk.uri, "kind": "doctest", "name": "pick"}
    vague = await talk.command("cwm.repair", argument)
    assert vague["status"] == "plausible"
    assert all("plausible, not verified" in fix["title"] for fix in vague["fixes"])
    assert not any(fix["verified"] for fix in vague["fixes"])
    question = vague["question"]
    assert question["words"].startswith(f"For {question['call']} one fix gives ")
    told = [{"call": question["call"], "gives": str(eval(question["call"], {"pick": lambda a, b: a + b}))}]
    sharper = await talk.command("cwm.repair", {**argument, "answers": told})
    for fix in sharper["fixes"]:
        namespace: dict[str, Any] = {}
        exec(applied(VAGUE, fix["edits"]), namespace)
        assert repr(eval(question["call"], namespace)) == told[0]["gives"]


async def test_a_plausible_fix_is_made_only_when_it_is_picked(talk: Talk) -> None:
    """The client of these tests answers every question with nothing."""
    await talk.initialize()
    talk.open(VAGUE)
    answer = await talk.command("cwm.fix", {"uri": talk.uri, "kind": "doctest", "name": "pick"})
    assert answer == {"status": "plausible", "title": ""}
    asked = [one["params"] for one in talk.heard if one.get("method") == "window/showMessageRequest"]
    assert [action["title"] for action in asked[-1]["actions"]][-1] == "Leave it"
    assert not any(one.get("method") == "workspace/applyEdit" for one in talk.heard)


async def test_a_verified_fix_is_sent_to_be_applied(broken: Talk) -> None:
    await broken.command("cwm.fix", {"uri": broken.uri, "kind": "doctest", "name": "mean_above"})
    (sent,) = [one["params"] for one in broken.heard if one.get("method") == "workspace/applyEdit"]
    assert "if x > floor" in applied(BROKEN, sent["edit"]["documentChanges"][0]["edits"])
    assert broken.path.read_text(encoding="utf-8") == BROKEN


async def test_nothing_is_listed_or_searched_in_an_untrusted_workspace(talk: Talk) -> None:
    await talk.initialize(options={"trusted": False})
    talk.open(BROKEN)
    assert await listed(talk) == []
    argument = {"uri": talk.uri, "kind": "doctest", "name": "mean_above"}
    for command in ("cwm.repair", "cwm.fix"):
        error = await talk.refused("workspace/executeCommand", {"command": command, "arguments": [argument]})
        assert error["message"].startswith("This workspace is not trusted")
    error = await talk.refused("codeAction/resolve", {"title": "Find a fix", "data": argument})
    assert error["message"].startswith("This workspace is not trusted")
    assert talk.engines.repaired == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"kind": "wish"}, "kind must be one of"),
        ({"name": 3}, "name must be text"),
        ({"kind": "call", "expect": 3}, "expect must be the text"),
        ({"answers": [{"call": "f()"}]}, "answers must be"),
        ({"seconds": 0}, "seconds must be"),
        ({"name": "no_such"}, "no doctest no_such"),
        ({"kind": "call", "name": "f("}, "no Python expression"),
        ({"kind": "test", "name": "/no/such/test_a.py::test_b"}, "test_a.py"),
        ({"kind": "call", "name": "mean_above([1], 0)", "expect": "1.0"}, "Nothing fails"),
    ],
)
async def test_wishes_that_mean_nothing_are_named(broken: Talk, change: Any, says: str) -> None:
    argument = {"uri": broken.uri, "kind": "doctest", "name": "mean_above", **change}
    error = await broken.refused(
        "workspace/executeCommand", {"command": "cwm.repair", "arguments": [argument]}
    )
    assert says in error["message"]


async def test_an_edit_meanwhile_ends_the_search(broken: Talk) -> None:
    broken.engines.held = asyncio.Event()  # never set: the search would go on for ever
    argument = {"uri": broken.uri, "kind": "doctest", "name": "mean_above"}
    running = broken.ask("workspace/executeCommand", {"command": "cwm.repair", "arguments": [argument]})
    await broken.engines.started.wait()
    change = {"textDocument": {"uri": broken.uri, "version": 2}, "contentChanges": [{"text": "#\n"}]}
    broken.notify("textDocument/didChange", change)
    assert "was changed meanwhile" in (await broken.answer(running))["error"]["message"]
