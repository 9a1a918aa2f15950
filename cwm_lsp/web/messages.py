"""What the page and the server say to each other, one JSON object to a websocket message.

``docs/view.md`` describes the same; a test holds the two together. The page asks with an ``Asked`` and gets
an ``Answered`` with the same ``id``. The server says ``Head`` by itself, at first and after every change.
Observed, predicted and computed values have a member each, so that the page cannot mix them up.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypedDict

VERSION = 1


class Ask(StrEnum):
    """What the page may ask for."""

    SHEET = "sheet"
    ROWS = "rows"
    OVERVIEW = "overview"
    CALLS = "calls"
    SOURCE = "source"
    DETAIL = "detail"
    NEXT = "next"
    FIND = "find"


class Stage(StrEnum):
    """How far what the page shows has come."""

    RECORDING = "recording"
    ASKING = "asking"
    READY = "ready"
    FAILED = "failed"
    CHANGED = "changed"


class Status(TypedDict):
    """``share`` is how much is done, 0 to 1, ``None`` where that is not known."""

    stage: str
    words: str
    share: float | None


class FileHead(TypedDict):
    """A file of a run."""

    name: str
    path: str


class Parting(TypedDict):
    """A first divergence: the step and the sentence."""

    step: int
    words: str


class RunHead(TypedDict):
    """One run that the page can show. ``kind`` is ``observed``, ``predicted`` or ``compared``.

    ``widths`` are the characters that the columns need, ``gives`` those of where the run went and what it
    gave, ``code`` those of the source lines.
    """

    title: str
    kind: str
    steps: int
    summary: str
    notes: list[str]
    columns: list[str]
    widths: list[int]
    gives: int
    code: int
    files: list[FileHead]
    divergence: Parting | None
    threshold: float | None


class Head(TypedDict):
    """All that the page needs to begin.

    ``revision`` grows with every change, ``results`` only when there are other runs to show. ``beside`` is
    the run to show at the right from the start. ``glyphs`` are those of the states, and ``mark``.
    """

    say: str
    version: int
    revision: int
    results: int
    title: str
    status: Status
    beside: int | None
    glyphs: dict[str, str]
    runs: list[RunHead]


class Asked(TypedDict):
    """A question. ``beside`` is the run at the right, ``None`` for one alone; ``about`` what is asked."""

    id: int
    ask: str
    run: int
    beside: int | None
    about: dict[str, Any]


class Answered(TypedDict, total=False):
    """An answer, or in ``error`` the sentence that says why there is none."""

    id: int
    revision: int
    answer: Any
    error: str


class Piece(TypedDict):
    """One thing said in a row. ``column`` is the variable's, -1 for where the run went and what it gave.

    ``tail`` is where in ``text`` the value ends and its glyph begins, -1 where there is none.
    """

    column: int
    text: str
    state: str
    words: str
    dimmed: bool
    tail: int


class Row(TypedDict):
    """One step. ``line`` (from 1) ran and led to the event ``kind``, which is at line ``next``."""

    step: int
    kind: str
    depth: int
    function: str
    file: int
    line: int
    next: int
    visit: str
    pieces: list[Piece]
    state: str
    probability: float | None
    mark: bool


class Rows(TypedDict):
    """Rows of a sheet: ``left`` and ``right`` are what each run did, ``apart`` how they differ, or "".

    ``odd`` is the first variable in which they do.
    """

    start: int
    left: list[Row | None]
    right: list[Row | None]
    apart: list[str]
    odd: list[str]


class Sheet(TypedDict):
    """The rows that there are, how many of them differ, also in words; ``first`` is the first, or -1."""

    total: int
    differences: int
    first: int
    words: str


class Overview(TypedDict):
    """A whole sheet in buckets: how sure the model was at its least, what was worst, how deep."""

    probability: list[float | None]
    state: list[str]
    depth: list[int]


class Calls(TypedDict):
    """The call tree in the order of calls, one entry each; ``start`` and ``end`` are rows of the sheet."""

    functions: list[str]
    function: list[int]
    depth: list[int]
    start: list[int]
    end: list[int]
    differs: list[bool]


class Source(TypedDict):
    """A file as it was when it ran; no lines where it is not that text any more."""

    path: str
    lines: list[str]


class Predicted(TypedDict):
    """A value by the model, with its probability."""

    text: str
    probability: float


class Entry(TypedDict):
    """One variable at one step. At most one of the three values is not ``None``, but for a comparison."""

    name: str
    observed: str | None
    predicted: Predicted | None
    computed: str | None
    state: str
    mark: str
    words: str
    changed: bool


class Detail(TypedDict):
    """All there is at one step of one run: how it is called, where the run went, every variable."""

    step: int
    words: str
    outcome: list[Piece]
    entries: list[Entry]
