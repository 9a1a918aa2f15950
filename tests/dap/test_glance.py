"""The client's own question about the stack serves who looks at the stop as well."""

from __future__ import annotations

import asyncio
from typing import Any

from cwm_lsp.dap.glance import Glance
from cwm_lsp.wire.dap import Json, Request

FOUND: Json = {"stackFrames": [{"id": 7, "line": 3}, {"id": 8, "line": 9}]}


def stack(seq: int, thread: int = 1, **more: Any) -> Request:
    return Request(seq, "stackTrace", {"threadId": thread, **more})


async def test_what_the_client_is_told_is_found() -> None:
    glance = Glance()
    glance.begin(1)
    glance.asked(stack(4, startFrame=0, levels=20))
    glance.answered(stack(4), FOUND)
    assert await glance.frame() == (7, 3)
    assert await glance.frame() is None, "it is of that one look"


async def test_other_questions_are_not_taken_for_it() -> None:
    glance = Glance()
    glance.asked(stack(1))
    glance.begin(1)
    for asked in (stack(2, thread=5), stack(3, startFrame=1)):
        glance.asked(asked)
        glance.answered(asked, FOUND)
    glance.answered(stack(1), FOUND)  # asked of the stop before
    assert await glance.frame() is None


async def test_who_goes_on_does_not_wait() -> None:
    glance = Glance()
    glance.begin(1)
    looking = asyncio.create_task(glance.frame())
    await asyncio.sleep(0)
    glance.hurry()
    assert await looking is None
    glance.asked(stack(4))
    glance.answered(stack(4), FOUND)
    assert await glance.frame() is None


async def test_a_thread_without_frames_is_asked_again() -> None:
    glance = Glance()
    glance.begin(1)
    glance.asked(stack(4))
    glance.answered(stack(4), {"stackFrames": []})
    assert await glance.frame() is None
