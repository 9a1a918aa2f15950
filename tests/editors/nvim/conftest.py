"""Neovim, found or fetched: these tests fail where it cannot be had, and say why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FULL
from tests.editors.nvim import fetch
from tests.editors.nvim.driver import Editor, editor

SHOP = '''"""A shop."""


def mean_above(xs, floor):
    """Mean of what lies above.

    >>> mean_above([4, 9, 2, 7], 3)
    5.0
    """
    total = 0
    for x in xs:
        if x > floor:
            total += x
    return total / len(xs)


def mixed(a, b):
    c = 7
    d = abs(a - b)
    return d


globals()["abs"] = str  # what no reader of the function expects
'''


@pytest.fixture(scope="session")
def neovim() -> Path:
    """The program."""
    try:
        return fetch.neovim()
    except fetch.Unavailable as why:
        pytest.fail(f"The tests of the Neovim plugin need Neovim. {why}", pytrace=False)


@pytest.fixture(scope="session")
def nvim_dap() -> Path:
    """The folder of nvim-dap, an optional companion. A run that cannot have it says what it left out."""
    try:
        return fetch.nvim_dap(may_fetch=FULL)
    except fetch.Unavailable as why:
        pytest.skip(str(why))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A file that nobody has seen before, in a project of its own."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").touch()
    path = project / "shop.py"
    path.write_text(SHOP, encoding="utf-8")
    return path


@pytest.fixture
def start(neovim: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Editor]]:
    """Starts a Neovim; takes the keyword arguments of :func:`tests.editors.nvim.driver.editor`."""
    for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    with ExitStack() as stack:

        def begin(**options: Any) -> Editor:
            return stack.enter_context(editor(neovim, tmp_path, **options))

        yield begin


@pytest.fixture
def nvim(start: Callable[..., Editor], shop: Path) -> Editor:
    """A Neovim in which ``shop`` is open and served."""
    one = start()
    one.open(shop)
    return one
