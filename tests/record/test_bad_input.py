"""All that can be wrong with what is asked or run: a named error or a cut trace, and no hang."""

from __future__ import annotations

import os
import sys
import venv
from pathlib import Path

import pytest

from cwm_lsp.errors import (
    ArgumentsError,
    CwmError,
    InterpreterError,
    RunError,
    SettingsError,
    SourceError,
    TargetError,
)
from cwm_lsp.record import (
    FunctionTarget,
    Limits,
    ModuleTarget,
    Options,
    Progress,
    PytestTarget,
    ScriptTarget,
    Target,
    read_source,
    record,
)
from cwm_lsp.record.output import OutputBuffer
from cwm_lsp.trace.model import CutReason, EventKind, Output
from cwm_lsp.trace.normalise import normalise
from tests.record.programs import quickly, traced, written

GOOD = """
    def f(n=1):
        return n + 1
"""

ERRORS: list[tuple[str, str, str, type[CwmError], str]] = [
    ("def f(:\n  pass\n", "f", "", SourceError, "line 1: "),
    ("def f():\n\treturn 1\n        return 2\n", "f", "", SourceError, "line 3"),
    (GOOD, "g", "", TargetError, "no function g."),
    ("f = 3", "f", "", TargetError, "not a function but int"),
    ("class A:\n  def go(self): pass", "A.goo", "", TargetError, "Did you mean go?"),
    (GOOD, "f", "1,,", ArgumentsError, "do not parse"),
    (GOOD, "f", "1), print(2", ArgumentsError, "not the arguments of one call"),
    (GOOD, "f", "unknown", ArgumentsError, "a text needs its quotes"),
    (GOOD, "f", "1, 2, 3", ArgumentsError, "too many positional arguments"),
    (GOOD, "f", "-" * 5000 + "1", ArgumentsError, "The arguments"),
    (GOOD, "f", "1 + " * 2000 + "1", ArgumentsError, "could not be evaluated: RecursionError"),
    (GOOD, "f", "m=1", ArgumentsError, "unexpected keyword argument 'm'"),
    ("import not_a_module_at_all\ndef f(): pass", "f", "", RunError, "ModuleNotFoundError"),
    ("raise SystemExit(3)\ndef f(): pass", "f", "", RunError, "exits when it is imported"),
    ("import os\nos._exit(3)", "f", "", RunError, "exit code 3"),
    ("from os.path import join as f", "f", "'a', 'b'", TargetError, "runs no code of"),
]


@pytest.mark.parametrize(("source", "function", "arguments", "error", "says"), ERRORS)
async def test_named_errors(
    tmp_path: Path, source: str, function: str, arguments: str, error: type[CwmError], says: str
) -> None:
    with pytest.raises(error) as caught:
        await quickly(written(tmp_path, source), function, arguments)
    assert says in str(caught.value)


async def test_an_interpreter_without_pytest_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = written(tmp_path, "def test_one():\n    assert True\n", "test_it.py")
    venv.create(tmp_path / "bare", with_pip=False)
    folder = "Scripts" if sys.platform == "win32" else "bin"
    python = str(tmp_path / "bare" / folder / Path(sys.executable).name)
    with pytest.raises(TargetError, match="pytest is not installed") as caught:
        await record(PytestTarget(f"{path}::test_one"), Options(interpreter=python))
    assert caught.value.hint.startswith(f"`{python} -m pip install pytest`")


async def test_errors_come_through_debugpy(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="line 1"):
        await traced(written(tmp_path, "def f(:\n"))
    with pytest.raises(RunError, match="exit code 3"):
        await traced(written(tmp_path, "import os\nos._exit(3)\n"))


async def test_an_awkward_path_comes_through_debugpy(tmp_path: Path) -> None:
    trace = await traced(written(tmp_path, GOOD, "with space & ünï/日本 it's.py"))
    assert trace.cut is None
    assert trace.events[-1].value is not None
    assert trace.events[-1].value.text == "2"


