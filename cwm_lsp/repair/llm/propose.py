"""Asks a model for several candidates: one conversation each, the first cool, the others warmer."""

from __future__ import annotations

import ast
import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from cwm_lsp.errors import ModelUnavailable
from cwm_lsp.repair.llm.answers import applied, plain, tools
from cwm_lsp.repair.llm.client import Message, Server, complete
from cwm_lsp.repair.llm.prompt import Form, Task, opening
from cwm_lsp.repair.model import Candidate, Edit
from cwm_lsp.repair.text import Text

TURNS = 4
"""Answers of one conversation: edits, corrections and the submission."""

KIND = "language model"

PRIOR = 0.5
WARMER = 0.8
"""Temperature of every conversation but the first."""

Ask = Callable[[Server, Sequence[Message], float, int], str]


@dataclass
class Proposals:
    """Candidates, and how many answers did not lead to one, by reason."""

    candidates: list[Candidate] = field(default_factory=list)
    problems: dict[str, int] = field(default_factory=dict)
    asked: int = 0

    def problem(self, reason: str) -> None:
        """Count a reason."""
        self.problems[reason] = self.problems.get(reason, 0) + 1


def propose(
    server: Server, task: Task, form: Form, count: int, deadline: float, ask: Ask = complete
) -> Proposals:
    """Up to ``count`` candidates, each syntax tree once, until ``deadline`` (of ``time.monotonic``).

    A server that fails is asked no more; what it gave before counts. Nothing is raised.
    """
    found = Proposals()
    trees = {ast.dump(ast.parse(task.source))}
    for number in range(count):
        if time.monotonic() > deadline:
            found.problem("The time was over.")
            break
        try:
            text = _conversation(server, task, form, number, ask, found)
        except ModelUnavailable as error:
            found.problem(str(error))
            if number:
                break
            continue
        if text is not None:
            _keep(found, task.source, text, trees)
    return found


def _conversation(
    server: Server, task: Task, form: Form, number: int, ask: Ask, found: Proposals
) -> str | None:
    """The text that a conversation ends with; ``None`` when it leads to no change."""
    messages = opening(task, form)
    text = task.source
    for _ in range(TURNS if form is Form.TOOLS else 1):
        found.asked += 1
        said = ask(server, messages, WARMER if number else 0.0, number)
        answer = tools(said) if form is Form.TOOLS else plain(said, task.source, task.name)
        problem = answer.problem
        if answer.change is not None:
            text, problem = applied(text, answer.change, task.name)
        if problem:
            found.problem(problem)
        if answer.submitted:
            break
        reply = problem or f"{task.name} was changed. Submit it, or change more."
        messages += [{"role": "assistant", "content": said}, {"role": "user", "content": reply}]
    return text if text != task.source else None


def _keep(found: Proposals, source: str, text: str, trees: set[str]) -> None:
    try:
        tree = ast.dump(ast.parse(text))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        found.problem("The changed file does not parse.")
        return
    if tree in trees:
        found.problem("The same change, or none, once more.")
        return
    trees.add(tree)
    found.candidates.append(as_candidate(source, text, PRIOR - 0.01 * len(found.candidates)))


def as_candidate(source: str, text: str, prior: float) -> Candidate:
    """The difference of two texts as edits of whole lines."""
    before, after = source.splitlines(keepends=True), text.splitlines(keepends=True)
    places = Text(source)
    edits = []
    line = 1
    for word, a, b, c, d in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if word != "equal":
            start, end = places.line_start(a + 1), places.line_start(b + 1)
            edits.append(Edit(start, end, "".join(after[c:d])))
            line = a + 1 if len(edits) == 1 else line
    return Candidate(tuple(edits), KIND, line, prior)
