"""Settings: which place wins, what a workspace may not set, and what each mistake is told."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.config import Layer, Settings, find_pyproject, load, merge
from cwm_lsp.errors import SettingsError


def project(folder: Path, table: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.cwm-lsp]\n{table}\n", encoding="utf-8")
    return folder


def test_without_anything_the_defaults_hold(tmp_path: Path) -> None:
    loaded = load(tmp_path, environment={})
    assert loaded.settings == Settings()
    assert not loaded.origins
    assert not loaded.ignored


def test_options_win_over_the_environment_and_that_over_the_project(tmp_path: Path) -> None:
    project(tmp_path, "max-events = 1\nmax-depth = 1\nthreads = 1")
    loaded = load(
        tmp_path,
        environment={"CWM_LSP_MAX_EVENTS": "2", "CWM_LSP_MAX_DEPTH": "2"},
        options={"max_events": 3},
    )
    assert (loaded.settings.max_events, loaded.settings.max_depth, loaded.settings.threads) == (3, 2, 1)
    assert loaded.origins["max_events"] == "the options"
    assert loaded.origins["max_depth"] == "the environment"
    assert loaded.origins["threads"].endswith("pyproject.toml")


@pytest.mark.parametrize("name", ["python", "backend", "model", "endpoint"])
def test_an_untrusted_project_cannot_choose_who_runs_and_who_is_asked(tmp_path: Path, name: str) -> None:
    value = "vllm" if name == "backend" else "/somewhere"
    project(tmp_path, f'{name} = "{value}"')
    untrusted = load(tmp_path, environment={})
    trusted = load(tmp_path, environment={}, trusted=True)
    assert untrusted.ignored == (name,)
    assert untrusted.settings == Settings()
    assert trusted.ignored == ()
    assert getattr(trusted.settings, name) == value


def test_the_user_may_choose_them_in_an_untrusted_project(tmp_path: Path) -> None:
    project(tmp_path, 'python = "/theirs"')
    loaded = load(tmp_path, environment={"CWM_LSP_PYTHON": "/mine"})
    assert loaded.settings.python == "/mine"


def test_the_nearest_project_that_speaks_of_us_is_taken(tmp_path: Path) -> None:
    project(tmp_path, "threads = 2")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf-8")
    assert find_pyproject(inner) == tmp_path / "pyproject.toml"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("max-events = 0", "max-events .* must be at least 1, not 0"),
        ("max-events = 1.5", "must be a whole number, not 1.5"),
        ("max-events = true", "must be a whole number, not True"),
        ("max-seconds = nan", "must be between 0.1 and 86400, not nan"),
        ("threshold = 1.01", "must be between 0 and 1"),
        ("threshold = 'high'", "must be a number, not 'high'"),
        ("max-event = 5", "Did you mean max-events"),
        ("colour = 'red'", "is no setting of cwm-lsp"),
        ("max-events = ", "cannot be read"),
    ],
)
def test_a_mistake_in_the_project_is_named(tmp_path: Path, table: str, says: str) -> None:
    project(tmp_path, table)
    with pytest.raises(SettingsError, match=says) as caught:
        load(tmp_path, environment={})
    assert "pyproject.toml" in str(caught.value)


def test_a_backend_that_does_not_exist_is_answered_with_those_that_do() -> None:
    with pytest.raises(SettingsError, match="Choose one of auto, embedded"):
        merge([Layer("the options", {"backend": "gpt"})])


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("tool.cwm-lsp = 3\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="not a table"):
        load(tmp_path, environment={})


VALUES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))


@given(st.sampled_from([field.name for field in fields(Settings)]), VALUES)
def test_any_value_is_taken_or_refused_by_name(name: str, value: object) -> None:
    layer = Layer("here", {name: value})
    try:
        loaded = merge([layer])
    except SettingsError:
        with pytest.raises(SettingsError, match=f"{name.replace('_', '-')} in here"):
            merge([layer])
    else:
        assert type(getattr(loaded.settings, name)) in (str, int, float)
