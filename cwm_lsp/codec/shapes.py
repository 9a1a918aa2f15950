"""What a class statement says of its objects: fields of dataclasses and named tuples, with their defaults."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from cwm_lsp.codec.displays import split_items

DATACLASS = "<dataclass "
"""How the shape of a dataclass begins: ``<dataclass Point(x, y=0)>``."""

_EMPTY = {"list": "[]", "dict": "{}", "set": "set()"}
_POST = "__post_init__"
_OWN = frozenset({"__init__", "__new__", "__setattr__"})
_ABSTRACT = frozenset({"ABC", "Generic", "Protocol", "object"})
_DEEPEST = 8
_COMPARING = frozenset({"compare", "hash"})
_FITTING = frozenset({"eq", "frozen", "order", "slots", "unsafe_hash"})


NAMED = "NamedTuple"
"""The base of named tuples that are written as classes."""


def named_tuples(tree: ast.Module) -> Iterator[ast.ClassDef]:
    """The classes that statements of a module make by ``namedtuple``, as if they were written as such."""
    for one in tree.body:
        match one:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(
                    func=ast.Name(id="namedtuple") | ast.Attribute(attr="namedtuple"),
                    args=[ast.Constant(value=told), fields],
                    keywords=[],
                ),
            ) if told == name:
                names = _names_in(fields)
                if names:
                    body: list[ast.stmt] = [
                        ast.AnnAssign(ast.Name(field, ast.Store()), ast.Name("Any", ast.Load()), None, 1)
                        for field in names
                    ]
                    made = ast.ClassDef(name, [ast.Name(NAMED, ast.Load())], [], body, [])
                    yield ast.fix_missing_locations(ast.copy_location(made, one))


def _names_in(fields: ast.expr) -> Sequence[str]:
    """The names of fields as ``namedtuple`` takes them, none where they are not all plain."""
    try:
        found = ast.literal_eval(fields)
    except ValueError:
        return ()
    names = found.replace(",", " ").split() if isinstance(found, str) else list(found)
    plain = all(isinstance(one, str) and one.isidentifier() and one[:1] != "_" for one in names)
    return names if plain and len({*names}) == len(names) else ()


def dataclass_shape(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef] | None = None) -> str | None:
    """``<dataclass Point(x, y=0)>``, or ``None`` where a call does more than to store its arguments.

    ``classes`` are those that it may have as bases, besides abstract ones.
    """
    if not (_is_dataclass(node) or _is_named_tuple(node)):
        return None
    if _post_init(node, classes or {}) is not None:
        return None
    return _shape(node, classes or {})


def posted_shape(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> str | None:
    """The same for a dataclass as its ``__post_init__`` meets it; ``None`` if it has none."""
    method = _post_init(node, classes) if _is_dataclass(node) else None
    return _shape(node, classes) if method is not None else None


def _post_init(
    node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0
) -> ast.FunctionDef | None:
    """The ``__post_init__`` of a class, its own or that of its first base that has one."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == _POST:
            return one
    bases = (classes.get(ast.unparse(base).partition("[")[0]) for base in node.bases)
    found = (_post_init(base, classes, depth + 1) for base in bases if base is not None and depth < _DEEPEST)
    return next((method for method in found if method is not None), None)


def _shape(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> str | None:
    try:
        fields = _all_fields(node, classes)
    except ValueError:
        return None
    return f"{DATACLASS}{node.name}({', '.join(fields.values())})>"


def _all_fields(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef], depth: int = 0) -> dict[str, str]:
    """The fields of a class by name, those of its bases first. Raises ``ValueError`` as :func:`_fields`."""
    if depth > _DEEPEST or any(isinstance(one, ast.FunctionDef) and one.name in _OWN for one in node.body):
        raise ValueError(node.name)
    found: dict[str, str] = {}
    for base in [] if _is_named_tuple(node) else node.bases:
        name = ast.unparse(base).partition("[")[0]
        if name in classes:
            found |= _all_fields(classes[name], classes, depth + 1)
        elif name not in _ABSTRACT:
            raise ValueError(name)
    if _is_dataclass(node) or _is_named_tuple(node):
        found |= {field.partition("=")[0]: field for field in _fields(node)}
    return found


