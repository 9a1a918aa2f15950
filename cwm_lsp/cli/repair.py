"""What ``repair`` does: read the specification, search, show the fixes and, if asked for, write the first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.syntax import Syntax
from rich.text import Text

from cwm_lsp.cli.console import Shell
from cwm_lsp.cli.interpreter import choose
from cwm_lsp.cli.target import source_at
from cwm_lsp.config import load
from cwm_lsp.errors import ArgumentsError, SourceError, TargetError
from cwm_lsp.features.repairs import reasons
from cwm_lsp.repair.model import Evidence, Fix, Outcome, Status
from cwm_lsp.repair.search import repair as search
from cwm_lsp.repair.specification import Specification, call, cases, doctests, only_function


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    file: Path
    test: str
    calls: tuple[str, ...]
    expected: tuple[str, ...]
    cases: Path | None
    function: str
    budget: float
    write: bool
    options: dict[str, object]
    trusted: bool
    as_json: bool


def repair(wish: Wish) -> int:
    """Search fixes and show them; 0 whether or not there are any."""
    shell = Shell(as_json=wish.as_json)
    source = source_at(wish.file)
    loaded = load(wish.file.absolute().parent, options=wish.options, trusted=wish.trusted)
    for name in loaded.ignored:
        shell.note(f"The project's setting {name} is ignored; --trust lets it count.")
    python = choose(loaded, wish.file.absolute().parent).path
    specification = specified(wish, source.text)
    with shell.progress("Trying fixes") as advance:
        outcome = search(
            wish.file,
            source.text,
            specification,
            python=python,
            budget=wish.budget,
            progress=advance,
        )
    if wish.as_json:
        shell.object(payload(outcome))
    else:
        _show(outcome, shell)
    if wish.write:
        _write(wish.file, source.text, outcome, shell)
    return 0


def specified(wish: Wish, source: str) -> Specification:
    """What must hold, by the options. Without any, the file's doctests. Raises ``UserError``."""
    if len(wish.expected) > len(wish.calls):
        raise ArgumentsError("--expect needs the --call that it belongs to.")
    expected = (*wish.expected, *[None] * (len(wish.calls) - len(wish.expected)))
    checks = [call(*pair) for pair in zip(wish.calls, expected, strict=True)]
    try:
        examples = doctests(source)
        if wish.cases is not None:
            function = only_function(source, wish.file, wish.function)
            checks += cases(wish.cases, function)
    except (SyntaxError, ValueError) as error:
        raise SourceError(f"{wish.file} does not parse: {error}.") from error
    if checks or wish.test:
        return Specification(tuple(checks), tuple(examples), wish.test)
    if not examples:
        raise TargetError(
            f"Nothing says what {wish.file} should do.",
            "Give --test NODE, --call CALL --expect VALUE or --cases FILE, or write a doctest.",
        )
    return Specification(tuple(examples))


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
        shell.out.print(Syntax(fix.diff.rstrip("\n"), "diff", background_color="default"))
        for line in reasons(fix.evidence):
            shell.out.print(Text(line, style="dim"))
    if not outcome.fixes and outcome.suspects:
        lines = ", ".join(str(one.line) for one in outcome.suspects[:5])
        shell.out.print(f"Most suspicious lines: {lines}")
    for note in outcome.notes:
        shell.note(note)


def _write(file: Path, before: str, outcome: Outcome, shell: Shell) -> None:
    """Write the first verified fix, in the encoding and with the line ends of the file."""
    fix = next((one for one in outcome.fixes if one.verified), None)
    if fix is None:
        shell.note("Nothing was written: no fix is verified.")
        return
    data = file.read_bytes()
    if source_at(file).text != before:
        raise SourceError(f"{file} changed while fixes were tried.", "Run the command again.")
    file.write_bytes(rewritten(data, fix.text))
    shell.note(f"Written to {file}.")


def rewritten(data: bytes, text: str) -> bytes:
    """``text`` as the file had it: its byte order mark, encoding and newlines."""
    import io
    import tokenize

    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    newline = "\r\n" if b"\r\n" in data else "\n"
    return text.replace("\n", newline).encode(encoding)
