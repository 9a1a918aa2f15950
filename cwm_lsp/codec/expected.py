"""What each place of the next event is worked out to hold, where it is: the model may say that in one token.

What is worked out is shown to the model as values, and most of what it has to say repeats one of them.
Spelled out again, token by token, long values go wrong and every token costs a step; so the format has a
token that says *as worked out*. Which value that is for a name, a result or an exception is settled here,
for encoder and decoder alike.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cwm_lsp.codec.awaiting import Awaited
from cwm_lsp.codec.deeds import effect
from cwm_lsp.codec.definitions import ENUMS, readable
from cwm_lsp.codec.displays import split_items
from cwm_lsp.codec.facts import Facts, passed
from cwm_lsp.codec.failures import PLAIN
from cwm_lsp.codec.flow import is_inline
from cwm_lsp.codec.frames import Frame
from cwm_lsp.codec.handlers import is_failure
from cwm_lsp.codec.heads import case_of, entered_as, item_of
from cwm_lsp.codec.heap import renamed_texts
from cwm_lsp.codec.kinds import BASES, MARK, NEEDS
from cwm_lsp.codec.literals import kept_literal
from cwm_lsp.codec.once import once
from cwm_lsp.codec.sites import Target, delegated, is_super
from cwm_lsp.codec.source import LogicalLine, Slice
from cwm_lsp.codec.templates import TEMPLATE
from cwm_lsp.codec.vocabulary import Special
from cwm_lsp.codec.working import told

_NESTED_FUNCTIONS = ("<lambda>", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")


@dataclass(frozen=True, slots=True)
class Expected:
    """Values of ``names`` after a line; the ``result`` of its frame; what it ``hands`` out or ``raises``."""

    names: Mapping[str, str] = field(default_factory=dict)
    result: str | None = None
    hands: str | None = None
    raises: str | None = None

    def at(self, head: int, name: str = "") -> str | None:
        """The value of ``name``, or that of the event that begins with the token ``head``."""
        if name:
            return self.names.get(name)
        return {Special.RETURN: self.result, Special.YIELD: self.hands}.get(Special(head), self.raises)


@once
def expected(frame: Frame, logical: LogicalLine, known: Facts, shown: Slice) -> Expected:
    """What follows from what is ``known`` of the line at which ``frame`` stands."""
    if frame.raised is not None:
        return Expected(raises=frame.raised)
    texts = readable(frame, shown.constants)
    names: dict[str, str] = dict(frame.renewed)
    does = known.does
    match logical.head:
        case ast.For(target=target):
            item = item_of(logical, frame, shown.constants)
            names |= _taken_apart(target, item) if item else {}
        case ast.ExceptHandler(name=str(name)) if frame.caught is not None:
            names[name] = frame.caught
        case ast.With():
            names |= entered_as(logical, frame, shown.callables.contexts)
        case ast.match_case():
            case = case_of(logical, frame, shown.constants)
            names |= case[1] if case is not None else {}
        case ast.ClassDef():
            names |= does.changed
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.YieldFrom()) if (
            frame.drained and frame.returned
        ):
            names[name] = frame.returned[-1]
        case _ if logical.carried:
            does = effect(logical.carried, texts, frame.came, frame.shares)
            names |= {**renamed_texts(frame, does), **does.changed}
    if not names and not does.known:
        names = dict(known.does.changed)
    ends = does.result or known.does.result
    raised = ends.text if ends is not None and ends.raises else None
    result = ends.text if ends is not None and not ends.raises else None
    return Expected(
        names,
        _result(frame, logical, result, texts),
        None if frame.function in shown.callables.streams else _handed(logical, texts, frame),
        raised or frame.passing or _raised(frame, logical, known, shown),
    )


def _taken_apart(target: ast.expr, item: str) -> dict[str, str]:
    """The names that the head of a loop gives the parts of one item to."""
    match target:
        case ast.Name(id=name):
            return {name: item}
        case ast.Tuple(elts=elements) | ast.List(elts=elements):
            parts = split_items(item) if item[0] in "([" else None
            if parts is not None and len(parts) == len(elements):
                return {
                    name: text
                    for one, part in zip(elements, parts, strict=True)
                    for name, text in _taken_apart(one, part).items()
                }
    return {}


def _result(frame: Frame, logical: LogicalLine, result: str | None, texts: Mapping[str, str]) -> str | None:
    if frame.function.endswith(_NESTED_FUNCTIONS):
        return None
    if frame.leaving and not isinstance(logical.head, ast.Return):
        return frame.leaving[0]
    if logical.last is not logical.head:
        return result if isinstance(logical.last, ast.Return) else "None"
    match logical.head:
        case ast.Return(value=None):
            return "None"
        case ast.Return(value=ast.expr() as value):
            return result if result is not None else told(value, texts, frame.came)
        case ast.If(body=[ast.Return() as inner]) as branch if inner.lineno == branch.lineno:
            if is_inline(branch):
                return result
            return told(inner.value, texts, frame.came) if inner.value is not None else "None"
    return "None"


def _handed(logical: LogicalLine, texts: Mapping[str, str], frame: Frame) -> str | None:
    match logical.head:
        case ast.Expr(ast.Yield(value)) | ast.Assign(value=ast.Yield(value)):
            return "None" if value is None else told(value, texts, frame.came)
    if frame.awaiting >= 0 and frame.returned and delegated(logical.head) is not None:
        return frame.returned[-1]
    return None


def _raised(frame: Frame, logical: LogicalLine, known: Facts, shown: Slice) -> str | None:
    for node, one in known.known.items():
        if one.raises and _is_sure(node, logical.head):
            return one.text
    match logical.head:
        case ast.Raise(exc=ast.expr() as exception):
            found = known.known.get(exception)
            if found is not None:
                return found.text
            if isinstance(exception, ast.Call) and frame.returned:
                return frame.returned[-1]
            if not isinstance(exception, ast.Name):
                return None
            is_class = exception.id in PLAIN and exception.id not in shown.constants
            return frame.texts.get(exception.id, f"{exception.id}()" if is_class else None)
    return None


def _is_sure(node: ast.expr, head: ast.AST | None) -> bool:
    """Whether ``node`` is evaluated whatever else of ``head`` comes to."""
    if head is None:
        return False
    doubtful = (
        part
        for one in ast.walk(head)
        for part in (
            (one.body, one.orelse)
            if isinstance(one, ast.IfExp)
            else one.values[1:]
            if isinstance(one, ast.BoolOp)
            else ()
        )
    )
    return all(part is not node for one in doubtful for part in ast.walk(one))


def _receiver(found: Awaited, target: Target, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The first parameter of a method, with the object that it is called on."""
    if not target.owner or not target.parameters:
        return
    name, site = target.parameters[0], found.site
    if name == "cls":
        owner = _class_text(found, target, texts)
        if owner is not None:
            yield name, owner
        return
    if found.handed is not None and found.handed.owner is not None:
        yield name, found.handed.owner
        return
    if found.handed is not None and found.handed.bound:
        return
    called = site.node.func if isinstance(site.node, ast.Call) else site.node
    text: str | None = None
    if target.makes:
        failing = is_failure(target.owner, texts)
        text = None if failing or _writes_itself(target.owner, texts) else f"<{target.owner} object>"
        if failing and found.handed is not None and found.handed.whole and None not in found.handed.given:
            text = f"{target.owner}({', '.join(one or '' for one in found.handed.given)})"
    elif isinstance(called, ast.Attribute):
        receiver = ast.Name("self", ast.Load()) if is_super(called.value) else called.value
        text = told(receiver, texts, ())
    if text is not None:
        yield name, text


