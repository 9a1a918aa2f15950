"""What can be worked out at a line from the values that stand there: expressions, changes, a loop's items.

What is pure and has literal operands is computed; what only looks into a value that has no literal text is
looked up in it (:mod:`cwm_lsp.codec.lookup`). Where the whole of an expression is neither, its parts may be.
Everything is worked out for the model to read: whether the line is run at all, whether what it touches has
another name too, and what all the rest comes to is the model's to say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from cwm_lsp.codec.evaluator import Evaluator
from cwm_lsp.codec.expressions import ERRORS, NODES, augmented
from cwm_lsp.codec.hidden import HEAP, mentioned
from cwm_lsp.codec.kinds import COROUTINE, GENERATOR, LAMBDA, MARK
from cwm_lsp.codec.literals import called_in, lambda_of
from cwm_lsp.codec.lookup import find, findable
from cwm_lsp.codec.records import UNREAD, Iterating, Opaque, Passing, Undecided, Whole, is_shown
from cwm_lsp.codec.standard import FOUND, MATCHED
from cwm_lsp.codec.templates import TEMPLATE
from cwm_lsp.trace.render import render

Texts = Mapping[str, str]
_State = tuple[tuple[str, str], ...]

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_INNER = re.compile(r"<class '(\w+)'>")
"""A class that stands in another one, among the facts of that."""

_KIND = re.compile(r"[<(\[ ]?([^\W\d]\w*)[ (.\0]")
_DEEPEST = 40
"""Levels of an expression below which no part is worked out by itself."""

_GROWING = frozenset("'\"[(")
"""How values begin that are written as what is added to them."""

_FAILURES = (*ERRORS, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class Workable:
    """An expression that may be worked out as a whole, else in the ``inner`` parts that may be.

    ``target`` is the name that it is added to, if it is.
    """

    node: ast.expr
    inner: tuple[Workable, ...] = ()
    target: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What an expression comes to: its value's text, or the exception that it raises.

    ``taken`` counts what calls gave back that is part of it, ``target`` is the name whose value grows to it.
    """

    text: str
    raises: bool = False
    taken: int = 0
    target: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """What the head of a loop goes through, where it is computed as the loop begins."""

    node: ast.expr

    def at(self, visit: int, entered: Texts, given: Sequence[str] = ()) -> str | None:
        """The item of visit ``visit``, ``""`` past the last, ``None`` where it cannot be worked out.

        ``given`` is what calls gave back as the loop began. A container that has a name may change meanwhile.
        """
        if isinstance(self.node, ast.Name) and entered.get(self.node.id, "<")[:1] != "<":
            return None
        items = _items(self.node, _state(self.node, entered, given), tuple(given))
        if items is None:
            return None
        return items[visit] if visit < len(items) else ""


def workables(statement: ast.AST) -> tuple[Workable, ...]:
    """The outermost expressions of a statement's head that may be worked out."""
    found = tuple(part for root in _roots(statement) for part in _parts(root))
    match statement:
        # Written out once more, what a statement comes to stands at the same place for all of them.
        case (
            ast.Assign(value=value)
            | ast.AnnAssign(value=ast.expr() as value)
            | ast.Return(value=ast.expr() as value)
        ):
            if _plain(value) and not isinstance(value, ast.Name | ast.Starred):
                return (Workable(value), *found)
    match statement, found:
        case ast.AugAssign(target=ast.Name(id=name), op=ast.Add()), (Workable() as whole, *rest):
            return (replace(whole, target=name), *rest)
    return found


def made(statement: ast.AST) -> Iterator[Made]:
    """What the head of a loop goes through, if all of it may be computed."""
    if isinstance(statement, ast.For) and is_computable(statement.iter):
        yield Made(statement.iter)


def tell(found: Sequence[Workable], texts: Texts, given: Sequence[str], aided: bool) -> dict[ast.expr, Told]:
    """What the expressions of a statement come to; ``aided`` false looks up only.

    ``given`` is what the calls that the statement made so far gave back. Where more came back than calls are
    written (properties, operators of the user's), which is which is not known.
    """
    told, rest = _tell(found, texts, tuple(given), aided)
    if rest and len(rest) < len(given):
        told, _ = _tell(found, texts, (), aided)
    return told


