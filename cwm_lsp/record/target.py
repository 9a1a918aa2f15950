"""What is recorded and how: the values that :func:`cwm_lsp.record.record` takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cwm_lsp.record.agent.choose import AUTO
from cwm_lsp.record.agent.limits import Limits


@dataclass(frozen=True, slots=True)
class FunctionTarget:
    """``function(arguments)`` of the file ``path``; ``function`` may be dotted."""

    path: str
    function: str
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class ScriptTarget:
    """``python path *args``."""

    path: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModuleTarget:
    """``python -m module *args``."""

    module: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PytestTarget:
    """The call of one test, ``node`` being its id as pytest prints it (``tests/test_a.py::test_b[1]``)."""

    node: str


DEFAULT_LIMITS = Limits()
Target = FunctionTarget | ScriptTarget | ModuleTarget | PytestTarget


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A breakpoint of the user's: ``line`` is 1-based, ``condition`` Python text or "" for none."""

    path: str
    line: int
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run. ``interpreter`` is a path or command, "" for the one that runs us.

    ``cwd`` is the working directory, "" for the folder of the file. ``env`` is added to ours, ``None``
    removing a name. ``scope`` says which files are recorded besides the entry's: none (``file``) or all
    of the ``cwd``'s that are no libraries (``project``); ``auto`` is ``project`` for pytest and
    ``file`` otherwise. ``recorder`` forces one of ``record.agent.choose.CORES``.
    """

    interpreter: str = ""
    cwd: str = ""
    env: Mapping[str, str | None] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    scope: Literal["auto", "file", "project"] = "auto"
    breakpoints: tuple[Breakpoint, ...] = ()
    recorder: str = AUTO


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recording is: ``stage`` is ``starting``, ``running`` or ``reading``."""

    stage: Literal["starting", "running", "reading"]
    events: int
    seconds: float