@pytest.mark.parametrize(
    ("target", "options", "error", "says"),
    [
        (FunctionTarget("/no/such/file.py", "f"), Options(), SourceError, "no file"),
        (ScriptTarget(str(Path(__file__).parent)), Options(), SourceError, "folder"),
        (ModuleTarget("not_a_module_at_all"), Options(), TargetError, "no module not_a_module_at_all"),
        (PytestTarget(__file__), Options(), TargetError, "names no test"),
        (PytestTarget(__file__ + "::no_such_test"), Options(), TargetError, "did not run"),
        (ScriptTarget(__file__), Options(interpreter="/no/such/python"), InterpreterError, "no interpreter"),
        (ScriptTarget(__file__), Options(cwd="/no/such/folder"), SettingsError, "no folder"),
        (ScriptTarget(__file__), Options(recorder="magic"), SettingsError, "no recorder magic"),
    ],
)
async def test_targets_that_are_not_there(
    target: Target, options: Options, error: type[CwmError], says: str
) -> None:
    with pytest.raises(error) as caught:
        await record(target, options)
    assert says in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script for an interpreter")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ('["old", [3, 8, 1], "CPython"]', "Python 3.8.1; debugpy needs 3.10"),
        ("hello", "not a Python"),
    ],
)
async def test_interpreters_that_do_not_do(tmp_path: Path, answer: str, says: str) -> None:
    fake = tmp_path / "python"
    fake.write_text(f"#!/bin/sh\necho '{answer}'\n")
    fake.chmod(0o755)
    with pytest.raises(InterpreterError) as caught:
        await record(ScriptTarget(written(tmp_path, GOOD)), Options(interpreter=str(fake)))
    assert says in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell script for an interpreter")
