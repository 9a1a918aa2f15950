"""The command as a user runs it, and its document."""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path

import pytest

from cwm_lsp.cli import repair as command
from cwm_lsp.errors import SourceError
from tests.cli.running import cwm
from tests.repair.functions import FUNCTIONS

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
BROKEN = FUNCTIONS["common_divisor"][0].replace("abs(a)", "abs(b)")
CASES = "[[12, 18], 6]\n[[7, 5], 1]\n[[0, 4], 4]\n[[100, 75], 25]\n[[9, 0], 9]\n"


def keys(heading: str) -> set[str]:
    """The first column of the table under ``heading`` in the section of this command."""
    section = DOCS.read_text(encoding="utf-8").partition("\n### repair\n")[2].partition("\n### ")[0]
    table = section.partition(heading)[2].partition("\n\n")[0]
    return {
        one
        for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE)
        for one in re.findall(r"`(\w+)`", row)
    }


def test_half_the_cases_mend_a_program_from_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "common_divisor.py"
    file.write_bytes(BROKEN.replace("\n", "\r\n").encode())
    (tmp_path / "cases.jsonl").write_text(CASES)
    done = cwm(
        "repair", file.name, "--cases", "cases.jsonl", "--budget", "15", "--apply", "--json", cwd=tmp_path
    )
    assert done.code == 0
    found = done.object
    assert found["status"] == "verified"
    assert set(found) == keys("| key |")
    first = found["candidates"][0]
    assert set(first) == {"diff", "verified", "evidence"}
    assert set(first["evidence"]) == keys("| inside `evidence` |")
    assert first["verified"] is True
    assert file.read_bytes() == FUNCTIONS["common_divisor"][0].replace("\n", "\r\n").encode()


def test_only_a_verified_fix_is_written(tmp_path: Path) -> None:
    file = tmp_path / "f.py"
    file.write_text(f"def f(a, b):\n    return a - b  # {'long ' * 30}end\n")
    words = ("repair", "f.py", "--call", "f(2, 2)", "--expect", "4", "--apply")
    done = cwm(*words, cwd=tmp_path, env={"COLUMNS": "120"})
    assert done.code == 0
    assert "plausible, not verified" in done.out
    assert "long end\n+    return" in done.out  # a diff in a pipe is whole, whatever its lines are
    assert "which is right?" in done.out
    assert "Nothing was written" in done.err
    assert "a - b" in file.read_text()


def test_a_fix_that_cannot_be_written_leaves_the_file_as_it_was(
    tmp_path: Path,
) -> None:
    file = tmp_path / "f.py"
    file.write_text("before\n")
    file.chmod(0o750)
    link = tmp_path / "link.py"
    link.symlink_to(file)
    command._replaced(link, b"after\n")
    assert link.is_symlink()
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("after\n", 0o750)
    # A folder stands where the new content would be put.
    (tmp_path / ".f.py.cwm-lsp").mkdir()
    with pytest.raises(SourceError, match="cannot be written"):
        command._replaced(file, b"later\n")
    assert file.read_text() == "after\n"


def test_what_was_found_is_told_also_where_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(a, b):\n    return a - b\n")
    (tmp_path / ".f.py.cwm-lsp").mkdir()
    words = ("repair", "f.py", "--call", "f(2, 3)", "--expect", "5", "--call", "f(1, 9)", "--expect", "10")
    done = cwm(*words, "--apply", "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.object["candidates"]
    assert "cannot be written" in done.object["notes"][-1]


def test_the_mistake_of_the_demo_is_mended_by_its_doctest(tmp_path: Path) -> None:
    file = tmp_path / "scores.py"
    file.write_text((resources.files("cwm_lsp") / "demo" / "scores.py").read_text(encoding="utf-8"))
    done = cwm("repair", file.name, "--json", cwd=tmp_path)
    assert done.object["status"] == "verified"
    assert "+    return [[] for _ in range(teams)]" in done.object["candidates"][0]["diff"]


def test_a_file_that_says_nothing_is_asked_for_more(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(a):\n    return a\n")
    done = cwm("repair", "f.py", "--json", cwd=tmp_path)
    assert done.code == 2
    assert json.loads(done.out)["error"]["kind"] == "TargetError"
    assert "--call" in done.err


def test_a_call_of_what_is_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def total(a):\n    return a\n")
    done = cwm("repair", "f.py", "--call", "totl(1)", "--expect", "2", cwd=tmp_path)
    assert done.code == 2
    assert "has no function totl." in done.err
    assert "Did you mean total?" in done.err


def test_a_script_may_stand_in_the_place_of_a_call(tmp_path: Path) -> None:
    source = "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def pop(self):\n"
    (tmp_path / "stack.py").write_text(f"{source}        return self.items.pop(0)\n")
    script = "s = Stack(); s.items += [1, 2]; s.pop()"
    done = cwm("repair", "stack.py", "--call", script, "--expect", "2", "--json", cwd=tmp_path)
    assert done.code == 0
    assert "+        return self.items.pop(" in done.object["candidates"][0]["diff"]


def test_a_test_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text("def f(a):\n    return a\n")
    (tmp_path / "test_f.py").write_text("def test_one():\n    assert True\n")
    done = cwm("repair", "f.py", "--test", "test_f.py::test_two", cwd=tmp_path)
    assert done.code == 2
    assert "test_two" in done.err
