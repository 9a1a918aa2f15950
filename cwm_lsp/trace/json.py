"""Traces as JSON: an exact form for files, and a plain one to print.

The exact form (:func:`to_json`, :func:`dumps`) loses nothing. A run repeats its values over and over,
so each distinct value is written once and named by its index::

    {"format": "cwm-lsp trace", "version": 1, "entry": "f", "python": "3.12.1", "recorder": "monitoring",
     "seconds": 0.01, "cut": null | {"reason": "events", "message": "..."},
     "output": {"stdout": "", "stderr": "", "cut": false},
     "files": [{"path": "/a/b.py", "text": "def f(n): ..."}],
     "values": [{"text": "3", "type": "int"}, {"text": "[1, 2", "type": "list", "size": 900, "cut": true}],
     "events": [{"event": "call", "line": 1, "function": "f", "depth": 0, "locals": {"n": 0}}, ...]}

Of an event or a value, fields that have their default (``value`` null, ``frame``, ``thread`` and ``file`` 0,
``unwinding``, ``yielded``, ``cut``, ``opaque`` false, ``size`` null) are left out.

The plain form (:func:`summary`) is what ``record --json`` prints::

    {"version": 1, "file": "/a/b.py", "files": [{"path": "/a/b.py", "digest": "9f86..."}], "entry": "f",
     "python": "3.12.1", "recorder": "monitoring", "seconds": 0.01, "cut": null | {"reason", "message"},
     "output": {"stdout", "stderr", "cut"},
     "events": [{"event": "call", "line": 1, "function": "f", "depth": 0, "thread": 0, "frame": 1, "file": 0,
                 "locals": {"n": "3"}, "value": null, "suspended": false, "unwinding": false,
                 "partial": []}, ...]}

``partial`` names the locals whose text is cut or does not describe them, "" standing for ``value``.
:func:`from_summary` reads it back, given the texts of the files; types and sizes of values are lost.

Output is ASCII and never holds ``NaN`` or a bare surrogate, so every JSON reader takes it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cwm_lsp.errors import SourceError
from cwm_lsp.trace.model import Cut, CutReason, Event, EventKind, Output, SourceFile, Trace, Value

FORMAT = "cwm-lsp trace"
VERSION = 1

_SURROGATE_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def dumps(trace: Trace) -> str:
    """The exact form as one line of ASCII."""
    return json.dumps(to_json(trace), allow_nan=False, separators=(",", ":"))


def loads(text: str | bytes) -> Trace:
    """The trace that :func:`dumps` wrote. Raises :class:`~cwm_lsp.errors.SourceError`."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"This is not a trace file: {error}.") from error
    return from_json(data)


def to_json(trace: Trace) -> dict[str, Any]:
    """The exact form as plain dictionaries, lists, strings and numbers."""
    values: dict[Value, int] = {}

    def index(value: Value) -> int:
        return values.setdefault(value, len(values))

    events = [_event(event, index) for event in trace.events]
    return {
        "format": FORMAT,
        "version": VERSION,
        **_head(trace),
        "files": [{"path": _text(file.path), "text": _text(file.text)} for file in trace.files],
        "values": [_value(value) for value in values],
        "events": events,
    }


def from_json(data: object) -> Trace:
    """The inverse of :func:`to_json`. Raises ``SourceError`` where ``data`` is no trace."""
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SourceError("This is not a trace file.", "Write one with `cwm-lsp record --output FILE`.")
    if data.get("version") != VERSION:
        raise SourceError(
            f"This trace file has version {data.get('version')!r}; this program reads version {VERSION}.",
            "Record the run again.",
        )
    try:
        return _trace(data)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise SourceError(f"This trace file is damaged: {error!r}.") from error


def summary(trace: Trace) -> dict[str, Any]:
    """What ``record --json`` prints; see the top of this module for the keys."""
    return {
        "version": VERSION,
        "file": trace.files[0].path if trace.files else "",
        "files": [{"path": file.path, "digest": file.digest} for file in trace.files],
        **_head(trace, plain=True),
        "events": [
            {
                "event": str(event.kind),
                "line": event.line,
                "function": event.function,
                "depth": event.depth,
                "thread": event.thread,
                "frame": event.frame,
                "file": event.file,
                "locals": {name: value.text for name, value in event.locals.items()},
                "value": event.value.text if event.value is not None else None,
                "suspended": event.yielded,
                "unwinding": event.unwinding,
                "partial": _partial(event),
            }
            for event in trace.events
        ],
    }


