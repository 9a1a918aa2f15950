"""``docs/protocol.md`` says what the code does: notification, commands, members, states, switches, codes."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path
from typing import get_type_hints

import pytest

from cwm_lsp import errors
from cwm_lsp.align.model import DivergenceKind
from cwm_lsp.dap import extension as debugging
from cwm_lsp.features import diagnostics
from cwm_lsp.features.claims import ClaimKind
from cwm_lsp.features.display import State
from cwm_lsp.lsp import extension, options, protocol
from cwm_lsp.repair.model import Status
from cwm_lsp.wire import loopback, states

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
INTERFACES = dict(re.findall(r"interface (\w+) \{\n(.*?)\n\}", DOCUMENT, re.DOTALL))
TYPES = {
    "str": "string",
    "bool": "boolean",
    "int": "integer",
    "float": "number",
    "int | None": "integer | null",
    "NoneType": "null",
    "dict[str, str]": "{ [name: string]: string }",
    "list[dict[str, str]] | str": "{ [name: string]: string }[] | string",
    "dict[str, str] | None": "{ [name: string]: string } | null",
    "list[dict[str, str]]": "{ [name: string]: string }[]",
    "list[FutureStep]": "FutureStep[]",
    "list[Future]": "Future[]",
    "Future": "Future",
    "Position": "Position",
    "list[LineState]": "LineState[]",
    "list[FragmentState]": "FragmentState[]",
    "list[DivergenceState]": "DivergenceState[]",
    "DivergenceState | None": "DivergenceState | null",
    "str | None": "string | null",
    "float | None": "number | null",
    "list[str]": "string[]",
    "list[AnswerState]": "AnswerState[]",
    "list[FixState]": "FixState[]",
    "list[TextEdit]": "TextEdit[]",
    "QuestionState | None": "QuestionState | null",
    "Range": "Range",
}


def test_the_kinds_that_say_that_the_model_cannot_be_asked() -> None:
    (row,) = re.findall(r"the model cannot be asked where the kind is (.*) \|", DOCUMENT)
    kinds = {name: one for name, one in vars(errors).items() if isinstance(one, type)}
    of_the_model = {name for name, one in kinds.items() if issubclass(one, errors.BackendError)}
    named = set(re.findall(r"`(\w+)`", row))
    assert named == of_the_model - {"BackendError", "ContextExceeded"}
    for client in ("editors/vscode/src/statusText.ts", "editors/nvim/lua/cwm/server.lua"):
        text = (ROOT / client).read_text(encoding="utf-8")
        listed = re.search(r"OF_THE_MODEL = [\[{](.*?)[\]}]", text)
        assert listed is not None
        assert set(re.findall(r"[A-Z]\w+", listed[1])) == named


@pytest.mark.parametrize(
    "kind",
    [
        extension.StatesParams,
        states.LineState,
        states.FragmentState,
        states.DivergenceState,
        states.Position,
        extension.CallArgument,
        extension.CallResult,
        extension.ShouldBeArgument,
        extension.RepairArgument,
        extension.AnswerState,
        extension.RepairResult,
        extension.FixState,
        extension.QuestionState,
        extension.FixResult,
        extension.TextEdit,
        extension.Range,
        extension.VisitsArgument,
        extension.VisitState,
        extension.VisitArgument,
        extension.ViewArgument,
        extension.WhatIfArgument,
        extension.ViewResult,
        debugging.DebugStates,
        debugging.WhatIfArguments,
        debugging.WhatIfBody,
        debugging.ReallyBody,
        debugging.Future,
        debugging.FutureStep,
        extension.DebugAdapter,
    ],
)
def test_members_and_their_types_are_documented(kind: type) -> None:
    documented = dict(re.findall(r"^    (\w+)\??: ([^;]+);", INTERFACES[kind.__name__], re.MULTILINE))
    assert documented == {name: TYPES[_written(hint)] for name, hint in get_type_hints(kind).items()}


@pytest.mark.parametrize(
    ("interface", "member", "values"),
    [("RepairArgument", "kind", ClaimKind), ("RepairResult", "status", Status)],
)
def test_words_are_listed(interface: str, member: str, values: type[StrEnum]) -> None:
    (line,) = re.findall(rf"^    {member}: string; +// (.*)$", INTERFACES[interface], re.MULTILINE)
    assert line.split(", ") == [str(value) for value in values]


def _written(hint: object) -> str:
    return hint.__name__ if isinstance(hint, type) else re.sub(r"[\w.]+\.(\w+)", r"\1", str(hint))


def test_every_interface_of_the_document_exists() -> None:
    known = {*vars(extension), *vars(debugging)}
    assert {*INTERFACES} - known == set()


def test_commands_are_those_of_the_table() -> None:
    assert set(re.findall(r"^\| `(cwm\.\w+)` \|", DOCUMENT, re.MULTILINE)) == {
        str(one) for one in extension.Command
    }


def test_states_are_those_of_the_table() -> None:
    table = DOCUMENT[DOCUMENT.index("| state |") : DOCUMENT.index("`positionEncoding`")]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == {str(state) for state in State}


def test_switches_are_listed() -> None:
    (line,) = re.findall(r"^The switches of `cwm.toggle`: (.*)\.$", DOCUMENT, re.MULTILINE)
    assert tuple(re.findall(r"`(\w+)`", line)) == options.SWITCHES


def test_kinds_of_divergence_are_listed() -> None:
    (line,) = re.findall(r"^    kind: string; +// (.*)$", INTERFACES["DivergenceState"], re.MULTILINE)
    assert line.split(", ") == [str(kind) for kind in DivergenceKind]


@pytest.mark.parametrize(
    "word",
    [
        f"`{extension.STATES}`",
        f"`{extension.SHOULD_BE}`",
        f'"{extension.SHOULD_BE_CAPABILITY}": true',
        f"code `{diagnostics.UNMET}`",
        f'"{extension.CAPABILITY}": true',
        f"`{loopback.SUBPROTOCOL}TOKEN`",
        f"`{protocol.REQUEST_FAILED}`",
        f"`{protocol.PARSE_ERROR}`",
        f"`{protocol.INTERNAL_ERROR}`",
    ],
)
def test_names_and_codes_are_mentioned(word: str) -> None:
    assert word in DOCUMENT
