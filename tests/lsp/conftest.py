"""Conversations that are hung up at the end of each test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.lsp.talk import Talk


@pytest.fixture
async def talk(tmp_path: Path) -> AsyncIterator[Talk]:
    """A client that has not said anything yet."""
    talk = Talk(tmp_path)
    yield talk
    await talk.end()


@pytest.fixture
async def ready(talk: Talk) -> Talk:
    """A client that is initialized and has one document open."""
    await talk.initialize()
    talk.open()
    return talk
