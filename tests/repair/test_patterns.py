"""Regular expressions, calls that are waited for, and other values of module constants and defaults."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from cwm_lsp.repair.model import Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.templates.generate import candidates
from cwm_lsp.repair.templates.patterns import varied
from cwm_lsp.repair.text import apply


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        ("[^a-z]", "[^a-z]+"),
        (r"\d", r"\d+"),
        (r"\d*", r"\d+"),
        ("<.+>", "<.+?>"),
        (".txt", r"\.txt"),
        ("abc", "^abc"),
        ("abc", "abc$"),
        ("word", r"\bword\b"),
        ("[a-z]+", "[a-z_]+"),
        ("[]x]", "[]x]*"),
        (r"(\w+)=(\w+)", r"(\w+)=(\S+)"),
    ],
)
def test_a_pattern_is_one_step_away_from_another(broken: str, right: str) -> None:
    assert right in dict(varied(broken))


@pytest.mark.parametrize("pattern", ["[", "(a", "a**", r"(?P<year>\d{4})-(\d\d)?", "[^]]", ""])
def test_every_variant_of_a_pattern_compiles(pattern: str) -> None:
    for new, prior in varied(pattern):
        re.compile(new)
        assert new != pattern
        assert 0 < prior < 1


COMPILED = (
    'import re\n\nENTRY = re.compile(r"^(\\w+): (.+)$"{})\n\n\ndef read(text):\n    return ENTRY.{}(text)\n'
)


@pytest.mark.parametrize(
    ("broken", "right"),
    [
        (COMPILED.format("", "findall"), COMPILED.format(", flags=re.MULTILINE", "findall")),
        (COMPILED.format(", re.I", "findall"), COMPILED.format(", re.I | re.MULTILINE", "findall")),
        (COMPILED.format(", re.I | re.M", "findall"), COMPILED.format(", re.I", "findall")),
        (COMPILED.format("", "match"), COMPILED.format("", "search")),
        ("import re\n\ndef f(t):\n    return re.match('a', t)\n",
         "import re\n\ndef f(t):\n    return re.fullmatch('a', t)\n"),
        ("async def f(get):\n    x = get(1)\n    return x\n",
         "async def f(get):\n    x = await get(1)\n    return x\n"),
        ("async def f(get):\n    return get(1).size\n",
         "async def f(get):\n    return (await get(1)).size\n"),
        ("LIMIT = 2.5\n\ndef f(n):\n    return n > LIMIT\n",
         "LIMIT = 5.0\n\ndef f(n):\n    return n > LIMIT\n"),
        ("def f(n, limit=60.0):\n    return min(n, limit)\n",
         "def f(n, limit=30.0):\n    return min(n, limit)\n"),
        ("def f(n, limit=60):\n    return min(n, limit)\n",
         "def f(n, limit=30):\n    return min(n, limit)\n"),
        ("def f(t):\n    a, b = '', 0\n    for c in t:\n        b += 1\n        a += c\n    return b\n",
         "def f(t):\n    a, b = '', 0\n    for c in t:\n        b += 1\n        a += c\n        a = ''\n"
         "    return b\n"),
    ],
)  # fmt: skip
def test_an_edit_is_among_the_candidates(broken: str, right: str) -> None:
    found = candidates(broken, {}, range(1, broken.count("\n") + 2))
    assert right in [apply(broken, one.edits) for one in found]


def test_a_constant_is_as_suspect_as_what_uses_it() -> None:
    source = "LIMIT = 3\nOTHER = 4\n\n\ndef f(n):\n    m = n + OTHER\n    return n > LIMIT\n"
    found = [one.line for one in candidates(source, {7: 1.0, 6: 0.1}, [6, 7])]
    assert found.index(1) < found.index(2)


def test_no_call_is_waited_for_where_nothing_can_be() -> None:
    found = candidates("def f(get):\n    return get(1)\n", {}, [2])
    assert not any("await" in edit.text for one in found for edit in one.edits)


def test_a_pattern_that_takes_too_little_is_mended(tmp_path: Path) -> None:
    source = 'import re\n\n\ndef slug(text):\n    return re.sub("[^a-z]", "-", text.lower()).strip("-")\n'
    checks = (call("slug('Ab, c!')", "'ab-c'"), call("slug('x')", "'x'"), call("slug('A  b')", "'a-b'"))
    file = tmp_path / "slug.py"
    file.write_text(source)
    outcome = repair(file, source, Specification(checks), python=sys.executable, budget=15.0)
    assert outcome.status is Status.VERIFIED
    assert '"[^a-z]+"' in outcome.fixes[0].text
