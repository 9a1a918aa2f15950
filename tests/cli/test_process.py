"""The command as a process: how it starts, how it is stopped, what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import COMMAND, PATIENCE, cwm, environment

HEAVY = {"asyncio", "debugpy", "lsprotocol", "numpy", "onnxruntime", "pygls", "rich", "tokenizers", "torch"}

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals and terminals of POSIX")


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
from cwm_lsp.cli import main
assert main.run(["--help"]) == 0
assert not {HEAVY!r} & set(sys.modules), {HEAVY!r} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "command", ["record", "predict", "compare", "demo", "serve", "dap", "repair", "doctor"]
)
def test_every_command_explains_itself(command: str, tmp_path: Path) -> None:
    done = cwm(command, "--help", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith(f"Usage: cwm-lsp {command}")


def test_no_command_gets_the_help_and_no_error(tmp_path: Path) -> None:
    done = cwm(cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("Usage: cwm-lsp")


@pytest.fixture
def endless(tmp_path: Path) -> Iterator[tuple[Path, socket.socket]]:
    """A program that reports to us and then never ends."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        port = server.getsockname()[1]
        text = (
            "import socket\n\n\ndef f():\n"
            f"    link = socket.create_connection(('127.0.0.1', {port}))\n"
            "    link.sendall(b'running')\n"
            "    while True:\n        pass\n"
        )
        (tmp_path / "endless.py").write_text(text, encoding="utf-8")
        yield tmp_path / "endless.py", server


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize("command", ["record", "compare"])
def test_a_stopped_command_takes_the_program_with_it(
    endless: tuple[Path, socket.socket], command: str, number: signal.Signals, code: int
) -> None:
    path, server = endless
    process = subprocess.Popen(
        [*COMMAND, command, f"{path}::f", "--max-seconds", "600"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    link, _ = server.accept()
    with link:
        link.settimeout(PATIENCE)
        assert link.recv(16) == b"running"
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)
        assert (process.returncode, out) == (code, b""), err
        assert b"Traceback" not in err
        # The program's end of the connection closes when it dies, and only then.
        assert link.recv(16) == b""


@posix
def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("def f(n):\n    return n\n", encoding="utf-8")
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*COMMAND, "record", "one.py::f", "1"],
        cwd=tmp_path,
        env=environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        timeout=PATIENCE,
        check=False,
    )
    os.close(write)
    assert done.returncode == 141
    # Where the machine is slow, stderr says how far the run is.
    assert b"error" not in done.stderr.lower()
    assert b"Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("options", [["--json"], []])
def test_a_disk_that_is_full_is_said(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "one.py").write_text("def f(n):\n    return n\n", encoding="utf-8")
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "record", "one.py::f", "1", *options],
            cwd=tmp_path,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    assert done.returncode == 2
    assert b"error: The output cannot be written: No space left on device." in done.stderr
    assert b"Traceback" not in done.stderr


@posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_costs_what_goes_there(tmp_path: Path, closed: str) -> None:
    (tmp_path / "one.py").write_text("def f(n):\n    return n\n", encoding="utf-8")
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "record", "one.py::f", "1", "--output", "saved"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stdout + done.stderr) == (0, False)
    assert (b"return n" in done.stdout) == (">&-" not in closed.replace("2>&-", ""))
    assert json.loads((tmp_path / "saved").read_bytes())["entry"] == "f"


@posix
def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *COMMAND, "doctor", "--json"],
        cwd=tmp_path / "gone",
        env={**environment(), "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 2
    assert "not there any more" in json.loads(done.stdout)["error"]["message"]


@posix
@pytest.mark.parametrize(("setting", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_a_terminal_gets_colour_unless_it_is_declined(
    tmp_path: Path, setting: dict[str, str], coloured: bool
) -> None:
    import pty

    (tmp_path / "one.py").write_text("def f(n):\n    return n\n", encoding="utf-8")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "record", "one.py::f", "1"],
        cwd=tmp_path,
        env=environment({"TERM": "xterm-256color", **setting}),
        stdout=theirs,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs)
    said = _everything(ours)
    assert process.wait(timeout=PATIENCE) == 0
    assert ("\x1b[3" in said or "\x1b[9" in said) is coloured
    assert "return" in said


def _everything(terminal: int) -> str:
    chunks = []
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other end has closed
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(terminal)
    return b"".join(chunks).decode("utf-8")


def test_serving_over_stdio_begins_and_ends_as_lsp_says(tmp_path: Path) -> None:
    messages = [
        {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {"capabilities": {}, "processId": None},
        },
        {"jsonrpc": "2.0", "method": "initialized", "params": {}},
        {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
        {"jsonrpc": "2.0", "method": "exit"},
    ]
    bodies = [json.dumps(message).encode() for message in messages]
    sent = b"".join(b"Content-Length: %d\r\n\r\n%s" % (len(body), body) for body in bodies)
    done = subprocess.run(
        [*COMMAND, "serve"], input=sent, capture_output=True, cwd=tmp_path, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b'"cwm-lsp"' in done.stdout
    assert done.stdout.count(b'"id": 1') + done.stdout.count(b'"id":1') == 1


@pytest.mark.parametrize("transport", ["tcp", "ws"])
def test_serving_on_a_port_says_where(tmp_path: Path, transport: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "serve", f"--{transport}", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=tmp_path,
        env=environment(),
        text=True,
    )
    assert process.stdout is not None
    where = json.loads(process.stdout.readline())
    with socket.create_connection((where["host"], where["port"]), timeout=PATIENCE):
        pass
    assert (where["token_file"] is not None) == (transport == "ws")
    if where["token_file"]:
        token = Path(where["token_file"])
        assert len(token.read_text(encoding="ascii")) >= 32
        assert sys.platform == "win32" or token.stat().st_mode & 0o077 == 0
    process.terminate()
    process.wait(timeout=PATIENCE)
    assert process.stdout.read() == ""
    process.stdout.close()
    if where["token_file"] and sys.platform != "win32":
        assert not Path(where["token_file"]).exists()
