"""A what-if in an editor, side by side on the page: the real server and model, the real Chromium."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.test_end_to_end import Editor, over_stdio
from tests.web.chromium import Tab
from tests.web.page import LAID_OUT, at, row, row_text

SOURCE = """\
def count(xs, n):
    for x in xs:
        n = n + 1
    return n


# cwm: count([5, 6], 0)
"""
BODY = 3


async def asked(editor: Editor, branches: list[dict[str, str]], **more: Any) -> str:
    """The address that ``cwm.viewWhatIf`` answers."""
    argument: Mapping[str, Any] = {"uri": editor.uri, "line": BODY - 1, "branches": branches, **more}
    found = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("cwm.viewWhatIf", [argument])
    )
    assert found is not None
    return str(found["url"] if isinstance(found, dict) else found.url)


async def states(tab: Tab, step: int, side: str) -> list[str]:
    """The states of the cells in a row: what tells them apart by colour."""
    cells = f"[...{row(step, side)}.querySelectorAll('.cell:not([hidden])')]"
    return list(await tab.value(f"{cells}.map(one => one.classList[1])"))


async def test_both_futures_stand_side_by_side_and_part_at_the_first_difference(
    tmp_path: Path, tab: Tab
) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual_studio_code", states=True, text=SOURCE)
        await editor.command("cwm.record", "count", "[5, 6], 0")
        await tab.open(await asked(editor, [{"n": "7"}, {"n": "1"}]))
        await tab.until(LAID_OUT)
        await at(tab, 1)
        names = "[...document.querySelectorAll('.grid .name')].map(one => one.textContent)"
        assert await tab.value(names) == ["as it is", "if n = 7"]
        assert "nothing was run" in await tab.text()
        # What was observed, what was put in its place, what is predicted; the first difference marked.
        assert (await row_text(tab, 0)).startswith("1 3n = n + 1")
        assert "≈" not in await row_text(tab, 0)
        left, right = await row_text(tab, 1), await row_text(tab, 1, "right")
        assert left.startswith("◆ 2 3n = n + 1 ≈ 2 · ")
        assert right.startswith("◆ 2 3n = n + 1 ≈ 8 · ")
        assert "left: n ≈ 2; right: n ≈ 8" in await tab.text()
        assert await states(tab, 0, "left") == ["observed", "observed", "observed"]
        assert await states(tab, 0, "right") == ["observed", "computed", "observed"]
        assert await states(tab, 1, "right") == ["predicted"]
        assert "observed" not in {state for step in range(1, 4) for state in await states(tab, step, "right")}
        await edited(editor)
        await tab.until("document.getElementById('blank').innerText.includes('nothing of the present text')")


async def test_a_program_that_is_stopped_says_what_its_frame_holds(tmp_path: Path, tab: Tab) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual_studio_code", states=True, options={"trusted": False}, text=SOURCE)
        values = {"xs": "[5, 6]", "n": "0", "x": "5"}
        await tab.open(await asked(editor, [{"n": "7"}], locals=values))
        await tab.until(LAID_OUT)
        await at(tab, 1)
        assert (await row_text(tab, 1, "right")).startswith("◆ 2 3n = n + 1 ≈ 8 · ")


@pytest.mark.parametrize(
    ("branches", "why"),
    [
        ([{"m": "7"}], "m has no value here"),
        ([{"n": "len(xs)"}], "is not a literal"),
        ([], "one to 8 branches"),
    ],
)
async def test_what_cannot_be_supposed_is_said(
    tmp_path: Path, branches: list[dict[str, str]], why: str
) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual_studio_code", states=True, options={"backend": "off"}, text=SOURCE)
        with pytest.raises(JsonRpcException, match="No run of this file was seen at line 3"):
            await asked(editor, branches)
        await editor.command("cwm.record", "count", "[5, 6], 0")
        with pytest.raises(JsonRpcException, match=why):
            await asked(editor, branches)


async def edited(editor: Editor) -> None:
    """Another text, after which the values are stale."""
    document = types.VersionedTextDocumentIdentifier(2, editor.uri)
    change = types.TextDocumentContentChangeWholeDocument(SOURCE.replace("+ 1", "+ 2"))
    editor.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))
