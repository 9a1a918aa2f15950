"""What a model is told: the file, what fails, and the values that its variables had. Pure.

Two forms. ``tools`` is that of CWM's own training (think, then one ``edit`` with search and replace, then
``submit``; github.com/facebookresearch/cwm, ``cwm/rl/envs``); ``plain`` asks any model for the same block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cwm_lsp.repair.llm.client import Message


class Form(StrEnum):
    """How a model is asked and answers."""

    TOOLS = "tools"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class State:
    """Values before a line ran, as texts; ``predicted`` by a model, or recorded."""

    line: int
    values: tuple[tuple[str, str], ...]
    predicted: bool = False


@dataclass(frozen=True, slots=True)
class Task:
    """A file to repair: ``failed`` and ``passed`` as sentences, suspicious lines, states at these lines."""

    name: str
    source: str
    failed: tuple[str, ...]
    passed: tuple[str, ...]
    suspects: tuple[int, ...]
    states: tuple[State, ...] = ()


_BLOCK = """{name}
<<<<<<< SEARCH
[lines of the file, exactly as they are]
=======
[the lines that replace them]
>>>>>>> REPLACE"""

_TOOLS = """You repair a Python file through the following tool interface.

<tool: edit>
{block}
</tool>
Replaces lines of {name}. The search lines must match exactly one place of the file.

<tool: submit>
{name}
</tool>
Marks {name} as your final submission.

REQUIREMENTS:
* You cannot invoke more than one tool in each step.
* Think first, then invoke exactly one tool.
* Only {name} may be changed. Change as little as possible. Do not treat single inputs specially, do not
  catch exceptions that you do not expect, and leave tests as they are."""

_PLAIN = """You repair a Python file. Answer with the change as one block of this form, and nothing else:

{block}

The search lines must match exactly one place of the file. Change as little as possible, and do not treat
single inputs specially."""

MOST = 8
"""Failures, passes and states of each kind that are told."""


def opening(task: Task, form: Form) -> list[Message]:
    """The messages that a conversation begins with."""
    block = _BLOCK.format(name=task.name)
    system = (_TOOLS if form is Form.TOOLS else _PLAIN).format(block=block, name=task.name)
    return [{"role": "system", "content": system}, {"role": "user", "content": told(task)}]


def told(task: Task) -> str:
    """The task as text."""
    parts = [f"{task.name}:\n```python\n{task.source.rstrip()}\n```", _list("It fails:", task.failed)]
    parts.append(_list("It passes, and must go on to:", task.passed))
    lines = task.source.splitlines()
    parts.append(
        _list(
            "Suspicious lines:",
            [f"{n}: {lines[n - 1].strip()}" for n in task.suspects if 0 < n <= len(lines)],
        )
    )
    for predicted, title in ((False, "Values recorded"), (True, "Values that a model of the code predicts")):
        states = [_state(one) for one in task.states if one.predicted is predicted]
        parts.append(_list(f"{title} in a failing run, before these lines ran:", states))
    return "\n\n".join(part for part in parts if part)


def _state(state: State) -> str:
    return f"line {state.line}: " + ", ".join(f"{name} = {value}" for name, value in state.values)


def _list(title: str, items: Sequence[str]) -> str:
    return "\n".join([title, *(f"- {one}" for one in items[:MOST])]) if items else ""
