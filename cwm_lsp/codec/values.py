"""Value texts as tokens of the compact format, and back.

Items of a container stand between position tokens (``[<#0>4<#1>9<#2>]``): a position token takes the
place of the comma, so it costs nothing, the k-th item is found by looking for its number, and the last
one is the length. A value that grew or changed in one place is written as an edit of the value before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cwm_lsp.codec import vocabulary as v
from cwm_lsp.codec.displays import CHARACTER, closing_of, join_items, shown, split_fields
from cwm_lsp.codec.vocabulary import Special

_PIECE = re.compile(
    r"""(?P<string>b?'(?:\\.|[^'\\])*'|b?"(?:\\.|[^"\\])*")|(?P<number>\d[\d.]*(?:e[+-]?\d+)?j?)"""
    r"""|(?P<name>[^\W\d]\w*)|(?P<comma>,[ ])|(?P<colon>:[ ])|(?P<other>.)""",
    re.S,
)
COMMA, _COLON = v.text_token(","), v.text_token(":")
_CLOSING = frozenset(v.text_token(bracket) for bracket in ")]}>")
_OPEN_LIST, _CLOSE_LIST = v.text_token("["), v.text_token("]")
_OPEN_TUPLE, _CLOSE_TUPLE = v.text_token("("), v.text_token(")")
_QUOTES = frozenset(v.text_token(quote) for quote in "'\"")
_BACKSLASH = v.text_token("\\")


_KEPT = 20_000
"""Written values that are kept at once."""


class NoRoom(ValueError):
    """What is in play has more lines or names than a prompt can show. The message goes on from *the code*."""


@dataclass(slots=True)
class Names:
    """The slots of one trace: each name outside the vocabulary gets one when it is first met.

    ``order`` is the sequence in which slots are given out; training shuffles it so that no slot
    means anything by itself. Where they are ``scarce``, none is given to what only may come.
    """

    order: Sequence[int] = range(v.SLOTS)
    scarce: bool = False
    _slots: dict[str, int] = field(default_factory=dict)
    _names: dict[int, str] = field(default_factory=dict)
    _written: dict[tuple[bool, str], tuple[int, ...] | None] = field(default_factory=dict)

    def token(self, name: str) -> int:
        """The token of ``name``. Raises :class:`NoRoom`."""
        if name in v.WORDS:
            return v.text_token(name)
        slot = self._slots.get(name)
        if slot is None:
            if len(self._slots) == len(self.order):
                raise NoRoom(f"uses more than {len(self.order)} different names")
            slot = self._slots[name] = self.order[len(self._slots)]
            self._names[slot] = name
            self._written.clear()  # what was written as letters may be a slot from here on
        return v.slot_token(slot)

    def tokens(self, names: Iterable[str]) -> frozenset[int]:
        """The tokens of ``names`` that may come; a name for which there is no room cannot be said."""
        found: set[int] = set()
        for name in names:
            with suppress(NoRoom):
                token = self.known(name) if self.scarce else self.token(name)
                found |= set() if token is None else {token}
        return frozenset(found)

    def kept(
        self, whole: bool, text: str, write: Callable[[], Sequence[int] | None]
    ) -> tuple[int, ...] | None:
        """What ``write`` gives for ``text``, an item or a ``whole`` value; asked once while slots stay."""
        key = (whole, text)
        if key not in self._written:
            if len(self._written) >= _KEPT:
                self._written.clear()
            tokens = write()
            self._written[key] = None if tokens is None else tuple(tokens)
        return self._written[key]

    def known(self, name: str) -> int | None:
        """The token of ``name`` if it has one already."""
        if name in v.WORDS:
            return v.text_token(name)
        slot = self._slots.get(name)
        return None if slot is None else v.slot_token(slot)

    def name(self, token: int) -> str | None:
        """The name that ``token`` stands for, or ``None`` when it stands for none."""
        slot = v.token_slot(token)
        if slot is not None:
            return self._names.get(slot)
        text = v.token_text(token) if v.is_text(token) else ""
        return text if text in v.WORDS else None


def plain_tokens(text: str, names: Names) -> list[int]:
    """Tokens of a value without position tokens."""
    tokens: list[int] = []
    for match in _PIECE.finditer(text):
        piece = match.group()
        match match.lastgroup:
            case "name":
                token = names.known(piece)  # a value gives out no slot: only names of the source have one
                tokens += v.byte_tokens(piece) if token is None else [token]
            case "comma":
                tokens.append(COMMA)
            case "colon":
                tokens.append(_COLON)
            case _:
                tokens.extend(v.byte_tokens(piece))
    return tokens


