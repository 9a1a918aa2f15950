"""What classes say of their objects besides the fields: constants, members, properties."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from cwm_lsp.codec.needs import PLAIN_BASES, read_first, unstored
from cwm_lsp.codec.orders import orders_of
from cwm_lsp.codec.records import Opaque
from cwm_lsp.codec.scopes import is_coroutine, is_generator
from cwm_lsp.codec.shapes import compares_fields, is_frozen, named_tuples, posted_shape
from cwm_lsp.codec.tables import steady_names, tables

PROPERTY = "<property>"
"""Stands for an attribute that a method of the user's gives when it is read."""

METHOD = "<method>"
"""Stands for a special method of the class's own."""

ELSEWHERE = "<elsewhere>"
"""Stands for a special method that a base or a decorator may bring which the file does not define."""

OPERATORS: Mapping[type[ast.AST], str] = {
    ast.Add: "__add__",
    ast.Sub: "__sub__",
    ast.Mult: "__mul__",
    ast.Div: "__truediv__",
    ast.FloorDiv: "__floordiv__",
    ast.Mod: "__mod__",
    ast.Pow: "__pow__",
    ast.MatMult: "__matmul__",
    ast.BitAnd: "__and__",
    ast.BitOr: "__or__",
    ast.BitXor: "__xor__",
    ast.LShift: "__lshift__",
    ast.RShift: "__rshift__",
    ast.Eq: "__eq__",
    ast.Lt: "__lt__",
    ast.LtE: "__le__",
    ast.Gt: "__gt__",
    ast.GtE: "__ge__",
}
"""The methods of the left operand that operators call first."""

REFLECTED: Mapping[str, str] = {
    f"__{name}__": f"__r{name}__"
    for name in "add sub mul truediv floordiv mod pow matmul and or xor lshift rshift".split()
}
"""The methods of the right operand that take the place of those of a left one that has none."""

SWAPPED: Mapping[str, str] = {
    "__eq__": "__eq__",
    "__lt__": "__gt__",
    "__le__": "__ge__",
    "__gt__": "__lt__",
    "__ge__": "__le__",
}
"""The methods of the right operand that compare in the place of those of a left one that has none."""

ORDERED_BY = "<ordered by "
"""Begins what stands for a comparison that ``total_ordering`` makes; the method that it asks follows."""

_ROOTS = ("__lt__", "__le__", "__gt__", "__ge__")
"""The methods of which ``total_ordering`` makes the others of the first that a class has."""

INPLACE: Mapping[str, str] = {method: f"__i{method[2:]}" for method in REFLECTED}
"""The methods of the left operand that an assignment with an operator calls first."""

UNARY_METHODS: Mapping[type[ast.AST], str] = {
    ast.USub: "__neg__",
    ast.UAdd: "__pos__",
    ast.Invert: "__invert__",
}

ITEMS = "iter()"
"""The key of an expression of ``self`` whose items the class's ``__iter__`` goes through."""

YIELDS = "yields()"
"""The key that says that a class's ``__iter__`` makes a generator."""

NEEDS = "repr()"
"""The key of the fields that must be stored in an object before the class's ``__repr__`` can write it."""

SLOTS = "slots()"
"""The key of the names of a class's slots, those of its bases first, in Python's order."""

BASES = "bases()"
"""The key of the names of all classes that a class descends from."""

BY_FIELDS = "=="
"""The key that says that objects are equal if their fields are."""

FROZEN = "frozen()"
"""The key that says that nothing is stored in objects once they are made."""

POSTED = "post()"
"""The key of the shape of a dataclass, see ``shapes``, whose objects a ``__post_init__`` goes over."""

DESCRIBED = "<described>"
"""Stands for an attribute that an object of a class of the file is asked for, or to store."""

GENERATES = "<generates "
"""Begins what stands for a method that makes a generator; the name of the class that has it follows."""

GENERATOR = "~"
"""Ends the name under which a function is known to make generators."""

DEFINED = "<defined "
"""Begins what stands for a method without a decorator; the name of the class that defines it follows."""

AWAITS = "<awaits>"
"""Stands for a method that makes a coroutine."""

COROUTINE = "&"
"""Ends the name under which a function is known to make coroutines."""

LAMBDA = "\\"
"""Ends the name under which the source of a lambda is known that a name is given once and for all."""

