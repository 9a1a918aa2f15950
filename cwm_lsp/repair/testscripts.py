"""What pytest tests do, as scripts that the file can run by itself: known inputs of a search."""

from __future__ import annotations

from cwm_lsp.repair.agent.noting import LEFT_OUT
from cwm_lsp.repair.baseline import FIRST_SECONDS, Baseline, test_text
from cwm_lsp.repair.fromtests import defined, scripts
from cwm_lsp.repair.job import Job
from cwm_lsp.repair.model import CheckKind
from cwm_lsp.repair.workers import Worker

_MISREAD = (
    "raised NameError",
    "raised ImportError",
    "raised ModuleNotFoundError",
    "raised FileNotFoundError",
    LEFT_OUT,
)
"""What a script gives that misses something of its test, or that there was no time for."""

SCRIPTS = 200
"""Scripts taken from tests."""


def known_scripts(worker: Worker, job: Job, known: Baseline, clock: float) -> list[str]:
    """The scripts of the tests, those of failing ones first, as far as the file can run them, within
    ``clock`` seconds."""
    if not job.nodes:
        return []
    module = job.place.name.rpartition(".")[2]
    made = scripts(test_text(job), module, defined(job.text), _conftests(job))
    nodes = [known.checks[n].call.partition("[")[0].partition("::")[2] for n in known.order]
    texts = (text for node in nodes for text in made.get(node, ()) if "sleep(" not in text)
    found = list(dict.fromkeys(texts))[:SCRIPTS]
    said = worker.results(None, found, FIRST_SECONDS[CheckKind.CALL], clock=clock) or []
    pairs = zip(found, said, strict=True) if said else ()
    return [text for text, one in pairs if not one.said.startswith(_MISREAD)]


def _conftests(job: Job) -> list[str]:
    """The files whose fixtures the tests have beside their own, the nearest last."""
    test = job.place.root / job.nodes[0]
    folders = [one for one in test.parents if one == job.place.root or job.place.root in one.parents]
    files = [folder / "conftest.py" for folder in reversed(folders)]
    return [one.read_text(encoding="utf-8", errors="replace") for one in files if one.is_file()]
