"""Changes how a program looks and not what it does: docstrings, comments, hints, line breaks, spacing."""

from __future__ import annotations

import ast
import re
from random import Random

from cwm_lsp.learn.corpus.program import Program

_DEF = re.compile(r"^( *)def (\w+)\(([^()]*)\):$")
_VERBS = ("Return", "Compute", "Get", "Build", "Find", "Update", "Convert", "Check", "Collect", "Process")
_NOUNS = (
    "the result",
    "the values",
    "the items",
    "it",
    "the total",
    "the text",
    "a list",
    "what is asked for",
)
_COMMENTS = (
    "# start",
    "# loop over the items",
    "# update",
    "# edge case",
    "# keep track",
    "# done",
    "# build the result",
    "# see below",
    "# count",
    "# in place",
    "# first pass",
    "# check",
    "# ok",
)
_HINTS = {"int": "int", "str": "str", "float": "float", "bool": "bool", "NoneType": "int | None"}

TOUCHED = 0.45
"""How many programs are changed at all."""

DOCSTRING, COMMENT, HINTS, BLANK, EXPLODE, CRAMPED, JOIN = 0.10, 0.12, 0.12, 0.05, 0.06, 0.04, 0.25
"""Shares of the programs that get each."""


def restyled(rng: Random, program: Program) -> Program:
    """The program in some hand. Programs with strings over several lines are left as they are."""
    if rng.random() > TOUCHED or "'''" in program.source or "@" in program.source:
        return program
    lines = program.source.rstrip("\n").split("\n")
    if rng.random() < HINTS / TOUCHED:
        lines = _hinted(lines, program.call)
    if rng.random() < JOIN / TOUCHED:
        lines = _joined(rng, lines)
    if rng.random() < DOCSTRING / TOUCHED:
        lines = _documented(rng, lines)
    if rng.random() < COMMENT / TOUCHED:
        lines = _commented(rng, lines)
    if rng.random() < BLANK / TOUCHED:
        lines = _spaced(rng, lines)
    if rng.random() < EXPLODE / TOUCHED:
        lines = _exploded(rng, lines)
    if rng.random() < CRAMPED / TOUCHED:
        lines = [line for line in lines if line.strip()]
    return Program("\n".join(lines) + "\n", program.call, program.origin)


def _hint(value: object) -> str:
    if isinstance(value, list):
        inner = {_hint(v) for v in value}
        return f"list[{inner.pop()}]" if len(inner) == 1 else "list"
    if isinstance(value, dict):
        kinds = {(_hint(k), _hint(v)) for k, v in value.items()}
        return "dict[{}, {}]".format(*kinds.pop()) if len(kinds) == 1 else "dict"
    return _HINTS.get(type(value).__name__, type(value).__name__)


def _hinted(lines: list[str], call: str) -> list[str]:
    """Annotates the parameters of the called function."""
    entry, _, rest = call.partition("(")
    try:
        values = ast.literal_eval(f"({rest.rstrip()[:-1]},)") if rest != ")" else ()
    except ValueError:
        return lines
    out = []
    for line in lines:
        match = _DEF.match(line)
        if match and match[2] == entry and "*" not in match[3]:
            names = [n.strip() for n in match[3].split(",")] if match[3] else []
            if len(names) >= len(values):
                hinted = [
                    f"{name}: {_hint(value)}" if "=" not in name else name
                    for name, value in zip(names, values, strict=False)
                ]
                line = f"{match[1]}def {entry}({', '.join([*hinted, *names[len(values) :]])}):"
        out.append(line)
    return out


def _joined(rng: Random, lines: list[str]) -> list[str]:
    """Branches of one plain statement on the line of their heads."""
    out: list[str] = []
    for place, line in enumerate(lines):
        if out and _joins(lines, place - 1) and lines[place - 1] == out[-1] and rng.random() < 0.7:
            out[-1] = f"{out[-1]} {line.strip()}"
        else:
            out.append(line)
    return out


