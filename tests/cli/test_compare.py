"""``predict``, ``compare`` and ``demo`` with the real model that comes with the package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import Finished, cwm

LOOP = """
def collatz(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps
"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("loop") / "loop.py"
    path.write_text(LOOP, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def compared(loop: Path) -> dict[str, Any]:
    done = cwm("compare", f"{loop}::collatz", "6", "--json", cwd=loop.parent)
    assert done.code == 0, done.err
    return done.object


def test_each_prediction_belongs_to_an_observed_event(compared: dict[str, Any]) -> None:
    observed, predicted = compared["observed"], compared["predicted"]
    assert observed[0]["event"] == "call"
    assert observed[-1] == {**observed[-1], "event": "return", "value": "8"}
    assert [one["step"] for one in predicted] == list(range(1, len(observed)))
    for one in predicted:
        guesses = [*one["changed"].values(), *([one["value"]] if one["value"] else [])]
        assert 0 <= one["probability"] <= 1
        assert all(0 <= guess["probability"] <= 1 and isinstance(guess["text"], str) for guess in guesses)


def test_the_divergence_is_a_place_where_the_two_really_differ(compared: dict[str, Any]) -> None:
    divergence = compared["divergence"]
    agreement = compared["agreement"]
    wrong = sum(agreement[kind]["total"] - agreement[kind]["right"] for kind in ("values", "flow"))
    assert (divergence is None) == (wrong == 0)
    if divergence is not None:
        assert divergence["observed"] != divergence["predicted"]
        assert divergence["probability"] >= compared["threshold"]
        assert 0 < divergence["step"] < len(compared["observed"])


def test_the_model_knows_more_than_half_of_a_simple_loop(compared: dict[str, Any]) -> None:
    flow = compared["agreement"]["flow"]
    assert flow["right"] > flow["total"] / 2
    assert compared["agreement"]["values"]["total"] > 0
    assert compared["model"]["backend"] == "embedded"
    assert re.fullmatch("[0-9a-f]{64}", compared["model"]["digest"])


def test_a_saved_run_is_compared_without_running_it_again(loop: Path, compared: dict[str, Any]) -> None:
    folder = loop.parent
    copy = folder / "gone.py"
    copy.write_text(LOOP, encoding="utf-8")
    assert cwm("record", f"{copy}::collatz", "6", "--output", "run.json", cwd=folder).code == 0
    copy.unlink()
    done = cwm("compare", "--trace", "run.json", "--json", cwd=folder)
    assert done.code == 0, done.err
    assert done.object["observed"] == compared["observed"]
    assert done.object["divergence"] == compared["divergence"]


def test_a_prediction_runs_nothing(tmp_path: Path) -> None:
    text = "open('ran', 'w').close()\n\n\ndef f(n):\n    m = n + 1\n    return m\n"
    (tmp_path / "one.py").write_text(text, encoding="utf-8")
    done = cwm("predict", "one.py::f", "3", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert not (tmp_path / "ran").exists()
    found = done.object
    assert found["given"][0]["locals"] == {"n": "3"}
    assert found["predicted"][0]["step"] == 1


def test_a_prediction_stops_after_so_many_steps(loop: Path) -> None:
    done = cwm("predict", f"{loop}::collatz", "27", "--steps", "5", "--json", cwd=loop.parent)
    assert done.code == 0, done.err
    assert len(done.object["predicted"]) <= 5
    assert not done.object["finished"]


def shown(done: Finished) -> list[str]:
    assert done.code == 0, done.err
    return done.out.splitlines()


def test_the_picture_has_source_observed_and_predicted_side_by_side(loop: Path) -> None:
    lines = shown(cwm("compare", f"{loop}::collatz", "6", cwd=loop.parent, env={"COLUMNS": "80"}))
    assert lines[0].strip() == "collatz(6)"
    assert lines[2].split() == ["observed", "predicted"]
    row = next(line for line in lines if "return steps" in line)
    assert row.index("return steps") < row.index("← 8")
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("The model was right in ") for line in lines)


@pytest.mark.parametrize("columns", ["30", "50", "80", "132", "200"])
def test_the_picture_fits_any_terminal(loop: Path, columns: str) -> None:
    done = cwm("record", f"{loop}::collatz", "6", cwd=loop.parent, env={"COLUMNS": columns})
    assert max(map(len, shown(done))) <= int(columns)


def test_an_ascii_terminal_gets_ascii(loop: Path) -> None:
    env = {"PYTHONIOENCODING": "ascii"}
    done = cwm("compare", f"{loop}::collatz", "6", cwd=loop.parent, env=env)
    assert done.code == 0, done.err
    assert done.out.isascii()
    assert "\\u" not in done.out
    assert "+ as predicted" in done.out


def test_the_demo_ends_in_the_picture_and_saves_it(tmp_path: Path) -> None:
    done = cwm("demo", "--svg", "picture.svg", cwd=tmp_path, env={"COLUMNS": "80"})
    lines = shown(done)
    assert lines[0].startswith("points([")
    assert any("✓ as predicted" in line for line in lines)
    assert any(line.startswith("The model was right in ") for line in lines)
    svg = (tmp_path / "picture.svg").read_text(encoding="utf-8")
    assert svg.startswith("<svg")
    assert "points" in svg
    assert any(line.startswith("◆") and "table[team].append(won)" in line for line in lines)


def test_without_a_model_recording_goes_on_and_comparing_says_why(loop: Path) -> None:
    folder = loop.parent
    assert cwm("record", f"{loop}::collatz", "6", "--json", cwd=folder).code == 0
    ran = folder / "ran.txt"
    loop.write_text(f"open({str(ran)!r}, 'w').close()\n{loop.read_text(encoding='utf-8')}", encoding="utf-8")
    off = cwm("compare", f"{loop}::collatz", "6", "--backend", "off", cwd=folder)
    assert (off.code, off.out) == (4, "")
    assert "The setting `backend` is off." in off.err
    assert "`cwm-lsp record` needs no model" in off.err
    assert not ran.exists()
    gone = cwm("compare", f"{loop}::collatz", "6", "--backend", "embedded", "--model", "no", cwd=folder)
    assert gone.code == 4
    assert "no has no model.json" in gone.err


DEEP = """\
def total(xs):
    if not xs:
        return 0
    return xs[0] + total(xs[1:])


# cwm: total(list(range(100, 260)))
"""


def test_a_run_deeper_than_the_model_reads_is_compared_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "deep.py").write_text(DEEP, encoding="utf-8")
    done = cwm("compare", "deep.py::total", cwd=tmp_path)
    assert done.code == 0
    assert "The model was right in" in done.out


WIDE = "def wide():\n    " + ", ".join(f"name_{k}" for k in range(120)) + " = range(120)\n    return name_3\n"


def test_a_statement_that_the_model_has_no_room_for_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "wide.py").write_text(WIDE, encoding="utf-8")
    done = cwm("compare", "wide.py::wide()", cwd=tmp_path)
    assert done.code == 0
    assert "name_0 = 0" in done.out
    assert "right in 100 % of 1 value" in done.out
    done = cwm("predict", "wide.py::wide()", cwd=tmp_path)
    assert done.code == 4
    assert "more than 96 different names" in " ".join(done.err.split())
    assert "Predict a smaller function" in done.err
    found = cwm("predict", "wide.py::wide()", "--json", cwd=tmp_path)
    assert (found.code, found.object["error"]["kind"]) == (4, "ContextExceeded")


