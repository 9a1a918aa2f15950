"""The way back from adapted weights."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest

from cwm_lsp.backend.weights import MANIFEST, MODEL, locate
from cwm_lsp.cli.learning_commands import adapt
from cwm_lsp.errors import UserError
from cwm_lsp.learn.adapted import adapted_folder, check_room, place, undo
from cwm_lsp.record.interpreter import candidates
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
    for weights in (b"first", b"second"):
        check_room(folder)
        made = tmp_path / weights.decode()
        shutil.copytree(tiny.FOLDER, made)
        (made / MODEL).write_bytes(weights)
        place(made, folder)
        assert (folder / MODEL).read_bytes() == weights
    assert [path.name for path in folder.parent.iterdir()] == ["adapted"]


def test_weights_with_other_things_beside_them_are_left_alone(tmp_path: Path) -> None:
    """A project may have a ``model.json`` of its own, and the shipped weights lie in a folder like any."""
    (tmp_path / MANIFEST).write_text("{}")
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, locate()):
        before = sorted(folder.iterdir())
        with pytest.raises(UserError, match="holds other things"):
            check_room(folder)
        with pytest.raises(UserError, match="holds other things"):
            place(tiny.FOLDER, folder)
        with pytest.raises(UserError, match="holds other things"):
            undo(folder)
        assert sorted(folder.iterdir()) == before


def test_a_file_is_no_folder_for_weights(tmp_path: Path) -> None:
    (tmp_path / "adapted").write_text("mine")
    with pytest.raises(UserError, match="is a file"):
        check_room(tmp_path / "adapted")


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
    with pytest.raises(UserError, match="holds other things"):
        place(tiny.FOLDER, tmp_path)
    with pytest.raises(UserError, match="Nothing can be written to"):
        check_room(tmp_path / "notes.txt" / "adapted")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_the_users_data_folder_is_absolute() -> None:
    assert adapted_folder().is_absolute()


@pytest.mark.skipif(sys.platform == "win32", reason="there is always a profile")
def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    import pwd

    def nobody(number: int) -> None:
        raise KeyError(number)

    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    with pytest.raises(UserError, match="no folder for data"):
        adapted_folder()
    assert candidates()
