"""The texts of values that are literals, and what is written much like them, as values.

Collections are read as they are written; objects become a :class:`Record` where their text names their
fields, ``Point(x=1)`` as well as ``<Cart total=0>``. What stands within a container and says no more than
what it is, as a function, is an :class:`Opaque`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from cwm_lsp.codec import pure_calls, standard
from cwm_lsp.codec.displays import ELLIPSIS
from cwm_lsp.codec.failures import PLAIN, Failure
from cwm_lsp.codec.members import member
from cwm_lsp.codec.records import Around, Opaque, Record, Undecided, Unseen
from cwm_lsp.codec.standard import MATCHED, Matched

_ANGLED = re.compile(
    r"""(?P<string>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(?P<empty><(?P<kind>\w+)[ ]object>)"""
    r"""|<(?P<name>[^\W\d]\w*)[ ](?=[^\W\d]\w*=)|(?P<other><(?:[^<>]|<[^<>]*>)*>)|(?P<end>>)|[^<>'"]+|.""",
    re.S,
)
_MEMBER = re.compile(r"<[^\W\d]\w*\.[^\W\d]\w*: [^<>]*>")
_UNWRITTEN = re.compile(r"\b(?:inf|nan)\b")
_UNSEEN = re.compile(r"<([^\W\d]\w*) …>")
_AROUND = re.compile(r"<([^\W\d]\w*) \.\.\.>")
"""What stands for an object within itself."""

_CUT = re.compile(r"… [\d,]+ more['\"]")
"""The end of a string that is longer than what is kept of one."""

WITHIN_ITSELF = re.compile(r"[\[({]\.\.\.[\])}]")
"""What stands for a container within itself."""

_OBJECT, _OPAQUE, _ONE_OF, _DEEP = "__object__", "__opaque__", "__member__", "__deep__"
_AGAIN = "__again__"
_FACTORY = re.compile(r"<class '(int|list|set|dict|str|float)'>")


def literal(text: str) -> Any:
    """The value that a text writes out. Raises :class:`Undecided` where it writes none."""
    if (ELLIPSIS in text and _CUT.search(text)) or ("..." in text and WITHIN_ITSELF.search(text)):
        raise Undecided(f"{text[:80]} is not all of it.")
    try:
        if "<" not in text and text[-1:] != ")" and "(" not in text and not _UNWRITTEN.search(text):
            return ast.literal_eval(text)
        if text.startswith(MATCHED):
            return Matched(text)
        return _built(ast.parse("".join(_spelled(text)), mode="eval").body)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        raise Undecided(f"{text[:80]} is not a literal.") from None


def _spelled(text: str) -> Iterator[str]:
    """``text`` with calls in the place of what stands in angles."""
    open_objects = 0
    for match in _ANGLED.finditer(text):
        if match["empty"]:
            yield f"{_OBJECT}({match['kind']!r})"
        elif match["name"]:
            open_objects += 1
            yield f"{_OBJECT}({match['name']!r}, "
        elif match["other"] and _MEMBER.fullmatch(match["other"]):
            yield f"{_ONE_OF}({match['other']!r})"
        elif match["other"]:
            unseen = _UNSEEN.fullmatch(match["other"])
            if match["other"] == text or ("…" in match["other"] and unseen is None):
                raise ValueError(text)
            if unseen is not None:
                yield f"{_DEEP}({unseen[1]!r})"
                continue
            around = _AROUND.fullmatch(match["other"])
            if around is not None:
                yield f"{_AGAIN}({around[1]!r})"
                continue
            yield f"{_OPAQUE}({match['other']!r})"
        elif match["end"] and open_objects:
            open_objects -= 1
            yield ")"
        else:
            yield match.group()


def _ordered(*given: Any) -> OrderedDict[Any, Any]:
    return OrderedDict(*given)


def _defaulting(factory: Any = None, items: Any = ()) -> defaultdict[Any, Any]:
    kind = _FACTORY.fullmatch(factory.text) if isinstance(factory, Opaque) else None
    return defaultdict(pure_calls.TYPES[kind[1]] if kind else factory, items)


def _opaque(text: str) -> Opaque:
    return Matched(text) if text.startswith(MATCHED) else Opaque(text)


def _counted(counts: Any = ()) -> Counter[Any]:
    """A counter from its text, which is ordered by the counts and not as its items were added."""
    found = Counter(counts)
    found.read = dict(found)  # type: ignore[attr-defined]
    return found


_COLLECTIONS: Mapping[str, Callable[..., Any]] = {
    "Counter": _counted,
    "OrderedDict": _ordered,
    "defaultdict": _defaulting,
    "deque": deque,
    "frozenset": frozenset,
    "set": set,
    _OPAQUE: _opaque,
    _ONE_OF: member,
}


_Above = tuple[Record, ...]
"""The objects in which a value stands, the outermost first."""


def _built(node: ast.expr, above: _Above = ()) -> Any:
    match node:
        case ast.List(elts=elements):
            return [_built(one, above) for one in elements]
        case ast.Tuple(elts=elements):
            return tuple(_built(one, above) for one in elements)
        case ast.Set(elts=elements):
            return {_built(one, above) for one in elements}
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_built(key, above): _built(value, above) for key, value in pairs if key is not None}
        case ast.Call():
            return _called(node, above)
        case ast.Name(id="inf" | "nan") | ast.UnaryOp(op=ast.USub(), operand=ast.Name(id="inf")):
            return float(ast.unparse(node))
    return ast.literal_eval(node)


