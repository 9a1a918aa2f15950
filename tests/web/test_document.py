"""``docs/view.md`` says what the code does: messages, questions, stages, keys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_type_hints

import pytest

from cwm_lsp.web import messages
from cwm_lsp.web.messages import Ask, Stage

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "view.md").read_text(encoding="utf-8")
STATIC = ROOT / "cwm_lsp" / "web" / "static"
INTERFACES = dict(re.findall(r"interface (\w+) \{\n(.*?)\n\}", DOCUMENT, re.DOTALL))
KINDS = {name: kind for name, kind in vars(messages).items() if hasattr(kind, "__total__")}
TYPES = {
    "str": "string",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "Any": "any",
    "None": "null",
}


def written(hint: object) -> str:
    """A type hint as TypeScript."""
    text = hint.__name__ if isinstance(hint, type) and "[" not in str(hint) else str(hint)
    text = re.sub(r"[\w.]+\.(\w+)", r"\1", text)
    while (inner := re.sub(r"list\[([\w |]+)\]", lambda one: listed(one[1]), text)) != text:
        text = inner
    text = re.sub(r"dict\[str, (\w+)\]", r"{ [name: string]: \1 }", text)
    return re.sub(r"\w+", lambda one: TYPES.get(one[0], one[0]), text)


def listed(inner: str) -> str:
    return f"({inner})[]" if "|" in inner else f"{inner}[]"


@pytest.mark.parametrize("name", KINDS)
def test_members_and_their_types_are_documented(name: str) -> None:
    documented = re.findall(r"^    (\w+)\??: (.+?);", INTERFACES[name], re.MULTILINE)
    assert documented == [(member, written(hint)) for member, hint in get_type_hints(KINDS[name]).items()]


def test_every_interface_of_the_document_exists() -> None:
    assert set(INTERFACES) == set(KINDS)


def test_questions_and_stages_are_those_listed() -> None:
    table = DOCUMENT[DOCUMENT.index("| ask |") :]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [str(one) for one in Ask]
    (line,) = re.findall(r"^`stage` is (.*?)\.", DOCUMENT, re.MULTILINE)
    assert re.findall(r"`(\w+)`", line) == [str(one) for one in Stage]


def test_every_key_of_the_page_is_in_the_table() -> None:
    keys = re.findall(r'^  \[\["(.)"', (STATIC / "keys.js").read_text(encoding="utf-8"), re.MULTILINE)
    table = DOCUMENT[DOCUMENT.index("| key |") : DOCUMENT.index("Light and dark")]
    assert set(keys) <= set(re.findall(r"`(.)`", table))
    assert len(keys) > 10
