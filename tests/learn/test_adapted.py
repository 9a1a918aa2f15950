"""The way back from adapted weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cwm_lsp.cli.learning_commands import adapt
from cwm_lsp.learn.adapted import adapted_folder, undo
from tests.backend import tiny


def test_undo_removes_weights_and_says_whether_there_were_any(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "adapted"
    shutil.copytree(tiny.FOLDER, folder)
    for removed in (True, False):
        assert adapt({"as_json": True, "undo": True, "out": folder}) == 0
        assert json.loads(capsys.readouterr().out) == {"folder": str(folder), "removed": removed}
        assert not folder.exists()


def test_undo_leaves_a_folder_of_other_things_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert not undo(tmp_path)
    assert (tmp_path / "notes.txt").exists()


def test_the_users_data_folder_is_absolute() -> None:
    assert adapted_folder().is_absolute()
