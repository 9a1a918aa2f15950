"""The part of a source text that is in play, as logical lines in lexical pieces.

A slice holds the entry function and what it can reach in its module. Comments, docstrings and blank
lines are left out, a statement of several lines is one line, string literals stand as ``repr`` writes
them: the same program written in another layout gives the same tokens.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cwm_lsp.codec.callables import callables_of
from cwm_lsp.codec.calls import Callables
from cwm_lsp.codec.deeds import carried, deeds
from cwm_lsp.codec.definitions import as_assignment, paths_of
from cwm_lsp.codec.flow import may_be_silent
from cwm_lsp.codec.known import constants
from cwm_lsp.codec.lookup import Counted, Iterated, iterated
from cwm_lsp.codec.pieces import Piece, Uses, defines, ends_of, joined, lexed, uses_of
from cwm_lsp.codec.sharing import Binding, bindings
from cwm_lsp.codec.sites import Site
from cwm_lsp.codec.working import Made, Workable, made, workables
from cwm_lsp.trace.statements import blocks, first_line, parse, statement_lines

_BLOCK_WORD = re.compile(r"\s*(else|finally)\s*:")


@dataclass(frozen=True, slots=True)
class LogicalLine:
    """One line of a slice: ``line`` is its first line in the file, ``depth`` its level.

    ``iterated`` and ``made`` are what the head of a loop goes through, ``targets`` counts the names that it
    takes an item apart into, 0 where it does not. ``work`` is what may be worked out, ``branch`` the line at
    which a body begins that the head decides on, 0 for none. ``deeds`` are the statements to carry out for
    what they do, ``sites`` the calls that are made and ``shares`` the names that are bound to what has
    another name. ``head`` is the first statement, handler or case of the line, ``last`` the last one,
    ``carried`` all of its statements if they can be carried out, ``subject`` what a case is matched with.
    ``may_call`` says that functions may be entered that no site tells, ``nests`` that it defines ones of its
    own.
    """

    line: int
    depth: int
    pieces: tuple[Piece, ...]
    binds: frozenset[str]
    iterated: tuple[Iterated | Counted, ...] = ()
    made: tuple[Made, ...] = ()
    targets: int = 0
    work: tuple[Workable, ...] = ()
    branch: int = 0
    deeds: tuple[ast.stmt, ...] = ()
    sites: tuple[Site, ...] = ()
    shares: tuple[Binding, ...] = ()
    head: ast.AST | None = None
    last: ast.AST | None = None
    carried: tuple[ast.stmt, ...] = ()
    subject: ast.expr | None = None
    may_call: bool = False
    nests: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """What is in play of a file; a model is shown it in pages (:mod:`cwm_lsp.codec.page`).

    ``loops`` maps heads of ``for`` loops to their last line, ``constants`` names of the module to the values
    that they keep. ``callables`` are what can be entered.
    """

    lines: tuple[LogicalLine, ...]
    loops: dict[int, int]
    by_line: dict[int, LogicalLine]
    constants: Mapping[str, str]
    callables: Callables = field(default_factory=Callables)


@lru_cache(maxsize=256)
def slice_source(source: str, entry: int) -> Slice:
    """The slice of ``source`` around the function defined at line ``entry``.

    An entry outside every top-level statement, as 0 for the module itself, takes the whole file.
    Source that does not parse gives an empty slice.
    """
    tree = parse(source)
    if tree is None:
        return Slice((), {}, {}, {})
    statements = statement_lines(source)
    texts = source.split("\n")
    nodes: dict[int, list[ast.AST]] = {}
    for node in blocks(tree):
        nodes.setdefault(first_line(node), []).append(node)
    depths = dict(_depths(tree.body, 0))
    silent = set(_docstrings(tree))
    elsewhere = _bound_elsewhere(tree)
    subjects = {
        id(case): node.subject
        for node in ast.walk(tree)
        if isinstance(node, ast.Match)
        for case in node.cases
    }
    callables, paths = callables_of(source), paths_of(tree)
    wanted = [line for start, end in _reachable(tree, entry) for line in range(start, end + 1)]
    lines: list[LogicalLine] = []
    for line in wanted:
        if line in silent or line > len(texts) or statements.get(line, line) != line:
            continue
        if line in nodes:
            end = line
            while statements.get(end + 1) == line:
                end += 1
            uses = joined([uses_of(node) for node in nodes[line]])
            text = "\n".join(texts[line - 1 : end])
            depth = depths.get(line, 0)
        elif _BLOCK_WORD.match(texts[line - 1]):
            uses, text = Uses(frozenset(), frozenset(), {}, frozenset()), texts[line - 1]
            depth = _depth_of(text, texts, depths)
        else:
            continue
        here = nodes.get(line, [])
        outer = _outer(here)
        done = [as_assignment(node, paths) for node in outer]
        running = outer if _is_class(outer) else done
        # The body of a class is entered: what its statement does comes after that.
        carriable = () if _is_class(outer) else carried(done)
        work = tuple(found for node in here for found in workables(node))
        lines.append(
            LogicalLine(
                line,
                depth,
                tuple(lexed(text, uses, ends_of(work, text, line))),
                uses.binds - elsewhere.get(line, frozenset()),
                tuple(source for node in here for source in iterated(node)),
                tuple(source for node in here for source in made(node)),
                sum(map(_targets, here)),
                work,
                _branch(outer),
                deeds(carried(done)),
                tuple(site for node in running for site in callables.sites(node)),
                tuple(one for node in outer for one in bindings(node)),
                outer[0] if outer else None,
                outer[-1] if outer else None,
                carriable,
                subjects.get(id(outer[0])) if outer else None,
                any(map(callables.may_call, running)),
                any(isinstance(part, _NESTED) for node in running for part in ast.walk(node)),
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
        constants(tree),
        callables,
    )


def _outer(nodes: Sequence[ast.AST]) -> list[ast.AST]:
    """Those of ``nodes`` that stand in none of the others."""
    bodies = {id(inner) for node in nodes for inner in ast.walk(node) if inner is not node}
    return [node for node in nodes if id(node) not in bodies]


def _reachable(tree: ast.Module, entry: int) -> list[tuple[int, int]]:
    """Line ranges of the top-level statements that the one holding ``entry`` can reach by name."""
    spans = [(first_line(node), node.end_lineno or node.lineno) for node in tree.body]
    roots = [index for index, (start, end) in enumerate(spans) if start <= entry <= end]
    if not roots:
        return spans
    defined: dict[str, list[int]] = {}
    for index, node in enumerate(tree.body):
        for name in defines(node):
            defined.setdefault(name, []).append(index)
    found = set(roots)
    while roots:
        names = {inner.id for inner in ast.walk(tree.body[roots.pop()]) if isinstance(inner, ast.Name)}
        fresh = {index for name in names for index in defined.get(name, ())} - found
        found |= fresh
        roots.extend(fresh)
    return [spans[index] for index in sorted(found)]


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


def _bound_elsewhere(tree: ast.AST) -> dict[int, frozenset[str]]:
    """The names that each line of a function binds in the module, as the function declares."""
    found: dict[int, frozenset[str]] = {}
    for node in ast.walk(tree):  # functions within others come after them
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names = frozenset(name for one in _own(node) if isinstance(one, ast.Global) for name in one.names)
            end = node.end_lineno or node.lineno
            found |= dict.fromkeys(range(first_line(node.body[0]), end + 1), names)
    return found


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """The parts of a function, but for those of functions and classes within it."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield from _own(child)


