"""The four things that can be recorded: a function of a file, a script, a module, a pytest node."""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import runpy
import sys
import tokenize
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from types import CodeType, ModuleType
from typing import Any, Protocol

from .calls import TargetProblem, prepare


class Session(Protocol):
    """What a target needs to have itself recorded."""

    def announce(self, path: str, source: bytes) -> None:
        """Say which file the entry is in and what was read from it."""
        ...

    def recording(self) -> AbstractContextManager[None]:
        """Record what happens inside."""
        ...


def run_function(session: Session, target: dict[str, Any]) -> None:
    """Import the file, unrecorded, then record the call."""
    path: str = target["path"]
    session.announce(path, _read(path))
    module = _import_file(path)
    call = prepare(target["function"], target["arguments"], module.__dict__, os.path.basename(path))
    call.fit()
    with session.recording():
        call.run()


def run_script(session: Session, target: dict[str, Any]) -> None:
    """Run the file as ``python FILE ARGS`` does."""
    path: str = target["path"]
    source = _read(path)
    session.announce(path, source)
    code = _compile(source, path)
    main = ModuleType("__main__")
    main.__file__ = path
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    sys.argv = [path, *target["args"]]
    sys.path.insert(0, os.path.dirname(path))
    with session.recording():
        exec(code, main.__dict__)


def run_module(session: Session, target: dict[str, Any]) -> None:
    """Run the module as ``python -m MODULE ARGS`` does."""
    name: str = target["module"]
    sys.path.insert(0, os.getcwd())
    path = _module_file(name)
    source = _read(path)
    session.announce(path, source)
    _compile(source, path)
    sys.argv = [path, *target["args"]]
    with session.recording():
        runpy.run_module(name, run_name="__main__", alter_sys=True)


def run_pytest(session: Session, target: dict[str, Any]) -> None:
    """Let pytest find and prepare the test, and record its call: no fixture, no collection."""
    try:
        import pytest
    except ImportError:
        raise TargetProblem("pytest", f"pytest is not installed for {sys.executable}.") from None
    path: str = target["path"]
    source = _read(path)
    session.announce(path, source)
    _compile(source, path)
    sys.path.insert(0, os.getcwd())
    recorded = False
    trouble = ""

    class RecordOneTest:
        """A plugin that records the first test called, and keeps why one was not."""

        @pytest.hookimpl(hookwrapper=True)  # type: ignore[untyped-decorator, unused-ignore]
        def pytest_pyfunc_call(self) -> Iterator[None]:
            """Wrap the call alone."""
            nonlocal recorded
            if recorded:
                yield
                return
            recorded = True
            with session.recording():
                yield

        def pytest_collectreport(self, report: Any) -> None:
            """A file that could not be imported."""
            self.pytest_runtest_logreport(report)

        def pytest_runtest_logreport(self, report: Any) -> None:
            """A test that was skipped, or a fixture that failed."""
            nonlocal trouble
            trouble = trouble or _trouble(report)

    arguments = ["-p", "no:cacheprovider", "-q", "--no-header", target["node"]]
    status = pytest.main(arguments, plugins=[RecordOneTest()])
    if not recorded:
        why = trouble or f"exit status {int(status)}"
        raise TargetProblem("target", f"pytest did not run {target['node']}: {why}.")


def _trouble(report: Any) -> str:
    """Why a report of pytest's is not one of success, in a line; "" where it is."""
    if report.skipped and isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).partition("\n")[0]
    if not report.failed:
        return ""
    text: str = report.longreprtext
    errors = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    return (errors or text.split("\n"))[0].rstrip(".")


RUNNERS: dict[str, Callable[[Any, dict[str, Any]], None]] = {
    "function": run_function,
    "script": run_script,
    "module": run_module,
    "pytest": run_pytest,
}


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise TargetProblem("source", f"{path} cannot be read: {error.strerror}.") from error


def _compile(source: bytes, path: str) -> CodeType:
    try:
        tokenize.detect_encoding(io.BytesIO(source).readline)
        return compile(source, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        place = f", line {error.lineno}" if error.lineno else ""
        raise TargetProblem("source", f"{path}{place}: {error.msg}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise TargetProblem("source", f"{path} does not parse: {error}.") from error


def _import_file(path: str) -> ModuleType:
    """Import a file as the module it is: by its dotted name where it lies in a package.

    Python's own loader would leave a ``__pycache__`` beside it, as it does for no file that is run.
    """
    code = _compile(_read(path), path)
    name, root = _dotted(path)
    sys.path.insert(0, root)
    if name in sys.modules:  # a file named like a module that is in use already
        name += "__cwm"
    try:
        parent = name.rpartition(".")[0]
        if parent:
            importlib.import_module(parent)
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise TargetProblem("source", f"{path} is not a Python file.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        exec(code, vars(module))
    except SystemExit as error:
        raise TargetProblem("module", f"{path} exits when it is imported (status {error.code}).") from error
    except TargetProblem:
        raise
    except Exception as error:
        raise TargetProblem("module", f"{path} fails on import: {type(error).__name__}: {error}.") from error
    return module


def _dotted(path: str) -> tuple[str, str]:
    """The dotted name of a file and the folder to import it from."""
    folder, base = os.path.split(os.path.abspath(path))
    parts = [os.path.splitext(base)[0]]
    while os.path.isfile(os.path.join(folder, "__init__.py")):
        folder, package = os.path.split(folder)
        parts.insert(0, package)
    return ".".join(parts), folder


def _module_file(name: str) -> str:
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(name + ".__main__")
    except (ImportError, ValueError) as error:
        raise TargetProblem("target", f"There is no module {name}: {error}.") from error
    except Exception as error:
        raise TargetProblem("module", f"{name} fails on import: {type(error).__name__}: {error}.") from error
    if spec is None or not spec.has_location or spec.origin is None or not spec.origin.endswith(".py"):
        raise TargetProblem("target", f"There is no module {name} to run, or it is not written in Python.")
    return spec.origin
