"""The token vocabulary of the compact format.

A closed list: trace tokens, line numbers, name slots, positions, indentation, words of the language
and of the standard types, operators, single digits and bytes. User text is only ever turned into the
last five groups, so it can never produce a trace token.
"""

from __future__ import annotations

import builtins
import keyword
from enum import IntEnum

LINES = 160
"""How many line tokens there are; a source slice of more lines does not fit."""
SLOTS = 96
"""How many different names outside :data:`WORDS` a source slice may use."""
POSITIONS = 64
"""Positions of items and visits of loops up to here have a token each; later ones share the last."""
INDENTS = 8


class Special(IntEnum):
    """Trace tokens. The value is the token id; ids up to 23 without a name are reserved."""

    PAD = 0
    BEGIN = 1  # starts every prompt
    END = 2  # the entry scope was left
    CONTEXT = 3  # the source follows
    TRACE = 4  # the source ends, frames follow
    CALL = 5
    RETURN = 6
    EXCEPTION = 7
    UNWIND = 8  # a return caused by an exception
    YIELD = 9
    DELETE = 10  # a name is unbound
    STOP = 12  # ends a value
    EXTEND = 13  # the old value, and at its end
    PREPEND = 14  # at the beginning, then the old value
    SPLICE = 15  # the old items, those between two positions replaced
    RAW = 16  # the value follows byte by byte
    ECHO = 17  # the statement about to run, with the values of its names
    OPERAND = 18  # the value of the name before
    TOLD = 19  # the value that is worked out for this place
    NEXT = 20  # the lines that can follow
    RETURNED = 21  # what a call made by this statement gave back
    BACK = 22  # a statement goes on after a call


METHODS = (
    "append extend insert pop remove sort reverse index count copy clear keys values items get update "
    "setdefault popitem upper lower strip lstrip rstrip title capitalize swapcase split rsplit "
    "splitlines join replace find rfind startswith endswith isdigit isalpha isalnum isupper islower "
    "isspace isnumeric isdecimal istitle isidentifier isascii isprintable zfill ljust rjust center "
    "partition rpartition format encode decode casefold expandtabs translate maketrans removeprefix "
    "removesuffix fromkeys add discard union intersection difference symmetric_difference issubset "
    "issuperset isdisjoint rindex bit_length bit_count is_integer hex key default self cls args "
    "kwargs match case __init__ __name__ __main__ __repr__ __str__ __eq__ __len__ __iter__ __next__ "
    "__getitem__ __enter__ __exit__ dataclass field Counter defaultdict deque OrderedDict namedtuple "
    "math sqrt floor ceil inf nan itertools functools collections reduce lru_cache re string random "
    "typing List Dict Tuple Optional Any Union Callable Iterator Iterable Sequence object generator "
    "iterator end sep start stop step"
).split()
_HIDDEN = {
    "copyright",
    "credits",
    "license",
    "exit",
    "quit",
    "help",
    "open",
    "input",
    "breakpoint",
    "compile",
}
BUILTINS = [name for name in dir(builtins) if not name.startswith("_") and name not in _HIDDEN]
WORDS = frozenset(keyword.kwlist) | frozenset(BUILTINS) | frozenset(METHODS)
"""Names that mean the same everywhere; every other name is written as a slot."""

OPERATORS = (
    "**= //= >>= <<= == != <= >= += -= *= /= %= &= |= ^= ** // -> := << >> ... "
    "[] {} () ): ]) )) [: :] , . : ; = + - * / % < > ( ) [ ] { } & | ^ ~ @"
).split()

_SPECIALS = [f"<reserved{number}>" for number in range(24)]
for _special in Special:
    _SPECIALS[_special] = f"<{_special.name.lower()}>"
_TOKENS: list[str] = [
    *_SPECIALS,
    *(f"<L{number}>" for number in range(1, LINES + 1)),
    *(f"<v{number}>" for number in range(SLOTS)),
    *(f"<#{number}>" for number in range(POSITIONS + 1)),
    *(f"<i{number}>" for number in range(1, INDENTS + 1)),
    *sorted(WORDS),
    *(operator for operator in OPERATORS if len(operator) > 1),
    *(chr(byte) for byte in range(256)),
]

SIZE = len(_TOKENS)
"""Number of token ids."""

_FIRST_LINE = len(_SPECIALS)
_FIRST_SLOT = _FIRST_LINE + LINES
_FIRST_POSITION = _FIRST_SLOT + SLOTS
_FIRST_INDENT = _FIRST_POSITION + POSITIONS + 1
_FIRST_WORD = _FIRST_INDENT + INDENTS
_FIRST_BYTE = SIZE - 256
_TEXT = {token: number for number, token in enumerate(_TOKENS) if number >= _FIRST_WORD}


def text_token(text: str) -> int:
    """The id of a word, an operator or one character below 256."""
    return _TEXT[text]


def is_text(token: int) -> bool:
    """Whether ``token`` stands for text rather than for structure."""
    return token >= _FIRST_WORD


def token_text(token: int) -> str:
    """The text of a token; structure tokens read like ``<call>`` or ``<L3>``."""
    return _TOKENS[token]


def byte_tokens(text: str) -> list[int]:
    """``text`` as one token for each byte of its UTF-8."""
    return [_FIRST_BYTE + byte for byte in text.encode("utf-8", "surrogatepass")]


def line_token(number: int) -> int:
    """The token of the ``number``-th line of a slice, from 1 to ``LINES``."""
    return _FIRST_LINE + number - 1


def token_line(token: int) -> int | None:
    """The line number that ``token`` names, or ``None``."""
    return token - _FIRST_LINE + 1 if _FIRST_LINE <= token < _FIRST_SLOT else None


def slot_token(number: int) -> int:
    """The token of a name slot, from 0."""
    return _FIRST_SLOT + number


def token_slot(token: int) -> int | None:
    """The slot that ``token`` names, or ``None``."""
    return token - _FIRST_SLOT if _FIRST_SLOT <= token < _FIRST_POSITION else None


def position_token(number: int) -> int:
    """The token of a position from 0; large ones share the last."""
    return _FIRST_POSITION + min(number, POSITIONS)


def token_position(token: int) -> int | None:
    """The position that ``token`` names, or ``None``."""
    return token - _FIRST_POSITION if _FIRST_POSITION <= token < _FIRST_INDENT else None


def indent_token(depth: int) -> int:
    """The token of an indentation of ``depth`` levels, from 1 to ``INDENTS``."""
    return _FIRST_INDENT + min(depth, INDENTS) - 1


LINE_TOKENS = frozenset(range(_FIRST_LINE, _FIRST_SLOT))
"""All line tokens."""
