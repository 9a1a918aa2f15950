"""Interpreters: found on the machine, asked once, refused by name."""

from __future__ import annotations

import sys

import pytest

from cwm_lsp.errors import InterpreterError
from cwm_lsp.record.interpreter import OLDEST, check, interpreters


async def test_ours_is_found_first() -> None:
    found = await interpreters()
    assert found[0].version == sys.version_info[:3]
    assert all(answer.version >= OLDEST for answer in found)
    assert len({answer.version for answer in found}) == len(found)


async def test_an_answer_is_remembered() -> None:
    assert await check(sys.executable) is await check(sys.executable)


@pytest.mark.parametrize("path", ["", "/no/such/python", __file__])
async def test_what_is_no_interpreter_is_named(path: str) -> None:
    with pytest.raises(InterpreterError, match="no interpreter"):
        await check(path)
