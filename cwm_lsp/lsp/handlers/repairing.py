"""``cwm.repair`` and ``cwm.fix``: edits that make a claim hold, searched when the user has asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from cwm_lsp.errors import TargetError
from cwm_lsp.features.claims import ClaimKind
from cwm_lsp.features.repairs import (
    BUDGET,
    QUESTIONS,
    Answer,
    Question,
    Repaired,
    Wish,
    answered,
)
from cwm_lsp.lsp import convert
from cwm_lsp.lsp.extension import FixResult, FixState, RepairResult
from cwm_lsp.lsp.progress import with_progress
from cwm_lsp.lsp.server import CwmServer
from cwm_lsp.repair.model import Status

LEAVE = "Leave it"
NEITHER = "Neither"


async def repair(ls: CwmServer, params: types.ExecuteCommandParams) -> RepairResult:
    """``cwm.repair``: search, and answer what was found; the client asks and applies."""
    uri, wish, seconds = parsed(params.command, params.arguments)
    found = await _search(ls, uri, wish, seconds, params.work_done_token)
    return stated(ls, found)


async def fix(ls: CwmServer, params: types.ExecuteCommandParams) -> FixResult:
    """``cwm.fix``: search, ask what tells fixes apart and which to take, and have it applied."""
    uri, wish, seconds = parsed(params.command, params.arguments)
    found = await searched(ls, uri, wish, seconds, params.work_done_token)
    status = str(found.outcome.status)
    taken = await chosen(ls, found)
    if taken is None:
        return {"status": status, "title": ""}
    edit = types.ApplyWorkspaceEditParams(convert.workspace_edit(taken), label=taken["title"])
    applied = await ls.workspace_apply_edit_async(edit)
    return {"status": status, "title": taken["title"] if applied.applied else ""}


async def searched(
    ls: CwmServer, uri: str, wish: Wish, seconds: float = BUDGET, token: int | str | None = None
) -> Repaired:
    """What a search found. Where fixes disagree the user is asked, and what he says must hold as well."""
    found = await _search(ls, uri, wish, seconds, token)
    for _ in range(QUESTIONS):
        question = found.question
        if found.outcome.status is Status.VERIFIED or question is None:
            break
        gives = await _asked(ls, question)
        if gives is None:
            break
        wish = answered(wish, Answer(question.call, gives))
        found = await _search(ls, uri, wish, seconds, None)
    return found


NONE_TRIED = "No edit was tried: none was found to try, or the time was over before."


async def chosen(ls: CwmServer, found: Repaired) -> FixState | None:
    """The fix to take: a verified one, or a plausible one that the user picks. Raises ``TargetError``."""
    fixes = stated(ls, found)["fixes"]
    if not fixes:
        lines = ", ".join(str(one.line) for one in found.outcome.suspects[:5])
        hint = f"Most suspicious lines: {lines}." if lines else ""
        tried = f"{found.outcome.tried:,} edits were tried, and none makes it hold."
        tried = tried if found.outcome.tried else NONE_TRIED
        raise TargetError(" ".join((tried, *found.outcome.notes[:2])), hint)
    if fixes[0]["verified"]:
        return fixes[0]
    words = f"Plausible, not verified: {'; '.join(fixes[0]['evidence'][1:3])}. Which edit is to be made?"
    title = await _choice(ls, words, [*(one["title"] for one in fixes), LEAVE])
    return next((one for one in fixes if one["title"] == title), None)


def stated(ls: CwmServer, found: Repaired) -> RepairResult:
    """What was found, for the document of the file that was repaired, whether it is open or not."""
    target = ls.session.at(found.source.path)
    uri = target.uri if target is not None else Path(found.source.path).as_uri()
    return convert.repair_result(found, uri, target.version if target is not None else None, ls.encoding)


async def _search(ls: CwmServer, uri: str, wish: Wish, seconds: float, token: int | str | None) -> Repaired:
    return await with_progress(
        ls,
        f"Find a fix: {wish.words}",
        token,
        lambda report: ls.session.repair(uri, wish, seconds, report),
    )


async def _asked(ls: CwmServer, question: Question) -> str | None:
    """What the user says a call gives, ``None`` if it is none of what the fixes give."""
    chosen = await _choice(ls, question.words, [*question.choices, NEITHER])
    return chosen if chosen in question.choices else None


async def _choice(ls: CwmServer, words: str, titles: list[str]) -> str:
    """What the user picks, "" if nothing."""
    actions = [types.MessageActionItem(title) for title in titles]
    params = types.ShowMessageRequestParams(types.MessageType.Info, words, actions)
    picked = await ls.window_show_message_request_async(params)
    return picked.title if picked is not None else ""


# --- arguments ---------------------------------------------------------------------------------


def parsed(command: str, arguments: Any) -> tuple[str, Wish, float]:
    """Document, wish and seconds of a command's one argument. Raises ``InvalidParams``, saying why."""
    given = list(arguments or [])
    if len(given) != 1 or not isinstance(given[0], Mapping):
        raise JsonRpcInvalidParams(f"{command} takes one object with uri, kind and name.")
    one = given[0]
    for name in ("uri", "kind", "name"):
        if not isinstance(one.get(name), str):
            raise JsonRpcInvalidParams(f"{command}: {name} must be text.")
    return one["uri"], _wish(command, one), _seconds(command, one.get("seconds"))


def _wish(command: str, one: Mapping[str, Any]) -> Wish:
    if one["kind"] not in set(ClaimKind):
        raise JsonRpcInvalidParams(f"{command}: kind must be one of {', '.join(ClaimKind)}.")
    expect = one.get("expect")
    if expect is not None and not isinstance(expect, str):
        raise JsonRpcInvalidParams(f"{command}: expect must be the text of an expression.")
    answers = one.get("answers") or []
    if not isinstance(answers, list) or not all(map(_is_answer, answers)):
        raise JsonRpcInvalidParams(f"{command}: answers must be objects with call and gives.")
    told = tuple(Answer(answer["call"], answer["gives"]) for answer in answers)
    return Wish(ClaimKind(one["kind"]), one["name"], expect, told)


def _is_answer(answer: object) -> bool:
    return isinstance(answer, Mapping) and all(
        isinstance(answer.get(name), str) for name in ("call", "gives")
    )


def _seconds(command: str, seconds: object) -> float:
    if seconds is None:
        return BUDGET
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= 3600:
        raise JsonRpcInvalidParams(f"{command}: seconds must be a number up to 3600.")
    return float(seconds)
