"""The documents say what the program does: settings, options, exit codes and JSON keys are compared."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest

from cwm_lsp import errors
from cwm_lsp.align.compare import compare
from cwm_lsp.align.model import DivergenceKind
from cwm_lsp.backend.protocol import BackendInfo
from cwm_lsp.cli import main, payload
from cwm_lsp.cli.doctor import examine
from cwm_lsp.config import Settings, load
from cwm_lsp.features.results import Call, Predicted
from cwm_lsp.trace.model import CutReason, Event, EventKind, SourceFile, Trace, Value
from cwm_lsp.trace.predicted import Guess, PredictedStep, Problem

ROOT = Path(__file__).parents[2]
CLI = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
MODEL = BackendInfo("embedded", "small", "compact", 4096, 900)

SOURCE = SourceFile("/a/one.py", "def f(n):\n    m = n\n    return m\n")
BEFORE, AFTER = {"n": Value("1")}, {"n": Value("1"), "m": Value("1")}
TRACE = Trace(
    (SOURCE,),
    (
        Event(EventKind.CALL, 1, "f", 0, BEFORE, frame=1),
        Event(EventKind.LINE, 2, "f", 0, BEFORE, frame=1),
        Event(EventKind.LINE, 3, "f", 0, AFTER, frame=1),
        Event(EventKind.RETURN, 3, "f", 0, AFTER, Value("1"), frame=1),
    ),
    "f",
    "3.12.1",
)
STEPS = (
    PredictedStep(EventKind.LINE, 2, "f", 0, 0.9, frame=1),
    PredictedStep(EventKind.LINE, 3, "f", 0, 0.9, changed={"m": Guess("2", 0.8)}, frame=1),
    PredictedStep(EventKind.RETURN, 3, "f", 0, 0.9, value=Guess("1", 0.7), frame=1),
)


def section(title: str) -> str:
    """The text under a heading of ``docs/cli.md``, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", CLI, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def keys(title: str) -> set[str]:
    """The keys in the first column of a table."""
    cells = re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)
    return {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}


def inner(title: str, key: str) -> set[str]:
    """The keys in braces that the row of ``key`` promises."""
    row = next(line for line in section(title).splitlines() if line.startswith(f"| `{key}`"))
    found = re.search(r"\{([^}]*)\}", row)
    assert found is not None, row
    return set(found[1].split(", "))


COMPARED = payload.compared(compare(TRACE, STEPS, threshold=0.5, model="small"), STEPS, MODEL)
PREDICTED = payload.predicted(
    Predicted(Call("f", "1"), TRACE, STEPS, (Problem(1, "nothing"),), True, 0.5, "small"), MODEL
)
RECORDED = payload.recorded(TRACE)


def test_every_setting_is_documented_as_it_is() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| ?(.*?) ?\| .* \|$", section("Settings"), re.MULTILINE))
    for field in fields(Settings):
        name = field.name.replace("_", "-")
        default = "" if field.default in ("", None) else f"`{field.default}`"
        assert rows[name] == default
        assert field.metadata["help"] in section("Settings")
    assert len(rows) == len(fields(Settings))


def test_every_option_is_documented() -> None:
    settings = {f"--{field.name.replace('_', '-')}" for field in fields(Settings)}
    for name, command in main.commands.commands.items():
        assert f"cwm-lsp {name}" in CLI
        for option in command.params:
            long = next((one for one in option.opts if one.startswith("--")), "")
            if isinstance(option, click.Option) and long not in settings:
                assert f"`{long}" in CLI or f"{long} " in CLI, long


def test_every_command_of_a_group_is_documented() -> None:
    groups = {name: one for name, one in main.commands.commands.items() if isinstance(one, click.Group)}
    assert "model" in groups
    for name, group in groups.items():
        shown = re.findall(rf"^\| `{name} ([a-z]+)[^`]*` \|", section(name), re.MULTILINE)
        assert sorted(shown) == sorted(group.commands)


def test_every_option_of_model_serve_is_documented() -> None:
    found = re.findall(r"^\| `(--[a-z]+)[^`]*` \|", section("model"), re.MULTILINE)
    group = main.commands.commands["model"]
    assert isinstance(group, click.Group)
    options = group.commands["serve"].params
    assert sorted(found) == sorted(one.opts[0] for one in options if isinstance(one, click.Option))


def test_the_readme_names_only_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^(?:cwm-lsp|.*`cwm-lsp) ([a-z]+)", readme, re.MULTILINE))
    assert {"record", "predict", "compare", "serve", "doctor"} <= named
    assert named <= set(main.commands.commands)


@pytest.mark.parametrize(
    ("title", "found"), [("record", RECORDED), ("predict", PREDICTED), ("compare", COMPARED)]
)
def test_the_keys_of_an_object_are_those_documented(title: str, found: dict[str, Any]) -> None:
    assert keys(title) == set(found)


@pytest.mark.parametrize(
    ("title", "key", "found"),
    [
        ("record", "events", RECORDED["events"][0]),
        ("record", "output", RECORDED["output"]),
        ("predict", "predicted", PREDICTED["predicted"][0]),
        ("predict", "problems", PREDICTED["problems"][0]),
        ("predict", "model", PREDICTED["model"]),
        ("compare", "divergence", COMPARED["divergence"]),
        ("compare", "agreement", COMPARED["agreement"]),
    ],
)
def test_the_keys_inside_are_those_documented(title: str, key: str, found: dict[str, Any]) -> None:
    assert inner(title, key) == set(found)


def test_a_tally_has_the_keys_documented() -> None:
    assert "each `{right, total, withheld, share}`" in section("compare")
    assert set(COMPARED["agreement"]["flow"]) == {"right", "total", "withheld", "share"}


def test_the_doctor_s_keys_are_those_documented(tmp_path: Path) -> None:
    found = examine(load(tmp_path, environment={}))
    assert keys("doctor") == set(found)
    for key in ("python", "interpreter", "backend"):
        assert inner("doctor", key) == set(found[key])


def test_every_kind_of_cut_and_divergence_is_documented() -> None:
    for reason in CutReason:
        assert f"`{reason}`" in section("record")
    for kind in DivergenceKind:
        assert f"`{kind}`" in section("compare")


def test_every_exit_code_is_documented() -> None:
    codes = set(map(int, re.findall(r"^\| (\d+) \|", section("Exit codes"), re.MULTILINE)))
    kinds = (errors.CwmError, errors.UserError, errors.RunError, errors.BackendError, errors.Cancelled)
    assert codes >= {0, main.PIPE_CLOSED, 143, *(kind.exit_code for kind in kinds)}