def _class_text(found: Awaited, target: Target, texts: Mapping[str, str]) -> str | None:
    """The class that a method of the class is called on, ``None`` where it may be one that inherits it."""
    kind = found.handed.kind if found.handed is not None else ""
    if not kind:
        bases = (kept_literal(text).get(BASES, ()) for name, text in texts.items() if name.endswith(MARK))
        if any(target.owner in above for above in bases):
            return None
        kind = target.owner
    above = kept_literal(texts.get(f"{kind}{MARK}", "{}")).get(BASES, ())
    metaclass = next((ENUMS[one] for one in above if one in ENUMS), "class")
    return f"<{metaclass} {kind!r}>"


def _writes_itself(kind: str, texts: Mapping[str, str]) -> bool:
    """Whether objects of a class are written by code of its own, of which it is not known what it reads."""
    facts = kept_literal(texts.get(f"{kind}{MARK}", "{}"))
    return "__repr__" in facts and f"{kind}{TEMPLATE}" not in texts and not facts.get(NEEDS)


def arguments(frame: Frame, called: Awaited, shown: Slice, line: int) -> dict[str, str]:
    """The parameters of the function at ``line``, if it is the one that is ``called``, with their values."""
    targets = called.targets
    if len(targets) != 1 or targets[0].line != line:
        return {}
    texts = readable(frame, shown.constants)
    return dict(passed(frame, shown, called)) | dict(_receiver(called, targets[0], texts))
