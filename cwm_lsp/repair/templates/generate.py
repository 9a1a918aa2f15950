"""All candidates of a file, each once: what the templates give, ranked by likelihood and suspicion."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType

from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.templates.copies import deep
from cwm_lsp.repair.templates.decorated import decorated
from cwm_lsp.repair.templates.expressions import other_constants, variants
from cwm_lsp.repair.templates.formats import formatted, placed
from cwm_lsp.repair.templates.hints import Hints, hints
from cwm_lsp.repair.templates.owner import Function
from cwm_lsp.repair.templates.patterns import patterns
from cwm_lsp.repair.templates.pitfalls import shared, tested
from cwm_lsp.repair.templates.rescued import raised, rescued
from cwm_lsp.repair.templates.scope import Scope, within
from cwm_lsp.repair.templates.statements import statement_candidates
from cwm_lsp.repair.templates.symptoms import spread
from cwm_lsp.repair.templates.told import corrected
from cwm_lsp.repair.templates.wording import enclosed, is_condition
from cwm_lsp.repair.text import Text, apply

_TIGHT = (
    ast.Attribute | ast.Await | ast.BinOp | ast.BoolOp | ast.Call | ast.Compare | ast.IfExp | ast.Starred
    | ast.Subscript | ast.UnaryOp | ast.comprehension
)  # fmt: skip

MOST = 60_000
"""Candidates of one file; the least likely ones beyond are left out."""


@dataclass(frozen=True)
class Told:
    """What the failing checks say of where and what the mistake is.

    ``scores``: the suspicion of lines, 0 to 1; ``lines``: those that ran; ``likelier``: kinds of edit that
    the failure speaks for and how much likelier they are; ``texts`` that came out, with those that should
    have; ``said``: what the checks ended with.
    """

    scores: Mapping[int, float]
    lines: Collection[int]
    likelier: Mapping[str, float] = field(default_factory=dict)
    texts: Collection[tuple[str, str]] = ()
    said: Collection[str] = ()


Found = dict[tuple[int, int, str], Candidate]
"""Candidates by what they do to the text."""


class Maker:
    """Single edits of one file, function by function. Raises ``SyntaxError``."""

    def __init__(self, source: str) -> None:
        self.tree = ast.parse(source)
        self._text = Text(source)
        self.functions = [one for one in _functions(self.tree) if not one.name.startswith("test")]
        self._scopes: dict[Function, tuple[Scope, Hints]] = {}

    def add(self, function: Function, found: Found) -> Iterator[Candidate]:
        """Put what is made whatever the checks say into ``found``, and give it, one each time."""
        scope, _ = self._of(function)
        made = chain(_of_function(function, scope, self._text), deep(function, scope, self.tree, self._text))
        for candidate in made:
            yield self._put(function, candidate, found)

    def add_told(self, function: Function, told: Told, found: Found) -> None:
        """Put what only follows from what checks say into ``found``."""
        scope, _ = self._of(function)
        names = raised(told.said, self.tree)
        for candidate in (
            *corrected(function, self._text, told.texts),
            *rescued(function, scope, self._text, names),
        ):
            self._put(function, candidate, found)

    def add_constants(self, told: Told, found: Found) -> None:
        """Put edits of what the module and its classes assign, and of what they are, into ``found``."""
        for candidate in (
            *_constants(self.tree, self._text),
            *shared(self.tree, self._text),
            *decorated(self.tree, self._text, told.said, told.scores),
        ):
            found.setdefault(_key(candidate, self._text), candidate)

    def touched(self, told: Told) -> list[Function]:
        """The functions of which something ran, the most suspicious first."""
        spans = {one: range(one.body[0].lineno, (one.end_lineno or one.lineno) + 1) for one in self.functions}
        ran = [one for one in self.functions if any(line in told.lines for line in spans[one])]
        return sorted(ran, key=lambda one: -max(told.scores.get(line, 0.0) for line in spans[one]))

    def _of(self, function: Function) -> tuple[Scope, Hints]:
        if function not in self._scopes:
            self._scopes[function] = Scope(function, self.tree), hints(function, self._text)
        return self._scopes[function]

    def _put(self, function: Function, candidate: Candidate, found: Found) -> Candidate:
        _, hinted = self._of(function)
        prior = spread(candidate.kind, candidate.prior) * hinted.factor(candidate, self._text)
        if prior != candidate.prior:
            candidate = replace(candidate, prior=min(1.0, prior))
        key = _key(candidate, self._text)
        known = found.get(key)
        if known is None or known.prior < candidate.prior:
            found[key] = candidate
        return candidate


class Ranking:
    """How promising candidates are, given what the checks say."""

    def __init__(self, tree: ast.Module, told: Told) -> None:
        self._likelier = told.likelier
        self._suspected = suspicion(tree, told.scores)
        self.most = 0.25 + max(self._suspected.values(), default=0.0)

    def weighed(self, one: Candidate) -> Candidate:
        """The candidate, as likely as it is for such a failure."""
        factor = self._likelier.get(one.kind)
        return one if factor is None else replace(one, prior=min(1.0, one.prior * factor))

    def weight(self, one: Candidate) -> float:
        """How promising a weighed candidate is."""
        return one.prior * (0.25 + self._suspected.get(one.line, 0.0))

    def ranked(self, found: Iterable[Candidate]) -> list[Candidate]:
        """The most promising first, weighed."""
        return sorted(map(self.weighed, found), key=lambda one: -self.weight(one))[:MOST]


def distinct(
    ranked: Iterable[Candidate], source: str, made: set[tuple[Edit, ...]] | None = None
) -> Iterator[Candidate]:
    """Each change once, none of those in ``made``, which are added to."""
    made = {()} if made is None else made
    for candidate in ranked:
        change = tuple(least for edit in candidate.edits if (least := _least(edit, source)) is not None)
        if change not in made:
            made.add(change)
            yield candidate


def candidates(
    source: str,
    scores: Mapping[int, float],
    lines: Collection[int],
    likelier: Mapping[str, float] = MappingProxyType({}),
    told: Collection[tuple[str, str]] = (),
    said: Collection[str] = (),
) -> list[Candidate]:
    """All single edits of the functions that ran, most promising first; the rest is as in :class:`Told`.

    Raises ``SyntaxError``.
    """
    return every(source, Told(scores, lines, likelier, told, said))


def every(source: str, told: Told) -> list[Candidate]:
    """All single edits of the functions that ran, most promising first. Raises ``SyntaxError``."""
    maker = Maker(source)
    found: Found = {}
    for function in maker.touched(told):
        deque(maker.add(function, found), maxlen=0)
        maker.add_told(function, told, found)
    maker.add_constants(told, found)
    return list(distinct(Ranking(maker.tree, told).ranked(found.values()), source))


def _least(edit: Edit, source: str) -> Edit | None:
    """The same change with as few characters and as early as can be, ``None`` where it changes nothing."""
    start, end, new = edit.start, edit.end, edit.text
    while start < end and new and source[start] == new[0]:
        start, new = start + 1, new[1:]
    while start < end and new and source[end - 1] == new[-1]:
        end, new = end - 1, new[:-1]
    while not new and 0 < start < end and source[start - 1] == source[end - 1]:
        start, end = start - 1, end - 1
    while new and 0 < start == end and source[start - 1] == new[-1]:
        start, end, new = start - 1, end - 1, new[-1] + new[:-1]
    return Edit(start, end, new) if new or start < end else None


def _functions(tree: ast.Module) -> Iterator[Function]:
    for node in ast.walk(tree):
        if isinstance(node, Function):
            yield node


def _key(candidate: Candidate, text: Text) -> tuple[int, int, str]:
    """What a candidate does to the text, the same for all ways to write the same change of one line."""
    first, last = candidate.edits[0].start, candidate.edits[-1].end
    source = text.source
    line = source.rfind("\n", 0, first) + 1
    end = source.find("\n", last)
    end = len(source) if end < 0 else end
    if len(candidate.edits) == 1:
        new = source[line:first] + candidate.edits[0].text + source[last:end]
    else:
        shifted = [Edit(e.start - line, e.end - line, e.text) for e in candidate.edits]
        new = apply(source[line:end], shifted)
    whole_lines = "\n" in new or "\n" in source[first:last]
    return line, end, new if whole_lines else "".join(new.split())


def _of_function(function: Function, scope: Scope, text: Text) -> Iterator[Candidate]:
    nodes = [node for node in within(function) if not isinstance(node, Function | ast.ClassDef)]
    parents = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    for node in nodes:
        if isinstance(node, ast.expr) and not _skipped(node, parents.get(node), text):
            yield from _of_expression(node, parents.get(node), scope, text)
    yield from statement_candidates(function, scope, text)
    yield from formatted(function, text)
    yield from tested(function, scope, text)


def _skipped(node: ast.expr, parent: ast.AST | None, text: Text) -> bool:
    """Targets, docstrings, the texts of f-strings and whole slices have no variants of their own."""
    if isinstance(getattr(node, "ctx", None), ast.Store | ast.Del):
        return True
    if isinstance(parent, ast.Expr) and isinstance(node, ast.Constant | ast.Yield | ast.YieldFrom):
        return True
    if isinstance(parent, ast.FormattedValue):
        return node is not parent.value or not placed(node, text)
    return isinstance(parent, ast.JoinedStr) or isinstance(node, ast.Slice | ast.Starred)


def _of_expression(node: ast.expr, parent: ast.AST | None, scope: Scope, text: Text) -> Iterator[Candidate]:
    start, end = text.span(node)
    inside = text.source[start - 1 : start] == "(" and text.source[end : end + 1] == ")"
    tight = isinstance(parent, _TIGHT) and not inside
    callee = isinstance(parent, ast.Call) and parent.func is node
    truth = is_condition(node)
    negated = isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)
    for new, kind, prior in variants(node, scope, text):
        if isinstance(parent, ast.Expr) and "(" not in new:
            continue  # a statement that would do nothing
        if callee and kind not in ("function", "method", "extra call"):
            continue
        if negated and kind == "constant":
            continue  # the number with its sign has its own
        if new == "0" and _added(parent, node):
            continue  # the operand dropped says the same
        if truth and kind in ("expression", "missing operand"):
            continue
        bare = not tight or _argument(parent, node) or _compares(node, new)
        written = new if bare else enclosed(new)
        yield Candidate((Edit(start, end, written),), kind, node.lineno, prior)


def _added(parent: ast.AST | None, node: ast.expr) -> bool:
    """Whether ``node`` is what is added or taken away."""
    return isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add | ast.Sub) and parent.right is node


def _compares(node: ast.expr, new: str) -> bool:
    """Whether one comparison stands for another: it needs brackets no more than that did."""
    return isinstance(node, ast.Compare) and isinstance(ast.parse(new, mode="eval").body, ast.Compare)


def _argument(parent: ast.AST | None, node: ast.expr) -> bool:
    """Whether ``node`` stands between brackets already."""
    if isinstance(parent, ast.Call):
        return node in parent.args
    return isinstance(parent, ast.Subscript) and parent.slice is node


def suspicion(tree: ast.Module, scores: Mapping[int, float]) -> dict[int, float]:
    """The suspicion of each line, those that run at import and not in a check by what uses them."""
    return {**_of_constants(tree, scores), **scores}


CONSTANT = 0.8
"""The suspicion of a line that uses a constant, handed on to the line that assigns it."""


def _bodies(tree: ast.Module) -> list[list[ast.stmt]]:
    """What runs when the module is imported, its classes included."""
    return [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]


def _of_constants(tree: ast.Module, scores: Mapping[int, float]) -> dict[int, float]:
    """The suspicion of what the module assigns, which runs before any check does: that of its users."""
    users: dict[str, float] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
            name = node.id if isinstance(node, ast.Name) else node.attr
            users[name] = max(users.get(name, 0.0), scores.get(node.lineno, 0.0))
    found: dict[int, float] = {}
    for statement in (one for body in _bodies(tree) for one in body):
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        targets = [statement.target] if isinstance(statement, ast.AnnAssign) else targets
        for target in targets:
            if isinstance(target, ast.Name) and users.get(target.id, 0.0):
                for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1):
                    found[line] = CONSTANT * users[target.id]
    return found


def _constants(tree: ast.Module, text: Text) -> Iterator[Candidate]:
    """Other numbers, truth values and regular expressions in what the module, or a class of it, assigns."""
    for statement in (one for body in _bodies(tree) for one in body):
        value = statement.value if isinstance(statement, ast.Assign | ast.AnnAssign) else None
        for node in ast.walk(value) if value is not None else ():
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
                start, end = text.span(node)
                for new in other_constants(node.value):
                    yield Candidate((Edit(start, end, new),), "constant", node.lineno, 0.2)
            elif isinstance(node, ast.Call):
                for new, kind, prior in patterns(node, text):
                    yield Candidate((Edit(*text.span(node), new),), kind, node.lineno, prior)
