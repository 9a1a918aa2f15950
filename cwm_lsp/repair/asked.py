"""What is asked for that no search can give: a value that is none, a mend of what does not fail."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from cwm_lsp.errors import RunError, TargetError, UserError
from cwm_lsp.repair.agent.checks import NUMBERS
from cwm_lsp.repair.clusters import fails
from cwm_lsp.repair.fromtests import defined
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import Check, CheckKind
from cwm_lsp.repair.specification import Specification
from cwm_lsp.repair.workers import Worker


def say_something(worker: Worker, specification: Specification, job: Job, seconds: float) -> None:
    """Raises ``TargetError`` for an expected value that is none, whatever the file is changed to."""
    texts = [
        one.expect for one in specification.targets if one.expect is not None and not _literal(one.expect)
    ]
    said = worker.results(None, texts, seconds) if texts else None
    for text, one in zip(texts, said or (), strict=bool(said)):
        nameless = one.said.startswith("raised NameError")
        if nameless or (fails(one.said) and not _names(text) & set(defined(job.text))):
            hint = "A text needs its quotes." if nameless else ""
            raise TargetError(f"The expected value {text} has none: {one.said}.", hint)


def _names(text: str) -> set[str]:
    return {one.id for one in ast.walk(ast.parse(text.strip())) if isinstance(one, ast.Name)}


def _literal(text: str) -> bool:
    try:
        tree = ast.parse(text.strip(), mode="eval")
        names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
        if not names or names - NUMBERS.keys():
            ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError):
        return False
    return not any(isinstance(one, ast.Call) for one in ast.walk(tree))


def flaky(check: Check) -> RunError:
    """What a check that passes and fails on the same code is an answer to."""
    said = f"{check.call} is flaky: run several times, it passes and fails on the same code."
    hint = "Make it come out the same each time (a seed, a fixed clock, an order), or name another test."
    return RunError(said, hint)


def nothing_fails(
    wanted: Sequence[int],
    shaky: Sequence[int],
    skipped: Sequence[int],
    left: Collection[int],
    checks: Sequence[Check],
) -> UserError | RunError:
    """What a specification is an answer to of which nothing fails."""
    found = [n for n in wanted if n in shaky]
    if found:
        return flaky(checks[found[0]])
    late = [n for n in wanted if n in left]
    if late:
        said = f"There was not enough time to run {checks[late[0]].call}."
        return RunError(said, "Name only the test that fails, or give a larger --budget.")
    unrun = [n for n in wanted if n in skipped]
    if unrun:
        return TargetError(f"{checks[unrun[0]].call} is skipped, and fails no more than it passes.")
    tests = any(checks[n].kind is CheckKind.TEST for n in wanted)
    hint = "Name a test that fails." if tests else "Give a call and the value it should have."
    return TargetError("Nothing fails, so there is nothing to repair.", hint)
