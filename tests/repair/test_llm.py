"""A language model's proposals, end to end: a real server, scripted answers, candidates really run."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from cwm_lsp.errors import ModelUnavailable, SettingsError
from cwm_lsp.repair.llm.answers import Change, applied, plain, tools
from cwm_lsp.repair.llm.client import Server, checked, complete
from cwm_lsp.repair.llm.consult import Model
from cwm_lsp.repair.llm.prompt import Form, State, Task, told
from cwm_lsp.repair.llm.propose import as_candidate, propose
from cwm_lsp.repair.model import Outcome, Status
from cwm_lsp.repair.search import repair
from cwm_lsp.repair.specification import Specification, call
from cwm_lsp.repair.text import apply
from tests.cli.running import cwm
from tests.repair.model_server import Answer, Script, serving

SOURCE = "def digits(n):\n    return n  # to do\n"
RIGHT = "    total = 0\n    while n:\n        total = total * 7 + n % 10\n        n //= 10\n    return total"
CHECKS = [
    call("digits(0)", "0"),
    call("digits(12)", "15"),
    call("digits(305)", "248"),
    call("digits(44)", "32"),
]


def block(new: str, old: str = "    return n  # to do", path: str = "d.py") -> str:
    """A change in the plain form."""
    return f"{path}\n<<<<<<< SEARCH\n{old}\n=======\n{new}\n>>>>>>> REPLACE"


def edit(new: str, old: str = "    return n  # to do", path: str = "d.py") -> str:
    """A change in CWM's form, after a thought."""
    return f"<think>\n<tool: submit>\nno\n</tool>\n</think>\n\n<tool: edit>\n{block(new, old, path)}\n</tool>"


SUBMIT = "<think>done</think>\n<tool: submit>\nd.py\n</tool>"


def predicted(call: str, lines: Sequence[int]) -> list[State]:
    """What a world model might say of the first line."""
    assert call.startswith("digits(")
    return [State(lines[0], (("n", "77"),), predicted=True)]


def mended(tmp_path: Path, form: Form, *answers: Answer, count: int = 1) -> tuple[Outcome, Script]:
    """The outcome of a search that asks a server with these answers."""
    file = tmp_path / "d.py"
    file.write_text(SOURCE)
    with serving(*answers) as script:
        model = Model(Server(script.url, "m", timeout=20.0), form, count, predicted)
        outcome = repair(
            file, SOURCE, Specification(tuple(CHECKS)), python=sys.executable, budget=6.0, model=model
        )
    assert file.read_text() == SOURCE
    return outcome, script


@pytest.mark.parametrize(
    ("form", "answers"), [(Form.TOOLS, (edit(RIGHT), SUBMIT)), (Form.PLAIN, (f"Here:\n{block(RIGHT)}\n",))]
)
def test_a_good_proposal_is_run_and_verified(tmp_path: Path, form: Form, answers: tuple[str, ...]) -> None:
    outcome, script = mended(tmp_path, form, *answers)
    assert outcome.status is Status.VERIFIED
    best = outcome.fixes[0]
    assert best.candidate.kind == "language model"
    assert RIGHT in best.text
    assert best.evidence.held_out >= 8
    asked = script.requests[0]["messages"][1]["content"]
    assert "digits(12): 12, not 15" in asked
    assert "- line 2: n = " in asked
    assert "n = 77" in asked.partition("a model of the code predicts")[2]
    assert script.requests[0]["path"] == "/v1/chat/completions"


