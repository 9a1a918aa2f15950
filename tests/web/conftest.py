"""A real browser for each test that wants one. Without one they fail, naming what is missing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from cwm_lsp.web.server import Pages
from tests.web.chromium import Tab, browser
from tests.web.client import pages


@pytest.fixture
async def served() -> AsyncIterator[Pages]:
    """Pages of one test."""
    async with pages() as found:
        yield found


@pytest.fixture
async def tab() -> AsyncIterator[Tab]:
    """A wide window with nothing in it. What the page complains of in the console fails the test."""
    async with browser() as found:
        await found.size(1440, 900)
        yield found
        assert found.console == []