def _tell(
    found: Sequence[Workable], texts: Texts, given: tuple[str, ...], aided: bool
) -> tuple[dict[ast.expr, Told], tuple[str, ...]]:
    told: dict[ast.expr, Told] = {}
    for one in found:
        known = _told(one.node, _state(one.node, texts, given), given, aided)
        if known is not None and known.raises and one.target and texts.get(one.target, "").startswith("["):
            known = None  # a list takes anything that has items
        if known is not None and one.target and known.text[:1] in _GROWING:
            # What is added is what the model writes, so it is shown by itself too.
            told |= _tell(one.inner, texts, given, aided)[0]
            told[one.node] = replace(known, target=one.target)
            given = given[known.taken :]
        elif known is not None:
            told[one.node] = known
            given = given[known.taken :]
        else:
            inner, given = _tell(one.inner, texts, given, aided)
            told |= inner
    return told, given


def told(node: ast.expr, texts: Texts, given: Sequence[str]) -> str | None:
    """The text of what one expression comes to, or ``None``."""
    found = _told(node, _state(node, texts, given), tuple(given), True)
    return None if found is None or found.raises else found.text


def _roots(statement: ast.AST) -> Iterator[ast.expr]:
    match statement:
        case ast.Assign(targets=[ast.Tuple() | ast.List()], value=ast.Tuple(elts=elements)):
            yield from elements
        case ast.Assign(targets=targets, value=value):
            yield value
            yield from _places(targets)
        case ast.AugAssign(target=target, op=op, value=value):
            yield augmented(target, op, value, statement)
            yield from _places([target])
        case ast.AnnAssign(value=ast.expr() as value) | ast.Return(value=ast.expr() as value):
            yield value
        case ast.Expr(value=value):
            yield from _used(value)
        case ast.Delete(targets=targets):
            yield from _places(targets)
        case ast.If(test=test) | ast.While(test=test):
            yield _decision(test)
        case ast.Assert(test=test, msg=message):
            yield from (_decision(test), *([message] if message else []))
        case ast.Raise(exc=ast.expr() as raised):
            yield raised
        case ast.Match(subject=subject):
            yield subject
        case ast.With(items=items):
            yield from (item.context_expr for item in items)


