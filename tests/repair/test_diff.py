"""The diff of a fix, given to the tools that people give diffs to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.scratch import place
from cwm_lsp.repair.text import diff
from tests.cli.running import cwm

SOURCE = "def last(items):\n    # the end\n    return items[0]\n"
RIGHT = SOURCE.replace("[0]", "[-1]")
TEXTS = {
    "plain": (SOURCE, RIGHT),
    "no last newline": (SOURCE.rstrip("\n"), RIGHT.rstrip("\n")),
    "a last newline more": (SOURCE.rstrip("\n"), RIGHT),
    "a form feed": ("import os\n\f\n" + SOURCE, "import os\n\f\n" + RIGHT),
    "a separator in a text": (SOURCE + "A = '\x1c\u2028'\n", RIGHT + "A = '\x1c\u2028'\n"),
    "lines at both ends": (
        "a = 1\n" + SOURCE + "b = 1\n" * 9,
        "a = 2\n" + SOURCE + "b = 1\n" * 8 + "b = 2\n",
    ),
}
TOOLS = {"git": ["git", "apply", "-"], "patch": ["patch", "-p1", "--binary"]}


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("path", ["f.py", "src/a package/f.py"])
@pytest.mark.parametrize("case", TEXTS)
@pytest.mark.parametrize("tool", TOOLS)
def test_a_diff_applies(tool: str, case: str, path: str, newline: str, tmp_path: Path) -> None:
    if shutil.which(TOOLS[tool][0]) is None:
        pytest.skip(f"{tool} is not installed")
    before, after = TEXTS[case]
    file = tmp_path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(before.replace("\n", newline).encode())
    text = diff(before, after, path, newline)
    done = subprocess.run(TOOLS[tool], cwd=tmp_path, input=text.encode(), capture_output=True, check=False)
    assert done.returncode == 0, done
    assert file.read_bytes() == after.replace("\n", newline).encode()


def project(folder: Path) -> Path:
    """A package in a project with a test that fails."""
    package = folder / "src" / "shop"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    (package / "__init__.py").touch()
    (package / "ends.py").write_text(SOURCE)
    (folder / "tests").mkdir()
    tests = "".join(f"def test_{n}():\n    assert last(list(range({n}))) == {n - 1}\n" for n in range(1, 7))
    (folder / "tests" / "test_ends.py").write_text(f"from shop.ends import last\n{tests}")
    return package / "ends.py"


@pytest.mark.parametrize("where", [".", "src", "src/shop"])
def test_the_diff_of_a_search_applies_where_it_was_asked(where: str, tmp_path: Path) -> None:
    file = project(tmp_path)
    at = tmp_path / where
    test = os.path.relpath(tmp_path / "tests" / "test_ends.py", at)
    done = cwm("repair", os.path.relpath(file, at), "--test", test, "--budget", "6", "--json", cwd=at)
    shown = done.object["candidates"][0]["diff"]
    subprocess.run(["git", "apply", "-"], cwd=at, input=shown.encode(), check=True)
    assert "items[-1]" in file.read_text()


def test_from_elsewhere_a_diff_applies_in_the_project(tmp_path: Path) -> None:
    file = project(tmp_path / "there")
    found = place(file)
    assert found.shown == "src/shop/ends.py"
    (tmp_path / "there" / "pyproject.toml").unlink()
    assert place(file).shown == "shop/ends.py"


@pytest.mark.skipif(sys.platform == "win32", reason="paths there have a drive")
def test_from_the_project_a_diff_names_the_path_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = project(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert place(file).shown == "src/shop/ends.py"
    monkeypatch.chdir(file.parent)
    assert place(file).shown == "ends.py"
