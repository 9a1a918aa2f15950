"""The way back from adapted weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from cwm_lsp.cli.learning_commands import adapt
from cwm_lsp.errors import UserError
from cwm_lsp.learn.adapted import adapted_folder, check_room, place, undo
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


def test_weights_take_the_place_of_those_before_them(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "adapted"
    for name in ("model.onnx", "model.json"):
        check_room(folder)
        made = tmp_path / name
        shutil.copytree(tiny.FOLDER, made)
        (made / f"only with {name}").touch()
        place(made, folder)
        assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in made.iterdir())
    assert [path.name for path in folder.parent.iterdir()] == ["adapted"]


def test_an_empty_folder_is_room_enough(tmp_path: Path) -> None:
    folder = tmp_path / "adapted"
    folder.mkdir()
    check_room(folder)
    place(tiny.FOLDER, folder)
    assert undo(folder)


def test_where_there_is_no_room_is_known_before(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="holds other things"):
        check_room(tmp_path)
    with pytest.raises(UserError, match="cannot be written"):
        place(tiny.FOLDER, tmp_path)
    with pytest.raises(UserError, match="Nothing can be written to"):
        check_room(tmp_path / "notes.txt" / "adapted")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_users_data_folder_is_absolute() -> None:
    assert adapted_folder().is_absolute()
