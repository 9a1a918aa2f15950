"""Tests as projects have them: fixtures of pytest's own, plugins, settings."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from cwm_lsp.repair.agent.plugins import needless
from cwm_lsp.repair.model import Status
from cwm_lsp.repair.scratch import IN_MEMORY, LEFT_FOR, PREFIX, folder
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification

STORE = """\
import logging
import os
from pathlib import Path

log = logging.getLogger(__name__)


def saved(path, lines):
    text = "".join(f"{line}\\n" for line in lines)
    Path(path).write_text(text)
    log.info("%d lines", len(lines) + 1)
    return len(text)


def home():
    return os.environ["STORE_HOME"]
"""
FIXTURES = {
    "tmp_path": ("tmp_path", "saved(tmp_path / 'a', ['x']); assert (tmp_path / 'a').read_text() == 'x\\n'"),
    "tmpdir": ("tmpdir", "saved(str(tmpdir.join('a')), ['x']); assert tmpdir.join('a').read() == 'x\\n'"),
    "caplog": (
        "tmp_path, caplog",
        "caplog.set_level('INFO'); saved(tmp_path / 'a', ['x']); assert caplog.messages == ['1 lines']",
    ),
    "monkeypatch": ("monkeypatch", "monkeypatch.setenv('STORE_HOME', '/x'); assert home() == '/x'"),
    "capsys": ("capsys", "print(home.__name__); assert capsys.readouterr().out == 'home\\n'"),
}


def test_tests_with_fixtures_of_pytest_pass_with_what_mends_them(tmp_path: Path) -> None:
    file = tmp_path / "store.py"
    file.write_text(STORE)
    test = tmp_path / "test_store.py"
    bodies = "".join(f"\n\ndef test_{name}({args}):\n    {body}\n" for name, (args, body) in FIXTURES.items())
    test.write_text(f"from store import home, saved\n{bodies}")
    found = repair(file, STORE, Specification((), (), str(test)), python=sys.executable, budget=10)
    assert found.status is not Status.NONE
    assert found.fixes[0].candidate.line == STORE[: STORE.index("log.info")].count("\n") + 1
    assert found.fixes[0].evidence.passed == len(FIXTURES)


def test_a_file_that_is_only_right_in_a_temporary_folder_is_mended(tmp_path: Path) -> None:
    source = STORE.replace("write_text(text)", "write_text(path)").replace(" + 1)", ")")
    file = tmp_path / "store.py"
    file.write_text(source)
    test = tmp_path / "test_store.py"
    body = "saved(tmp_path / 'f', ['a', 'b']); assert (tmp_path / 'f').read_text() == 'a\\nb\\n'"
    test.write_text(f"from store import saved\n\n\ndef test_lines(tmp_path):\n    {body}\n")
    found = repair(file, source, Specification((), (), str(test)), python=sys.executable, budget=20)
    assert found.fixes, found.notes


@pytest.mark.parametrize(
    ("test", "settings", "left"),
    [
        ("def test(): pass", "", {"anyio", "hypothesispytest", "pytest-lsp", "xdist", "xdist.looponfail"}),
        ("from hypothesis import given", "", {"anyio", "pytest-lsp", "xdist", "xdist.looponfail"}),
        (
            "def test(worker_id): pass",
            "anyio_mode = 1",
            {"hypothesispytest", "pytest-lsp", "xdist.looponfail"},
        ),
        ("pytest_plugins = ['mine']", "", set()),
    ],
)
def test_plugins_that_no_word_of_the_tests_needs_are_not_loaded(
    test: str, settings: str, left: set[str], tmp_path: Path
) -> None:
    inner = tmp_path / "tests" / "unit"
    inner.mkdir(parents=True)
    (inner / "test_a.py").write_text(test)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}\n")
    assert needless([str(inner / "test_a.py")], str(tmp_path)) == [
        f"-pno:{name}" for name in needless_names() if name in left
    ]


def needless_names() -> list[str]:
    """In the order of the table."""
    from cwm_lsp.repair.agent.plugins import WORDS

    return list(WORDS)


@pytest.mark.skipif(not Path(IN_MEMORY).is_dir(), reason="files are not kept in memory here")
def test_copies_are_kept_in_memory_where_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cwm_lsp.repair.scratch.SPARE", 0)
    inside = folder()
    monkeypatch.setattr("cwm_lsp.repair.scratch.SPARE", 1 << 60)
    beside = folder()
    try:
        assert inside.is_relative_to(IN_MEMORY)
        assert not beside.is_relative_to(IN_MEMORY)
    finally:
        inside.rmdir()
        beside.rmdir()


def test_what_a_killed_search_left_in_memory_goes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("cwm_lsp.repair.scratch.IN_MEMORY", str(tmp_path))
    old, young = tmp_path / f"{PREFIX}old", tmp_path / f"{PREFIX}young"
    old.mkdir()
    (old / "kept.py").write_text("x = 1")
    young.mkdir()
    long_ago = time.time() - LEFT_FOR - 60
    os.utime(old, (long_ago, long_ago))
    assert folder().parent == tmp_path.resolve()
    assert young.is_dir()
    assert not old.exists()
