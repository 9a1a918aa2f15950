"""Names and operators that are taken for one another."""

from __future__ import annotations

import ast

COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">", ">=", "!=", "=="),
    ast.LtE: ("<", ">=", ">", "==", "!="),
    ast.Gt: (">=", "<", "<=", "!=", "=="),
    ast.GtE: (">", "<=", "<", "==", "!="),
    ast.Eq: ("!=", "<=", ">=", "<", ">", "in", "is"),
    ast.NotEq: ("==", "<", ">", "<=", ">=", "not in"),
    ast.In: ("not in", "=="),
    ast.NotIn: ("in", "!="),
    ast.Is: ("is not", "=="),
    ast.IsNot: ("is", "!="),
}

OPERATORS: dict[type[ast.operator], tuple[str, ...]] = {
    ast.Add: ("-", "*", "|", "//", "%", "/"),
    ast.Sub: ("+", "*", "//", "%", "/"),
    ast.Mult: ("+", "**", "//", "-", "/", "%"),
    ast.Div: ("//", "*", "%", "-"),
    ast.FloorDiv: ("/", "%", "*", "-", ">>"),
    ast.Mod: ("//", "*", "/", "-", "+"),
    ast.Pow: ("*", "**", "^"),
    ast.BitAnd: ("|", "^", "-"),
    ast.BitOr: ("&", "^", "+"),
    ast.BitXor: ("&", "|", "**"),
    ast.LShift: (">>", "*"),
    ast.RShift: ("<<", "//"),
    ast.MatMult: ("*",),
}

_METHOD_FAMILIES = (
    ("append", "extend", "add", "appendleft", "insert", "remove"),
    ("add", "update", "discard", "remove", "append"),
    ("pop", "popleft", "popitem"),
    ("extend", "append", "update", "extendleft"),
    ("find", "rfind", "index", "rindex"),
    ("keys", "values", "items"),
    ("upper", "lower", "title", "capitalize", "swapcase", "casefold"),
    ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("isalpha", "isalnum", "isdigit", "isspace", "isnumeric"),
    ("isupper", "islower"),
    ("ljust", "rjust", "center", "zfill"),
    ("split", "rsplit", "partition", "splitlines"),
    ("partition", "rpartition"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("issubset", "issuperset", "isdisjoint"),
    ("get", "pop", "setdefault"),
    ("setdefault", "get"),
    ("index", "count", "find"),
    ("removeprefix", "removesuffix"),
    ("heappush", "heappop", "heapify"),
    ("match", "search", "fullmatch"),
    ("findall", "finditer"),
)

_FUNCTION_FAMILIES = (
    ("min", "max", "sum"),
    ("any", "all"),
    ("all", "any"),
    ("max", "min", "sum"),
    ("reversed", "sorted", "list"),
    ("tuple", "list", "set"),
    ("round", "int"),
    ("filter", "map"),
    ("sorted", "list", "reversed", "set"),
    ("sum", "len", "max", "min"),
    ("len", "sum", "max"),
    ("list", "tuple", "set", "sorted"),
    ("set", "list", "sorted", "frozenset"),
    ("int", "float", "round", "str"),
    ("float", "int"),
    ("abs", "int"),
    ("str", "repr", "int"),
    ("enumerate", "range"),
    ("ord", "chr"),
    ("chr", "ord"),
    ("map", "filter"),
    ("zip", "enumerate"),
)

CALLED = frozenset("len sum max min int str list set sorted abs".split())
"""Functions of one argument that may stand where one of the module's own was meant."""

CHANGING = frozenset("append extend add update insert remove discard pop clear sort reverse".split())
"""Methods that are called for what they do."""

WRAPPERS = ("list", "len", "sorted", "set", "abs", "int", "str", "reversed", "tuple", "sum", "max", "min")
"""Functions of one argument that an edit may put around an expression."""

METHODS = ("strip", "lower", "upper", "items", "values", "keys", "copy", "split")
"""Methods without arguments that an edit may call on an expression."""

TEXTUAL = frozenset(
    "strip lstrip rstrip lower upper title split rsplit splitlines partition rpartition startswith endswith"
    " replace join isdigit isalpha isalnum isspace isupper islower capitalize casefold format zfill".split()
)
"""Methods that texts have."""

EXCEPTIONS = ("ValueError", "KeyError", "IndexError", "TypeError", "ZeroDivisionError", "AttributeError")


def methods(name: str) -> list[str]:
    """Methods that may have been meant where ``name`` stands."""
    return list(
        dict.fromkeys(o for family in _METHOD_FAMILIES if name in family for o in family if o != name)
    )


def functions(name: str) -> list[str]:
    """Built-in functions that may have been meant where ``name`` stands."""
    families = (family for family in _FUNCTION_FAMILIES if family[0] == name)
    return list(dict.fromkeys(other for family in families for other in family[1:]))
