"""Functions that keep what they gave, by their arguments, and are not entered for it again: ``lru_cache``."""

from __future__ import annotations

from dataclasses import replace

from cwm_lsp.codec.entering import next_asked
from cwm_lsp.codec.frames import Asked, State
from cwm_lsp.codec.source import Slice

_MOST_IN_A_ROW = 1_000
"""Remembered calls of one statement that are followed."""


def remembered(state: State, shown: Slice) -> State:
    """``state`` with what calls of the innermost statement give that come next and are not entered."""
    for _ in range(_MOST_IN_A_ROW if state.memory else 0):
        frame = state.frames[-1]
        asked = next_asked(frame, state, shown)
        text = state.memory.get(asked) if asked is not None else None
        if asked is None or text is None:
            break
        frame = replace(frame, returned=(*frame.returned, text), came=(*frame.came, text), gave=None)
        state = remembering(state.with_frames(*state.frames[:-1], frame), asked, text)
    return state


def remembering(state: State, asked: Asked, text: str) -> State:
    """``state`` with what a call gave, which is the last to be forgotten."""
    memory = {one: kept for one, kept in state.memory.items() if one != asked}
    of_it = [one for one in memory if one.line == asked.line]
    if 0 < asked.most <= len(of_it):
        del memory[of_it[0]]
    return replace(state, memory={**memory, asked: text})
