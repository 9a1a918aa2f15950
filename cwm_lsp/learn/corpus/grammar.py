"""The typed expression grammar: tables of templates by the type of the value."""

from __future__ import annotations

from cwm_lsp.learn.corpus.template import Table, sections, table

EXPRESSIONS: dict[str, Table] = {kind: table(text) for kind, text in sections("expressions").items()}
"""Expressions of each type."""

OVER: dict[str, Table] = {kind: table(text) for kind, text in sections("over").items()}
"""Expressions over one name, written ``@`` in the table: elements, conditions and sort keys."""