def value_tokens(text: str, names: Names) -> list[int]:
    """Tokens of a value, from which :func:`value_text` gives back exactly what is shown of ``text``."""
    text = shown(text)
    return list(names.kept(True, text, lambda: _value_tokens(text, names)) or ())


def _value_tokens(text: str, names: Names) -> list[int]:
    parts = split_fields(text)
    if parts is None:
        tokens = plain_tokens(text, names)
        return tokens if value_text(tokens, names) == text else [Special.RAW, *v.byte_tokens(text)]
    opening, items = parts
    tokens = plain_tokens(opening, names)
    for index, item in enumerate(items):
        written = _item_tokens(item, names)
        if written is None:
            return [Special.RAW, *v.byte_tokens(text)]
        tokens += [v.position_token(index), *written]
    if join_items(opening, items) != text:
        return [Special.RAW, *v.byte_tokens(text)]
    return [*tokens, v.position_token(len(items)), *plain_tokens(closing_of(opening), names)]


def _item_tokens(item: str, names: Names) -> tuple[int, ...] | None:
    """Tokens of an item, or ``None`` where they would not read back between positions."""

    def write() -> list[int] | None:
        tokens = plain_tokens(item, names)
        alone = [_OPEN_LIST, v.position_token(0), *tokens, v.position_token(1), _CLOSE_LIST]
        return tokens if value_text(alone, names) == f"[{item}]" else None

    return names.kept(False, item, write)


def placed_tokens(text: str, names: Names) -> list[int]:
    """Like :func:`value_tokens`, a string having its positions too: for reading only, never written."""
    text = shown(text)
    if len(text) < 2 or text[0] not in "'\"":
        return value_tokens(text, names)
    characters = CHARACTER.findall(text[1:-1])
    tokens = v.byte_tokens(text[0])
    for index, character in enumerate(characters):
        tokens += [v.position_token(index), *v.byte_tokens(character)]
    return [*tokens, v.position_token(len(characters)), *v.byte_tokens(text[-1])]


def value_text(tokens: Sequence[int], names: Names) -> str | None:
    """The text that ``tokens`` write, or ``None`` when they write none."""
    if tokens and tokens[0] == Special.RAW:
        return bytes_text(tokens[1:])
    pieces: list[str | int] = []
    strings = _Strings()
    items = 0
    for index, token in enumerate(tokens):
        following = tokens[index + 1] if index + 1 < len(tokens) else -1
        if not v.is_text(token) and strings.quote:
            return None
        if v.token_position(token) is not None:
            items += 1
            pieces.append(_separator(items, following in _CLOSING, tokens[0]))
        elif v.token_slot(token) is not None:
            name = names.name(token)
            if name is None:
                return None
            pieces.append(name)
        elif not v.is_text(token):
            return None
        elif strings.inside(token):
            pieces.append(token)
        elif token == COMMA:
            pieces.append("," if following == _CLOSE_TUPLE else ", ")
        else:
            pieces.append(": " if token == _COLON else token)
    return _join(pieces)


def _separator(items: int, closing: bool, opening: int) -> str:
    """What stands for the ``items``-th position token of a display."""
    if closing:
        return "," if opening == _OPEN_TUPLE and items == 2 else ""
    return ", " if items > 1 else ""


@dataclass(slots=True)
class _Strings:
    """Follows string literals through a run of text tokens."""

    quote: int = 0
    escaped: bool = False

    def inside(self, token: int) -> bool:
        """Whether ``token`` belongs to a string literal, its quotes included."""
        if not self.quote:
            self.quote = token if token in _QUOTES else 0
            return bool(self.quote)
        if token == self.quote and not self.escaped:
            self.quote = 0
        self.escaped = token == _BACKSLASH and not self.escaped
        return True


def _join(pieces: Sequence[str | int]) -> str | None:
    """Texts and text tokens put together; bytes of one character may be several tokens."""
    data = bytearray()
    for piece in pieces:
        text = piece if isinstance(piece, str) else v.token_text(piece)
        if isinstance(piece, int) and len(text) == 1:
            data.append(ord(text))
        else:
            data += text.encode("utf-8", "surrogatepass")
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return None


def bytes_text(tokens: Sequence[int]) -> str | None:
    """The text that ``tokens`` spell, ``None`` for tokens that are none of text."""
    return _join(list(tokens)) if all(v.is_text(token) for token in tokens) else None
