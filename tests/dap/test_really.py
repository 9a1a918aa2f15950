"""A ghost session that is asked "really?": the call is run and held against the prediction."""

from __future__ import annotations

from pathlib import Path

from cwm_lsp.cli.debugging import recorder
from cwm_lsp.cli.model import Model
from cwm_lsp.config import load
from cwm_lsp.dap.really import Recorder
from tests.dap.client import ghost
from tests.dap.programs import GHOST, line
from tests.dap.world import Knowing, as_source, haunted, truth

RUNNABLE = GHOST.replace("import package_that_does_not_exist", "#")


def real(folder: Path) -> Recorder:
    """The recorder of the command, with the interpreter that runs the tests."""
    loaded = load(folder)
    return recorder(loaded, Model(loaded.settings))


def written(folder: Path, source: str = RUNNABLE) -> Path:
    path = folder / "ghost.py"
    path.write_text(source, encoding="utf-8")
    return path


async def test_a_prediction_that_is_right_is_said_to_be(tmp_path: Path) -> None:
    model = Knowing([as_source(truth("total([4, 9])"), RUNNABLE)], source=RUNNABLE)
    async with haunted(model, real(tmp_path)) as client:
        await ghost(client, written(tmp_path), "total", arguments="[4, 9]")
        for _ in range(7):
            await client.stop("next")
        said = await client.ask("evaluate", expression="really?", context="repl")
        assert said["result"].startswith("The call was run; it gave 13. The model was right in 100 % of ")
        assert "No difference" in said["result"]
        assert said["divergence"] is None
        assert said["lines"][0]["at"]["line"] == line("def total") - 1


async def test_a_prediction_that_is_wrong_is_told_where(tmp_path: Path) -> None:
    doubled = RUNNABLE.replace("c = a + b", "c = a * b")
    model = Knowing([as_source(truth("add(3, 3)", doubled), RUNNABLE)], source=RUNNABLE, aided=False)
    async with haunted(model, real(tmp_path)) as client:
        await ghost(client, written(tmp_path), "add", arguments="3, 3")
        await client.stop("next")
        assert (await client.variables())["c"]["value"].startswith("≈ 9 · ")
        body = await client.ask("cwm/really")
        first = f"First difference at line {line('c = a + b')}: c: the model expected 9, at"
        assert first in body["result"]
        assert "; the run gave 6" in body["result"]
        assert body["divergence"]["observed"] == "6"


async def test_what_cannot_be_run_says_why(tmp_path: Path) -> None:
    async with haunted(Knowing([truth("add(3, 3)")]), real(tmp_path)) as client:
        await ghost(client, written(tmp_path, GHOST), "add", arguments="3, 3")
        said = await client.refused("evaluate", expression="really?")
        assert "package_that_does_not_exist" in said
        await client.stop("next")


async def test_after_a_what_if_it_is_another_call(tmp_path: Path) -> None:
    async with haunted(Knowing([truth("add(3, 3)"), truth("add(3, 4)")]), real(tmp_path)) as client:
        await ghost(client, written(tmp_path, GHOST), "add", arguments="3, 3")
        scope = (await client.ask("scopes", frameId=1))["scopes"][0]["variablesReference"]
        await client.ask("setVariable", variablesReference=scope, name="b", value="4")
        assert "another call" in await client.refused("cwm/really")