def _called(node: ast.Call, above: _Above) -> Any:
    match node:
        case ast.Call(func=ast.Name(id="__object__"), args=[ast.Constant(value=str(kind))], keywords=fields):
            made = Record(kind, {}, plain=True)
            made.fields |= {str(one.arg): _built(one.value, (*above, made)) for one in fields}
            return made
        case ast.Call(func=ast.Name(id="__again__"), args=[ast.Constant(value=str(kind))]):
            found = [one for one in above if one.kind == kind]
            return found[0] if len(found) == 1 else Around(kind, above)
        case ast.Call(func=ast.Name(id="__deep__"), args=[ast.Constant(value=str(kind))]):
            return Unseen(kind, above)
        case ast.Call(func=ast.Name(id="deque"), args=[items], keywords=[ast.keyword("maxlen", size)]):
            return deque(_built(items, above), ast.literal_eval(size))
        case ast.Call(func=ast.Name(id=kind), args=given, keywords=[]) if kind in _COLLECTIONS:
            return _COLLECTIONS[kind](*(_built(one, above) for one in given))
        case ast.Call(func=ast.Name(id=kind), args=given, keywords=[]) if kind in PLAIN:
            return Failure(kind, tuple(_built(one, above) for one in given))
        case ast.Call(func=ast.Name() | ast.Attribute()) if (value := standard.written(node)) is not None:
            return value
        case ast.Call(func=ast.Name() | ast.Attribute(), args=[], keywords=[_, *_] as fields):
            known = {str(one.arg): _built(one.value, above) for one in fields if one.arg is not None}
            if len(known) == len(fields):
                return Record(ast.unparse(node.func), known)
    return ast.literal_eval(node)


@lru_cache(maxsize=2048)
def kept_literal(text: str) -> Any:
    """Like :func:`literal`, for values that nobody changes."""
    return literal(text)


@lru_cache(maxsize=512)
def lambda_of(source: str) -> ast.Lambda:
    """The lambda that ``source`` writes."""
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.Lambda)
    return node


@lru_cache(maxsize=512)
def called_in(source: str) -> ast.Call:
    """The call that ``source`` writes."""
    node = ast.parse(source, mode="eval").body
    assert isinstance(node, ast.Call)
    return node
