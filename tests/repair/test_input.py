"""Specifications that cannot be met, and why: each says what is wrong and what to do about it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.fromtests import scripts
from cwm_lsp.repair.heldout import held_out
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from tests.cli.running import cwm

SOURCE = "def f(n):\n    return n + 1\n"
NETWORK = (
    "import socket\nfrom f import f\n\n\ndef test_one():\n    socket.create_connection(('127.0.0.1', 9), 1)\n"
)
OUTSIDE = "from f import f\n\n\ndef test_one():\n    open({!r}, 'w').write('x')\n    assert f(2) == 4\n"


def tried(folder: Path, *words: str, tests: str = "", budget: str = "10") -> tuple[int, str]:
    """The exit code and all that the command says."""
    (folder / "f.py").write_text(SOURCE)
    (folder / "test_f.py").write_text(tests)
    done = cwm("repair", "f.py", *words, "--budget", budget, cwd=folder)
    assert (folder / "f.py").read_text() == SOURCE
    return done.code, " ".join((done.out + done.err).split())


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        ("def test_one(:\n", "invalid syntax (test_f.py, line 1)"),
        (
            "import nowhere_at_all\n\n\ndef test_one():\n    pass\n",
            "No module named 'nowhere_at_all' (test_f.py, line 1)",
        ),
        ("x = 1\n", "It has no tests."),
    ],
)
def test_why_no_test_was_collected_is_said(tmp_path: Path, tests: str, said: str) -> None:
    code, text = tried(tmp_path, "--test", "test_f.py", tests=tests)
    assert code == 2
    assert "pytest does not collect test_f.py." in text
    assert said in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--call", "f(2)", "--expect", "four"), "The expected value four has none"),
        (("--call", "f(2)", "--expect", "1 / 0"), "The expected value 1 / 0 has none: raised ZeroDivision"),
        (("--call", "f(2)", "--expect", "4 +"), "no Python expression"),
        (("--call", "f(2)", "--expect", "4", "--budget", "nan"), "no number of seconds"),
        (("--call", "f(2)", "--expect", "4", "--budget", "0"), "not in the range"),
    ],
)
def test_what_means_nothing_is_said_at_once(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "f.py").write_text(SOURCE)
    done = cwm("repair", "f.py", *words, cwd=tmp_path)
    assert done.code == 2
    assert said in " ".join(done.err.split())


def test_a_test_that_needs_the_network_is_named(tmp_path: Path) -> None:
    code, text = tried(tmp_path, "--test", "test_f.py", tests=NETWORK)
    assert code == 0
    assert "no fix found" in text
    assert "What fails: test_f.py::test_one" in text


def test_a_test_that_writes_elsewhere_is_named_and_does_not_write(tmp_path: Path) -> None:
    inside, victim = tmp_path / "project", tmp_path / "victim.txt"
    inside.mkdir()
    code, text = tried(inside, "--test", "test_f.py", tests=OUTSIDE.format(str(victim)))
    assert code == 0
    assert "What fails: test_f.py::test_one" in text
    assert not victim.exists()


def test_of_a_slow_test_it_is_said_that_few_candidates_can_be_tried(tmp_path: Path) -> None:
    tests = "import time\nfrom f import f\n\n\ndef test_one():\n    time.sleep(0.8)\n    assert f(2) == 4\n"
    code, text = tried(tmp_path, "--test", "test_f.py", tests=tests)
    assert code == 0
    assert "name a quicker test, or give a larger --budget" in text


def test_what_fails_on_import_is_said_where_nothing_mends_it(tmp_path: Path) -> None:
    file, source = tmp_path / "g.py", f"import nowhere_at_all\n{SOURCE}"
    file.write_text(source)
    checks = (call("f(2)", "4"),)
    outcome = repair(file, source, Specification(checks), python=sys.executable, budget=2.0)
    assert outcome.fixes == ()
    assert any("No module named 'nowhere_at_all'" in note for note in outcome.notes)


def test_only_lines_that_there_are_are_suspected(tmp_path: Path) -> None:
    file = tmp_path / "g.py"
    for source in (f"import nowhere_at_all\n{SOURCE}", "import os\n\n\ndef f(n):\n    os._exit(1)\n"):
        file.write_text(source)
        outcome = repair(file, source, Specification((call("f(2)", "4"),)), python=sys.executable, budget=2.0)
        assert outcome.suspects
        assert all(1 <= one.line <= source.count("\n") for one in outcome.suspects)


def test_a_script_has_no_values_that_nothing_reads() -> None:
    tests = "import pytest\nfrom m import f\n\n\n@pytest.mark.parametrize('n, value', [(1, 2), (3, 4)])\n"
    tests += "def test_f(n, value):\n    assert f(n) == value\n"
    assert scripts(tests, "m", ["f"]) == {"test_f": ["n = 1; f(n)", "n = 3; f(n)"]}


def test_held_out_texts_have_other_words_and_more_of_them() -> None:
    found = held_out(["f('a bb ccc')", "f('dd, e')"], 60)
    counts = [len(text.split()) for text in found]
    assert max(counts) > 4
    assert min(counts) < 3


def test_one_small_number_is_enough_for_other_ones() -> None:
    assert len(held_out(["f(1)", "f(2)"], 40)) >= 8


def test_held_out_lists_grow_longer_than_the_known_ones() -> None:
    found = held_out(["f([3, 1])", "f([2, 5, 4])"], 60)
    assert max(text.count(",") for text in found) > 3


def test_helpers_of_tests_that_call_themselves_are_part_of_scripts() -> None:
    tests = "from m import f\n\n\ndef deep(n):\n    return deep(n - 1) if n else f(n)\n\n\n"
    tests += "def test_f():\n    assert deep(3) == 1\n"
    (script,) = scripts(tests, "m", ["f"])["test_f"]
    assert script.endswith("deep(3)")


def test_what_is_skipped_is_no_failure(tmp_path: Path) -> None:
    tests = "import pytest\n\n\n@pytest.mark.skip\ndef test_one():\n    assert False\n"
    code, text = tried(tmp_path, "--test", "test_f.py", tests=tests)
    assert code == 2
    assert "test_f.py::test_one is skipped" in text


def test_an_edit_that_keeps_a_test_from_what_is_not_allowed_is_not_verified(tmp_path: Path) -> None:
    source = "import shutil\n\n\ndef f(path):\n    shutil.rmtree(path)\n    return 2\n"
    kept = tmp_path / "kept"
    kept.mkdir()
    project = tmp_path / "project"
    project.mkdir()
    (project / "f.py").write_text(source)
    tests = f"from f import f\n\n\ndef test_one():\n    assert f({str(kept)!r}) == 1\n"
    (project / "test_f.py").write_text(tests)
    done = cwm("repair", "f.py", "--test", "test_f.py", "--budget", "8", "--json", cwd=project)
    assert kept.is_dir()
    outcome = json.loads(done.out)
    assert outcome["status"] in ("plausible", "none")
    assert any("name a test that needs none of these" in one for one in outcome["notes"])
