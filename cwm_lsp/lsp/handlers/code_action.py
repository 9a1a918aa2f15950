"""``textDocument/codeAction`` and ``codeAction/resolve``: fixes to look for, and fixes that were found.

A client that has no place for code lenses finds among the actions what they do.

Listing actions runs nothing. Resolving one that looks for a fix runs the search, so clients resolve it when
the user has chosen it, and not before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from lsprotocol import types

from cwm_lsp.errors import UserError
from cwm_lsp.features.actions import Found, Search, ShouldBe, actions
from cwm_lsp.features.diagnostics import unmet
from cwm_lsp.features.lenses import at_lines
from cwm_lsp.features.snapshot import Snapshot
from cwm_lsp.lsp import convert
from cwm_lsp.lsp.extension import SHOULD_BE, ShouldBeArgument
from cwm_lsp.lsp.handlers import code_lens, repairing
from cwm_lsp.lsp.server import CwmServer

SEARCH = "codeAction/resolve"


async def code_action(ls: CwmServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """What can be repaired at a range; for clients without lenses also what can be run or predicted there."""
    snapshot = ls.session.find(params.text_document.uri)
    if snapshot is None:
        return []
    lines = range(params.range.start.line + 1, params.range.end.line + 2)
    kinds = params.context.only or ()
    found = await _fixing(ls, snapshot, lines) if _wanted(kinds, types.CodeActionKind.QuickFix) else []
    if not ls.shows_lenses and _wanted(kinds):
        beside = at_lines(await code_lens.offered(ls, snapshot), snapshot.source.text, lines)
        found += [types.CodeAction(one.title, command=convert.lens(snapshot, one).command) for one in beside]
    return found if ls.session.find(snapshot.uri) is snapshot else []


async def _fixing(ls: CwmServer, snapshot: Snapshot, lines: range) -> list[types.CodeAction]:
    if not ls.session.trusted:
        return []
    tests = await ls.test_sources()
    async with ls.looking:
        if ls.session.find(snapshot.uri) is not snapshot:
            return []
        found = await asyncio.to_thread(actions, ls.session, snapshot, lines, tests)
    if ls.session.find(snapshot.uri) is not snapshot:
        return []
    return list(_converted(ls, snapshot, found))


async def resolve(ls: CwmServer, action: types.CodeAction) -> types.CodeAction:
    """The edit of an action, after the search that finds it. Raises ``UserError`` if there is none."""
    if action.edit is not None or action.data is None:
        return action
    uri, wish, seconds = repairing.parsed(SEARCH, [action.data])
    found = await repairing.searched(ls, uri, wish, seconds)
    taken = await repairing.chosen(ls, found)
    if taken is None:
        raise UserError("No fix was taken.", "Those that were found are offered as quick fixes.")
    action.edit = convert.workspace_edit(taken)
    action.is_preferred = taken["verified"]
    action.data = taken
    return action


def _wanted(only: Sequence[str], *kinds: str) -> bool:
    """Whether a client that asks for some kinds of actions, all if it names none, wants one of ``kinds``."""
    return not only or any(kind in ("", *kinds) for kind in only)


def _converted(
    ls: CwmServer, snapshot: Snapshot, found: tuple[Found | Search | ShouldBe, ...]
) -> Iterator[types.CodeAction]:
    for one in found:
        match one:
            case Found():
                yield from _fixes(ls, one)
            case Search():
                yield _search(ls, snapshot, one)
            case ShouldBe() if ls.asks_values:
                argument: ShouldBeArgument = {
                    "uri": snapshot.uri,
                    "function": one.call.function,
                    "arguments": one.call.arguments,
                    "observed": one.observed,
                }
                command = types.Command(one.title, SHOULD_BE, arguments=[argument])
                yield types.CodeAction(one.title, types.CodeActionKind.QuickFix, command=command)


def _fixes(ls: CwmServer, one: Found) -> Iterator[types.CodeAction]:
    """The fixes of the latest search, ready to be applied."""
    for fix in repairing.stated(ls, one.repaired)["fixes"]:
        yield types.CodeAction(
            fix["title"],
            types.CodeActionKind.QuickFix,
            is_preferred=fix["verified"],
            edit=convert.workspace_edit(fix),
            data=fix,
        )


def _search(ls: CwmServer, snapshot: Snapshot, one: Search) -> types.CodeAction:
    known = unmet(snapshot, (one.failure,)) if one.failure is not None else ()
    return types.CodeAction(
        one.title,
        types.CodeActionKind.QuickFix,
        diagnostics=[convert.diagnostic(snapshot, each, ls.encoding) for each in known] or None,
        data=convert.repair_argument(snapshot.uri, one.wish),
    )