def _used(value: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression statement whose values are used: what a call gives back goes nowhere."""
    if isinstance(value, ast.Call):
        yield from (*value.args, *(one.value for one in value.keywords))
    else:
        yield value


def _decision(test: ast.expr) -> ast.expr:
    """Whether ``test`` holds, as an expression."""
    if isinstance(test, ast.Compare | ast.UnaryOp):
        return test
    return ast.copy_location(ast.Call(ast.Name("bool", ast.Load()), [test], []), test)


def _places(targets: Sequence[ast.expr]) -> Iterator[ast.expr]:
    yield from (target.slice for target in targets if isinstance(target, ast.Subscript))


def _parts(node: ast.AST, depth: int = 0) -> tuple[Workable, ...]:
    if isinstance(node, ast.Lambda) or depth > _DEEPEST:
        return ()
    inner: tuple[Workable, ...] = ()
    # The places of what stands in an f-string differ by Python version.
    if not isinstance(node, ast.JoinedStr):
        within = (
            [node.generators[0].iter] if isinstance(node, _COMPREHENSIONS) else ast.iter_child_nodes(node)
        )
        inner = tuple(found for child in within for found in _parts(child, depth + 1))
    if isinstance(node, ast.expr) and not _plain(node) and is_computable(node):
        return (Workable(node, inner),)
    return inner


def _plain(node: ast.expr) -> bool:
    """Whether ``node`` stands for itself: nothing is to be worked out."""
    match node:
        case ast.Name() | ast.Constant() | ast.Slice() | ast.Starred():
            return True
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            return True
        case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
            return all(isinstance(one, ast.Constant) for one in elements)
        case ast.Dict(keys=keys, values=values):
            return all(isinstance(one, ast.Constant) for one in (*keys, *values))
    return False


def is_computable(node: ast.expr) -> bool:
    """Whether all of ``node`` is of kinds that can be computed."""
    for part in ast.walk(node):
        if isinstance(part, ast.expr) and type(part) not in NODES and not isinstance(part, _PARTS):
            return False
    return True


_PARTS = (ast.Starred, ast.FormattedValue)


@lru_cache(maxsize=4096)
def names_read(node: ast.AST) -> tuple[str, ...]:
    """The names that stand in ``node``, sorted, and ``self`` for what ``super()`` needs."""
    found = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return tuple(sorted(found | {"self"} if "super" in found else found))


def _state(node: ast.AST, texts: Texts, given: Sequence[str]) -> _State:
    """The values that ``node`` can read, calls having ``given`` some more."""
    return state_of(names_read(node), texts, given)


def state_of(names: Sequence[str], texts: Texts, given: Sequence[str] = ()) -> _State:
    """The values of ``names``, and what is known of objects and classes in them and in those ``given``."""
    found = [(name, texts[name]) for name in names if name in texts]
    marks = (f"{name}{mark}" for name in names for mark in (GENERATOR, COROUTINE))
    found += [(mark, "") for mark in marks if mark in texts]
    for name in names:
        source = texts.get(f"{name}{LAMBDA}")
        if source is not None and "<lambda>" in texts.get(name, ""):
            found.append((f"{name}{LAMBDA}", source))
            others = set(names_read(lambda_of(source))) - set(names)
            found += [(other, texts[other]) for other in sorted(others) if other in texts]
        if texts.get(name, "").startswith(MATCHED) and f"{name}{FOUND}" in texts:
            calls = texts[f"{name}{FOUND}"]
            found.append((f"{name}{FOUND}", calls))
            read = {other for one in calls.splitlines() for other in names_read(called_in(one))}
            found += [(other, texts[other]) for other in sorted(read - set(names)) if other in texts]
    if HEAP in texts:
        found += mentioned(texts, [*(text for _, text in found), *given])
    if MARK in texts:
        said = (*(text for _, text in found), *given)
        kinds = {*names, *(kind for text in said for kind in _KIND.findall(text))}
        marked = [f"{kind}{mark}" for kind in sorted(kinds) for mark in (MARK, TEMPLATE)]
        facts = [(known, texts[known]) for known in marked if known in texts]
        inner = {f"{kind}{MARK}" for _, text in facts for kind in _INNER.findall(text)} - {*marked}
        found += [*facts, *((known, texts[known]) for known in sorted(inner) if known in texts)]
    return tuple(found)


@lru_cache(maxsize=16384)
def _told(node: ast.expr, state: _State, given: tuple[str, ...], aided: bool) -> Told | None:
    texts = dict(state)
    text = find(node, texts) if findable(node) else None
    text = None if text == UNREAD else text
    if text is not None or not aided:
        return None if text is None else Told(text)
    evaluator = Evaluator(texts, given)
    try:
        value = evaluator.value(node)
    except Undecided:
        return None
    except ERRORS as error:
        return Told(render(error)[0], raises=True, taken=evaluator.taken)
    except (RecursionError, MemoryError):
        return None
    shown = text_of(value)
    return None if shown is None else Told(shown, taken=evaluator.taken)


def text_of(value: object) -> str | None:
    """The text of a value, ``None`` where it says too little."""
    if isinstance(value, Iterating | Whole):
        return value.text
    if isinstance(value, Passing) or (callable(value) and not isinstance(value, Opaque)):
        return None
    if not is_shown(value):
        return None
    text, _, _, cut, opaque = render(value)
    return None if cut or opaque else text


@lru_cache(maxsize=4096)
def _items(node: ast.expr, state: _State, given: tuple[str, ...]) -> tuple[str, ...] | None:
    try:
        items = [text_of(item) for item in Evaluator(dict(state), given).items(node)]
    except (Undecided, *_FAILURES):
        return None
    known = tuple(item for item in items if item is not None)
    return known if len(known) == len(items) else None