MARK = "."
"""Ends the name under which a class is known, ``Account.``: no name of a program is like that."""

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum"})
_NEXT = ("auto()", "enum.auto()")
_PROPERTIES = frozenset({"property", "cached_property"})
_DESCRIBING = frozenset({"__get__", "__set__"})
_MAKING = ("__new__", "__init__", "__repr__")
_SPECIAL = re.compile(r"__\w+__")
_DEEPEST = 8


def setter(name: str) -> str:
    """The name under which the method is known that stores the property ``name``."""
    return f"{name}="


def class_facts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each class of a module under its marked name, with the text of a dict of what its objects share."""
    classes = {node.name: node for node in (*_classes(tree.body), *named_tuples(tree))}
    stored = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store | ast.Del)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }
    steady, orders = steady_names(tree), orders_of(classes)
    members = {name: _members(node) for name, node in classes.items() if is_enum(node)}
    describing = {name for name, node in classes.items() if _describes(node)}
    for name, node in classes.items():
        found = _members(node) if is_enum(node) else _shared(orders[name], classes)
        for one in orders[name] if describing else ():
            found |= dict.fromkeys(_described(classes[one], describing), DESCRIBED)
        for one in reversed(orders[name]):
            found |= dict(tables(classes[one], steady, members))
        if (shape := posted_shape(node, classes)) is not None:
            found[POSTED] = repr(shape)
        above = tuple(_ancestors(node, classes))
        found |= {BASES: repr(above)}
        if NEEDS in found:
            found[NEEDS] = repr(unstored(ast.literal_eval(found[NEEDS]), [name, *above], classes))
        kept = {
            key: text for key, text in found.items() if key not in stored or text in (PROPERTY, DESCRIBED)
        }
        yield f"{name}{MARK}", f"{{{', '.join(f'{key!r}: {text}' for key, text in kept.items())}}}"


def _classes(body: Iterable[ast.stmt]) -> Iterator[ast.ClassDef]:
    """The classes that ``body`` defines, and those in their bodies; the outer ones win where names clash."""
    outer = [one for one in body if isinstance(one, ast.ClassDef)]
    for one in outer:
        yield from _classes(one.body)
    yield from outer


def _describes(node: ast.ClassDef) -> bool:
    """Whether the objects of a class are asked for the attributes that they are the values of in others."""
    return any(isinstance(one, ast.FunctionDef) and one.name in _DESCRIBING for one in node.body)


def _described(node: ast.ClassDef, describing: Container[str]) -> Iterator[str]:
    """The attributes of a class that objects of the classes ``describing`` stand for."""
    for one in node.body:
        match one:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=kind)))
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call(func=ast.Name(id=kind)))
            ) if kind in describing:
                yield name


def _base(node: ast.expr) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def is_enum(node: ast.ClassDef) -> bool:
    """Whether a class is an enumeration whose members are what is written."""
    own = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return any(_base(one) in _ENUMS for one in node.bases) and not own & {"__repr__", "__new__", "__init__"}


def counted(node: ast.ClassDef) -> Iterator[tuple[ast.Assign, Any]]:
    """The statements that make the members of an enumeration, with their values, ``None`` if not known."""
    lowered = any(_base(one) == "StrEnum" for one in node.bases)
    last: Any = 0
    for one in node.body:
        match one:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if ast.unparse(value) in _NEXT:
                last = name.lower() if lowered else last + 1 if isinstance(last, int) else None
            case ast.Assign(targets=[ast.Name()], value=value):
                last = _literal(value)
            case _:
                continue
        yield one, last


def _members(node: ast.ClassDef) -> dict[str, str]:
    """The members of an enumeration, as Python writes them."""
    found: dict[str, str] = {}
    of_value: dict[Any, str] = {}
    for one, value in counted(node):
        if value is None:
            return {}
        name = ast.unparse(one.targets[0])
        text = f"<{node.name}.{name}: {value!r}>"
        found[name] = of_value.setdefault(value, text)  # that of the first with this value
    return found


def _shared(order: Sequence[str], classes: Mapping[str, ast.ClassDef]) -> dict[str, str]:
    """What the class bodies say of the objects of a class of this method resolution ``order``."""
    found: dict[str, str] = {}
    for name in reversed(order):
        node = classes[name]
        if not all(isinstance(one, ast.Name) and one.id in {*classes, *PLAIN_BASES} for one in node.bases):
            found |= dict.fromkeys(_MAKING, ELSEWHERE)  # what is made is another's to say
        if node.decorator_list or node.keywords:
            found |= dict.fromkeys(_MAKING, ELSEWHERE)
        if compares_fields(node):
            found[BY_FIELDS] = "True"
        if is_frozen(node):
            found[FROZEN] = "True"
        for one in node.body:
            for told, text in _told_by(one, name).items():
                found.pop(told, None)
                found |= {told: text} if text else {}
            if slots := _slots(one):
                found[SLOTS] = repr((*ast.literal_eval(found.get(SLOTS, "()")), *sorted(slots)))
        if any(_base(one) == "total_ordering" for one in node.decorator_list):
            own = [one for one in _ROOTS if one in found]
            found |= {one: f"{ORDERED_BY}{own[0]}>" for one in _ROOTS if own and one not in own}
    return found


def _told_by(node: ast.stmt, holder: str) -> dict[str, str]:
    """What a statement of the class ``holder`` says of names of it, "" for nothing that is known."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) if _SPECIAL.fullmatch(name):
            return {name: METHOD}
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
        ):
            known = _literal(value)
            is_none = isinstance(value, ast.Constant) and value.value is None
            return {name: repr(known) if known is not None or is_none else ""}
        case ast.ClassDef(name=name):
            return {name: "" if node.decorator_list else f"<class {name!r}>"}
        case ast.FunctionDef(name="__eq__"):
            return {"__eq__": METHOD, BY_FIELDS: ""}
        case ast.FunctionDef(name="__iter__"):
            source = _gone_through(node)
            yields = "True" if is_generator(node) else ""
            return {"__iter__": METHOD, ITEMS: repr(source) if source else "", YIELDS: yields}
        case ast.FunctionDef(name="__repr__"):
            return {"__repr__": METHOD, NEEDS: repr(tuple(sorted(set(read_first(node)))))}
        case ast.FunctionDef(name=name) if _SPECIAL.fullmatch(name):
            return {name: METHOD}
        case ast.FunctionDef(name=name, decorator_list=[ast.Attribute(attr="setter")]):
            return {setter(name): METHOD}
        case ast.FunctionDef(decorator_list=[ast.Attribute(attr="deleter")]):
            return {}
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _told_by_method(node, holder)
    return {}


