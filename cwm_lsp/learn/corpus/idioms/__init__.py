"""Hand-written idioms, varied by names, constants, operators and arguments.

Each file of this folder holds templates (see :mod:`..template` for ``${a|b}``), separated by ``===`` lines.
The first line of each names the arguments: ``# li+; int:1..5``. The last function is the one that is called.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from cwm_lsp.learn.corpus.expressions import Writer
from cwm_lsp.learn.corpus.program import Program
from cwm_lsp.learn.corpus.scope import Scope
from cwm_lsp.learn.corpus.template import Choice, Hole, Template, parse
from cwm_lsp.learn.corpus.values import arguments
from cwm_lsp.learn.corpus.words import FUNCTIONS

EASY = ("strings", "lists", "dicts", "numbers", "mixed")
HARD = {"exceptions": 0.34, "loops": 0.13, "recursion": 0.13, "classes": 0.15, "objects": 0.25}

SYNONYMS: dict[str, tuple[str, ...]] = {
    name: tuple(group.split())
    for group in (
        "total result res acc ans s sum_ count t",
        "out result res output ans new lst new_list r ret",
        "count cnt c n counter total num result",
        "text s string txt sentence line st message input_str word t",
        "nums numbers arr lst array values items data xs l a li",
        "words names strs strings tokens items lst parts arr",
        "d dic dct mapping data dictionary table m my_dict",
        "x num n v val item el element e i y",
        "ch c char letter i x",
        "w word item s token name x",
        "i idx index j k pos",
        "j k m jj ind",
        "k key name item ky",
        "v val value item num",
        "n num number x value k limit",
        "target goal key value x needle wanted",
        "sep delim separator delimiter joiner",
        "best max_val highest top longest result",
        "seen visited found known used",
        "stack st items buf",
        "left lo low start begin l",
        "right hi high end stop r",
        "mid m middle half",
        "cur current curr now tmp",
        "prev last before previous",
        "rows grid matrix mat board m table",
        "row line r lst sub",
        "pos index idx position p",
        "sub pattern needle part target",
        "size width step chunk length",
        "groups buckets result out grouped",
        "counts freq counter d tally count",
        "parts pieces tokens fields chunks",
    )
    for name in [group.split()[0]]
}
"""Names that people use in place of the first of each group."""

_WORD = re.compile(r"""(?<![\w.])[A-Za-z_]\w*(?!['"\w])""")


@dataclass(frozen=True, slots=True)
class Idiom:
    """A parsed idiom: specs of the arguments, the text, the names that may change, and its functions."""

    name: str
    specs: tuple[str, ...]
    template: Template
    names: tuple[str, ...]
    functions: tuple[str, ...]
    entry: str
    method: str


def _plain(template: Template) -> str:
    parts = []
    for part in template.parts:
        if isinstance(part, Choice):
            parts.append(part.options[0])
        elif isinstance(part, Hole):
            parts.append(part.name or "''")
        else:
            parts.append(part)
    return "".join(parts)


def _load(name: str, text: str) -> Idiom:
    head, _, body = text.strip("\n").partition("\n")
    arguments, _, entry = head.lstrip("# ").partition("->")
    template = parse(body + "\n")
    tree = ast.parse(_plain(template))
    stored, pinned = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            stored.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.add(node.id)
        elif isinstance(node, ast.keyword) and node.arg:
            pinned.add(node.arg)
        elif isinstance(node, ast.Attribute):
            pinned.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            pinned.update(_WORD.findall(node.value))
    functions = [n.name for n in tree.body if isinstance(n, ast.FunctionDef)]
    options = " ".join(o for p in template.parts if isinstance(p, Choice) for o in p.options)
    pinned.update(
        re.findall(r"\.([a-z_]\w*)|([a-z_]\w*)=", options)
        and [a or b for a, b in re.findall(r"\.([a-z_]\w*)|([a-z_]\w*)=", options)]
    )
    pinned.update(w for s in re.findall(r"'([^']*)'", options) for w in _WORD.findall(s))
    names = tuple(sorted(n for n in stored - pinned if n in SYNONYMS))
    specs = tuple(s.strip() for s in arguments.split(";") if s.strip())
    free = tuple(f for f in functions if f not in pinned and len(functions) == 1)
    return Idiom(name, specs, template, names, free, functions[-1] if functions else "", entry.strip())


@cache
def catalogue(group: str) -> tuple[Idiom, ...]:
    """The idioms of one file."""
    text = files(__package__).joinpath(f"{group}.txt").read_text(encoding="utf-8")
    return tuple(
        _load(f"{group}{number}", part)
        for number, part in enumerate(text.split("\n===\n"), 1)
        if part.strip()
    )


@cache
def _all(groups: tuple[str, ...]) -> tuple[Idiom, ...]:
    return tuple(one for group in groups for one in catalogue(group))


def instance(rng: Random, idiom_: Idiom) -> Program:
    """The idiom with choices made, names changed and arguments drawn."""
    writer = Writer(rng, Scope())
    text = "".join(p if isinstance(p, str) else writer.standalone(p) for p in idiom_.template.parts)
    renamed = _renaming(rng, idiom_, text)
    text = _WORD.sub(lambda m: renamed.get(m[0], m[0]), text) if renamed else text
    entry = renamed.get(idiom_.entry, idiom_.entry)
    call = f"{entry}({', '.join(map(repr, arguments(rng, idiom_.specs)))})"
    return Program(text, call, f"idiom:{idiom_.name}")


def _renaming(rng: Random, idiom_: Idiom, text: str) -> dict[str, str]:
    if rng.random() < 0.15:
        return {}
    taken = set(_WORD.findall(text))
    renamed = {}
    for name in (*idiom_.names, *idiom_.functions):
        pool = SYNONYMS.get(name, FUNCTIONS)
        fresh = rng.choice(pool)
        if fresh not in taken and rng.random() < 0.8:
            renamed[name] = fresh
            taken.add(fresh)
    return renamed


def idiom(rng: Random) -> Program:
    """An instance of an everyday idiom."""
    return instance(rng, rng.choice(_all(EASY)))


def hard_idiom(rng: Random) -> Program:
    """An instance of an idiom with exceptions, long loops, recursion, classes or shared objects."""
    group = rng.choices(tuple(HARD), tuple(HARD.values()))[0]
    return instance(rng, rng.choice(catalogue(group)))
