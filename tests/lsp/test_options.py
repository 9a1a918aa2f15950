"""Editor settings: what is taken, what is refused, and that the page in the documents lists them all."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cwm_lsp.config import BACKENDS, Settings
from cwm_lsp.errors import SettingsError
from cwm_lsp.features.results import Switches
from cwm_lsp.lsp.options import SWITCHES, EditorOptions, parse, toggled

PAGE = (Path(__file__).parents[2] / "docs" / "editors.md").read_text(encoding="utf-8")
LUA = Path(__file__).parents[2] / "editors" / "nvim" / "lsp" / "cwm_lsp.lua"


@pytest.mark.parametrize(
    ("raw", "options"),
    [
        (None, EditorOptions()),
        ({}, EditorOptions()),
        ({"cwm": {"trusted": False}}, EditorOptions(trusted=False)),
        ({"show": {"lenses": False}}, EditorOptions(switches=Switches(lenses=False))),
        (
            {"maxEvents": 5, "max-depth": 3, "max_bytes": 9},
            EditorOptions(settings={"max_events": 5, "max_depth": 3, "max_bytes": 9}),
        ),
    ],
)
def test_settings_are_taken(raw: Any, options: EditorOptions) -> None:
    parsed = parse(raw, EditorOptions())
    assert parsed.options == options
    assert parsed.problems == ()


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([1], "must be an object"),
        ({"cwm": 3}, "must be an object"),
        ({"trust": True}, "'trust' is no setting"),
        ({"show": "all"}, "show must be an object"),
        ({"show": {"hints": True}}, "show.hints is no switch"),
        ({"show": {"all": 1}}, "show.all must be true or false"),
        ({"threshold": "high"}, "threshold"),
        ({"backend": "magic"}, "backend"),
    ],
)
def test_a_setting_that_means_nothing_changes_nothing(raw: Any, says: str) -> None:
    before = EditorOptions(switches=Switches(observed=False), settings={"max_events": 7})
    parsed = parse(raw, before)
    assert parsed.options == before
    (problem,) = parsed.problems
    assert says in problem


@pytest.mark.parametrize("raw", [None, 0, 1, "true", "no", [], {}])
def test_only_true_is_trust(raw: Any) -> None:
    assert parse({"trusted": raw}, EditorOptions()).options.trusted is False


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
        lambda inner: (
            st.dictionaries(st.sampled_from(["cwm", "show", "trusted", "python", "x"]), inner)
            | st.lists(inner)
        ),
        max_leaves=6,
    )
)
def test_any_settings_are_answered(raw: Any) -> None:
    parse(raw, EditorOptions())


@pytest.mark.parametrize("name", SWITCHES)
def test_each_switch_turns_itself_alone(name: str) -> None:
    turned = toggled(Switches(), name)
    assert [one for one in SWITCHES if not getattr(turned, one)] == [name]
    assert toggled(turned, name) == Switches()


def test_an_unknown_switch_is_named() -> None:
    with pytest.raises(SettingsError, match="'hints' is no switch"):
        toggled(Switches(), "hints")


def default_words(default: object) -> str:
    """How the page begins to write a default."""
    if default == "":
        return "empty"
    if default is None:
        return "the model's own"
    return f"`{str(default).lower()}`"


def test_the_page_lists_every_setting_with_its_default_and_no_other() -> None:
    table = PAGE[PAGE.index("## Settings") : PAGE.index("## Inputs")]
    listed = re.findall(r"^\| `([\w.]+)` \| (.*?) \|", table, re.MULTILINE)
    options = EditorOptions()
    defaults: dict[str, object] = {"trusted": options.trusted}
    defaults |= {f"show.{name}": getattr(options.switches, name) for name in SWITCHES}
    defaults |= {
        re.sub(r"_(\w)", lambda match: match[1].upper(), one.name): one.default for one in fields(Settings)
    }
    assert {name: cell.partition(":")[0] for name, cell in listed} == {
        name: default_words(default) for name, default in defaults.items()
    }
    assert len(listed) == len(defaults)
    for backend in BACKENDS:
        assert f"`{backend}`" in table


def test_the_neovim_configuration_sets_known_options() -> None:
    text = LUA.read_text(encoding="utf-8")
    (shown,) = re.findall(r"show = \{ (.*?) \}", text)
    assert tuple(re.findall(r"(\w+) = true", shown)) == SWITCHES
