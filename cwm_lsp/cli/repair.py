"""What ``repair`` does: read the specification, search, show the fixes and, if asked for, write the first."""

from __future__ import annotations

import ast
import builtins
import contextlib
import difflib
import math
import os
import re
import shlex
import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.text import Text

from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.interpreter import choose
from cwm_lsp.cli.target import source_at
from cwm_lsp.config import load
from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.features.repairs import reasons
from cwm_lsp.repair.llm.client import Server, checked
from cwm_lsp.repair.llm.consult import Model
from cwm_lsp.repair.llm.prompt import Form
from cwm_lsp.repair.model import Distinction, Evidence, Fix, Outcome, Status
from cwm_lsp.repair.scripts import parsed
from cwm_lsp.repair.search import repair as search
from cwm_lsp.repair.specification import (
    Specification,
    answer,
    call,
    cases,
    doctests,
    only_function,
    program,
    unparsed,
)
from cwm_lsp.trace.statements import heads


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    file: Path
    test: str
    calls: tuple[str, ...]
    expected: tuple[str, ...]
    answers: tuple[str, ...]
    cases: Path | None
    function: str
    like: str
    llm: str
    llm_model: str
    llm_form: str
    llm_candidates: int
    llm_timeout: float
    llm_anywhere: bool
    budget: float
    write: bool
    options: dict[str, object]
    trusted: bool
    as_json: bool


def repair(wish: Wish) -> int:
    """Search fixes and show them; 0 whether or not there are any."""
    shell = Shell(as_json=wish.as_json)
    if not math.isfinite(wish.budget):
        raise ArgumentsError(f"{wish.budget} is no number of seconds.", "Give --budget one, say 60.")
    source = source_at(wish.file)
    loaded = load(wish.file.absolute().parent, options=wish.options, trusted=wish.trusted)
    shell.ignored(loaded)
    model = asked(wish)
    if model is not None:
        from cwm_lsp.cli.foresee import foresight  # the world model's imports cost as much as all others

        model = replace(model, predict=foresight(loaded.settings, source, shell))
    python = choose(loaded, wish.file.absolute().parent).path
    specification = specified(wish, source.text)
    with shell.progress("Trying fixes", "edits") as advance:
        outcome = search(
            wish.file,
            source.text,
            specification,
            python=python,
            budget=wish.budget,
            progress=advance,
            model=model,
        )
    code = 0
    if not wish.as_json:
        _show(outcome, shell)
    if wish.write:
        try:
            _write(wish.file, source.text, outcome, shell)
        except SourceError as error:  # what was found is not lost for that
            shell.note(f"error: {error}" if not error.hint else f"error: {error} {error.hint}")
            outcome, code = replace(outcome, notes=(*outcome.notes, str(error))), error.exit_code
    if wish.as_json:
        shell.object(payload(outcome))
    return code


def specified(wish: Wish, source: str) -> Specification:
    """What must hold, by the options. Raises ``UserError``.

    Without any, the file's doctests; without these, that the file ends well as a program.
    """
    if len(wish.expected) > len(wish.calls):
        raise ArgumentsError("--expect needs the --call that it belongs to.")
    expected = (*wish.expected, *[None] * (len(wish.calls) - len(wish.expected)))
    checks = [call(*pair) for pair in zip(wish.calls, expected, strict=True)]
    for text in wish.calls:
        _known(text, source, wish.file)
    answers = [answer(text) for text in wish.answers]
    try:
        examples = doctests(source)
        whole = program(source, wish.file.name)
        if wish.cases is not None:
            function = only_function(source, wish.file, wish.function)
            checks += cases(wish.cases, function)
        if wish.like:
            function = only_function(source, wish.file, wish.function)
            others = tuple([*answers, *examples])
            return Specification(tuple(checks), others, wish.test, (function, wish.like))
    except (SyntaxError, ValueError) as error:
        raise unparsed(wish.file, error) from error
    if checks or answers or wish.test:
        return Specification(tuple([*answers, *checks]), tuple(examples), wish.test)
    if examples:
        return Specification(tuple(examples))
    if _does_something(source):
        return Specification((whole,))
    raise TargetError(
        f"Nothing says what {wish.file} should do.",
        "Give --test NODE, --call CALL --expect VALUE, --cases FILE or --like OTHER, or write a doctest.",
    )


def _known(text: str, source: str, file: Path) -> None:
    """Raises ``TargetError`` for a call of what neither the file nor Python names anywhere."""
    statements = parsed(text).body
    found = statements[0].value if len(statements) == 1 and isinstance(statements[0], ast.Expr) else None
    if not isinstance(found, ast.Call) or not isinstance(found.func, ast.Name):
        return
    name = found.func.id
    if not hasattr(builtins, name) and not re.search(rf"\b{name}\b", source):
        names = [one.name for one in heads(source).values()]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean {close[0]}?" if close else ""
        raise TargetError(f"{file} has no function {name}.", hint)


def _does_something(source: str) -> bool:
    """Whether a file does more than define, when it is run as a program."""
    defining = (
        ast.Import | ast.ImportFrom | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Assign
    )
    body = [one for one in ast.parse(source).body if not isinstance(one, defining | ast.AnnAssign)]
    return any(not isinstance(getattr(one, "value", None), ast.Constant) for one in body)


