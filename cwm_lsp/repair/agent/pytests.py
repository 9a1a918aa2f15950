"""Runs pytest tests against candidates: collected once, then each candidate in a fork of that session.

Where the system cannot fork, each request starts from a newly collected session, in the same process.
"""

from __future__ import annotations

import gc
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from types import CodeType, ModuleType
from typing import Any

from .alarm import ASLEEP, Overtime, limited
from .checks import GAVE, OVERTIME, clipped, joined
from .late import Late
from .plugins import needless
from .program import Program
from .tracing import Spectrum
from .transplant import transplant


class Session:
    """The tests of one pytest session, by node id, and the module under repair that they imported.

    ``bare``: tests that are known to come out the same without pytest's reports, which take most of the time
    of a test that fails. ``problem``: why some were not collected.
    """

    def __init__(self, program: Program, session: Any, problem: str = "") -> None:
        self.problem = problem
        self._program = program
        self._session = session
        self._changed = False
        self._late = Late(program.path)
        self._late.present()
        self._items = {item.nodeid: item for item in session.items}
        self._known: ModuleType | None = None
        self.bare: set[str] = set()

    @property
    def nodes(self) -> list[str]:
        """Ids of the collected tests."""
        return list(self._items)

    def run(self, node: str, seconds: float) -> tuple[bool, str]:
        """Whether a test passes, in the quickest way that is known to tell. For use in a fork."""
        return self.barely(node, seconds) if node in self.bare else self.formally(node, seconds)

    def barely(self, node: str, seconds: float) -> tuple[bool, str]:
        """Whether a test passes: its setup, call and teardown, and nothing of what pytest says about it."""
        item = self._items.get(node)
        if item is None:
            return False, _UNKNOWN
        try:
            with limited(seconds):
                passed = self._phases(item)
        except Overtime:
            return False, OVERTIME
        return passed, OVERTIME if ASLEEP.ended else ""

    @staticmethod
    def _phases(item: Any) -> bool:
        """Whether all phases of a test pass; whatever a test raises is its outcome."""
        own = hasattr(item, "_initrequest")
        if own:
            item._initrequest()
        ok = False
        try:
            ok = _phase(item, "setup") and _phase(item, "call")
        finally:
            ok = _phase(item, "teardown", nextitem=None) and ok
        if own:  # as pytest does itself: what fixtures gave must not be there when it runs once more
            item._request, item.funcargs = False, None
        raised = list(getattr(item, "_excinfo", None) or ())  # where pytest keeps what a unittest case raised
        if raised:
            item._excinfo.clear()
        return ok and not raised

    def formally(self, node: str, seconds: float, spectrum: Spectrum | None = None) -> tuple[bool, str]:
        """Whether a test passes, by pytest's own report, and what that says when it does not."""
        item = self._items.get(node)
        if item is None:
            return False, _UNKNOWN
        plugin = _Reports()
        self._session.config.pluginmanager.register(plugin)
        try:
            with limited(seconds), spectrum.watching() if spectrum is not None else nullcontext():
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        except Overtime:
            return False, OVERTIME
        finally:
            self._session.config.pluginmanager.unregister(plugin)
        return plugin.passed, OVERTIME if ASLEEP.ended else plugin.said

    def prepare(self) -> None:
        """Look for what every fork would have to look for."""
        self._module()

    def install(self, code: CodeType, edited: bool) -> None:
        """Make the module behave as a candidate, imported or not. Raises what loading it raises."""
        module, self._late.code = self._module(), code
        if not (edited or self._changed):
            return
        self._changed = True
        if module is None:
            return
        self._program.name = module.__name__  # it finds what it imports relatively by the name that tests use
        new = self._program.fresh(code)
        sys.modules[module.__name__] = module
        transplant(module, new)

    def _module(self) -> ModuleType | None:
        if self._known is None:
            path = os.path.realpath(self._program.path)
            for module in list(sys.modules.values()):
                file = getattr(module, "__file__", None)
                if isinstance(file, str) and os.path.realpath(file) == path:
                    self._known = module
                    break
        return self._known


def _phase(item: Any, when: Any, **more: Any) -> bool:
    """Whether one phase of a test passes.

    Its report is made only then, which is quick: fixtures ask what became of their test, that of ``tmp_path``
    does. The report of a failure is what takes long.
    """
    import pytest

    hook = getattr(item.ihook, f"pytest_runtest_{when}")
    call = pytest.CallInfo.from_call(lambda: hook(item=item, **more), when=when, reraise=Overtime)
    if call.excinfo is not None or getattr(item, "_excinfo", None):
        return False
    report = item.ihook.pytest_runtest_makereport(item=item, call=call)
    return not report.failed