def _joins(lines: list[str], place: int) -> bool:
    """Whether the line is an ``if`` without ``else`` whose body is one plain statement."""
    head, body, *rest = [*lines[place : place + 3], ""][:3]
    depth = len(head) - len(head.lstrip())
    after = rest[0] if rest else ""
    return (
        re.match(r" *if .*:$", head) is not None
        and body[: depth + 5].isspace() is False
        and body.startswith(" " * (depth + 4))
        and not body.rstrip().endswith((":", "(", "[", "{", ","))
        and not re.match(rf" {{{depth + 1},}}\S| {{{depth}}}(elif|else)\b", after)
    )


def _documented(rng: Random, lines: list[str]) -> list[str]:
    out = []
    for line in lines:
        out.append(line)
        match = re.match(r"^( *)def \w+\(.*\).*:$", line)
        if match and rng.random() < 0.7:
            pad = match[1] + "    "
            text = f"{rng.choice(_VERBS)} {rng.choice(_NOUNS)}."
            if rng.random() < 0.3:
                out += [f'{pad}"""{text}', "", f"{pad}More words about it.", f'{pad}"""']
            else:
                out.append(f'{pad}"""{text}"""')
    return out


def _commented(rng: Random, lines: list[str]) -> list[str]:
    out = []
    for line in lines:
        if line.startswith("    ") and rng.random() < 0.15:
            if rng.random() < 0.5 and not line.endswith(('"""', ",", "(", "[")):
                line = f"{line}  {rng.choice(_COMMENTS)}"
            elif not line.strip().startswith(("else", "elif", "except", "finally", '"""', "case")):
                out.append(line[: len(line) - len(line.lstrip())] + rng.choice(_COMMENTS))
        out.append(line)
    return out


def _spaced(rng: Random, lines: list[str]) -> list[str]:
    out: list[str] = []
    for line in lines:
        if out and line.startswith("    ") and rng.random() < 0.2:
            out.append("")
        out.append(line)
    return out


def _exploded(rng: Random, lines: list[str]) -> list[str]:
    """Spreads the outermost brackets of one statement over several lines."""
    candidates = [i for i, line in enumerate(lines) if _splittable(line)]
    if not candidates:
        return lines
    place = rng.choice(candidates)
    line = lines[place]
    pad = line[: len(line) - len(line.lstrip())]
    found = _outermost(line)
    assert found is not None
    start, pieces, end = found
    head, tail = line[: start + 1], line[end:]
    inner = [f"{pad}    {piece.strip()}" for piece in pieces]
    body = [piece + "," for piece in inner[:-1]] + [
        inner[-1] + ("," if len(pieces) > 1 and "*" not in inner[-1] else "")
    ]
    return [*lines[:place], head, *body, pad + tail, *lines[place + 1 :]]


def _splittable(line: str) -> bool:
    if not line.startswith("    ") or line.rstrip().endswith(":") or "#" in line or '"""' in line:
        return False
    found = _outermost(line)
    return found is not None and len(found[1]) > 1 and " for " not in line


def _outermost(line: str) -> tuple[int, list[str], int] | None:
    """Where the first bracket opens, its pieces between top-level commas, and where it closes."""
    depth, quote, start, last = 0, "", -1, -1
    pieces: list[str] = []
    for i, ch in enumerate(line):
        if quote:
            if ch == quote and line[i - 1] != "\\":
                quote = ""
        elif ch in "'\"":
            quote = ch
        elif ch in "([{":
            depth += 1
            if depth == 1:
                start = last = i
        elif ch in ")]}":
            depth -= 1
            if depth == 0:
                pieces.append(line[last + 1 : i])
                if not pieces[-1].strip():  # a trailing comma, as in (1,)
                    return None
                return start, pieces, i
        elif ch == "," and depth == 1:
            pieces.append(line[last + 1 : i])
            last = i
    return None