def from_summary(data: Mapping[str, Any], files: Sequence[SourceFile], events: str = "events") -> Trace:
    """A run as its plain form tells it, ``events`` being the key under which they are.

    Raises ``SourceError`` where ``data`` is no such form.
    """
    try:
        cut, output = data.get("cut"), data.get("output") or {}
        return Trace(
            files=tuple(files),
            events=tuple(_plain_event(event, len(files)) for event in data[events]),
            entry=str(data["entry"]),
            python=str(data.get("python", "")),
            cut=None if cut is None else Cut(CutReason(cut["reason"]), str(cut["message"])),
            output=Output(str(output.get("stdout", "")), str(output.get("stderr", ""))),
            recorder=str(data.get("recorder", "")),
            seconds=float(data.get("seconds", 0.0)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"This is no run that `--json` printed: {error!r}.") from error


def _plain_event(data: Mapping[str, Any], files: int) -> Event:
    partial, value = frozenset(data["partial"]), data["value"]
    if not 0 <= int(data["file"]) < files:
        raise ValueError(f"no file {data['file']}")
    return Event(
        kind=EventKind(data["event"]),
        line=int(data["line"]),
        function=str(data["function"]),
        depth=int(data["depth"]),
        locals={name: Value(str(text), cut=name in partial) for name, text in data["locals"].items()},
        value=None if value is None else Value(str(value), cut="" in partial),
        frame=int(data["frame"]),
        thread=int(data["thread"]),
        file=int(data["file"]),
        unwinding=bool(data["unwinding"]),
        yielded=bool(data["suspended"]),
    )


def _partial(event: Event) -> list[str]:
    said = [*event.locals.items(), *([("", event.value)] if event.value is not None else [])]
    return [name for name, value in said if value.cut or value.opaque]


def _head(trace: Trace, *, plain: bool = False) -> dict[str, Any]:
    text: Callable[[str], object] = str if plain else _text
    output, cut = trace.output, trace.cut
    return {
        "entry": text(trace.entry),
        "python": trace.python,
        "recorder": trace.recorder,
        "seconds": trace.seconds,
        "cut": None if cut is None else {"reason": str(cut.reason), "message": text(cut.message)},
        "output": {"stdout": text(output.stdout), "stderr": text(output.stderr), "cut": output.cut},
    }


def _text(text: str) -> str | dict[str, list[int]]:
    """``text`` itself, unless JSON would join two surrogates of it into one character."""
    if _SURROGATE_PAIR.search(text):
        return {"codes": [ord(character) for character in text]}
    return text


def _read_text(data: str | Mapping[str, Sequence[int]]) -> str:
    if isinstance(data, str):
        return data
    return "".join(map(chr, data["codes"]))


def _value(value: Value) -> dict[str, Any]:
    return {
        "text": _text(value.text),
        **({"type": _text(value.type)} if value.type else {}),
        **({"size": value.size} if value.size is not None else {}),
        **({"cut": True} if value.cut else {}),
        **({"opaque": True} if value.opaque else {}),
    }


def _read_value(data: Mapping[str, Any]) -> Value:
    return Value(
        _read_text(data["text"]),
        _read_text(data.get("type", "")),
        data.get("size"),
        bool(data.get("cut", False)),
        bool(data.get("opaque", False)),
    )


def _event(event: Event, index: Callable[[Value], int]) -> dict[str, Any]:
    return {
        "event": str(event.kind),
        "line": event.line,
        "function": _text(event.function),
        "depth": event.depth,
        "locals": {name: index(value) for name, value in event.locals.items()},
        **({"value": index(event.value)} if event.value is not None else {}),
        **({"frame": event.frame} if event.frame else {}),
        **({"thread": event.thread} if event.thread else {}),
        **({"file": event.file} if event.file else {}),
        **({"unwinding": True} if event.unwinding else {}),
        **({"yielded": True} if event.yielded else {}),
    }


def _read_event(data: Mapping[str, Any], values: Sequence[Value]) -> Event:
    return Event(
        kind=EventKind(data["event"]),
        line=int(data["line"]),
        function=_read_text(data["function"]),
        depth=int(data["depth"]),
        locals={name: _at(values, index) for name, index in data["locals"].items()},
        value=_at(values, data["value"]) if "value" in data else None,
        frame=int(data.get("frame", 0)),
        thread=int(data.get("thread", 0)),
        file=int(data.get("file", 0)),
        unwinding=bool(data.get("unwinding", False)),
        yielded=bool(data.get("yielded", False)),
    )


def _at(values: Sequence[Value], index: int) -> Value:
    if not 0 <= index < len(values):
        raise IndexError(f"no value {index}")
    return values[index]


def _trace(data: Mapping[str, Any]) -> Trace:
    values = [_read_value(value) for value in data["values"]]
    cut, output = data["cut"], data["output"]
    return Trace(
        files=tuple(SourceFile(_read_text(file["path"]), _read_text(file["text"])) for file in data["files"]),
        events=tuple(_read_event(event, values) for event in data["events"]),
        entry=_read_text(data["entry"]),
        python=str(data["python"]),
        cut=None if cut is None else Cut(CutReason(cut["reason"]), _read_text(cut["message"])),
        output=Output(_read_text(output["stdout"]), _read_text(output["stderr"]), bool(output["cut"])),
        recorder=str(data["recorder"]),
        seconds=float(data["seconds"]),
    )