SKIPPED = "skipped"
"""What is said of a test that is not run, by its own wish."""

_UNKNOWN = "pytest does not collect it"


class _Reports:
    """Notes what pytest reports of one test."""

    def __init__(self) -> None:
        self.passed = True
        self.said = "passed"
        self._ran = False

    def pytest_runtest_logreport(self, report: Any) -> None:
        """A phase of the test ended."""
        self._ran = self._ran or report.when == "call"
        if report.failed and self.passed:
            self.passed = False
            crash = getattr(report.longrepr, "reprcrash", None)
            self.said = clipped(_brief(str(getattr(crash, "message", report.longrepr))))
        elif report.skipped and not hasattr(report, "wasxfail"):
            self.passed, self.said = False, SKIPPED


_NOISE = re.compile(r"[?+-](?!  where|  and)|Omitting |Use -v|\+  ?.*<.* at 0x|\+    where .* = <")
"""How lines begin of what pytest says that show a difference letter by letter, or give advice, or where an
object lies."""

_AGENT = f"{__package__}.guard."
"""Where an exception of ours comes from, which says nothing to a user."""

_DOCTEST = re.compile(r"^\d+ +>>> (.*(?:\n\d+ +\.\.\. .*)*)\nExpected:\n(.*)\nGot:\n(.*)\n", re.M | re.S)


def _brief(message: str) -> str:
    """What pytest says of a failure on one line: what was asserted and what came, without its advice."""
    example = _DOCTEST.search(message)
    if example is not None:
        source, wanted, got = map(joined, example.groups())
        return GAVE.format(source.rpartition(">>> ")[2], got, wanted)
    first, *rest = [line.strip().removeprefix(_AGENT) for line in message.split("\n") if line.strip()] or [""]
    if "assert " in first or " != " in first:
        rest = [" ".join(line.removeprefix("+").split()) for line in rest if not _NOISE.match(line)]
    return f"{first}{' ' if first.endswith(':') else '; '}{'; '.join(rest)}" if rest else first


def serve_session(program: Program, nodes: list[str], root: str, requests: Iterator[Any], serve: Any) -> str:
    """Collect ``nodes`` below ``root`` and answer ``requests`` through ``serve``; "" or why it cannot be."""
    try:
        import pytest
    except ImportError:
        return "pytest is not installed in the interpreter that runs your code."

    class Host:
        """Serves in the place of pytest's own loop."""

        served = False
        problem = ""

        def pytest_collectreport(self, report: Any) -> None:
            """What keeps a file from being collected, the last line of it."""
            if report.failed and not self.problem:
                self.problem = _last(str(report.longrepr))

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: Any) -> bool:
            """All is collected: answer requests until there are no more."""
            self.served = True
            gc.collect()
            gc.freeze()  # else each fork copies all that the collector looks at
            serve(Session(program, session, self.problem), requests)
            return True

    host = Host()
    # Of a failure only what it says is read: no source has to be sought for it.
    words = [
        "-p",
        "no:cacheprovider",
        "--tb=native",
        "-q",
        "--no-header",
        "-o",
        "addopts=",
        f"--rootdir={root}",
    ]
    words += [*_doctests(nodes, program), *needless(nodes, root), *nodes]
    told, kept = io.StringIO(), sys.stderr
    sys.stderr = told  # where pytest says why it does not even begin
    try:
        status = pytest.main(words, plugins=[host])
    finally:
        sys.stderr = kept
    why = _last(told.getvalue()) or f"exit status {int(status)}"
    if "SystemExit" in why:
        why = "what they import calls sys.exit()."
    return "" if host.served else f"pytest could not collect the tests: {why}"


def _doctests(nodes: Iterable[str], program: Program) -> Iterator[str]:
    """Options by which pytest finds the doctests of texts, and of the file itself."""
    for node in nodes:
        if not node.endswith(".py"):
            yield f"--doctest-glob={os.path.basename(node)}"
        elif os.path.realpath(node) == os.path.realpath(program.path):
            yield "--doctest-modules"


_PLACE = re.compile(r'(?m)File "([^"\n]+)", line (\d+)|^(?:E +)?([^\s:]+\.py):(\d+): in ')
"""How a traceback, and pytest's own, say where something came from."""


def _last(text: str) -> str:
    """The last line that says something, without what marks it as an error, and where that came from, as far
    as it is in the project."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    if not lines:
        return ""
    said = clipped(lines[-1].removeprefix("ERROR:").removeprefix("E ").strip())
    places = [(a or os.path.abspath(b), line or other) for a, line, b, other in _PLACE.findall(text)]
    own = [one for one in places if one[0].startswith(os.getcwd() + os.sep)]
    return f"{said} ({own[-1][0]}, line {own[-1][1]})" if own else said
