"""Runs pytest tests against candidates: collected once, then each candidate in a fork of that session.

Where the system cannot fork, each request starts from a newly collected session, in the same process.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from .alarm import Overtime, limited
from .checks import OVERTIME, clipped
from .program import Edits, Program
from .tracing import Spectrum
from .transplant import transplant

FORKS = hasattr(os, "fork")


class Session:
    """The tests of one pytest session, by node id, and the module under repair that they imported."""

    def __init__(self, program: Program, session: Any) -> None:
        self._program = program
        self._session = session
        self._changed = False
        self._items = {item.nodeid: item for item in session.items}

    @property
    def nodes(self) -> list[str]:
        """Ids of the collected tests."""
        return list(self._items)

    def run(self, node: str, seconds: float, spectrum: Spectrum | None = None) -> tuple[bool, str]:
        """Whether a test passes, and what it said when it did not. For use in a fork."""
        item = self._items.get(node)
        if item is None:
            return False, "pytest does not collect it"
        plugin = _Reports()
        self._session.config.pluginmanager.register(plugin)
        try:
            with limited(seconds):
                if spectrum is None:
                    self._protocol(item)
                else:
                    with spectrum.watching():
                        self._protocol(item)
        except Overtime:
            return False, OVERTIME
        finally:
            self._session.config.pluginmanager.unregister(plugin)
        return plugin.passed, plugin.said

    @staticmethod
    def _protocol(item: Any) -> None:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)

    def install(self, edits: Edits) -> None:
        """Make the imported module behave as the candidate. Raises what compiling or loading it raises."""
        module = self._module()
        if module is None or not (edits or self._changed):
            return
        self._changed = True
        kept = sys.modules.get(self._program.name)
        new = self._program.fresh(self._program.code(edits))
        new.__name__ = module.__name__
        if kept is not None:
            sys.modules[self._program.name] = kept
        transplant(module, new)

    def _module(self) -> ModuleType | None:
        for module in list(sys.modules.values()):
            file = getattr(module, "__file__", None)
            if isinstance(file, str) and os.path.realpath(file) == os.path.realpath(self._program.path):
                return module
        return None


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
        elif report.skipped and not getattr(report, "wasxfail", ""):
            self.passed, self.said = False, "skipped"


def _brief(message: str) -> str:
    """What pytest says of a failure on one line, without its advice."""
    lines = [line.strip() for line in message.split("\n")]
    first, *rest = [line for line in lines if line and not line.startswith("Use -v to get")] or [""]
    return f"{first}{' ' if first.endswith(':') else '; '}{'; '.join(rest)}" if rest else first


def forked(work: Any) -> dict[str, Any]:
    """The dict that ``work()`` gives, worked out in a fork; ``{"died": status}`` when the fork gave none."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        status = 1
        try:
            os.close(reading)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(json.dumps(work()).encode("ascii"))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    _, status = os.waitpid(child, 0)
    return dict(json.loads(data)) if data else {"died": status}


def serve_session(program: Program, nodes: list[str], root: str, requests: Iterator[Any], serve: Any) -> str:
    """Collect ``nodes`` below ``root`` and answer ``requests`` through ``serve``; "" or why it cannot be."""
    try:
        import pytest
    except ImportError:
        return "pytest is not installed in the interpreter that runs your code."

    class Host:
        """Serves in the place of pytest's own loop."""

        served = False

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session: Any) -> bool:
            """All is collected: answer requests until there are no more."""
            self.served = True
            serve(Session(program, session), requests)
            return True

    host = Host()
    words = ["-p", "no:cacheprovider", "-q", "--no-header", "-o", "addopts=", f"--rootdir={root}", *nodes]
    status = pytest.main(words, plugins=[host])
    return "" if host.served else f"pytest could not collect the tests (exit status {int(status)})."
