"""What a model said, read as edits: CWM's tool calls, or the plain block. Pure.

Whatever cannot be read is data, a problem that is told to the model and counted, and never an exception.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_TOOL = re.compile(r"<tool: (?P<name>\w+)>\n(?P<body>.*?)\n?</tool>", re.DOTALL)
_BLOCK = re.compile(
    r"(?P<path>[^\n`]*)\n(?:```\w*\n)?<<<<<<< SEARCH\n(?P<old>.*?)\n?=======\n(?P<new>.*?)\n?>>>>>>> REPLACE",
    re.DOTALL,
)
_FENCE = re.compile(r"```(?:python|py)?\n(?P<code>.*?)```", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Change:
    """Lines to search for and what replaces them, in the file that ``path`` names."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Answer:
    """At most one change, whether the model is done, and what was wrong with what it said ("" if nothing)."""

    change: Change | None
    submitted: bool
    problem: str = ""


def tools(said: str) -> Answer:
    """An answer in the tool form."""
    text = _THOUGHT.sub("", said)
    calls = list(_TOOL.finditer(text))
    if len(calls) != 1:
        problem = "Invoke exactly one tool in each step." if calls else "There is no tool call in this."
        return Answer(None, False, problem)
    name, body = calls[0]["name"], calls[0]["body"]
    if name == "submit":
        return Answer(None, True)
    if name != "edit":
        return Answer(None, False, f"There is no tool {name} here, only edit and submit.")
    return _block("\n" + body)


def plain(said: str, source: str, name: str) -> Answer:
    """An answer in the plain form: a block, or the whole file in a fence."""
    text = _THOUGHT.sub("", said)
    if "<<<<<<< SEARCH" in text:
        found = _block("\n" + text)
        return Answer(found.change, found.change is not None, found.problem)
    fences = [one["code"] for one in _FENCE.finditer(text)]
    if len(fences) == 1 and fences[0].strip():
        return Answer(Change(name, source.rstrip("\n"), fences[0].rstrip("\n")), True)
    return Answer(None, False, "There is no change in this.")


def _block(text: str) -> Answer:
    found = list(_BLOCK.finditer(text))
    if len(found) != 1:
        problem = (
            "More than one change at once." if found else "The change is not of the form that was asked for."
        )
        return Answer(None, False, problem)
    path = found[0]["path"].strip().strip("`*: ")
    return Answer(Change(path, found[0]["old"], found[0]["new"]), False)


def applied(source: str, change: Change, name: str) -> tuple[str, str]:
    """The text with a change, and "" or why it cannot be made."""
    if change.path and change.path.rpartition("/")[2] != name:
        return source, f"Only {name} may be changed, not {change.path}."
    count = source.count(change.old) if change.old else 0
    if count != 1:
        where = "nowhere" if count == 0 else f"in {count} places"
        return source, f"The search lines are {where} in {name}; they must match exactly one place."
    if change.old == change.new:
        return source, "The change changes nothing."
    return source.replace(change.old, change.new), ""
