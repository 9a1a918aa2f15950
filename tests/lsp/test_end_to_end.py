"""The real server as a process, a real LSP client, the real debugpy, and the real model where it is there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.io_ import run_websocket
from pytest_lsp import LanguageClient, client_capabilities, make_test_lsp_client
from websockets.asyncio.client import connect

from cwm_lsp.backend.choose import choose
from cwm_lsp.config import load
from cwm_lsp.lsp.positions import Encoding, replaced

ROOT = Path(__file__).parents[2]
SERVE = [sys.executable, "-m", "cwm_lsp", "serve"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
SOURCE = '''\
def mean_above(xs, floor):
    """The mean of what lies above.

    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    """
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)


def spin():
    while True:
        pass


# cwm: spin()
'''


@dataclass
class Editor:
    """A client with a workspace of one file, and the states that it was sent."""

    client: LanguageClient
    folder: Path
    states: list[Any] = field(default_factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "shop é.py"

    @property
    def uri(self) -> str:
        return self.path.as_uri()

    async def start(
        self, kind: str, *, states: bool, options: Any = None, text: str = SOURCE
    ) -> types.InitializeResult:
        capabilities = client_capabilities(kind)
        if states:
            capabilities.experimental = {"cwmStates": True}

        def states_sent(params: Any) -> None:
            self.states.append(params)

        self.client.feature("cwm/states")(states_sent)
        self.client.progress_reports["bar"] = []
        result = await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                root_uri=self.folder.as_uri(),
                workspace_folders=[types.WorkspaceFolder(self.folder.as_uri(), "work")],
                initialization_options=options,
            )
        )
        self.path.write_text(text, encoding="utf-8")
        item = types.TextDocumentItem(self.uri, "python", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return result

    async def command(self, name: str, function: str, arguments: str, token: str | None = None) -> Any:
        argument = {"uri": self.uri, "function": function, "arguments": arguments}
        return await self.client.workspace_execute_command_async(
            types.ExecuteCommandParams(name, [argument], work_done_token=token)
        )

    async def lenses(self) -> list[str]:
        document = types.TextDocumentIdentifier(self.uri)
        found = await self.client.text_document_code_lens_async(types.CodeLensParams(document))
        return [lens.command.title for lens in found or [] if lens.command is not None]


@asynccontextmanager
async def over_stdio(folder: Path) -> AsyncIterator[Editor]:
    client = make_test_lsp_client()
    await client.start_io(*SERVE, "--stdio", env=ENVIRONMENT, cwd=folder)
    try:
        yield Editor(client, folder)
        await client.shutdown_session()
    finally:
        assert client._server is not None
        if client._server.stdin is not None:
            client._server.stdin.close()
        await client.stop()  # type: ignore[no-untyped-call]


@asynccontextmanager
async def over_websocket(folder: Path) -> AsyncIterator[Editor]:
    process = await asyncio.create_subprocess_exec(
        *SERVE, "--ws", "0", "--json", env=ENVIRONMENT, cwd=folder, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    where = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    token = Path(where["token_file"]).read_text(encoding="ascii")
    client = make_test_lsp_client()
    url = f"ws://{where['host']}:{where['port']}"
    try:
        async with connect(url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
            reading = asyncio.ensure_future(run_websocket(socket, client._stop_event, client.protocol))
            yield Editor(client, folder)
            await client.shutdown_session()
            await socket.close()
            await reading
    finally:
        process.terminate()
        await process.wait()
    assert not Path(where["token_file"]).exists()


TRANSPORTS = {"stdio": over_stdio, "websocket": over_websocket}


@pytest.fixture
async def editor(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Editor]:
    """An editor over stdio or the transport that is asked for, not yet initialized."""
    async with TRANSPORTS[getattr(request, "param", "stdio")](tmp_path) as editor:
        yield editor


@pytest.fixture
def model(tmp_path: Path) -> None:
    """The real model, as the server finds it; a full run fails without one."""
    choice = choose(load(tmp_path).settings)
    if choice.backend is None:
        if os.environ.get("FULL") == "1":
            pytest.fail(choice.reason)
        pytest.skip(choice.reason)


def shown(params: Any) -> dict[int, str]:
    return {
        line.at.line + 1: " · ".join(fragment.text for fragment in line.fragments) for line in params.lines
    }


@pytest.mark.parametrize("editor", sorted(TRANSPORTS), indirect=True)
async def test_a_program_is_recorded_under_debugpy_and_shown(editor: Editor) -> None:
    await editor.start("visual-studio-code", states=True)
    assert await editor.lenses() == [
        "Compare mean_above([4, 9, 2, 7], 3)",
        "Predict",
        "Compare spin()",
        "Predict",
    ]
    answer = await editor.command("cwm.record", "mean_above", "[4, 9, 2, 7], 3")
    assert (answer["events"], answer["cut"]) == (16, "")
    assert shown(editor.states[-1]) == {
        1: "xs = [4, 9, 2, 7] · floor = 3",
        7: "total = 0",
        8: "x = 7",
        10: "total = 20",
        11: "← 5.0",
    }


@pytest.mark.parametrize("editor", sorted(TRANSPORTS), indirect=True)
async def test_a_run_is_compared_with_the_model(model: None, editor: Editor) -> None:
    await editor.start("visual-studio-code", states=True)
    answer = await editor.command("cwm.compare", "mean_above", "[4, 9, 2, 7], 3", token="bar")
    states = {part.state for line in editor.states[-1].lines for part in line.fragments}
    assert states & {"agrees", "differs", "withheld"}
    assert "right in" in answer["summary"]
    assert (answer["divergence"] is None) == (editor.states[-1].divergences == [])
    hover = await editor.client.text_document_hover_async(
        types.HoverParams(types.TextDocumentIdentifier(editor.uri), types.Position(9, 14))
    )
    assert hover is not None
    assert "| 3/3 | total | 20" in hover.contents.value  # type: ignore[union-attr]
    kinds = [type(report).__name__ for report in editor.client.progress_reports["bar"]]
    assert (kinds[0], kinds[-1]) == ("WorkDoneProgressBegin", "WorkDoneProgressEnd")


async def test_a_call_is_predicted_without_running_it(model: None, editor: Editor) -> None:
    await editor.start("neovim", states=True)
    await editor.command("cwm.predict", "mean_above", "[4, 9], 3")
    states = {part.state for line in editor.states[-1].lines for part in line.fragments}
    assert states <= {"predicted", "withheld", "computed"}


async def test_a_client_that_knows_nothing_of_us_gets_hints_and_diagnostics(editor: Editor) -> None:
    await editor.start("neovim", states=False)
    await editor.command("cwm.record", "mean_above", "[4, 9, 2, 7], 3")
    hints = await editor.client.text_document_inlay_hint_async(
        types.InlayHintParams(
            types.TextDocumentIdentifier(editor.uri), types.Range(types.Position(0, 0), types.Position(50, 0))
        )
    )
    assert [(hint.position.line, hint.label) for hint in hints or []] == [
        (0, "xs = [4, 9, 2, 7] · floor = 3"),
        (6, "total = 0"),
        (7, "x = 7 ⟨4/5⟩"),
        (9, "total = 20 ⟨3/3⟩"),
        (10, "← 5.0"),
    ]
    assert editor.states == []


async def test_a_program_without_end_is_stopped_by_its_progress(tmp_path: Path) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("visual-studio-code", states=True)
        begun = editor.client.protocol.wait_for_notification_async("$/progress")
        running = asyncio.ensure_future(editor.command("cwm.record", "spin", "", token="bar"))
        await begun
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("bar"))
        with pytest.raises(JsonRpcException) as refused:
            await running
        assert refused.value.code == -32800
        assert (await editor.command("cwm.record", "mean_above", "[1], 0"))["events"] > 0


async def test_bad_targets_are_named_and_the_server_goes_on(tmp_path: Path) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("neovim", states=True)
        for function, arguments, says in (
            ("nothing", "", "nothing"),
            ("mean_above", "1 +", "1 +"),
            ("mean_above", "1", "floor"),
        ):
            with pytest.raises(JsonRpcException, match=says.replace("+", r"\+")):
                await editor.command("cwm.record", function, arguments)
        assert (await editor.command("cwm.record", "mean_above", "[1], 0"))["events"] > 0


BROKEN = '''\
def mean_above(xs, floor):
    """The mean of what lies above.

    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    >>> mean_above([1, 2, 3], 3)
    0.0
    """
    total = 0
    for x in xs:
        if x >= floor:  # é
            total += x
    return total / len(xs)
'''


async def test_a_failing_doctest_leads_to_an_edit_after_which_it_passes(tmp_path: Path) -> None:
    """Record, choose the action, resolve it, apply the edit as an editor does, run the doctest for real."""
    async with over_stdio(tmp_path) as editor:
        await editor.start("neovim", states=True, text=BROKEN)
        await editor.command("cwm.record", "mean_above", "[1, 2, 3], 3")
        at = types.Position(10, 8)
        context = types.CodeActionContext([], only=[types.CodeActionKind.QuickFix])
        found = await editor.client.text_document_code_action_async(
            types.CodeActionParams(types.TextDocumentIdentifier(editor.uri), types.Range(at, at), context)
        )
        (action,) = [one for one in found or [] if isinstance(one, types.CodeAction)]
        assert action.title == "Find a fix: mean_above([1, 2, 3], 3) gave 1.0; the doctest says 0.0"
        assert action.edit is None
        resolved = await editor.client.code_action_resolve_async(action)
        assert resolved.is_preferred
        assert resolved.edit is not None
        (change,) = resolved.edit.document_changes or []
        assert isinstance(change, types.TextDocumentEdit)
        text = BROKEN
        for edit in change.edits:
            assert isinstance(edit, types.TextEdit)
            start, end = edit.range.start, edit.range.end
            ends = (start.line, start.character), (end.line, end.character)
            text = replaced(text, *ends, edit.new_text, Encoding.UTF8)
        editor.path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "doctest", str(editor.path)]
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        assert (process.returncode, said) == (0, b"")


async def test_a_search_for_fixes_is_stopped_by_its_progress(tmp_path: Path) -> None:
    async with over_stdio(tmp_path) as editor:
        text = SOURCE.replace("5.0", "6.125")
        await editor.start("visual-studio-code", states=True, text=text)
        begun = editor.client.protocol.wait_for_notification_async("$/progress")
        argument = {"uri": editor.uri, "kind": "doctest", "name": "mean_above", "seconds": 600}
        running = asyncio.ensure_future(
            editor.client.workspace_execute_command_async(
                types.ExecuteCommandParams("cwm.repair", [argument], work_done_token="bar")
            )
        )
        await begun
        editor.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams("bar"))
        with pytest.raises(JsonRpcException) as refused:
            await running
        assert refused.value.code == -32800


async def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    async with over_stdio(tmp_path) as editor:
        await editor.start("neovim", states=True, options={"python": "/no/such/python"})
        with pytest.raises(JsonRpcException, match="/no/such/python"):
            await editor.command("cwm.record", "mean_above", "[1], 0")


async def test_the_server_process_is_light(tmp_path: Path) -> None:
    """What it imports before a client asks for anything; the model's libraries belong to the model host."""
    code = "import sys, cwm_lsp.cli.serve; print(*sorted(sys.modules))"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=ENVIRONMENT, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    modules = set(output.decode().split())
    assert "cwm_lsp.lsp.server" in modules
    assert modules & {"torch", "transformers", "onnxruntime", "onnx", "vllm"} == set()
