"""The statement grammar: simple statements, blocks, loop headers, and statements by what they do."""

from __future__ import annotations

import ast

from cwm_lsp.learn.corpus.grammar import EXPRESSIONS
from cwm_lsp.learn.corpus.template import TOKEN, Table, Template, parse, sections, table, text_of

_SECTIONS = {name: table(text) for name, text in sections("statements").items()}

MUTATION, ITEM, AUGMENT, UNPACK = (_SECTIONS[name] for name in ("mutation", "item", "augment", "unpack"))
LAMBDA, EMPTY, LOOPS, RAISES = (_SECTIONS[name] for name in ("lambda", "empty", "loops", "raises"))

GUARDS = _SECTIONS["guards"]
"""Early exits at the top of a function; ``¶`` stands for a line break and an indent."""

BLOCKS = tuple(parse(text.strip("\n")) for text in text_of("blocks").split("===\n"))
"""Statements of several lines that are filled and run as one."""

ACCUMULATE: dict[tuple[str, str], Table] = {
    (kinds.split()[0], kinds.split()[-1]): table(text) for kinds, text in sections("collect").items()
}
"""How a loop collects its variable ``$x`` into ``$a``, by the types of both."""


def kind_of(template: Template, type_: str) -> str:
    """What one operation an expression template is: ``slice``, ``method``, ``comprehension``, ..."""
    sample = TOKEN.sub(
        lambda m: (
            m[1].split("|")[0].split("..")[0] if m[1] is not None else "[:1]" if m[3] == "slice" else "q"
        ),
        template.text,
    )
    node = ast.parse(sample.strip(), mode="eval").body
    if any(
        isinstance(n, ast.ListComp | ast.DictComp | ast.SetComp | ast.GeneratorExp) for n in ast.walk(node)
    ):
        return "comprehension"
    if isinstance(node, ast.Subscript):
        return "slice" if isinstance(node.slice, ast.Slice) else "index"
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Constant):
            return "format"
        return "arithmetic" if type_ in ("int", "float") else "concat"
    if isinstance(node, ast.Call):
        return "method" if isinstance(node.func, ast.Attribute) else "builtin"
    if isinstance(node, ast.JoinedStr):
        return "format"
    if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp | ast.IfExp):
        return "condition"
    return "display"


def _by_kind() -> dict[str, tuple[Template, ...]]:
    kinds: dict[str, list[Template]] = {}
    for type_, expressions in EXPRESSIONS.items():
        for template in expressions.templates:
            kinds.setdefault(kind_of(template, type_), []).append(parse(f"$+{type_} = {template.text}"))
    return {kind: tuple(found) for kind, found in kinds.items()}


OPERATIONS: dict[str, tuple[Template, ...]] = {
    **_by_kind(),
    "mutation": MUTATION.templates,
    "item": ITEM.templates,
    "augment": AUGMENT.templates,
    "unpack": UNPACK.templates,
}
"""Statements that do one operation each, by the kind of operation."""

SIMPLE_TABLES, SIMPLE_WEIGHTS = (MUTATION, ITEM, AUGMENT, UNPACK), (0.36, 0.24, 0.26, 0.14)
"""Statements that change what is there, and their shares."""
