"""Code made at run time, and builtins that the program replaces under the recorder's feet."""

import builtins
import sys
import time


def main():
    scope = {"__builtins__": {}}
    exec("def made(n):\n    return n + 1\nvalue = made(1)", scope)
    made = scope["made"](2)
    result = eval("made * 2", {"made": made})
    saved = builtins.repr, builtins.len, builtins.sorted, time.perf_counter, sys._getframe
    builtins.repr = builtins.len = builtins.sorted = None
    time.perf_counter = sys._getframe = None
    tricked = {"b", "a"}
    builtins.repr, builtins.len, builtins.sorted, time.perf_counter, sys._getframe = saved
    return result, scope["value"]
