"""The child: answers one request a line, each answer a line of its own, until its parent closes the pipe.

All but ``open`` also have what is known of the text as it stands: ``asleep``, the seconds that a check may
sleep on end, ``sleepers``, the checks that sleep for long, ``bare``, the tests that need no report to be
judged, and ``turns``, the most turns of loops that a passing check takes (-1: none passes; null: not known).

::

    {"op": "open", path, name, folder, import_from, origin, project, text, checks, nodes, scratch, root}
                              -> {"ready": true, nodes, problem} | {"error"}
    {"op": "trace", "seconds", "slow", "order", "clock"}
                              -> for each check {"check", "ok", "said", "seconds", "clock", "asleep",
                                                  "lines", "unseen", "calls", "steps", "visits", "bare"}
    {"op": "try", "order", "passing", "seconds", "patience", "formal", "clock", "items"}
                              -> for each item {"id", "passed", "failed", "slow"}, then {"done": true}
    {"op": "states", "check", "lines", "seconds"}  -> {"states": [{"line", "values"}]}
    {"op": "history", "check", "edits", "seconds"}
                              -> {"steps": [{"line", "depth", "values", "said"}]}
    {"op": "again", "checks", "seconds", "clock", "counted"}
                              -> for each of the first {"ok", "over", "turns", "asleep"}, then {"done": true}
    {"op": "run", "edits", "calls", "functions", "seconds", "clock"}
                              -> {"results": [[said, refused, reached], ...] or null}
    {"op": "explore", "edits", "atoms", "failing", "passing", "truth", "broad", "seconds",
     "limit"}
                              -> {"found": [...]}
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import IO, Any

from . import guard
from .program import Program
from .pytests import Session, serve_session
from .tidy import Tidy
from .worker import Worker


def serve() -> None:
    """Answer the requests on stdin; the streams are then closed to the program that runs here."""
    requests, answers = _channels()
    lines = (json.loads(line) for line in requests)
    opening = next(lines, None)
    if opening is None:
        return

    def answer(value: dict[str, Any]) -> None:
        answers.write(json.dumps(value).encode("ascii") + b"\n")
        answers.flush()

    program = _prepared(opening)
    if not opening["nodes"]:
        _answering(Worker(program, opening["checks"], None), lines, answer)
        return

    def session(found: Session, rest: Iterator[Any]) -> None:
        tests = [{"kind": "test", "call": node} for node in found.nodes]
        tidy = Tidy(opening["folder"], opening["origin"], opening["path"])
        _answering(Worker(program, [*opening["checks"], *tests], found, tidy), rest, answer)

    problem = serve_session(program, opening["nodes"], opening["root"], lines, session)
    if problem:
        answer({"error": problem})


def _answering(worker: Worker, requests: Iterator[Any], answer: Callable[[dict[str, Any]], None]) -> None:
    answer({"ready": True, "nodes": worker.nodes, "problem": worker.problem})
    for request in requests:
        for one in worker.answers(request):
            answer(one)


def _prepared(opening: dict[str, Any]) -> Program:
    os.chdir(opening["folder"])
    sys.dont_write_bytecode = True
    warnings.simplefilter("ignore")  # a candidate that Python frowns at is tried all the same
    sys.path[:] = [opening["import_from"], *_moved(opening["origin"], opening["folder"])]
    if opening["nodes"]:  # what `python -m pytest` finds in the project, and an installed project finds
        sys.path += [opening["project"], os.path.join(opening["project"], "src")]
    guard.bound()
    guard.confine(opening["scratch"])
    return Program(opening["path"], opening["name"], opening["text"])


def _moved(origin: str, folder: str) -> list[str]:
    """The folders that imports are sought in, those of the user's project as they are in the copy: one that
    is installed to be edited would be imported from where the user has it."""
    found = []
    for entry in sys.path:
        path = os.path.realpath(entry)
        inside = path == origin or path.startswith(origin + os.sep)
        own = inside and not path.startswith(os.path.realpath(sys.prefix) + os.sep)
        copied = os.path.normpath(os.path.join(folder, os.path.relpath(path, origin))) if own else ""
        found.append(copied if os.path.isdir(copied) else entry)
    return found


def _channels() -> tuple[IO[bytes], IO[bytes]]:
    """Our two pipes moved aside and nothing in their place: a program must neither read nor write them."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    return requests, answers