def test_the_doctor_finds_all_well(tmp_path: Path) -> None:
    done = cwm("doctor", "--json", cwd=tmp_path)
    found = done.object
    assert (done.code, found["problems"]) == (0, [])
    assert found["backend"]["verified"] is True
    assert found["interpreter"]["supported"] is True
    assert found["packages"]["debugpy"]
    assert cwm("doctor", cwd=tmp_path).out.rstrip().endswith("All is well.")


def test_the_doctor_names_what_is_wrong(tmp_path: Path) -> None:
    done = cwm("doctor", "--json", "--python", "/no/such/python", "--model", str(tmp_path), cwd=tmp_path)
    whats = " ".join(problem["what"] for problem in done.object["problems"])
    assert done.code == 1
    assert "There is no interpreter /no/such/python." in whats
    assert "has no model.json" in whats


def test_an_untrusted_project_does_not_choose_the_interpreter(loop: Path, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.cwm-lsp]\npython = "/no/such/python"\n', encoding="utf-8")
    (tmp_path / "loop.py").write_text(LOOP, encoding="utf-8")
    ignored = cwm("record", "loop.py::collatz", "1", cwd=tmp_path)
    assert ignored.code == 0
    assert "The project's setting python is ignored" in ignored.err
    trusted = cwm("record", "loop.py::collatz", "1", "--trust", cwd=tmp_path)
    assert trusted.code == 2
    assert "There is no interpreter /no/such/python." in trusted.err
