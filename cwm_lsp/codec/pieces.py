"""A logical line in lexical pieces: what it reads, looks into and binds, and where its expressions end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.working import Workable

_OPERATOR = "|".join(re.escape(operator) for operator in sorted(v.OPERATORS, key=len, reverse=True))
_LEX = re.compile(
    rf"""(?P<string>(?P<prefix>[fFrRbBuU]{{0,2}})(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>\.?\d(?:[eE][+-]\d|[\w.])*)|(?P<name>[^\W\d]\w*)|(?P<space>\s+|\#[^\n]*|\\\n)|(?P<operator>{_OPERATOR})|(?P<other>.)""",
    re.S | re.X,
)
_FIELD = re.compile(r"(\{[^{}]*\})")
_POSITION_METHODS = frozenset(
    {"find", "rfind", "index", "rindex", "center", "ljust", "rjust", "zfill", "insert"}
)
_POSITION_CALLS = frozenset({"len", "enumerate", "zip", "reversed", "range", "max", "min"})


@dataclass(frozen=True, slots=True)
class Piece:
    """A lexical piece: either fixed ``tokens`` or the name ``name``.

    ``reads`` says that the name's value is an operand of the statement at this place, ``placed`` that
    the statement looks into the value by position. ``ends`` are the expressions to be worked out that end at
    this place, the outermost first.
    """

    tokens: tuple[int, ...] = ()
    name: str = ""
    reads: bool = False
    placed: bool = False
    ends: tuple[ast.expr, ...] = ()


@dataclass(frozen=True, slots=True)
class Uses:
    """The names that a statement reads, looks into by position, and binds."""

    reads: frozenset[str]
    placed: frozenset[str]
    stores: dict[str, int]
    binds: frozenset[str]


def _head(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that run when the statement itself runs."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers", "cases") and isinstance(value, list):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield item


def uses_of(node: ast.AST) -> Uses:
    """The uses of one statement's head."""
    parts = [inner for part in _head(node) for inner in ast.walk(part)]
    own = {
        name.id
        for part in parts
        if isinstance(part, ast.comprehension)
        for name in ast.walk(part.target)
        if isinstance(name, ast.Name)
    } | {part.arg for part in parts if isinstance(part, ast.arg)}
    names = [part for part in parts if isinstance(part, ast.Name)]
    reads = {name.id for name in names if isinstance(name.ctx, ast.Load)} - own
    stores: dict[str, int] = {}
    for name in names:
        if isinstance(name.ctx, ast.Store) and name.id not in own:
            stores[name.id] = stores.get(name.id, 0) + 1
    binds = frozenset(stores) | _bound_by(node)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        reads.add(node.target.id)
        stores = {}
    placed = frozenset(_placed(node, parts))
    return Uses(frozenset(reads), placed, stores, binds)


def joined(uses: Sequence[Uses]) -> Uses:
    """The uses of several statements that share a line."""
    if len(uses) == 1:
        return uses[0]
    stores: dict[str, int] = {}
    for use in uses:
        stores = use.stores | stores
    return Uses(
        frozenset().union(*(use.reads for use in uses)),
        frozenset().union(*(use.placed for use in uses)),
        stores,
        frozenset().union(*(use.binds for use in uses)),
    )


def _bound_by(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return frozenset({node.name})
        case ast.ExceptHandler(name=str(name)):
            return frozenset({name})
        case ast.Import() | ast.ImportFrom():
            return frozenset(defines(node))
        case ast.match_case():
            inner = ast.walk(node.pattern)
            return frozenset(
                part.name for part in inner if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name
            )
    return frozenset()


def _placed(node: ast.AST, parts: Sequence[ast.AST]) -> Iterator[str]:
    if isinstance(node, ast.For | ast.AsyncFor) and isinstance(node.iter, ast.Name):
        yield node.iter.id
    for part in parts:
        looked: list[ast.expr] = []
        if isinstance(part, ast.Subscript):
            looked = [part.value]
        elif (
            isinstance(part, ast.Call) and isinstance(part.func, ast.Name) and part.func.id in _POSITION_CALLS
        ):
            looked = part.args
        elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
            looked = [part.func.value] if part.func.attr in _POSITION_METHODS else []
        yield from (inner.id for inner in looked if isinstance(inner, ast.Name))


def defines(node: ast.stmt) -> Iterator[str]:
    """The names that a statement defines."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case _:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id


def ends_of(work: Iterable[Workable], text: str, line: int) -> dict[int, tuple[ast.expr, ...]]:
    """The expressions of ``work`` by the place in ``text`` where they end, the outer before the inner."""
    ends: dict[int, tuple[ast.expr, ...]] = {}
    for one in work:
        place = _place(one.node, text, line)
        ends[place] = (*ends.get(place, ()), one.node)
        for inner, nodes in ends_of(one.inner, text, line).items():
            ends[inner] = (*ends.get(inner, ()), *nodes)
    return ends


def _place(node: ast.expr, text: str, line: int) -> int:
    """Where in ``text``, whose first line is ``line``, an expression ends."""
    rows = text.split("\n")
    row = (node.end_lineno or line) - line
    width = len(rows[row].encode()[: node.end_col_offset].decode(errors="ignore")) if row < len(rows) else 0
    return sum(len(before) + 1 for before in rows[:row]) + width


def lexed(text: str, uses: Uses, ends: Mapping[int, tuple[ast.expr, ...]]) -> Iterator[Piece]:
    """The pieces of a logical line: operands are marked where first read, expressions where they end."""
    skip = dict(uses.stores)
    told: set[str] = set()
    after_dot = False
    for match in _LEX.finditer(text):
        piece = match.group()
        kind = match.lastgroup
        if kind == "space":
            continue
        # An operator can be several characters, as in ``]):``; an expression can end within it.
        places = range(match.start() + 1, match.end() + 1)
        ended = tuple(node for place in places for node in ends.get(place, ()))
        if kind == "string" or match.group("string"):
            yield from _string(piece, match.group("prefix"), uses, told, ended)
        elif kind == "name":
            keyword = re.compile(r"\s*=(?!=)").match(text, match.end()) and _inside_call(text, match.start())
            # An expression that ends here has its value behind it, which is not to be taken for the name's.
            shown = piece in told and not ended
            reads = piece in uses.reads and not shown and not after_dot and not keyword
            if reads and skip.get(piece, 0) > 0:
                skip[piece] -= 1
                reads = False
            if reads:
                told.add(piece)
            yield Piece(name=piece, reads=reads, placed=reads and piece in uses.placed, ends=ended)
        elif kind == "operator":
            yield Piece((v.text_token(piece),), ends=ended)
        else:
            yield Piece(tuple(v.byte_tokens(piece)), ends=ended)
        after_dot = piece == "."


def _inside_call(text: str, place: int) -> bool:
    head = text[:place]
    return head.count("(") > head.count(")")


def _string(
    piece: str, prefix: str, uses: Uses, told: set[str], ended: tuple[ast.expr, ...]
) -> Iterator[Piece]:
    """A string literal as ``repr`` writes it; the fields of an f-string are code."""
    if "f" not in prefix.lower():
        try:
            yield Piece(tuple(v.byte_tokens(repr(ast.literal_eval(piece)))), ends=ended)
        except (SyntaxError, ValueError):
            yield Piece(tuple(v.byte_tokens(piece)), ends=ended)
        return
    for part in _FIELD.split(piece):
        if not part.startswith("{"):
            yield Piece(tuple(v.byte_tokens(part)))
            continue
        for match in _LEX.finditer(part):
            text = match.group()
            if match.lastgroup == "name":
                reads = text in uses.reads and text not in told
                told.add(text)
                yield Piece(name=text, reads=reads, placed=reads and text in uses.placed)
            elif match.lastgroup != "space":
                yield Piece(tuple(v.byte_tokens(text)))
    if ended:
        yield Piece(ends=ended)
