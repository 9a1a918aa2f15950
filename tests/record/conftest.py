"""What a program finds around it when a test records it."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pytest that is recorded loads no plugins of this project's: that takes longer than all the rest."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
