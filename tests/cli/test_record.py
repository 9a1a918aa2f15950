"""``cwm-lsp record`` in a real process, under real debugpy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cwm_lsp.cli.main import run
from cwm_lsp.trace import json as trace_json
from tests.cli.running import cwm

SUMS = """
def add(a, b=1):
    total = a + b
    return total


def slow():  # cwm: slow()
    while True:
        pass
"""


PARAMETRISED = """
import pytest

@pytest.mark.parametrize("n", [1, 2])
def test_n(n):
    m = n + 1
    assert m < 3
"""


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder é"
    folder.mkdir()
    path = folder / "sums ж.py"
    path.write_text(SUMS, encoding="utf-8")
    return path


def test_a_call_gives_its_events(sums: Path) -> None:
    done = cwm("record", f"{sums.name}::add", "2", "b=3", "--json", cwd=sums.parent)
    assert done.code == 0, done.err
    found = done.object
    assert (found["file"], found["entry"], found["cut"]) == (str(sums), "add", None)
    before, after = {"a": "2", "b": "3"}, {"a": "2", "b": "3", "total": "5"}
    rows = [(e["event"], e["line"], e["depth"], e["locals"], e["value"]) for e in found["events"]]
    assert rows == [
        ("call", 2, 0, before, None),
        ("line", 3, 0, before, None),
        ("line", 4, 0, after, None),
        ("return", 4, 0, after, "5"),
    ]


def test_the_picture_shows_what_each_line_did(sums: Path) -> None:
    done = cwm("record", f"{sums}::add", "add(2)", cwd=sums.parent, env={"COLUMNS": "80"})
    assert done.code == 0, done.err
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "2 def add(a, b=1): a = 2 · b = 1" in lines
    assert "3 total = a + b total = 3" in lines
    assert "4 return total ← 3" in lines
    assert max(map(len, done.out.splitlines())) <= 80
    assert "\x1b" not in done.out


def test_a_saved_trace_is_exact(sums: Path) -> None:
    done = cwm("record", f"{sums}::add", "2", "--output", "trace.json", "--json", cwd=sums.parent)
    assert done.code == 0, done.err
    trace = trace_json.loads((sums.parent / "trace.json").read_bytes())
    assert trace_json.summary(trace) == done.object
    assert trace.source.text == SUMS


def test_a_file_that_cannot_be_written_is_known_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("open('ran', 'w')\n", encoding="utf-8")
    for words in (("record", "main.py", "--output"), ("compare", "main.py", "--svg")):
        done = cwm(*words, str(tmp_path), cwd=tmp_path)
        assert done.code == 2
        assert "cannot be written" in " ".join(done.err.split())
    assert [path.name for path in tmp_path.iterdir()] == ["main.py"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
def test_what_cannot_be_saved_is_shown_all_the_same(sums: Path) -> None:
    words = ("record", f"{sums}::add", "2", "--output", "/dev/full")
    done = cwm(*words, "--json", cwd=sums.parent)
    assert (done.code, done.object["entry"]) == (2, "add")
    assert done.object["error"]["message"] == "/dev/full cannot be written: No space left on device."
    done = cwm(*words, cwd=sums.parent)
    assert (done.code, "total = a + b" in done.out, "cannot be written" in done.err) == (2, True, True)


@pytest.mark.parametrize(("target", "entry"), [(("main.py",), "<module>"), (("-m", "main"), "<module>")])
def test_scripts_and_modules_get_their_arguments(tmp_path: Path, target: tuple[str, ...], entry: str) -> None:
    (tmp_path / "main.py").write_text("import sys\nwords = sys.argv[1:]\nprint(words)\n", encoding="utf-8")
    done = cwm("record", "--json", *target, "--", "--loud", "2", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.object["entry"] == entry
    assert done.object["events"][-1]["locals"]["words"] == "['--loud', '2']"
    assert done.object["output"]["stdout"].strip() == "['--loud', '2']"


def test_one_test_of_pytest(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(PARAMETRISED, encoding="utf-8")
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = cwm("record", "--pytest", "test_it.py::test_n[2]", "--json", cwd=tmp_path, env=bare)
    assert done.code == 0, done.err
    kinds = [event["event"] for event in done.object["events"]]
    assert kinds[0] == "call"
    assert "exception" in kinds
    assert done.object["events"][0]["locals"]["n"] == "2"


BAD = [
    (("record", "none.py::f"), "There is no file none.py."),
    (("record", "good.py::god"), "has no function god. Did you mean good?"),
    (("record", "good.py::nothing_like_it"), "has no function nothing_like_it. It has: good."),
    (("record", "item.py::Item.cost", "3"), "The object comes first, as in Item.cost 'Item(...), ...'."),
    (("record", "good.py::good", "1", "2"), "good"),
    (("record", "good.py::good", "hello world"), "The argument 'hello world' does not parse"),
    (("record", "good.py::good", "nowhere"), "NameError"),
    (("record", "good.py::good"), "good needs arguments"),
    (("record", "broken.py::f", "1"), "broken.py, line 2"),
    (("record", "latin.py::f", "1"), "not utf-8"),
    (("record", "cookie.py::f", "1"), "cookie.py"),
    (("record", "wide.py::f", "1"), "UTF-16"),
    (("record", "."), "is a folder"),
    (("record",), "There is nothing to run"),
    (("record", "-m", "no.such.module"), "There is no module no.such.module"),
    (("record", "--pytest", "good.py::test_none"), "pytest did not run"),
    (("record", "-m", "good", "--pytest", "good.py"), "Both -m and --pytest"),
    (
        ("record", "good.py::good", "1", "--python", "/no/such/python"),
        "There is no interpreter /no/such/python",
    ),
    (("record", "good.py::good", "1", "--max-events", "0"), "max-events in the options must be at least 1"),
    (("record", "good.py::good", "1", "--max-event", "5"), "No such option"),
    (("record", "good.py", "--loud"), "What is meant for your program goes after `--`."),
    (("record", "good.py::good", "1", "--max-events", "many"), "Invalid value for '--max-events'"),
    (("record", "good.py::good", "1", "--output", "no/folder/t.json"), "cannot be written"),
    (("recrd", "good.py"), "No such command 'recrd'"),
    (("predict", "good.py"), "`predict` needs FILE::FUNCTION"),
    (("compare", "--trace", "none.json"), "none.json cannot be read"),
    (("compare", "--trace", "good.py"), "This is not a trace file"),
    (("compare", "good.py", "--trace", "good.py"), "nothing to run"),
    (("serve", "--tcp", "0", "--ws", "0"), "--tcp and --ws exclude each other"),
    (("serve", "--tcp", "0", "--host", "192.0.2.1"), "can be reached from other machines"),
]


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bad")
    (folder / "good.py").write_text("def good(n):\n    return n\n", encoding="utf-8")
    (folder / "broken.py").write_text("def f(n):\n    return (n\n", encoding="utf-8")
    (folder / "item.py").write_text("class Item:\n    def cost(self, n): ...\n", encoding="utf-8")
    (folder / "latin.py").write_bytes(b"def f(n):\n    return '\xe9'\n")
    (folder / "cookie.py").write_bytes(b"# coding: nonsense\ndef f(n):\n    return n\n")
    (folder / "wide.py").write_text("def f(n):\n    return n\n", encoding="utf-16")
    return folder


@pytest.mark.parametrize(("words", "says"), BAD, ids=[" ".join(words) for words, _ in BAD])
def test_a_request_that_cannot_be_met_names_its_cause(
    bad: Path,
    words: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(bad)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    assert run(words) == 2
    done = capsys.readouterr()
    assert "\nerror: " in f"\n{done.err}"  # a slow machine is told of before it
    assert says in " ".join(done.err.split())
    assert "Traceback" not in done.err
    assert done.out == ""


def test_with_json_an_error_is_an_object(bad: Path) -> None:
    done = cwm("record", "good.py::g", "--json", cwd=bad)
    assert done.code == 2
    assert done.object["error"]["kind"] == "TargetError"
    assert "has no function g" in done.object["error"]["message"]


def test_a_module_that_fails_on_import_is_a_failed_run(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def f():\n    pass\n\nraise RuntimeError('no')\n", encoding="utf-8")
    done = cwm("record", "one.py::f", cwd=tmp_path)
    assert done.code == 3
    assert "RuntimeError: no" in done.err


PROGRAMS = {
    "exits": ("import sys\n\n\ndef f():\n    x = 1\n    sys.exit(3)\n", None),
    "raises": ("def f():\n    x = 1\n    raise ValueError(x)\n", None),
    "leaves at once": ("import os\n\n\ndef f():\n    x = 1\n    os._exit(4)\n", "exited"),
    "kills itself": ("import os, signal\n\n\ndef f():\n    x = 1\n    os.kill(os.getpid(), 9)\n", "killed"),
    "closes its streams": (
        "import sys\n\n\ndef f():\n    x = 1\n    sys.stdout.close()\n    sys.stderr.close()\n",
        None,
    ),
    "loops for ever": ("def f():\n    x = 1\n    while True:\n        x += 1\n", "seconds"),
    "waits for ever": ("import time\n\n\ndef f():\n    x = 1\n    time.sleep(10_000)\n", "seconds"),
    "swallows everything": (
        "def f():\n    x = 1\n    while True:\n        try:\n            x += 1\n"
        "        except BaseException:\n            pass\n",
        "seconds",
    ),
    "writes itself anew": ("def f():\n    x = 1\n    open(__file__, 'w').close()\n    return x\n", None),
    "ends with CRLF": ("def f():\r\n    x = 1\r\n    return x\r\n", None),
    "has tabs": ("def f():\n\tx = 1\n\treturn x\n", None),
    "is Latin-1": ("# coding: latin-1\ndef f():\n    é = 'é'\n    x = 1\n    return é\n", None),
}


@pytest.mark.skipif(sys.platform == "win32", reason="signal 9 is POSIX's")
@pytest.mark.parametrize("name", PROGRAMS)
def test_whatever_the_program_does_there_is_a_trace(tmp_path: Path, name: str) -> None:
    text, cut = PROGRAMS[name]
    path = tmp_path / "pro gram é.py"
    path.write_bytes(text.encode("latin-1" if "latin-1" in text else "utf-8"))
    done = cwm(
        "record", f"{path}::f", "--json", "--max-seconds", "2", "--max-events", "2000000", cwd=tmp_path
    )
    assert done.code == 0, done.err
    found = done.object
    assert (found["cut"] or {}).get("reason") == cut
    assert any(event["locals"].get("x") == "1" for event in found["events"])


def test_a_limit_on_events_says_so_in_the_picture(sums: Path) -> None:
    done = cwm("record", f"{sums}::slow", "--max-events", "50", cwd=sums.parent)
    assert done.code == 0, done.err
    assert "The recording stopped early" in done.out
    assert "Input: slow()" in done.err


def test_what_the_program_wrote_cannot_move_or_ring_the_terminal(tmp_path: Path) -> None:
    source = 'print("\\x1b[31mred\\x1b[0m\\t1 \\x1b[2J\\x07 \\u202e back")\n'
    (tmp_path / "loud.py").write_text(source, encoding="utf-8")
    done = cwm("record", "loud.py", cwd=tmp_path)
    written = done.out.splitlines()[-1]
    assert written.strip() == r"red 1 \x1b[2J\x07 \u202e back"