def compares_fields(node: ast.ClassDef) -> bool:
    """Whether objects of a class are equal if they are of one class and their fields are."""
    asked = [one for decorator in node.decorator_list for one in getattr(decorator, "keywords", ())]
    if any(one.arg == "eq" for one in asked):
        return False
    if any(one.arg in _COMPARING for part in ast.walk(node) if _is_field(part) for one in part.keywords):  # type: ignore[attr-defined]
        return False
    names = [ast.unparse(getattr(one, "func", one)).rpartition(".")[2] for one in node.decorator_list]
    return "dataclass" in names or _is_named_tuple(node)


def is_frozen(node: ast.ClassDef) -> bool:
    """Whether objects of a class refuse to have anything stored in them."""
    asked = [one for decorator in node.decorator_list for one in getattr(decorator, "keywords", ())]
    return _is_named_tuple(node) or any(one.arg == "frozen" for one in asked)


def shows_all(node: ast.ClassDef) -> bool:
    """Whether objects of a class are written with all that is stored in them: those of a plain dataclass."""
    own = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    fields = {ast.unparse(one.target) for one in node.body if isinstance(one, ast.AnnAssign)}
    parts = list(ast.walk(node))
    hides = any(isinstance(one, ast.keyword) and one.arg == "repr" for one in parts)
    stored = {one.attr for one in parts if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store)}
    return _is_dataclass(node) and not node.bases and "__repr__" not in own and not hides and stored <= fields


def _is_dataclass(node: ast.ClassDef) -> bool:
    match node.decorator_list:
        case [ast.Name(id="dataclass") | ast.Attribute(attr="dataclass")]:
            return True
        case [
            ast.Call(func=ast.Name(id="dataclass") | ast.Attribute(attr="dataclass"), args=[], keywords=asked)
        ]:
            return all(one.arg in _FITTING for one in asked)
    return False


def _is_named_tuple(node: ast.ClassDef) -> bool:
    match node.bases:
        case [ast.Name(id=name) | ast.Attribute(attr=name)] if name == NAMED:
            return not node.decorator_list
    return False


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Raises ``ValueError`` for a field that is more than a name with a literal default."""
    for one in node.body:
        match one:
            case ast.AnnAssign(annotation=kind) if any(
                word in ast.unparse(kind) for word in ("ClassVar", "InitVar", "KW_ONLY")
            ):
                raise ValueError(node.name)
            case ast.AnnAssign(target=ast.Name(id=name), value=None):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                default = _default(value)
                yield f"{name}={default}" if default else name


def _is_field(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Name(id="field") | ast.Attribute(attr="field")):
            return True
    return False


def _default(value: ast.expr) -> str:
    """The text of a field's default, "" for none. Raises ``ValueError`` where it is more than a literal."""
    if not isinstance(value, ast.Call) or not _is_field(value):
        return repr(ast.literal_eval(value))
    asked = {one.arg: one.value for one in value.keywords if one.arg not in _COMPARING}
    match asked:
        case {"default_factory": ast.Name(id=factory)} if len(asked) == 1 and factory in _EMPTY:
            return _EMPTY[factory]
        case {"default": inner} if len(asked) == 1:
            return repr(ast.literal_eval(inner))
    if asked or value.args:
        raise ValueError(ast.unparse(value))
    return ""


@lru_cache(maxsize=512)
def shape_fields(text: str) -> tuple[str, dict[str, str]]:
    """The name of a dataclass and its fields, each with the text of its default, "" for none."""
    kind, _, fields = text.removeprefix(DATACLASS).removesuffix(">").partition("(")
    parts = split_items(f"[{fields[:-1]}]") or ()
    return kind, {name: default for name, _, default in (part.partition("=") for part in parts)}
