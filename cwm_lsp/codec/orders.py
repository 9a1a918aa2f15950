"""The method resolution order of the classes of a source text."""

from __future__ import annotations

import ast
from collections.abc import Mapping


def orders_of(classes: Mapping[str, ast.ClassDef]) -> dict[str, tuple[str, ...]]:
    """For each class its name and those of its ancestors among ``classes``, as a method is looked for.

    Bases that are not among them are left out. Where Python would refuse the bases, the first one counts.
    """
    made: dict[str, type] = {}
    return {name: tuple(one.__name__ for one in _made(name, classes, made).__mro__[:-1]) for name in classes}


def _made(name: str, classes: Mapping[str, ast.ClassDef], made: dict[str, type]) -> type:
    if name not in made:
        made[name] = type(name, (), {})  # for a class that names itself as its base
        names = dict.fromkeys(base.id for base in classes[name].bases if isinstance(base, ast.Name))
        bases = tuple(_made(one, classes, made) for one in names if one in classes and one != name)
        try:
            made[name] = type(name, bases, {})
        except TypeError:
            made[name] = type(name, bases[:1], {})
    return made[name]