def _docstrings(tree: ast.AST) -> Iterator[int]:
    """The lines of texts that stand for themselves, but for one that is all of a class, which ends there."""
    alone = {
        node.body[0] for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and len(node.body) == 1
    }
    for node in ast.walk(tree):
        match node:
            case ast.Expr(ast.Constant(str())) if node not in alone:
                yield from range(node.lineno, (node.end_lineno or node.lineno) + 1)


_NESTED = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DECIDING = (ast.If, ast.While, ast.For, ast.With, ast.ExceptHandler, ast.match_case)


def _branch(nodes: Sequence[ast.AST]) -> int:
    """Where the body of a head begins that decides on it, 0 where that may go without an event of its own."""
    match nodes:
        case [ast.stmt() | ast.ExceptHandler() | ast.match_case() as head] if isinstance(head, _DECIDING):
            begin = first_line(head.body[0])
            return begin if begin > first_line(head) and not may_be_silent(head.body[0]) else 0
    return 0


def _is_class(nodes: Sequence[ast.AST]) -> bool:
    return any(isinstance(node, ast.ClassDef) for node in nodes)


def _targets(node: ast.AST) -> int:
    """How many names the head of a loop takes an item apart into."""
    match node:
        case ast.For(target=ast.Tuple(elts=names) | ast.List(elts=names)):
            return len(names) if all(isinstance(name, ast.Name) for name in names) else 0
    return 0
