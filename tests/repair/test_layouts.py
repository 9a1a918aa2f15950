"""Projects laid out as people lay them out: what tests import, and from where."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.baseline import job_for
from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.specification import Specification
from cwm_lsp.repair.workers import Worker

SOURCE = "from .names import OFFSET\n\n\ndef add(a, b):\n    return a - b + OFFSET\n"
TESTS = "from acme.tools.calc import add\n\n\ndef test_add():\n    assert add(2, 3) == 5\n"


def passed(file: Path, test: Path) -> dict[str, list[bool]]:
    """Whether each test passes: in the file as it stands, and with ``a + b``."""
    source = file.read_text()
    at = source.index("a - b")
    job = job_for(file, source, Specification((), (), str(test)), sys.executable)
    mended = Candidate((Edit(at, at + 5, "a + b"),), "operator", 1, 0.5)
    same = Candidate((Edit(len(source), len(source), "# same\n"),), "nothing", 1, 0.5)
    with Worker(job) as worker:
        nodes = worker.collected()
        assert nodes, worker.problem
        order = list(range(len(nodes)))
        tried = list(worker.attempt([same, mended, same], order, 5.0))
        found = {node: [n in one.passed for one in tried] for n, node in enumerate(nodes)}
    return {node.rpartition("::")[2]: said for node, said in found.items()}


def written(folder: Path, files: dict[str, str]) -> None:
    """Write the files of a project."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_what_a_test_imports_inside_itself_or_again_is_the_candidate(tmp_path: Path) -> None:
    tests = "import importlib\n\n\ndef test_inside():\n    from calc import add\n"
    tests += "    assert add(2, 3) == 5\n\n\n"
    tests += "def test_again():\n    import calc\n    assert importlib.reload(calc).add(2, 3) == 5\n"
    written(tmp_path, {"calc.py": "def add(a, b):\n    return a - b\n", "test_calc.py": tests})
    found = passed(tmp_path / "calc.py", tmp_path / "test_calc.py")
    assert found["test_inside"] == [False, True, False]
    # A candidate is judged by all its tests once the first one holds.
    assert found["test_again"] == [False, True, False]


@pytest.mark.parametrize("installed", ["", ".", "lib"])
def test_a_package_without_init_is_found_in_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: str
) -> None:
    base = "lib/" if installed == "lib" else ""
    files = {
        "pyproject.toml": "",
        f"{base}acme/tools/calc.py": SOURCE,
        f"{base}acme/tools/names.py": "OFFSET = 0\n",
        "tests/test_calc.py": TESTS,
    }
    written(tmp_path, files)
    if installed:
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / installed))
    found = passed(tmp_path / f"{base}acme/tools/calc.py", tmp_path / "tests/test_calc.py")
    assert found == {"test_add": [False, True, False]}


MESSY = """\
import os
from calc import add


def test_removes():
    os.remove("notes/a.txt")
    os.rmdir("notes")
    assert add(2, 3) == 5


def test_makes():
    os.mkdir("out")
    open("out/b.txt", "x").close()
    assert add(2, 3) == 5


def test_writes():
    assert open("calc.py").read() and open("list.txt").read() == "one"
    open("list.txt", "w").write("two")
    open("calc.py", "w").close()
    assert add(2, 3) == 5
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="one session for all")
def test_each_test_finds_the_folder_as_the_user_has_it(tmp_path: Path) -> None:
    source = "def add(a, b):\n    return a - b\n"
    written(tmp_path, {"calc.py": source, "test_calc.py": MESSY, "notes/a.txt": "a", "list.txt": "one"})
    job = job_for(
        tmp_path / "calc.py", source, Specification((), (), str(tmp_path / "test_calc.py")), sys.executable
    )
    at = source.index("a - b")
    mended = Candidate((Edit(at, at + 5, "a + b"),), "operator", 1, 0.5)
    with Worker(job) as worker:
        order = list(range(len(worker.collected())))
        said = [one["said"] for one in worker.trace(5.0, order, 5.0, 30.0)]
        assert all(one.startswith("assert -1 == 5") for one in said)
        tried = worker.attempt([mended, mended, mended], order, 5.0)
        assert [one.passed for one in tried] == [(0, 1, 2)] * 3
    assert (tmp_path / "notes/a.txt").read_text() == "a"