def asked(wish: Wish) -> Model | None:
    """The language model to ask, by the options. Raises ``UserError``."""
    if not wish.llm:
        if wish.llm_model:
            raise ArgumentsError("--llm-model needs --llm, the server's URL.")
        return None
    if not wish.llm_model:
        raise ArgumentsError("--llm needs --llm-model, the model's name at the server.")
    url = checked(wish.llm, wish.llm_anywhere)
    key = os.environ.get("CWM_LSP_LLM_KEY", "")
    server = Server(url, wish.llm_model, wish.llm_timeout, key)
    return Model(server, Form(wish.llm_form), wish.llm_candidates)


# --- output ------------------------------------------------------------------------------------


def payload(outcome: Outcome) -> dict[str, Any]:
    """``repair --json``."""
    return {
        "status": str(outcome.status),
        "candidates": [
            {"diff": fix.diff, "verified": fix.verified, "evidence": _evidence(fix)} for fix in outcome.fixes
        ],
        "tried": outcome.tried,
        "seconds": round(outcome.seconds, 3),
        "suspects": [{"line": one.line, "score": round(one.score, 4)} for one in outcome.suspects],
        "notes": list(outcome.notes),
    }


def _evidence(fix: Fix) -> dict[str, Any]:
    found: Evidence = fix.evidence
    return {
        "template": fix.candidate.kind,
        "line": fix.candidate.line,
        "failed": list(found.failed),
        "passed": found.passed,
        "held_out": found.held_out,
        "agreeing": found.agreeing,
        "rivals": found.rivals,
        "distinctions": [
            {"call": one.call, "this": one.this, "other": one.other} for one in found.distinctions
        ],
        "isolation": found.isolation,
        "first_change": asdict(found.first_change) if found.first_change is not None else None,
        "notes": list(found.notes),
    }


_TITLES = {
    Status.VERIFIED: ("verified", "bold green"),
    Status.PLAUSIBLE: ("plausible, not verified", "bold yellow"),
    Status.NONE: ("no fix found", "bold red"),
}


def _show(outcome: Outcome, shell: Shell) -> None:
    title, style = _TITLES[outcome.status]
    shell.out.print(
        Text.assemble((title, style), f" · {outcome.tried:,} candidates tried in {outcome.seconds:.1f} s")
    )
    for fix in outcome.fixes:
        shell.out.print()
        _show_diff(fix.diff, shell)
        for line in reasons(fix.evidence):
            shell.out.print(Text(line, style="dim"))
        for line in _questions(fix.evidence):  # to be copied: the terminal breaks it, we do not
            shell.out.print(Text(line, style="dim"), soft_wrap=True)
    if not outcome.fixes and outcome.suspects:
        lines = ", ".join(str(one.line) for one in outcome.suspects[:5])
        shell.out.print(f"Most suspicious lines: {lines}")
    for note in outcome.notes:
        shell.note(note)


def _show_diff(diff: str, shell: Shell) -> None:
    """All of a diff, however long its lines are: what reads it from a pipe gets it as it is."""
    if shell.out.is_terminal:
        from rich.syntax import Syntax  # with the names of all its lexers, a tenth of a command's start

        shell.out.print(Syntax(diff.rstrip("\n"), "diff", background_color="default", word_wrap=True))
    else:
        shell.out.print(Text(diff.rstrip("\n")), soft_wrap=True)


def _questions(evidence: Evidence) -> list[str]:
    """How to say which of the fixes that part is right."""
    return [f"Say so with --answer {_answer(one)}." for one in evidence.distinctions[:1]]


def _answer(one: Distinction) -> str:
    """How an answer is written, where one may be that it raises in both ways."""
    raised = [text.split()[1].rstrip(":") for text in (one.this, one.other) if text.startswith("raised ")]
    value = _word(f"{one.call} == VALUE")
    return f"{value} or {_word(f'{one.call} raises {raised[0]}')}" if raised else value


def _word(text: str) -> str:
    """``text`` as one word of a shell, as legible as can be: most calls hold single quotes."""
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)


def _write(file: Path, before: str, outcome: Outcome, shell: Shell) -> None:
    """Write the first verified fix, in the encoding and with the line ends of the file."""
    fix = next((one for one in outcome.fixes if one.verified), None)
    if fix is None:
        shell.note("Nothing was written: no fix is verified.")
        return
    data = file.read_bytes()
    if source_at(file).text != before:
        raise SourceError(f"{file} changed while fixes were tried.", "Run the command again.")
    _replaced(file, rewritten(data, fix.text))
    shell.note(f"Written to {file}.")


def _replaced(file: Path, data: bytes) -> None:
    """Write a file at once or not at all, whatever the disk does. Raises ``SourceError``."""
    real = file.resolve()
    part = real.with_name(f".{real.name}.cwm-lsp")
    try:
        part.write_bytes(data)
        shutil.copymode(real, part)
        os.replace(part, real)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        reason = error.strerror or str(error)
        hint = "Its diff can be applied by hand."
        raise SourceError(f"{file} cannot be written: {reason}.", hint) from error


def rewritten(data: bytes, text: str) -> bytes:
    """``text`` as the file had it: its byte order mark, encoding and newlines."""
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    newline = "\r\n" if b"\r\n" in data else "\n"
    return text.replace("\n", newline).encode(encoding)
