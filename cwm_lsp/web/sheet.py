"""What the page lays out: the rows of one run, or of two beside each other."""

from __future__ import annotations

import difflib
import itertools
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from cwm_lsp.align.pairs import pair_runs
from cwm_lsp.align.values import same_text
from cwm_lsp.features import display, sentences
from cwm_lsp.features.display import State
from cwm_lsp.trace.model import Event, SourceFile
from cwm_lsp.web.table import Table, Told, worst

Pair = tuple[int | None, int | None]
"""A row: the step of the left run, and that of the right one."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Some neighbouring rows as one: how sure the model was at its least, the worst state, the depth."""

    probability: float | None
    state: State
    depth: int


class Sheet:
    """Rows of ``left``, with ``right`` beside it if there is one. ``differences`` are rows, in order."""

    def __init__(self, left: Table, right: Table | None = None) -> None:
        self.left = left
        self.right = right
        self.pairs = None if right is None else _paired(left, right)
        self._rows = [] if self.pairs is None else _rows_of(self.pairs, len(left.events))
        self.differences = self._differing()

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.left.events) if self.pairs is None else len(self.pairs)

    @property
    def first(self) -> int | None:
        """The row of the first divergence."""
        if self.pairs is None:
            return self.left.first
        return self.differences[0] if self.differences else None

    def pair(self, row: int) -> Pair:
        """The steps that stand in a row."""
        return (row, None) if self.pairs is None else self.pairs[row]

    def row_of(self, step: int) -> int:
        """The row of a step of the left run."""
        return step if self.pairs is None else self._rows[step]

    def apart(self, row: int) -> str:
        """How the two runs differ in a row, "" where they do not or where there is one alone."""
        if self.right is None or not self._is_difference(row):
            return ""
        left, right = self.pair(row)
        if left is None or right is None:
            return sentences.alone_words(left=right is None)
        mine, theirs = _by_name(self.left.told(left)), _by_name(self.right.told(right))
        names = _odd(mine, theirs)
        return sentences.apart_words(*(_listed(names, side) or "nothing" for side in (mine, theirs)))

    def odd(self, row: int) -> list[str]:
        """The names that the two runs do not tell the same of in a row; "" is what it gave."""
        left, right = self.pair(row)
        if self.right is None or left is None or right is None:
            return []
        return _odd(_by_name(self.left.told(left)), _by_name(self.right.told(right)))

    def next_difference(self, row: int, *, back: bool) -> int | None:
        """The difference after ``row``, or before it."""
        index = bisect_left(self.differences, row if back else row + 1)
        found = index - 1 if back else index
        return self.differences[found] if 0 <= found < len(self.differences) else None

    def find(self, text: str, row: int, *, back: bool) -> int | None:
        """The next row that says ``text`` in any case, round the end; ``row`` itself comes last."""
        wanted, total = text.casefold(), self.total
        for away in range(1, total + 1):
            candidate = (row - away if back else row + away) % total
            if any(wanted in said.casefold() for said in self._said(candidate)):
                return candidate
        return None

    def overview(self, buckets: int) -> list[Bucket]:
        """The sheet in at most ``buckets`` pieces of the same length."""
        count = min(buckets, self.total)
        edges = [self.total * index // count for index in range(count + 1)] if count else [0]
        return [self._bucket(range(start, end)) for start, end in itertools.pairwise(edges)]

    def _bucket(self, rows: range) -> Bucket:
        said = [self.left.probability(step) for row in rows if (step := self.pair(row)[0]) is not None]
        known = [one for one in said if one is not None]
        states = {self._state(row) for row in rows}
        deepest = max(self._depth(row) for row in rows)
        return Bucket(min(known, default=None), worst(tuple(states)), deepest)

    def _state(self, row: int) -> State:
        if self.pairs is None:
            return self.left.states[row]
        if self._is_difference(row):
            return State.DIFFERS
        left, right = self.pair(row)
        said = [self.left.states[left]] if left is not None else []
        said += [self.right.states[right]] if self.right is not None and right is not None else []
        return State.PREDICTED if State.PREDICTED in said else State.OBSERVED

    def _depth(self, row: int) -> int:
        left, right = self.pair(row)
        if left is not None:
            return self.left.events[left].depth
        assert self.right is not None
        assert right is not None
        return self.right.events[right].depth

    def _said(self, row: int) -> Iterator[str]:
        left, right = self.pair(row)
        if left is not None:
            yield from self.left.said(left)
        if right is not None and self.right is not None:
            yield from self.right.said(right)

    def _is_difference(self, row: int) -> bool:
        index = bisect_left(self.differences, row)
        return index < len(self.differences) and self.differences[index] == row

    @cached_property
    def open_steps(self) -> int:
        """How many rows of two runs say something that cannot be held against the other's."""
        if self.pairs is None or self.right is None:
            return 0
        mine, theirs = self.left, self.right
        both = [(left, right) for left, right in self.pairs if left is not None and right is not None]
        return sum(_is_open(mine.told(left), theirs.told(right)) for left, right in both)

    def _differing(self) -> list[int]:
        if self.pairs is None or self.right is None:
            return [step for step, state in enumerate(self.left.states) if state is State.DIFFERS]
        mine, theirs = self.left, self.right
        return [
            row
            for row, (left, right) in enumerate(self.pairs)
            if left is None or right is None or _odd(_by_name(mine.told(left)), _by_name(theirs.told(right)))
        ]


def _is_open(mine: Sequence[Told], theirs: Sequence[Told]) -> bool:
    others = _by_name(theirs)
    pairs = [(one, other) for one in mine if (other := others.get(one.name)) is not None]
    return any(
        not (one.whole and other.whole) and (one.text != other.text or one.predicted or other.predicted)
        for one, other in pairs
    )


def _by_name(told: Sequence[Told]) -> dict[str, Told]:
    return {one.name: one for one in told}


def _odd(mine: Mapping[str, Told], theirs: Mapping[str, Told]) -> list[str]:
    """The names that two steps do not tell the same of. What is not whole on a side says nothing."""
    return [name for name in {**mine, **theirs} if not _same(mine.get(name), theirs.get(name))]


def _same(left: Told | None, right: Told | None) -> bool:
    if left is None or right is None:
        return False
    return not (left.whole and right.whole) or same_text(left.text, right.text)


def _listed(names: Sequence[str], told: Mapping[str, Told]) -> str:
    """What one run told of ``names``, as it would stand at the end of a line."""
    return ", ".join(_as_shown(told[name]) for name in names if name in told)


def _as_shown(one: Told) -> str:
    glyph = f"{display.APPROX} " if one.predicted else "= " if one.name else ""
    return f"{one.name or display.RETURN} {glyph}{one.text}"


def _rows_of(pairs: Sequence[Pair], steps: int) -> list[int]:
    rows = [0] * steps
    for row, (left, _) in enumerate(pairs):
        if left is not None:
            rows[left] = row
    return rows


def _paired(left: Table, right: Table) -> list[Pair]:
    """Rows of two runs of the same code, or of two versions of it whose lines are matched by their text."""
    return pair_runs(left.events, _moved(right.events, right.files, left.files))


def _moved(events: Sequence[Event], ours: Sequence[SourceFile], theirs: Sequence[SourceFile]) -> list[Event]:
    """``events`` with the line numbers that their lines have in ``theirs``; negative where they have none."""
    maps = [_line_map(mine.lines, other.lines) for mine, other in zip(ours, theirs, strict=False)]
    if all(moved is None for moved in maps):
        return list(events)
    found: list[Event] = []
    for event in events:
        moved = maps[event.file] if event.file < len(maps) else None
        found.append(event if moved is None else replace(event, line=moved.get(event.line, -event.line)))
    return found


def _line_map(mine: list[str], other: list[str]) -> dict[int, int] | None:
    """Where each line of ``mine``, from 1, is in ``other``; ``None`` for the same text."""
    if mine == other:
        return None
    blocks = difflib.SequenceMatcher(None, mine, other, autojunk=False).get_matching_blocks()
    return {block.a + index + 1: block.b + index + 1 for block in blocks for index in range(block.size)}
