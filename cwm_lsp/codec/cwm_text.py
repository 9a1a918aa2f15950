"""The text inside CWM frames: locals, values, source lines, and the mark at the entry.

Locals are a JSON object of name to ``repr`` text, where the JSON text ``".."`` stands for a value that is
unchanged. A value whose own text is ``..`` is written ``"\\u002e."``: the same string to a JSON reader,
another text, so the two cannot be confused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

MARK = "# << START_OF_TRACE"
"""The comment at the end of the entry line of the source context."""

_UNCHANGED = '".."'
_DOTS = '"\\u002e."'
_STRING = r'"(?:[^"\\]|\\.)*"'
_ENTRY = re.compile(rf'\s*(?P<name>{_STRING})\s*:\s*(?P<value>{_STRING}|[^\s,}}"][^,}}]*)', re.S)
_BETWEEN = re.compile(r"\s*,(?=\s*\")")
_EXCEPTION = re.compile(r"\(<class '(?P<type>[^']*)'>, (?P<text>.*), <traceback object[^>]*>\)", re.S)


@dataclass(frozen=True, slots=True)
class Entry:
    """One local as written; ``text`` is ``None`` for "unchanged". It ends at ``end`` in the JSON text."""

    name: str
    text: str | None
    end: int


@dataclass(frozen=True, slots=True)
class Locals:
    """What could be read of a locals object, and what was wrong with it ("" if nothing)."""

    entries: tuple[Entry, ...]
    problem: str = ""


def write_string(text: str) -> str:
    """``text`` as JSON, in ASCII."""
    return _DOTS if text == ".." else json.dumps(text)


def read_string(text: str) -> str | None:
    """What a JSON string says, or ``None`` where ``text`` is none."""
    try:
        value = json.loads(text.strip(), strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, str) else None


def write_locals(values: Iterable[tuple[str, str | None]]) -> tuple[str, tuple[int, ...]]:
    """A locals object, ``None`` meaning unchanged, and where each entry ends in it."""
    out = "{"
    ends: list[int] = []
    for name, text in values:
        separator = ", " if ends else ""
        out += f"{separator}{json.dumps(name)}: {_UNCHANGED if text is None else write_string(text)}"
        ends.append(len(out))
    return out + "}", tuple(ends)


def read_locals(text: str) -> Locals:
    """The entries of a locals object up to where it stops making sense."""
    entries: dict[str, Entry] = {}
    place = len(text) - len(text.lstrip())
    if not text.startswith("{", place):
        return Locals((), "locals that are no JSON object")
    place += 1
    problem = ""
    while match := _ENTRY.match(text, place):
        name, value = read_string(match["name"]), match["value"].rstrip()
        place = match.start("value") + len(value)
        read = value if not value.startswith('"') else read_string(value)
        if name is None or read is None:
            return Locals(tuple(entries.values()), "broken JSON in the locals")
        if not value.startswith('"'):
            problem = problem or f"a value of {name!r} that is no JSON string"
        if name in entries:
            problem = problem or f"{name!r} twice in the locals"
        entries[name] = Entry(name, None if value == _UNCHANGED else read, place)
        comma = _BETWEEN.match(text, place)
        if comma is None:
            break
        place = comma.end()
    if text[place:].strip() != "}":
        problem = "broken JSON in the locals"
    return Locals(tuple(entries.values()), problem)


def write_exception(type_name: str, text: str) -> str:
    """An exception as the format shows it: the triple that a trace function is given."""
    return f"(<class '{type_name or text.partition('(')[0]}'>, {text}, <traceback object>)"


def read_exception(text: str) -> str:
    """The exception itself out of the triple; ``text`` where it is none."""
    match = _EXCEPTION.fullmatch(text.strip())
    return match["text"] if match else text


def exception_type(text: str) -> str:
    """The name of the class in the triple, "" where ``text`` is none."""
    match = _EXCEPTION.fullmatch(text.strip())
    return match["type"] if match else ""


def mark_entry(source: str, line: int) -> str:
    """``source`` with the mark on the 1-based entry line, or the next one that can hold a comment."""
    lines = source.split("\n")
    place = max(0, min(line, len(lines)) - 1)
    while place + 1 < len(lines) and lines[place].endswith("\\"):
        place += 1
    if not lines[place].endswith(MARK):
        lines[place] = f"{lines[place]}  {MARK}"
    return "\n".join(lines)


def unmarked(line: str) -> str:
    """A source line as written by a model, without newline and mark."""
    text = line.rstrip()
    return text.removesuffix(MARK).rstrip()


def without_mark(context: str, shown: str) -> str:
    """``context`` without the mark of :func:`mark_entry`, ``shown`` being the text of the entry line."""
    suffix = f"  {MARK}"
    lines = context.split("\n")
    marked = [index for index, line in enumerate(lines) if line.endswith(suffix)]
    entry = [index for index in marked if unmarked(lines[index]) == unmarked(shown)]
    for index in (entry or marked)[:1]:
        lines[index] = lines[index].removesuffix(suffix)
    return "\n".join(lines)