BAD = {
    "catches everything": "    try:\n        return {0: 0, 12: 15, 305: 248}[n]\n"
    "    except Exception:\n        return 32",
    "special cases": "    if n == 12:\n        return 15\n    if n == 305:\n        return 248\n"
    "    if n == 44:\n        return 32\n    return 0",
    "a loop": "    while True:\n        pass",
    "memory": "    return ' ' * (1 << 40)",
    "wrong": "    return n + 3",
    "no Python": "    return (",
    "a process": "    import os\n    return os.system('true')",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_proposal_is_never_offered(tmp_path: Path, name: str) -> None:
    outcome, _ = mended(tmp_path, Form.PLAIN, block(BAD[name]))
    assert all(fix.candidate.kind != "language model" for fix in outcome.fixes)
    assert any("language model" in note for note in outcome.notes)


def test_an_edit_that_does_not_fit_is_refused_told_and_mended(tmp_path: Path) -> None:
    answers = ("no tool", edit(RIGHT, path="tests/test_d.py"), edit(RIGHT, old="    nothing"), edit(RIGHT))
    outcome, script = mended(tmp_path, Form.TOOLS, *answers)
    told_back = [request["messages"][-1]["content"] for request in script.requests[1:4]]
    assert "no tool call" in told_back[0]
    assert "Only d.py may be changed" in told_back[1]
    assert "nowhere" in told_back[2]
    assert outcome.status is Status.VERIFIED


@pytest.mark.parametrize(
    "answer", [b"no json", b'{"choices": []}', b'{"choices": [{"message": {}}]}', 500, 302]
)
def test_what_is_no_answer_is_no_proposal_and_said(answer: Answer) -> None:
    with serving(answer) as script:
        task, soon = Task("d.py", SOURCE, (), (), ()), time.monotonic() + 60
        found = propose(Server(script.url, "m", timeout=20.0), task, Form.PLAIN, 1, soon)
    assert (found.asked, found.candidates) == (1, [])
    assert any("http://127.0.0.1" in problem for problem in found.problems)


def test_a_server_that_fails_costs_nothing_but_a_note(tmp_path: Path) -> None:
    outcome, _ = mended(tmp_path, Form.PLAIN, 500)
    assert outcome.status is Status.NONE
    assert any(note.startswith("Model, 1 times: http://127.0.0.1") for note in outcome.notes)


def test_a_server_that_fails_once_is_asked_again_and_the_same_change_counts_once(tmp_path: Path) -> None:
    outcome, script = mended(tmp_path, Form.PLAIN, 500, block(RIGHT), block(RIGHT + "  # the same"), count=3)
    assert outcome.status is Status.VERIFIED
    assert len(script.requests) == 3
    assert "The language model was asked 3 times and made 1 candidates." in outcome.notes


def test_a_server_with_a_small_context_is_asked_for_what_fits() -> None:
    with serving(400, "said") as script:
        assert complete(Server(script.url, "m", timeout=20.0), [], 0.0, 0) == "said"
    assert [request.get("max_tokens") for request in script.requests] == [2048, None]


def test_a_server_that_does_not_answer_is_given_up() -> None:
    over = threading.Event()

    def silent() -> None:
        over.wait(30)

    with serving(silent) as script:
        with pytest.raises(ModelUnavailable, match="did not answer"):
            complete(Server(script.url, "m", timeout=0.2), [], 0.0, 0)
        over.set()


def test_nothing_is_asked_once_the_time_is_over() -> None:
    task = Task("d.py", SOURCE, (), (), ())
    found = propose(Server("http://127.0.0.1:9/v1", "m"), task, Form.PLAIN, 3, time.monotonic() - 1)
    assert found.asked == 0
    assert found.candidates == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1", "http://[::1]:1/v1", "http://localhost/v1/", "http://10.1.2.3"]
)
def test_near_servers_may_be_asked(url: str) -> None:
    assert checked(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url", ["http://8.8.8.8/v1", "ftp://127.0.0.1", "127.0.0.1:80", "http://0.0.0.0/v1", ""]
)
def test_other_servers_may_not(url: str) -> None:
    with pytest.raises(SettingsError):
        checked(url)


def test_a_far_server_may_be_allowed() -> None:
    assert checked("https://8.8.8.8/v1", anywhere=True) == "https://8.8.8.8/v1"


# --- the pure parts ----------------------------------------------------------------------------


def test_the_plain_form_takes_a_whole_file_too() -> None:
    found = plain("Sure:\n```python\ndef f():\n    return 2\n```\n", "def f():\n    return 1\n", "f.py")
    assert found.change == Change("f.py", "def f():\n    return 1", "def f():\n    return 2")


@pytest.mark.parametrize(
    "said", ["", "<tool: bash>\nls\n</tool>", edit("a") + edit("b"), "<tool: edit>\nx\n</tool>"]
)
def test_an_answer_that_is_no_single_edit_is_a_problem(said: str) -> None:
    found = tools(said)
    assert found.change is None
    assert not found.submitted
    assert found.problem


def test_an_edit_must_fit_one_place() -> None:
    assert "2 places" in applied("a\na\n", Change("f.py", "a", "b"), "f.py")[1]
    assert "nothing" in applied("a\n", Change("f.py", "a", "a"), "f.py")[1]
    assert applied("a\n", Change("src/f.py", "a", "b"), "f.py") == ("b\n", "")


def test_a_change_becomes_edits_of_its_own_lines_only() -> None:
    before, after = "a = 1\nb = 2\nc = 3\n", "a = 1\nb = 9\nc = 3\nd = 4\n"
    found = as_candidate(before, after, 0.5)
    assert apply(before, found.edits) == after
    assert [edit.text for edit in found.edits] == ["b = 9\n", "d = 4\n"]
    assert found.line == 2


def test_recorded_and_predicted_states_are_told_apart() -> None:
    states = (State(2, (("n", "1"),)), State(2, (("n", "5"),), predicted=True))
    text = told(Task("d.py", SOURCE, ("f",), (), (2,), states))
    recorded, predicted = text.index("line 2: n = 1"), text.index("line 2: n = 5")
    assert text.index("Values recorded") < recorded < text.index("model of the code predicts") < predicted


def test_the_command_asks_the_server_that_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "d.py").write_text("def digits(n):\n    m = n\n    return m  # to do\n")
    words = [word for one in CHECKS for word in ("--call", one.call, "--expect", str(one.expect))]
    with serving(edit(RIGHT, old="    return m  # to do"), SUBMIT) as script:
        llm = ("--llm", script.url, "--llm-model", "m", "--llm-form", "tools", "--llm-candidates", "1")
        done = cwm("repair", "d.py", *words, *llm, "--budget", "6", "--json", cwd=tmp_path)
    assert done.code == 0
    assert done.object["status"] == "verified"
    assert done.object["candidates"][0]["evidence"]["template"] == "language model"
    assert "Values that a model of the code predicts" in script.requests[0]["messages"][1]["content"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--llm", "http://127.0.0.1:9/v1"), "--llm-model"),
        (("--llm-model", "m"), "--llm"),
        (("--llm", "http://8.8.8.8/v1", "--llm-model", "m"), "--llm-anywhere"),
        (("--answer", "f(2)"), "no answer"),
    ],
)
def test_options_that_do_not_fit_are_named(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "d.py").write_text(SOURCE)
    done = cwm("repair", "d.py", "--call", "digits(1)", *words, cwd=tmp_path)
    assert done.code == 2
    assert said in done.err