async def test_an_interpreter_that_cannot_answer_is_quoted(tmp_path: Path) -> None:
    shim = tmp_path / "python"
    shim.write_text("#!/bin/sh\necho 'pyenv: python9: command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    with pytest.raises(InterpreterError, match="pyenv: python9: command not found") as caught:
        await record(ScriptTarget(written(tmp_path, GOOD)), Options(interpreter=str(shim)))
    assert "doctor" in caught.value.hint


TESTS = """
    import pytest

    @pytest.fixture
    def broken():
        raise OSError("no database")

    @pytest.mark.skip(reason="not on Sundays")
    def test_skipped(): pass

    def test_set_up(broken): pass
"""


@pytest.mark.parametrize(
    ("node", "says"),
    [
        ("test_skipped", "not on Sundays"),
        ("test_set_up", "OSError: no database"),
        ("test_no", "exit status 4"),
    ],
)
async def test_why_pytest_ran_nothing_is_said(tmp_path: Path, node: str, says: str) -> None:
    path = written(tmp_path, TESTS, "test_it.py")
    with pytest.raises(TargetError, match=f"did not run .*{node}: .*{says}"):
        await record(PytestTarget(f"{path}::{node}"), Options(cwd=str(tmp_path)))


async def test_why_pytest_could_not_collect_is_said(tmp_path: Path) -> None:
    path = written(tmp_path, "import not_a_module_at_all\n", "test_it.py")
    with pytest.raises(TargetError, match="No module named 'not_a_module_at_all'"):
        await record(PytestTarget(f"{path}::test_a"), Options(cwd=str(tmp_path)))


async def test_files_called_like_what_the_recorder_needs_are_not_taken_for_it(tmp_path: Path) -> None:
    for name in ("hashlib", "difflib", "json", "tokenize"):
        written(tmp_path, "raise SystemExit(__name__)", f"{name}.py")
    path = written(tmp_path, "def f():\n    return 1\nf()\n")
    options = Options(cwd=str(tmp_path))
    assert len((await record(ModuleTarget("program"), options)).events) == 7
    with pytest.raises(TargetError, match="has no function g"):
        await record(FunctionTarget(path, "g"), options)


async def test_where_a_module_is_looked_for_is_said(tmp_path: Path) -> None:
    with pytest.raises(TargetError) as caught:
        await record(ModuleTarget("not_a_module_at_all"), Options(cwd=str(tmp_path)))
    assert str(tmp_path) in caught.value.hint


CUTS: list[tuple[str, Limits, CutReason, str]] = [
    (
        "def f():\n    while True:\n        pass\n",
        Limits(events=500, seconds=20),
        CutReason.EVENTS,
        "More than 500",
    ),
    (
        "def f():\n    while True:\n        pass\n",
        Limits(events=10**9, seconds=3),
        CutReason.SECONDS,
        "3 s",
    ),
    ("def f():\n    sum(iter(int, 1))\n", Limits(seconds=3), CutReason.SECONDS, "3 s"),
    ("def f(n=0):\n    f(n + 1)\n", Limits(depth=20, seconds=20), CutReason.DEPTH, "deeper than 20"),
    (
        "def f():\n    for i in range(9999):\n        s = str(i) * 40\n",
        Limits(bytes=20_000, seconds=20),
        CutReason.BYTES,
        "20,000 bytes",
    ),
    (
        "def f():\n  while 1:\n    try:\n      f()\n    except BaseException:\n      pass\n",
        Limits(events=300, seconds=20),
        CutReason.EVENTS,
        "More than 300",
    ),
    (
        "import os\ndef f():\n    x = 1\n    os._exit(3)\n",
        Limits(seconds=20),
        CutReason.EXITED,
        "exit code 3",
    ),
    (
        "import os, signal\ndef f():\n    x = 1\n    os.kill(os.getpid(), signal.SIGKILL)\n",
        Limits(seconds=20),
        CutReason.KILLED,
        "killed",
    ),
]


@pytest.mark.parametrize(("source", "limits", "reason", "says"), CUTS)
async def test_cut_traces_keep_what_was_recorded(
    tmp_path: Path, source: str, limits: Limits, reason: CutReason, says: str
) -> None:
    if sys.platform == "win32" and reason is CutReason.KILLED:
        pytest.skip("Windows has exit codes only")
    trace = await traced(written(tmp_path, source), limits=limits)
    assert trace.cut is not None
    assert trace.cut.reason is reason
    assert says in trace.cut.message
    assert [event.kind for event in trace.events[:2]] == [EventKind.CALL, EventKind.LINE]
    if reason is CutReason.EVENTS and limits.events < 1000:
        assert len(trace.events) == limits.events
    if reason in (CutReason.EXITED, CutReason.KILLED):
        assert trace.events[-1].locals["x"].text == "1"


async def test_seconds_of_a_run_that_ended_itself_leave_out_the_start(tmp_path: Path) -> None:
    told: list[Progress] = []
    source = "import os, time\ntime.sleep(2)\ndef f():\n    os._exit(3)\n"
    target = FunctionTarget(written(tmp_path, source), "f")
    trace = await record(target, Options(limits=Limits(seconds=20)), progress=told.append)
    assert trace.cut is not None
    assert 0 < trace.seconds <= told[-1].seconds - 2


async def test_sys_exit_is_an_exception_like_any_other(tmp_path: Path) -> None:
    trace = await traced(written(tmp_path, "import sys\ndef f():\n    sys.exit(4)\n"))
    assert trace.cut is None
    kinds = [event.kind for event in trace.events]
    assert kinds == [EventKind.CALL, EventKind.LINE, EventKind.EXCEPTION, EventKind.RETURN]
    assert trace.events[2].value is not None
    assert trace.events[2].value.text == "SystemExit(4)"
    assert trace.events[3].unwinding


async def test_closed_streams_cost_nothing(tmp_path: Path) -> None:
    source = """
        import os, sys
        def f():
            print("before", flush=True)
            sys.stdout.close()
            sys.stderr.close()
            os.close(1)
            os.close(2)
            return 1
    """
    trace = await traced(written(tmp_path, source))
    assert trace.cut is None
    assert trace.events[-1].value is not None
    assert trace.output.stdout.split() == ["before"]


async def test_output_is_kept_apart_and_bounded(tmp_path: Path) -> None:
    source = "import sys\ndef f():\n    print('o' * 50)\n    print('e' * 5000, file=sys.stderr)\n"
    trace = await traced(written(tmp_path, source), limits=Limits(output=100))
    assert trace.output.stdout.split() == ["o" * 50]
    assert trace.output.stderr == "e" * 100
    assert trace.output.cut


async def test_output_that_is_no_text_is_escaped(tmp_path: Path) -> None:
    source = 'import sys\ndef f():\n    sys.stdout.buffer.write(b"a\\xff")\n    sys.stdout.flush()\n'
    trace = await traced(written(tmp_path, source))
    assert trace.cut is None
    trace.output.stdout.encode("utf-8")
    assert trace.output.stdout.startswith("a")


def test_lone_surrogates_become_escapes_and_count_as_such() -> None:
    buffer = OutputBuffer(8)
    buffer.add("stdout", "é\udcff\ud800")
    assert buffer.output() == Output("é\\udcff\\", "", True)


async def test_a_file_that_changes_itself(tmp_path: Path) -> None:
    source = "def f():\n    with open(__file__, 'w') as file:\n        file.write('changed')\n    return 1\n"
    trace = await traced(written(tmp_path, source))
    assert trace.source.text == source
    assert trace.events[-1].value is not None


async def test_a_file_that_is_gone_at_the_end_costs_its_text_and_no_more(tmp_path: Path) -> None:
    written(tmp_path, "import os\ndef g(x):\n    os.unlink(__file__)\n    return x + 1\n", "passing.py")
    path = written(tmp_path, "from passing import g\ndef test_it():\n    assert g(1) == 2\n", "test_it.py")
    trace = await record(PytestTarget(f"{path}::test_it"), Options(cwd=str(tmp_path)))
    assert [Path(file.path).name for file in trace.files] == ["test_it.py", "passing.py"]
    assert trace.files[1].text == ""
    assert any(event.function == "g" and event.line == 4 for event in trace.events)
    assert normalise(trace).events[-1].kind is EventKind.RETURN


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files by resource")
async def test_a_disk_that_is_full_cuts_the_recording(tmp_path: Path) -> None:
    source = """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))
        def f():
            for i in range(1_000_000):
                s = str(i) * 40
    """
    trace = await quickly(written(tmp_path, source), limits=Limits(events=10**9, bytes=10**9, seconds=60))
    assert trace.cut is not None
    assert trace.cut.reason is CutReason.BYTES
    assert "cannot grow: File too large" in trace.cut.message
    assert len(trace.events) > 1_000


@pytest.mark.skipif(sys.platform == "win32", reason="makes links and pipes")
def test_what_is_no_file_is_named_for_what_it_is(tmp_path: Path) -> None:
    """A pipe that nobody writes into would be read for ever."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "one").symlink_to("one")
    (tmp_path / "gone").symlink_to("nowhere.py")
    for name, says in (("pipe", "is a pipe"), ("one", "cannot be read"), ("gone", "link to nowhere.py")):
        with pytest.raises(SourceError, match=says):
            read_source(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        (
            "latin.py",
            "# -*- coding: latin-1 -*-\ndef f():\n    s = 'caf\xe9'\n    return s\n".encode("latin-1"),
        ),
        ("bom.py", b"\xef\xbb\xbf" + "def f():\n    s = 'caf\xe9'\n    return s\n".encode()),
        ("crlf.py", "# x\r\ndef f():\r\n    s = 'caf\xe9'\r\n    return s\r\n".encode()),
        ("tabs.py", "def f():\n\ts = 'caf\xe9'\n\treturn s\n".encode()),
        ("with space & ünï/日本 it's.py", "def f():\n    s = 'caf\xe9'\n    return s\n".encode()),
    ],
)
async def test_awkward_files(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    trace = await quickly(str(path))
    last = trace.events[-1]
    assert last.value is not None
    assert last.value.text == "'caf\xe9'"
    assert "\r" not in trace.source.text
    assert "return s" in trace.source.lines[last.line - 1]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("def f(): return 'caf\xe9'".encode("latin-1"), "not utf-8"),
        (b"# coding: klingon\n", "klingon"),
        ("x = 1".encode("utf-16"), "UTF-16"),
        (b"x = 1\0", "zero bytes"),
    ],
)
async def test_files_that_do_not_decode(tmp_path: Path, data: bytes, says: str) -> None:
    path = tmp_path / "program.py"
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught:
        await traced(str(path))
    assert says in str(caught.value)


async def test_a_repr_that_misbehaves_costs_one_value(tmp_path: Path) -> None:
    source = """
        import time
        class Slow:
            def __repr__(self):
                time.sleep(0.2)
                return "Slow()"
        class Huge:
            def __repr__(self):
                return "x" * 5_000_000
        def f():
            slow, huge = Slow(), Huge()
            for i in range(50):
                pass
            return i
    """
    trace = await traced(written(tmp_path, source), limits=Limits(seconds=5))
    assert trace.cut is None
    last = trace.events[-1]
    assert last.value is not None
    assert last.value.text == "49"
    assert {last.locals["slow"].text, last.locals["huge"].text} == {"<Slow object>", "<Huge object>"}
