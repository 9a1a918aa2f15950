"""Where the command line writes: results on stdout, progress and errors on stderr.

Colour and width follow the terminal, ``NO_COLOR`` and ``COLUMNS``. A stream whose encoding
cannot carry our glyphs gets ASCII ones of the same width, so that columns still line up.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TextIO, cast

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from cwm_lsp.config import Loaded
from cwm_lsp.errors import CwmError

NARROWEST = 20
"""Columns that are used at least: in fewer, what is shown would be cut to nothing."""

USUAL = 80
"""Columns that are used where ``COLUMNS`` is 0, as some programs leave it."""

Advance = Callable[[int, int], None]
"""Called with how much is done and how much there is; 0 when that is not known."""

ASCII_GLYPHS = str.maketrans(
    {
        "✓": "+",
        "✗": "x",
        "◆": "*",
        "≈": "~",
        "⟨": "<",
        "⟩": ">",
        "←": "<",
        "→": ">",
        "↶": "^",
        "·": "|",
        "…": "~",
        "—": "-",
        "–": "-",
    }
)


class AsciiGlyphs:
    """A text stream that writes our glyphs in ASCII."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write ``text``, glyphs replaced one for one."""
        return self._stream.write(text.translate(ASCII_GLYPHS))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def carries_glyphs(encoding: str | None) -> bool:
    """Whether text in ``encoding`` can hold every glyph of the display."""
    try:
        "".join(map(chr, ASCII_GLYPHS)).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Shell:
    """The two consoles of one command. With ``as_json`` stdout carries one JSON object and nothing else."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr)

    def object(self, value: Mapping[str, object]) -> None:
        """Print the command's one JSON object: ASCII, so that any pipe carries it.

        Each key begins a line, and so does each item of its list: to indent all of it takes twice as long.
        """
        self._write(
            "{\n" + ",\n".join(f"  {_json(key)}: {_laid_out(one)}" for key, one in value.items()) + "\n}"
        )

    def line(self, value: Mapping[str, Any]) -> None:
        """Print the one JSON object on one line, for a reader that goes on waiting for what follows."""
        self._write(_json(value))

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def note(self, message: str) -> None:
        """One dim line beside the result."""
        self.err.print(Text(message, style="dim"))

    def ignored(self, loaded: Loaded) -> None:
        """Say which settings of an untrusted project do not count."""
        for name in loaded.ignored:
            self.note(f"The project's setting {name} is ignored; --trust lets it count.")

    def error(self, error: CwmError, beside: Mapping[str, Any] | None = None) -> None:
        """Say what is wrong and the way out; ``beside`` is what there is nevertheless."""
        if self.as_json:
            kind = type(error).__name__
            said = {"kind": kind, "message": error.message, "hint": error.hint}
            self.line({"error": said, **(beside or {})})
        self.err.print(Text.assemble(("error: ", "bold red"), (error.message, "red")))
        if error.hint:
            self.err.print(Text(f"hint: {error.hint}", style="dim"))

    @contextmanager
    def progress(self, what: str, unit: str = "") -> Iterator[Advance]:
        """A bar on stderr while ``what`` goes on, counting ``unit``; no terminal gets a line now and then."""
        if not self.err.is_terminal:
            yield Spoken(what, self.note, unit=unit).advance
            return
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.err, transient=True) as bar:
            task = bar.add_task(what, total=None, count="")

            def advance(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total or None, count=_count(done, total, unit))

            yield advance


class Spoken:
    """Progress for a log: silent while it is short, then a line at ever longer intervals."""

    FIRST, LONGEST = 4.0, 60.0

    def __init__(
        self,
        what: str,
        say: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        *,
        unit: str = "",
    ) -> None:
        self._what = what
        self._unit = unit
        self._say = say
        self._clock = clock
        self._began = clock()
        self._due = self.FIRST

    def advance(self, done: int, total: int) -> None:
        """See :data:`Advance`."""
        passed = self._clock() - self._began
        if passed >= self._due:
            self._due = passed + min(passed, self.LONGEST)
            count = f"{_count(done, total, self._unit)} after " if done else ""
            self._say(f"{self._what}: {count}{passed:.0f} s")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, allow_nan=False)


def _laid_out(value: object) -> str:
    if not isinstance(value, list | tuple) or not value:
        return _json(value)
    return "[\n" + ",\n".join(f"    {_json(item)}" for item in value) + "\n  ]"


def _count(done: int, total: int, unit: str) -> str:
    count = f"{done:,} of {total:,}" if total else f"{done:,}"
    return f"{count} {unit}".rstrip()


def _console(stream: TextIO) -> Console:
    # A value may hold what the terminal's encoding cannot say; that costs an escape, not the command.
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    if not carries_glyphs(stream.encoding):
        stream = cast(TextIO, AsciiGlyphs(stream))
    console = _Console(file=stream, highlight=False, markup=False, emoji=False)
    if console.width < NARROWEST:
        console.width = NARROWEST if console.width else USUAL
    return console


class _Console(Console):
    """A console that leaves it to the command to end when the reader has gone."""

    def on_broken_pipe(self) -> None:
        """Called by rich, whose own way is to exit with 1."""
        self.quiet = True
        raise BrokenPipeError
