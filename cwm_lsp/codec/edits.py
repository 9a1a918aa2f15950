"""Values that grew or changed in one place, written as an edit of the value before."""

from __future__ import annotations

from collections.abc import Sequence

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.displays import join_items, split_fields, split_items
from cwm_lsp.codec.values import (
    COMMA,
    Names,
    bytes_text,
    plain_tokens,
    value_text,
    value_tokens,
)
from cwm_lsp.codec.vocabulary import Special

LONGEST_EDIT = 300
"""Tokens of an edit: what adds more is written anew, as far as it is shown."""


def edit_tokens(before: str, after: str, names: Names) -> list[int] | None:
    """``after`` as an edit of ``before``, or ``None`` when it is written in full.

    Containers: items added at the end, or one place in which at most one item is written. Strings:
    characters added at either end.
    """
    old, new = split_fields(before), split_fields(after)
    if old is not None and new is not None and old[0] == new[0]:
        return _item_edit(old[1], new[1], names)
    if old is None and new is None and before[:1] == after[:1] and after[:1] in ("'", '"'):
        return _string_edit(before[1:-1], after[1:-1])
    return None


def _item_edit(old: Sequence[str], new: Sequence[str], names: Names) -> list[int] | None:
    if not old:
        return None
    head = _common(old, new)
    if head == len(old):
        return [Special.EXTEND, *_listed(new[head:], names)]
    tail = _common(old[head:][::-1], new[head:][::-1])
    written = new[head : len(new) - tail]
    last = len(old) - tail
    if len(written) > 1 or head + tail == 0 or last >= v.POSITIONS:
        return None
    return [Special.SPLICE, v.position_token(head), v.position_token(last), *_listed(written, names)]


def _string_edit(old: str, new: str) -> list[int] | None:
    if not old or len(new) <= len(old):
        return None
    if new.startswith(old):
        return [Special.EXTEND, *v.byte_tokens(new[len(old) :])]
    if new.endswith(old):
        return [Special.PREPEND, *v.byte_tokens(new[: -len(old)])]
    return None


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for one, other in zip(left, right, strict=False):
        if one != other:
            break
        count += 1
    return count


def _listed(items: Sequence[str], names: Names) -> list[int]:
    tokens: list[int] = []
    for index, item in enumerate(items):
        tokens += [*([COMMA] if index else []), *plain_tokens(item, names)]
    return tokens


def written_tokens(before: str | None, after: str, names: Names) -> list[int]:
    """Tokens that write ``after`` where ``before`` stood: an edit where it is one and reads back exactly.

    What is written anew is written as far as it is shown.
    """
    if before is not None:
        edit = edit_tokens(before, after, names)
        if edit is not None and len(edit) <= LONGEST_EDIT and written_text(before, edit, names) == after:
            return edit
    return value_tokens(after, names)


def written_text(before: str | None, tokens: Sequence[int], names: Names) -> str | None:
    """The value that ``tokens`` write where ``before`` stood, or ``None`` when they write none."""
    if not tokens:
        return None
    match tokens[0]:
        case Special.EXTEND:
            return _extended(before, tokens[1:], names)
        case Special.PREPEND:
            text = bytes_text(tokens[1:])
            return None if not before or text is None else f"{before[0]}{text}{before[1:]}"
        case Special.SPLICE:
            return _spliced(before, tokens[1:], names)
    return value_text(tokens, names)


def _extended(before: str | None, tokens: Sequence[int], names: Names) -> str | None:
    if not before:
        return None
    old = split_fields(before)
    if old is None:
        text = bytes_text(tokens)
        return None if text is None or len(before) < 2 else f"{before[:-1]}{text}{before[-1]}"
    new = _items(tokens, names)
    return None if new is None else join_items(old[0], [*old[1], *new])


def _spliced(before: str | None, tokens: Sequence[int], names: Names) -> str | None:
    parts = split_fields(before) if before else None
    if parts is None or len(tokens) < 2:
        return None
    opening, old = parts
    start, end = v.token_position(tokens[0]), v.token_position(tokens[1])
    new = _items(tokens[2:], names)
    if start is None or end is None or new is None or not start <= end <= len(old):
        return None
    return join_items(opening, [*old[:start], *new, *old[end:]])


def _items(tokens: Sequence[int], names: Names) -> tuple[str, ...] | None:
    text = value_text(tokens, names) if tokens else ""
    return None if text is None else split_items(f"[{text}]")
