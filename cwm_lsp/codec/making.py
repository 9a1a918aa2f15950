"""What calling a class of the file makes: objects, exceptions, members of enumerations."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from cwm_lsp.codec.expressions import unpure
from cwm_lsp.codec.failures import Failure
from cwm_lsp.codec.given import Callee
from cwm_lsp.codec.kinds import DESCRIBED, MARK, POSTED, makes_plain
from cwm_lsp.codec.library import Library
from cwm_lsp.codec.literals import kept_literal, literal
from cwm_lsp.codec.members import Member
from cwm_lsp.codec.records import Opaque, Record
from cwm_lsp.codec.shapes import shape_fields


class Making(Library):
    """Walks expressions that call classes."""

    def _is_bare(self, name: str) -> bool:
        """Whether ``name`` is a class whose objects begin without fields."""
        known = self._state.get(f"{name}{MARK}")
        if known is None or self._state.get(name, f"<class {name!r}>") != f"<class {name!r}>":
            return False
        return makes_plain(kept_literal(known))

    def _members(self, name: str) -> Mapping[str, Member]:
        """The members of an enumeration, if that is what ``name`` is; all of them are known."""
        found = self._facts(name) if name not in self._own else None
        return {key: one for key, one in (found or {}).items() if isinstance(one, Member)}

    def _member_of(self, kind: str, value: Any, node: ast.Call) -> Any:
        """The member of an enumeration with a value."""
        found = [one for one in self._members(kind).values() if one.fields["value"] == value]
        if not found or isinstance(value, Member):
            raise unpure(node)
        return found[0]

    def _is_rebound(self, name: str) -> bool:
        """Whether ``name`` is not that of the class any more."""
        return self._state.get(name, "<class") not in ("<class", f"<class {name!r}>", f"<enum {name!r}>")

    def _failed(self, kind: str, node: ast.Call) -> Any:
        """An exception of a class of the file."""
        if self._defines(kind, "__init__"):
            return self._gave_back(node, Callee(kind=kind))
        given, named = self._arguments(node)
        if named or self._defines(kind, "__new__"):
            raise unpure(node)
        return Failure(kind, tuple(given), "KeyError" in self._bases(kind))

    def _holds_class(self, kind: str, name: str) -> bool:
        """Whether ``name`` is a class that stands in the class ``kind``."""
        found = self._fact(kind, name)
        return isinstance(found, Opaque) and found.text == f"<class {name!r}>"

    def _made_by(self, name: str, node: ast.Call) -> Any:
        """What a class that stands in another one makes."""
        if self._is_failure(name):
            return self._failed(name, node)
        if not node.args and not node.keywords and self._is_bare(name):
            return Record(name, {}, plain=True)
        if self._defines(name, "__post_init__") and not self._defines(name, "__init__"):
            return self._posted(name, node)
        return self._gave_back(node, Callee(kind=name))

    def _made(self, shape: str, node: ast.Call) -> Record:
        """An object of a dataclass of the shape that :func:`cwm_lsp.codec.shapes.dataclass_shape` writes."""
        given, named = self._arguments(node)
        kind, parameters = shape_fields(shape)
        if len(given) > len(parameters) or not set(named) <= set(parameters):
            raise unpure(node)
        fields = {
            name: given[place] if place < len(given) else named[name] if name in named else literal(default)
            for place, (name, default) in enumerate(parameters.items())
        }
        made = Record(kind, fields)
        made.complete = True
        if self._defines(kind, "__repr__"):
            made.template = dict(self._templates).get(kind)
        return made

    def _posted(self, kind: str, node: ast.Call) -> Any:
        """An object of a dataclass, as the ``__post_init__`` left it that goes over what was stored in it."""
        shape = self._fact(kind, POSTED)
        owner = self._made(shape, node) if shape is not None else None
        for one in (*node.args, *(one.value for one in node.keywords)) if owner is None else ():
            self._handed(one)
        return self._given_value(self._come_back(node, (), {}, True, Callee(kind=kind, owner=owner)))

    def _is_described(self, kind: str, name: str) -> bool:
        """Whether an attribute of a class is what an object of another one makes of it."""
        found = self._fact(kind, name)
        return isinstance(found, Opaque) and found.text == DESCRIBED

    def _arguments(self, node: ast.Call) -> tuple[list[Any], dict[str, Any]]:
        given = self._several(node.args)
        if any(keyword.arg is None for keyword in node.keywords):
            raise unpure(node)
        return given, {str(keyword.arg): self.value(keyword.value) for keyword in node.keywords}
