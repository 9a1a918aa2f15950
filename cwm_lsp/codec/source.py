"""The part of a source text that a model is shown, as numbered logical lines in lexical pieces.

A slice holds the entry function and what it can reach in its module. Comments, docstrings and blank
lines are left out, a statement of several lines is one line, string literals stand as ``repr`` writes
them: the same program written in another layout gives the same tokens.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec import working
from cwm_lsp.codec.lookup import Counted, Iterated, iterated
from cwm_lsp.codec.working import Made, Workable, changes, made, workables
from cwm_lsp.trace.statements import blocks, first_line, parse, statement_lines

_OPERATOR = "|".join(re.escape(operator) for operator in sorted(v.OPERATORS, key=len, reverse=True))
_LEX = re.compile(
    rf"""(?P<string>(?P<prefix>[fFrRbBuU]{{0,2}})(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"))
    |(?P<number>\.?\d(?:[eE][+-]\d|[\w.])*)|(?P<name>[^\W\d]\w*)|(?P<space>\s+|\#[^\n]*|\\\n)|(?P<operator>{_OPERATOR})|(?P<other>.)""",
    re.S | re.X,
)
_FIELD = re.compile(r"(\{[^{}]*\})")
_BLOCK_WORD = re.compile(r"\s*(else|finally)\s*:")
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
class LogicalLine:
    """One numbered line of a slice: ``line`` is its first line in the file, ``depth`` its level.

    ``iterated`` and ``made`` are what the head of a loop goes through, ``targets`` counts the names that it
    takes an item apart into, 0 where it does not. ``work`` is what may be worked out,
    ``changes`` are the statements that change a container in its place.
    """

    number: int
    line: int
    depth: int
    pieces: tuple[Piece, ...]
    binds: frozenset[str]
    iterated: tuple[Iterated | Counted, ...] = ()
    made: tuple[Made, ...] = ()
    targets: int = 0
    work: tuple[Workable, ...] = ()
    changes: tuple[ast.stmt, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """What a model is shown of a file.

    ``loops`` maps heads of ``for`` loops to their last line, ``constants`` names of the module to the values
    that they keep.
    """

    lines: tuple[LogicalLine, ...]
    loops: dict[int, int]
    by_line: dict[int, LogicalLine]
    by_number: dict[int, LogicalLine]
    constants: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Uses:
    """The names that a statement reads, looks into by position, and binds."""

    reads: frozenset[str]
    placed: frozenset[str]
    stores: dict[str, int]
    binds: frozenset[str]


@lru_cache(maxsize=256)
def slice_source(source: str, entry: int, offset: int = 0) -> Slice:
    """The slice of ``source`` around the function defined at line ``entry``, numbered from ``offset + 1``.

    An entry outside every top-level statement, as 0 for the module itself, takes the whole file.
    Source that does not parse gives an empty slice.
    """
    tree = parse(source)
    if tree is None:
        return Slice((), {}, {}, {}, {})
    statements = statement_lines(source)
    texts = source.split("\n")
    nodes: dict[int, list[ast.AST]] = {}
    for node in blocks(tree):
        nodes.setdefault(first_line(node), []).append(node)
    depths = dict(_depths(tree.body, 0))
    silent = set(_docstrings(tree))
    wanted = [line for start, end in _reachable(tree, entry) for line in range(start, end + 1)]
    lines: list[LogicalLine] = []
    for line in wanted:
        if line in silent or line > len(texts) or statements.get(line, line) != line:
            continue
        if line in nodes:
            end = line
            while statements.get(end + 1) == line:
                end += 1
            uses = _joined([_uses(node) for node in nodes[line]])
            text = "\n".join(texts[line - 1 : end])
            depth = depths.get(line, 0)
        elif _BLOCK_WORD.match(texts[line - 1]):
            uses, text = _Uses(frozenset(), frozenset(), {}, frozenset()), texts[line - 1]
            depth = _depth_of(text, texts, depths)
        else:
            continue
        number = offset + len(lines) + 1
        here = nodes.get(line, [])
        work = tuple(found for node in here for found in workables(node))
        lines.append(
            LogicalLine(
                number,
                line,
                depth,
                tuple(_lex(text, uses, _ends(work, text, line))),
                uses.binds,
                tuple(source for node in here for source in iterated(node)),
                tuple(source for node in here for source in made(node)),
                sum(map(_targets, here)),
                work,
                tuple(one for node in here if (one := changes(node)) is not None),
            )
        )
    loops = {
        node.lineno: node.body[-1].end_lineno or node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.For | ast.AsyncFor)
    }
    return Slice(
        tuple(lines),
        loops,
        {line.line: line for line in lines},
        {line.number: line for line in lines},
        working.constants(tree),
    )


def _reachable(tree: ast.Module, entry: int) -> list[tuple[int, int]]:
    """Line ranges of the top-level statements that the one holding ``entry`` can reach by name."""
    spans = [(first_line(node), node.end_lineno or node.lineno) for node in tree.body]
    roots = [index for index, (start, end) in enumerate(spans) if start <= entry <= end]
    if not roots:
        return spans
    defined: dict[str, list[int]] = {}
    for index, node in enumerate(tree.body):
        for name in _defines(node):
            defined.setdefault(name, []).append(index)
    found = set(roots)
    while roots:
        names = {inner.id for inner in ast.walk(tree.body[roots.pop()]) if isinstance(inner, ast.Name)}
        fresh = {index for name in names for index in defined.get(name, ())} - found
        found |= fresh
        roots.extend(fresh)
    return [spans[index] for index in sorted(found)]


def _defines(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Import() | ast.ImportFrom():
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        case _:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id


def _depths(body: Iterable[ast.AST], depth: int) -> Iterator[tuple[int, int]]:
    """The indentation level of each statement, handler and case, by line."""
    for node in body:
        if not isinstance(node, ast.stmt | ast.ExceptHandler | ast.match_case):
            continue
        yield first_line(node), depth
        for field_name in ("body", "handlers", "orelse", "finalbody", "cases"):
            inner: list[ast.AST] = getattr(node, field_name, []) or []
            chained = field_name == "orelse" and len(inner) == 1 and _is_elif(node, inner[0])
            yield from _depths(inner, depth if field_name == "handlers" or chained else depth + 1)


def _is_elif(node: ast.AST, inner: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(inner, ast.If) and inner.col_offset == node.col_offset


def _depth_of(text: str, texts: Sequence[str], depths: dict[int, int]) -> int:
    """The level of a line that is no statement, from one with the same indentation."""
    width = len(text) - len(text.lstrip())
    same = (
        depth
        for line, depth in depths.items()
        if len(texts[line - 1]) - len(texts[line - 1].lstrip()) == width
    )
    return next(same, 0)


def _docstrings(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _head(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a statement that run when the statement itself runs."""
    for name, value in ast.iter_fields(node):
        if name in ("body", "orelse", "finalbody", "handlers", "cases") and isinstance(value, list):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield item


def _uses(node: ast.AST) -> _Uses:
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
    return _Uses(frozenset(reads), placed, stores, binds)


def _joined(uses: Sequence[_Uses]) -> _Uses:
    """The uses of several statements that share a line."""
    if len(uses) == 1:
        return uses[0]
    stores: dict[str, int] = {}
    for use in uses:
        stores = use.stores | stores
    return _Uses(
        frozenset().union(*(use.reads for use in uses)),
        frozenset().union(*(use.placed for use in uses)),
        stores,
        frozenset().union(*(use.binds for use in uses)),
    )


def _ends(work: Iterable[Workable], text: str, line: int) -> dict[int, tuple[ast.expr, ...]]:
    """The expressions of ``work`` by the place in ``text`` where they end, the outer before the inner."""
    ends: dict[int, tuple[ast.expr, ...]] = {}
    for one in work:
        place = _place(one.node, text, line)
        ends[place] = (*ends.get(place, ()), one.node)
        for inner, nodes in _ends(one.inner, text, line).items():
            ends[inner] = (*ends.get(inner, ()), *nodes)
    return ends


def _place(node: ast.expr, text: str, line: int) -> int:
    """Where in ``text``, whose first line is ``line``, an expression ends."""
    rows = text.split("\n")
    row = (node.end_lineno or line) - line
    width = len(rows[row].encode()[: node.end_col_offset].decode(errors="ignore")) if row < len(rows) else 0
    return sum(len(before) + 1 for before in rows[:row]) + width


def _targets(node: ast.AST) -> int:
    """How many names the head of a loop takes an item apart into."""
    match node:
        case ast.For(target=ast.Tuple(elts=names) | ast.List(elts=names)):
            return len(names) if all(isinstance(name, ast.Name) for name in names) else 0
    return 0


def _bound_by(node: ast.AST) -> frozenset[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return frozenset({node.name})
        case ast.ExceptHandler(name=str(name)):
            return frozenset({name})
        case ast.Import() | ast.ImportFrom():
            return frozenset(_defines(node))
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


def _lex(text: str, uses: _Uses, ends: Mapping[int, tuple[ast.expr, ...]]) -> Iterator[Piece]:
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
            reads = piece in uses.reads and piece not in told and not after_dot and not keyword
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
    piece: str, prefix: str, uses: _Uses, told: set[str], ended: tuple[ast.expr, ...]
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