def _told_by_method(node: ast.FunctionDef | ast.AsyncFunctionDef, holder: str) -> dict[str, str]:
    """What a method with no special name says of its name."""
    if not node.decorator_list and is_generator(node):
        return {node.name: f"{GENERATES}{holder}>"}
    if isinstance(node, ast.AsyncFunctionDef):
        return {} if node.decorator_list or not is_coroutine(node) else {node.name: AWAITS}
    names = [getattr(one, "id", getattr(one, "attr", "")) for one in node.decorator_list]
    if not names:
        return {node.name: f"{DEFINED}{holder}>"}
    return {node.name: PROPERTY if any(one in _PROPERTIES for one in names) else ""}


def _slots(node: ast.stmt) -> tuple[str, ...]:
    """The slots that a statement of a class declares."""
    match node:
        case ast.Assign(targets=[ast.Name(id="__slots__")], value=value):
            try:
                found = ast.literal_eval(value)
            except ValueError:
                return ()
            names = [found] if isinstance(found, str) else list(found)
            return tuple(one for one in names if one not in ("__dict__", "__weakref__"))
    return ()


def _ancestors(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> Iterator[str]:
    """The names of the classes that ``node`` descends from, as far as the module says."""
    for base in node.bases:
        name = getattr(base, "id", getattr(base, "attr", ""))
        yield name
        if name in classes and depth < _DEEPEST:
            yield from _ancestors(classes[name], classes, depth + 1)


def _gone_through(node: ast.FunctionDef) -> str:
    """What of ``self`` an ``__iter__`` of one statement gives an iterator of, "" where that is not plain."""
    match node.body:
        case [*_, ast.Return(value=ast.Call(func=ast.Name(id="iter"), args=[source]))] if len(node.body) == 1:
            return ast.unparse(source)
    return ""


def _literal(node: ast.expr) -> Any:
    """The value of a literal that never changes; ``None`` for all else."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int | float | str | bytes | tuple | frozenset) else None


def makes_plain(facts: Mapping[str, Any]) -> bool:
    """Whether calling a class of which these ``facts`` are known only makes an object without fields."""
    return not any(name in facts for name in _MAKING)


def is_of_another(facts: Mapping[str, Any]) -> bool:
    """Whether a base or a decorator that the file does not define may have a say in its objects."""
    if BY_FIELDS in facts:
        return False
    return any(isinstance(one, Opaque) and one.text == ELSEWHERE for one in facts.values())
