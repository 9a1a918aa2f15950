"""Threads that parse at the same time."""

from __future__ import annotations

import subprocess
import sys

THREADS = """
import ast, gc, sys, threading
from cwm_lsp.trace.parsing import parse_one_at_a_time

sys.setswitchinterval(1e-6)
gc.callbacks.append(lambda *_: None)  # code of Python's, run while a tree is built
gc.set_threshold(50)
text = "".join(f"def f{n}(x):\\n    return [x, (x + {n}) * [1, 2][0]]\\n" for n in range(60))
failed = []

def work():
    for _ in range(30):
        try:
            ast.parse(text)
            ast.literal_eval("[[1, 2], {'a': (3, 4)}]")
        except SystemError as error:
            failed.append(error)

parse_one_at_a_time()
parse_one_at_a_time()
threads = [threading.Thread(target=work) for _ in range(4)]
[one.start() for one in threads]
[one.join() for one in threads]
assert not failed, (len(failed), failed[0])
"""


def test_threads_may_parse_at_the_same_time() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
